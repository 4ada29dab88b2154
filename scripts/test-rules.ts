/**
 * `npm run test:rules [-- rule …]`: switches off each rule of the gate in turn and runs the tests. Exactly the tests that
 * are tagged with the rule, `[rule-id] …`, must fail: a rule without a test shows, and so does a test that another rule
 * keeps green. A first run with all rules notes in which files each of them has findings, because no other can change.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rules } from '../lib/coverage/rules';
import { groupBy } from '../lib/model/collections';
import { enumerated } from '../lib/model/text';

const HELP = `Usage: npm run test:rules [-- rule …]

Switches off each rule of the gate, or each that is named, and requires that exactly its own tests fail.

Exit codes: 0 every rule has its tests, 1 some have not, 2 could not run.

Examples:
  npm run test:rules
  npm run test:rules -- no-strategy not-copied
`;

/** Full names of tests, by whether they passed. */
interface Outcome {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** The file of each test. */
  readonly files: ReadonlyMap<string, string>;
}

/** With all rules on. */
interface Baseline extends Outcome {
  /** The files in whose tests a rule has findings. Without the rule nothing changes in any other. */
  readonly filesByRule: ReadonlyMap<string, ReadonlySet<string>>;
}

async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  if (wanted.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const known = rules.map(({ id }) => id);
  const unknown = wanted.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    process.stderr.write(`error: no rule is called ${enumerated(unknown)}; docs/findings.md lists them\n`);
    return 2;
  }
  const normal = await runAll();
  if (normal.failed.size > 0) {
    process.stderr.write(`error: the tests fail with all rules on:\n${lines([...normal.failed])}`);
    return 2;
  }
  const queue = wanted.length > 0 ? known.filter((id) => wanted.includes(id)) : known;
  const total = queue.length;
  let done = 0;
  let wrong = 0;
  const work = async (): Promise<void> => {
    for (let rule = queue.shift(); rule !== undefined; rule = queue.shift()) {
      const complaints = compare(rule, normal.passed, (await runWithout(rule, normal)).failed);
      done += 1;
      if (complaints.length > 0) wrong += 1;
      process.stdout.write(
        `[${done}/${total}] ${rule}: ${complaints.length === 0 ? 'ok' : 'WRONG'}\n${lines(complaints)}`,
      );
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  process.stdout.write(`${total - wrong} of ${total} rules are held by exactly their own tests\n`);
  return wrong === 0 ? 0 : 1;
}

function compare(rule: string, all: ReadonlySet<string>, failed: ReadonlySet<string>): readonly string[] {
  const tagged = [...all].filter((name) => name.includes(`[${rule}]`));
  if (tagged.length === 0) return ['no test is tagged with it'];
  return [
    ...tagged.filter((name) => !failed.has(name)).map((name) => `passes without the rule: ${name}`),
    ...[...failed]
      .filter((name) => !tagged.includes(name))
      .map((name) => `fails without the rule, and is not tagged: ${name}`),
  ];
}

const VITEST = ['vitest', '--run', '--maxWorkers=1', '--reporter=json'];

/** All tests that have to do with the gate, except those of texts for the compiler. */
const ALL_TESTS = [
  'related',
  'lib/coverage/rules/index.ts',
  '--exclude=test/docs/types.test.ts',
  '--exclude=test/types/compile.test.ts',
];

function runAll(): Promise<Baseline> {
  return inFolder(async (folder) => {
    const trace = join(folder, 'trace');
    writeFileSync(trace, '');
    const outcome = await runTests(folder, ALL_TESTS, { RULE_TRACE: trace });
    const found = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly rule: string; readonly file: string });
    const byRule = groupBy(found, ({ rule }) => rule);
    const filesByRule = new Map([...byRule].map(([rule, rows]) => [rule, new Set(rows.map(({ file }) => file))]));
    return { ...outcome, filesByRule };
  });
}

function runWithout(rule: string, { passed, files, filesByRule }: Baseline): Promise<Outcome> {
  const tagged = [...passed].filter((name) => name.includes(`[${rule}]`)).map((name) => files.get(name) ?? '');
  const touched = [...new Set([...tagged, ...(filesByRule.get(rule) ?? [])])].toSorted();
  if (touched.length === 0) return Promise.resolve({ passed: new Set(), failed: new Set(), files: new Map() });
  return inFolder((folder) => runTests(folder, touched, { RULE_OFF: rule }));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-rules-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In one process. */
async function runTests(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const report = join(folder, 'report.json');
  const [vitest = '', ...flags] = VITEST;
  const code = await run('npx', [vitest, ...args, ...flags, `--outputFile=${report}`], variables);
  if (code > 1) throw new Error(`vitest ended with ${code}`);
  return readReport(report);
}

function run(command: string, args: readonly string[], variables: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...variables }, stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 2));
  });
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(path: string): Outcome {
  // The form of vitest's own reporter.
  const report = JSON.parse(readFileSync(path, 'utf8')) as JsonReport;
  const passed = new Set<string>();
  const failed = new Set<string>();
  const files = new Map<string, string>();
  for (const { name, message, assertionResults } of report.testResults) {
    if (assertionResults.length === 0) throw new Error(`${name} has no tests: ${message}`);
    for (const { fullName, status } of assertionResults) {
      (status === 'passed' ? passed : failed).add(fullName);
      files.set(fullName, name);
    }
  }
  return { passed, failed, files };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `    ${text}\n`).join('');
}

async function runMain(): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

void runMain();
