/** A Git repository in a folder of its own, whose project is a folder in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'backed-up-repository-'));
  readonly project = join(this.folder, 'cluster');

  constructor() {
    mkdirSync(join(this.folder, '.git'));
    mkdirSync(this.project);
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A document of an object that says no more than what it is. */
export function yaml(kind: string, name: string, namespace?: string): string {
  return `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${namespace === undefined ? '' : `  namespace: ${namespace}\n`}`;
}
