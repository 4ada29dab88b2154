/** Once for a whole run: installs the tools, and starts the S3 store that all tests share. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { forgetFaults, writeFaultsPage } from './faults-page';
import { freePort } from './ports';
import { output, TOOLS } from './tools';

declare module 'vitest' {
  interface ProvidedContext {
    readonly ceph: Gateway;
  }
}

/** Where a Ceph of this machine answers by S3, and where its configuration lies. */
export interface Gateway {
  readonly folder: string;
  readonly port: number;
}

export interface Ceph extends Gateway {
  readonly stop: () => void;
}

/** @returns what ends it again. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installTools();
  forgetFaults();
  const { folder, port, stop } = await startCeph();
  project.provide('ceph', { folder, port });
  return async () => {
    stop();
    await writeFaultsPage();
  };
}

export async function installTools(): Promise<void> {
  await output(join(__dirname, '..', 'install.sh'), [], {
    env: { HOME: process.env['HOME'] ?? '', BACKED_UP_TOOLS: TOOLS },
  });
}

export async function startCeph(): Promise<Ceph> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-ceph-'));
  const port = await freePort(100);
  const script = join(__dirname, 'ceph.sh');
  const stop = (): void => {
    spawnSync(script, [folder, 'stop']);
    rmSync(folder, { recursive: true, force: true });
  };
  // A run that is interrupted ends without the rest.
  process.once('exit', stop);
  await output(script, [folder, String(port)]);
  return { folder, port, stop };
}
