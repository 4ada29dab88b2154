/** docs/faults.md, which is written by the run itself. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { TOOLS } from './tools';

export interface RecordedFault {
  readonly method: string;
  readonly what: string;
  readonly step: string;
  readonly message: string;
}

const PAGE = join(__dirname, '..', '..', '..', 'docs', 'faults.md');
/** One line of JSON for each fault that was survived. */
const RECORD = join(TOOLS, 'faults.jsonl');

export function forgetFaults(): void {
  rmSync(RECORD, { force: true });
}

/** Whose faults make a whole run. */
const METHODS = [
  'etcd',
  'PostgreSQL',
  'Gitea',
  'Upkeep of a repository',
  'Mirror of a bucket',
  'Mirror of a repository',
  'Mirror of a store',
];

interface Announced {
  readonly method: string;
  readonly faults: number;
}

/** Says how many faults of a method there are. */
export function announceFaults(announced: Announced): void {
  appendFileSync(RECORD, `${JSON.stringify(announced)}\n`);
}

export function recordFault(fault: RecordedFault): void {
  appendFileSync(RECORD, `${JSON.stringify(fault)}\n`);
}

/** Only a whole run writes the page: one of a single test would leave out all others. */
export async function writeFaultsPage(): Promise<void> {
  if (!existsSync(RECORD)) return;
  const lines = readFileSync(RECORD, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as RecordedFault | Announced);
  const faults = records.filter((record) => 'what' in record);
  const isWhole = METHODS.every((method) => {
    const count = faults.filter((fault) => fault.method === method).length;
    return records.some((record) => 'faults' in record && record.method === method && record.faults === count);
  });
  if (!isWhole) return;
  const sections = METHODS.map((method) => {
    const rows = faults.filter((fault) => fault.method === method);
    return `## ${method}\n\n| What happens | Step that fails | Its message |\n| --- | --- | --- |\n${rows.map(row).join('\n')}\n`;
  });
  const text = `<!-- Written by \`npm run test:servers\`; do not edit. -->

# Faults

What was made to happen to the rendered jobs on real servers, and how each run ended. In every case the run failed, there
was no new receipt, and all that the copy before consists of was still there, byte for byte. After all faults it came back.

${sections.join('\n')}`;
  const page = await format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });
  const before = faultsIn(readFileSync(PAGE, 'utf8'));
  writeFileSync(PAGE, page);
  // Messages differ a little between machines; what was made to happen does not.
  if (!isDeepStrictEqual(before, faultsIn(page)))
    throw new Error('docs/faults.md had not the faults of this run: commit what was written now.');
}

/** The headings, and what stands in the first column below them. */
function faultsIn(page: string): readonly string[] {
  return [...page.matchAll(/^(## .*|\| [^|]+)/gm)].map(([line]) => line.trimEnd()).toSorted();
}

function row({ what, step, message }: RecordedFault): string {
  return `| ${what} | \`${step}\` | ${message === '' ? '(killed)' : inTable(steady(message))} |`;
}

/** Without what differs from run to run. */
function steady(message: string): string {
  return message
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replaceAll(/\/tmp\/backed-up-etcd-\w+\/kubernetes/g, '/etc/kubernetes')
    .replaceAll(/20\d{6}T\d{6}Z(-[0-9a-f]{8})?/g, '(time)')
    .replaceAll(/\b(backups|app)-\d+-\d+/g, '$1')
    .replaceAll(/\b\d{5,}\b/g, '…')
    .replaceAll(/\[\d+( \d+){31}\]/g, '(hash)')
    .replaceAll(/\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '(time)')
    .replaceAll(/\b[0-9a-f]{8,}\b/g, '(id)')
    .replaceAll(/\b(request id|RequestID|Request ID|HostID|host id): [^,]*/g, '$1 …')
    .replaceAll(/PID \d+/g, 'PID …');
}

function inTable(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
