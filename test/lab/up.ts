/** Brings the lab up: one step after the other, each with a line that says when it was done. */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun } from '../../lib/model/cannot-run';
import { until } from '../servers/support/tools';
import { CLUSTER_BINARIES, build, manifests } from './binaries';
import { startApiServer, startControllers, startEtcd } from './control-plane';
import { daemonNames, logOf, pidOf } from './daemons';
import { importCoreImages } from './images';
import { kubectl } from './kubectl';
import { ETC_KUBERNETES, NODE, layout, presentLab, type Layout } from './layout';
import { makeNetwork } from './network';
import { startContainerd, startKubelet, startKubeProxy, startNetworkPolicies } from './node';
import { installPackages, requireRoot } from './packages';
import { makePki } from './pki';
import { stopwatch, type Say } from './stopwatch';
import { startStorage } from './storage';

/** @param say gets a line per step. */
export async function up(state: string, say: Say): Promise<Layout> {
  requireRoot();
  await installPackages(say);
  await build(CLUSTER_BINARIES, say);
  const lab = layout(state);
  claim(lab);
  const done = stopwatch(say);
  const step = async (what: string, work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      throw new CannotRun(`${what}: ${error instanceof Error ? error.message : String(error)}${endedDaemons(lab)}`);
    });
    done(what);
  };
  const apply = async (path: string): Promise<string> => kubectl(lab, ['apply', '--server-side', '--filename', path]);

  await step('network and certificates', Promise.all([makeNetwork(), makePki(lab)]));
  startContainerd(lab);
  startEtcd(lab);
  startApiServer(lab);
  const images = until('containerd', 30, async () => existsSync(lab.containerd.socket)).then(() =>
    importCoreImages(lab),
  );
  // It is waited for further below.
  images.catch(() => undefined);
  await step(
    'API server',
    ready('the API server', async () => (await kubectl(lab, ['get', '--raw', '/readyz'])) === 'ok'),
  );
  startControllers(lab);
  await step('images', images);
  startKubelet(lab);
  startKubeProxy(lab);
  await step('snapshots', apply(manifests('snapshots')));
  await step('DNS and storage classes', apply(join(__dirname, 'addons')));
  startStorage(lab);
  startNetworkPolicies(lab);
  await step(
    'node',
    ready(
      'the node',
      async () => (await kubectl(lab, ['label', 'node', NODE, 'node-role.kubernetes.io/control-plane='])) !== '',
    ),
  );
  await step('node ready', kubectl(lab, ['wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=60s']));
  await step(
    'storage ready',
    ready('the CSI driver', async () =>
      (await kubectl(lab, ['get', 'csinode', NODE, '--output=jsonpath={.spec.drivers[*].name}'])).includes(' '),
    ),
  );
  await step(
    'DNS ready',
    kubectl(lab, ['--namespace=kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=90s']),
  );
  return lab;
}

async function ready(what: string, ask: () => Promise<boolean>): Promise<void> {
  return until(what, 60, ask);
}

/** Makes the state, and the link that tells that there is a lab. */
function claim(lab: Layout): void {
  const other = presentLab();
  if (other !== undefined)
    throw new CannotRun(`A lab is up already, in ${other.state}. End it first: npm run lab -- down`);
  const there = lstatSync(ETC_KUBERNETES, { throwIfNoEntry: false });
  // The link of a lab whose folder somebody has removed.
  if (there?.isSymbolicLink() === true && !existsSync(ETC_KUBERNETES)) rmSync(ETC_KUBERNETES);
  else if (there !== undefined)
    throw new CannotRun(
      `This machine has ${ETC_KUBERNETES}, so it may be a node of a cluster, and the lab would be in its way. ` +
        `Run the tests against that cluster: KUBECONFIG=… npm run test:cluster`,
    );
  if (existsSync(lab.state))
    throw new CannotRun(`${lab.state} exists. Remove it, or name another folder: --state FOLDER`);
  mkdirSync(lab.state, { recursive: true, mode: 0o711 });
  for (const folder of [lab.kubernetes, lab.logs, lab.pids, lab.kubelet, lab.volumes]) mkdirSync(folder);
  symlinkSync(lab.kubernetes, ETC_KUBERNETES);
}

/** The last lines of those that should be running and are not. */
function endedDaemons(lab: Layout): string {
  const ended = daemonNames(lab).filter((name) => pidOf(lab, name) === undefined);
  return ended
    .map(
      (name) =>
        `\n${name} has ended: ${readFileSync(logOf(lab, name), 'utf8').trim().split('\n').slice(-3).join('\n  ')}`,
    )
    .join('');
}
