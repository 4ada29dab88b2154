/** Where the output folder really is, and where it must not be: synth replaces it as a whole. */
import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CannotRun } from '../model/cannot-run';

/** @throws CannotRun where synth would replace more than its own, or the cdk8s CLI has emptied what Flux reads. */
export function refuseOutputPlace(project: string, outputFolder: string): void {
  const own = shown(outputFolder);
  if (holds(realPlace(outputFolder), realPlace(project))) {
    throw new CannotRun(
      `outdir '${outputFolder}' holds the project itself, and synth replaces the whole folder: name one of its own, outdir: 'dist'`,
    );
  }
  const cliFolder = process.env['CDK8S_OUTDIR'];
  if (cliFolder === undefined) return;
  const overlap = overlapOf(own, outputFolder, shown(cliFolder), cliFolder);
  if (overlap === undefined) return;
  throw new CannotRun(
    `the cdk8s CLI ${overlap}: put 'output: .cdk8s' into cdk8s.yaml, name no other folder with --output, and get the folder back with 'git checkout -- ${own}'`,
  );
}

/** The cdk8s CLI empties its output folder before it runs the app; for a Helm chart, the one around it too. */
function overlapOf(own: string, ownPath: string, cli: string, cliPath: string): string | undefined {
  const [ownPlace, cliPlace] = [realPlace(ownPath), realPlace(cliPath)];
  if (ownPlace === cliPlace) return `empties ${cli}/ before it runs the app, and ${own}/ is what Flux reads`;
  if (holds(ownPlace, cliPlace)) {
    return `empties its output folder before it runs the app, and ${cli}/ is in ${own}/, which Flux reads`;
  }
  if (holds(cliPlace, ownPlace)) {
    return `empties ${cli}/ before it runs the app, and ${own}/ in it is what Flux reads`;
  }
  return undefined;
}

/**
 * The path behind all links, whether or not anything is there yet: a link to the output folder, into the repository that
 * Flux reads perhaps, stays a link.
 */
export function realPlace(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ELOOP')
      throw new CannotRun(`${shown(path)} is a link that leads back to itself: remove it, or choose another outdir`);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
  const place = join(realPlace(dirname(absolute)), basename(absolute));
  const target = linkTarget(place);
  return target === undefined ? place : realPlace(resolve(dirname(place), target));
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function holds(folder: string, inner: string): boolean {
  return inner === folder || inner.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** A path as people see it. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
