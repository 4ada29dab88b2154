/** `npm run dist`: synthesizes, and requires that what is committed is what synth writes, new files included. */
import { execFileSync, spawnSync } from 'node:child_process';

const FOLDER = 'dist';

function main(): number {
  const synth = spawnSync('npx', ['tsx', 'main.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (synth.status !== 0) return synth.status ?? 2;
  const changed = execFileSync('git', ['status', '--porcelain', '--', FOLDER], { encoding: 'utf8' });
  if (changed === '') return 0;
  process.stderr.write(`${FOLDER}/ is not what synth writes: run 'npm run synth' and commit it\n${changed}`);
  return 1;
}

process.exitCode = main();
