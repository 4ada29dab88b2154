/** Brings the files of a source: out of its Go module, or from the address of the project itself. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { textAt } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { pinOf, type Source } from './sources';

const run = promisify(execFile);
const TIMEOUT_MS = 10 * 60_000;

export type Route = 'go' | 'upstream';

/** Go where it is installed: its checksum database proves that a version still has the bytes it always had. */
export async function preferredRoute(): Promise<Route> {
  try {
    await run('go', ['version']);
    return 'go';
  } catch {
    return 'upstream';
  }
}

/** The texts of all files of a source, in the order of its table. */
export async function fetchSource(source: Source, route: Route): Promise<readonly string[]> {
  return route === 'go' ? fromModule(source) : fromUpstream(source);
}

async function fromModule(source: Source): Promise<readonly string[]> {
  const folder = await downloadModule(source);
  return Promise.all(
    source.files.map(async (file) => {
      try {
        return await readFile(join(folder, file), 'utf8');
      } catch {
        throw new CannotRun(`${pinOf(source)} has no file ${file}. Correct 'files' in scripts/imports/sources.ts.`);
      }
    }),
  );
}

async function downloadModule(source: Source): Promise<string> {
  let answer: string;
  try {
    ({ stdout: answer } = await run('go', ['mod', 'download', '-json', pinOf(source)], { timeout: TIMEOUT_MS }));
  } catch (thrown) {
    // With -json, Go says why on stdout.
    const why = textAt(parsed(textAt(thrown, 'stdout') ?? ''), 'Error') ?? String(thrown);
    throw new CannotRun(
      `Go cannot download ${pinOf(source)}: ${why}\n` +
        `Check GOPROXY and the network, or run again with --upstream to take the files from ${addressOf(source)}.`,
    );
  }
  const folder = textAt(parsed(answer), 'Dir');
  if (folder === undefined) throw new CannotRun(`Go downloaded ${pinOf(source)} but does not say where to.`);
  return folder;
}

async function fromUpstream(source: Source): Promise<readonly string[]> {
  return Promise.all(
    source.files.map(async (file) => {
      const address = addressOf(source, file);
      try {
        const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
        if (response.ok) return await response.text();
        throw new Error(`HTTP ${response.status}`);
      } catch (thrown) {
        throw new CannotRun(
          `${address} cannot be read: ${reasonOf(thrown)}\n` +
            `Check the network, or install Go (https://go.dev) and run again without --upstream to take ${pinOf(source)}.`,
        );
      }
    }),
  );
}

function addressOf(source: Source, file = ''): string {
  return source.upstream.replace('{version}', source.version).replace('{file}', file);
}

/** `fetch` hides what went wrong ("fetch failed") in the cause. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
