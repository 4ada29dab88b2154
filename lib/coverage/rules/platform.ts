/** The platform as it was stated. */
import { isDnsLabel } from '../../model/names';
import type { CnpgPlatform, Platform } from '../../model/platform';
import { readSourceUrl } from '../../model/source-url';
import { counted, enumerated } from '../../model/text';
import { isTimeZone, timeZoneMeant } from '../../model/time-zone';
import { isVersionFrom, parseVersion } from '../../model/version';
import { typeWithoutCsi } from '../../velero/storage';
import { inWords, toFix, type Remedy } from '../finding';
import type { Rule } from '../rule';

export const platformMalformed: Rule = {
  id: 'platform-malformed',
  heading: (n) => `${counted(n, 'statement')} about the platform that cannot be true`,
  what: 'The platform names something that does not exist, or that this library cannot work with.',
  why: 'All proofs take the platform as given: a mistake in it is a mistake in all of them.',
  fix: 'Correct the statement.',
  example: `const platform = definePlatform({
  cluster: 'home',
  timeZone: 'Europe/Berlinn',
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});`,
  check: ({ platform }) =>
    problemsOf(platform).map(({ field, ...problem }) => ({ subject: `platform.${field}`, ...problem })),
};

interface PlatformProblem {
  readonly field: string;
  readonly because: string;
  readonly remedies: readonly Remedy[];
}

function problemsOf(platform: Platform): readonly PlatformProblem[] {
  const { cluster, timeZone, storageClasses = {}, velero, cnpg, flux } = platform;
  const problems: PlatformProblem[] = [];
  if (!isDnsLabel(cluster, 32)) {
    problems.push({
      field: 'cluster',
      because: `'${cluster}' is not a DNS label of at most 32 characters`,
      remedies: toFix(`cluster: 'home'`),
    });
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    problems.push({
      field: 'timeZone',
      because: `'${timeZone}' is not the name of a time zone`,
      remedies: toFix(`timeZone: '${timeZoneMeant(timeZone)}'`),
    });
  }
  const defaults = Object.entries(storageClasses).flatMap(([name, { isDefault }]) =>
    isDefault === true ? [name] : [],
  );
  if (defaults.length > 1) {
    problems.push({
      field: 'storageClasses',
      because: `${enumerated(defaults)} are all the default`,
      remedies: inWords('say isDefault of the one that the cluster annotates'),
    });
  }
  for (const [name, { driver, snapshotClass }] of Object.entries(storageClasses)) {
    const type = typeWithoutCsi(driver);
    if (type === undefined || snapshotClass === undefined) continue;
    problems.push({
      field: `storageClasses['${name}'].snapshotClass`,
      because: `'${driver}' makes ${type} volumes, and only CSI volumes have snapshots`,
      remedies: toFix(`'${name}': { driver: '${driver}' }`),
    });
  }
  if (velero !== undefined && !isSupportedVelero(velero.version)) {
    problems.push({
      field: 'velero.version',
      because: `'${velero.version}' is not 1.18 or later: older servers do not know the resource policies that are rendered`,
      remedies: toFix(`version: '1.18'`),
    });
  }
  if (cnpg !== undefined) problems.push(...problemsOfCnpg(cnpg));
  if (!isPathInSource(flux.path)) {
    problems.push({
      field: 'flux.path',
      because: `'${flux.path}' is not a path inside the source`,
      remedies: toFix(`path: './dist'`),
    });
  }
  return [...problems, ...problemsOfSource(flux)];
}

function problemsOfCnpg({ version, barmanPlugin }: CnpgPlatform): readonly PlatformProblem[] {
  const problems: PlatformProblem[] = [];
  if (!isVersionFrom(version, 1, 26)) {
    problems.push({
      field: 'cnpg.version',
      because: `'${version}' is not 1.26 or later: older operators know no plugin that archives the log`,
      remedies: toFix(`version: '1.30'`),
    });
  }
  if (parseVersion(barmanPlugin) === undefined) {
    problems.push({
      field: 'cnpg.barmanPlugin',
      because: `'${barmanPlugin}' is not a version`,
      remedies: toFix(`barmanPlugin: '0.14'`),
    });
  }
  return problems;
}

function problemsOfSource({ sourceRef: { url } }: Platform['flux']): readonly PlatformProblem[] {
  if (url === undefined) return [];
  const source = readSourceUrl(url);
  if (source !== undefined && !source.hasCredentials) return [];
  const because =
    source === undefined
      ? `'${url}' names no server`
      : 'it carries a password, which would stand in the repository: Flux takes it from a Secret';
  const example = `ssh://git@${source?.host ?? 'git.example.net'}/home/cluster.git`;
  return [
    { field: 'flux.sourceRef.url', because, remedies: inWords(`write the URL as Flux has it, such as ${example}`) },
  ];
}

/** Flux knows nothing above the root of a source. */
function isPathInSource(path: unknown): boolean {
  if (typeof path !== 'string' || path === '') return false;
  return path.split('/').every((folder) => /^[\w.-]*$/.test(folder) && folder !== '..');
}

function isSupportedVelero(version: string): boolean {
  return isVersionFrom(version, 1, 18) && parseVersion(version)?.[0] === 1;
}
