/** Once for a whole run: a cluster, which is the lab unless KUBECONFIG names another one, and what dist/ needs to be there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { build } from '../../lab/binaries';
import { down } from '../../lab/down';
import { up } from '../../lab/up';
import { connect } from './cluster';
import { installDefinitions } from './definitions';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kubeconfig: string;
  }
}

/** @returns what ends it again. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const own = process.env['KUBECONFIG'];
  const kubeconfig = own ?? (await startLab());
  const stop = async (): Promise<void> => {
    if (own === undefined) await down(say);
  };
  try {
    if (own !== undefined) await build(['kubectl'], say);
    await installDefinitions(connect(kubeconfig));
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('kubeconfig', kubeconfig);
  return stop;
}

async function startLab(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-lab-'));
  rmSync(folder, { recursive: true });
  return (await up(folder, say)).kubeconfig;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
