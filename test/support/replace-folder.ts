/**
 * A process that replaces a folder, for tests that stop it.
 *
 *     replace-folder.ts <folder> once <tree> <n>   kills itself before the n-th change of the file system
 *     replace-folder.ts <folder> times <n>         replaces one tree by the other n times; for kills from outside
 */
import fs from 'node:fs';
import { CannotRun } from '../../lib/model/cannot-run';
import { replaceFolder } from '../../lib/synth/output';
import { trees } from './trees';

const CHANGES = ['symlinkSync', 'unlinkSync', 'mkdirSync', 'writeFileSync', 'renameSync', 'rmSync', 'cpSync'] as const;

/** No handler runs and no `finally`: as when the power fails. */
function dieBefore(n: number): void {
  let count = 0;
  for (const name of CHANGES) {
    const change = fs[name] as (...args: readonly unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: readonly unknown[]) => {
        count += 1;
        if (count === n) process.kill(process.pid, 'SIGKILL');
        return change(...args);
      },
    });
  }
}

const [folder = '', mode, ...rest] = process.argv.slice(2);
if (mode === 'once') {
  dieBefore(Number(rest[1]));
  replaceFolder(folder, rest[0] === 'new' ? trees.new : trees.old);
} else {
  process.stdout.write('ready\n');
  for (let n = 0; n < Number(rest[0]); n += 1) {
    try {
      replaceFolder(folder, n % 2 === 0 ? trees.new : trees.old);
    } catch (error) {
      // The other process has the folder.
      if (!(error instanceof CannotRun)) throw error;
    }
  }
}
