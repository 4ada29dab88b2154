/**
 * Once for a whole run: a cluster, which is the lab unless KUBECONFIG names another one, and what dist/ needs to be there.
 * Only the lab has the stores that dist/ names.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { BINARY_NAMES, build } from '../../lab/binaries';
import { down } from '../../lab/down';
import { presentLab } from '../../lab/layout';
import { stopwatch } from '../../lab/stopwatch';
import { up } from '../../lab/up';
import { installTools, startCeph, type Ceph, type Gateway } from '../../servers/support/setup';
import { connect } from './cluster';
import { importAppImages } from './apps';
import { startCloudNativePg } from './cnpg';
import { startFlux } from './flux';
import { installDefinitions } from './definitions';
import { startRook } from './rook';
import { startMonitoring } from './monitoring';
import { openStores } from './store';
import { startVelero } from './velero';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kubeconfig: string;
    /** Whether the cluster is the lab, with its stores. */
    readonly lab: boolean;
    /** The store outside of the cluster; that in the cluster is the one of all tests. */
    readonly offsite: Gateway;
  }
}

/** @returns what ends it again. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const own = process.env['KUBECONFIG'];
  project.provide('lab', own === undefined);
  if (own !== undefined) {
    await build(['kubectl'], say);
    await installDefinitions(connect(own));
    project.provide('kubeconfig', own);
    return async () => {};
  }
  const ends: (() => void | Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const each of ends.toReversed()) await each();
  };
  try {
    project.provide('kubeconfig', await startLab(project, ends));
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

async function startLab(project: TestProject, ends: (() => void | Promise<void>)[]): Promise<string> {
  await installTools();
  const local = await startCeph();
  ends.push(local.stop);
  const offsite = await startCeph();
  ends.push(offsite.stop);
  project.provide('ceph', gatewayOf(local));
  project.provide('offsite', gatewayOf(offsite));
  const state = mkdtempSync(join(tmpdir(), 'backed-up-lab-'));
  rmSync(state, { recursive: true });
  ends.push(async () => {
    // Unless it was refused because somebody else has one.
    if (presentLab()?.state === state) await down(say);
  });
  await build(BINARY_NAMES, say);
  const lab = await up(state, say);
  const done = stopwatch(say);
  const cluster = connect(lab.kubeconfig);
  await installDefinitions(cluster);
  done('definitions');
  const { trust, close } = await openStores(lab, cluster, { local: local.port, offsite: offsite.port });
  ends.push(close);
  done('stores');
  await startRook(lab, cluster, local);
  done('Rook');
  await startCloudNativePg(lab, cluster, trust);
  done('CloudNativePG');
  await startFlux(lab, cluster, trust);
  await importAppImages(lab);
  done('Flux, and images of applications');
  await Promise.all([startVelero(lab, cluster, trust), startMonitoring(lab, cluster)]);
  done('Velero, kube-state-metrics and prometheus-operator');
  return lab.kubeconfig;
}

/** What workers can be given. */
function gatewayOf({ folder, port }: Ceph): Gateway {
  return { folder, port };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
