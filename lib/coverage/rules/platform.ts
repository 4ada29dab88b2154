/** The platform as it was stated. */
import { posix } from 'node:path';
import { isDnsLabel } from '../../model/names';
import { nearest } from '../../model/nearest';
import { FLUX_NAMESPACE, isSupportedVelero, type CnpgPlatform, type Platform } from '../../model/platform';
import { readSourceUrl } from '../../model/source-url';
import { counted, enumerated } from '../../model/text';
import { isTimeZone, timeZoneMeant } from '../../model/time-zone';
import { isVersionFrom, parseVersion } from '../../model/version';
import { typeWithoutCsi } from '../../velero/storage';
import { inWords, toFix } from '../finding';
import type { Rule } from '../rule';
import {
  misspeltFields,
  problemsOfJobs,
  problemsOfRanges,
  problemsOfRook,
  type PlatformProblem,
} from './platform-values';

export const platformMalformed: Rule = {
  id: 'platform-malformed',
  heading: (n) => `${counted(n, 'statement')} about the platform that cannot be true`,
  what: 'The platform names something that does not exist, that this library cannot work with, that Kubernetes would refuse, or that nothing reads.',
  why: 'All proofs take the platform as given: a mistake in it is a mistake in all of them, and in every job. A misspelt field counts for absent, and one object that the API server refuses keeps Flux from applying its whole folder.',
  fix: 'Correct the statement.',
  example: `const platform = definePlatform({
  cluster: 'home',
  timeZone: 'Europe/Berlinn',
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});`,
  check: ({ platform }) =>
    problemsOf(platform).map(({ field, ...problem }) => ({ subject: `platform.${field}`, ...problem })),
};

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
  return [
    ...problems,
    ...problemsOfSource(flux),
    ...problemsOfRanges(platform),
    ...problemsOfRook(platform),
    ...problemsOfJobs(platform),
    ...misspeltFields(platform),
  ];
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

/** A source of another type may hold the output alone, and a Git repository that is unknown may hold it anywhere. */
export const outputElsewhere: Rule = {
  id: 'output-elsewhere',
  severity: 'warning',
  heading: () => 'the output is not where Flux reads it',
  what: '`platform.flux.path` names another folder of the Git repository than the one that synth writes.',
  why: 'The rendered Kustomizations name folders that do not exist, which shows only in the cluster, as `kustomization path not found`.',
  fix: 'Name the folder as it is called in the repository; or write to where Flux reads, with `outdir`.',
  example: `const platform = definePlatform({
  cluster: 'home',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'sealed envelope, bank' } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './clusters/home' },
});`,
  check: ({ input: { outputPath }, platform: { flux } }) => {
    if (outputPath === undefined || flux.sourceRef.kind !== 'GitRepository' || !isPathInSource(flux.path)) return [];
    if (posix.join('/', flux.path, '/') === posix.join('/', outputPath, '/')) return [];
    return [
      {
        subject: 'platform.flux.path',
        because: `Flux is told to read '${flux.path}' of the repository, and synth writes '${outputPath}'`,
        remedies: toFix(`path: './${outputPath}'`),
      },
    ];
  },
};

/** Flux knows nothing above the root of a source. */
function isPathInSource(path: unknown): boolean {
  if (typeof path !== 'string' || path === '') return false;
  return path.split('/').every((folder) => /^[\w.-]*$/.test(folder) && folder !== '..');
}

/** The Kustomization may be another repository's, so only a name that is nearly one of this repository is doubted. */
export const operatorMisspelt: Rule = {
  id: 'operator-misspelt',
  severity: 'warning',
  heading: (n) => `${counted(n, 'Kustomization')} that no file has, under a name that is almost one`,
  what: '`platform.flux.operators` names a Kustomization that is not among those that synth reads, and one of them has nearly that name.',
  why: 'Flux waits for a Kustomization that does not exist for ever: `dependency not found`, and no backup is set up.',
  fix: 'Write the name as the file does; read the file of the other one, if there are two.',
  example: `const platform = definePlatform({
  cluster: 'home',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'sealed envelope, bank' } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist', operators: { velero: 'valero' } },
});
new ApiObject(chart, 'velero', {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'velero', namespace: 'flux-system' },
  spec: { interval: '10m', path: './velero', prune: true, sourceRef: { kind: 'GitRepository', name: 'infrastructure' } },
});
holds(chart, { kustomization: 'velero', namespace: 'flux-system' }, {});`,
  check: (context) => {
    const { operators = {}, namespace = FLUX_NAMESPACE } = context.platform.flux;
    const names = context
      .ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization')
      .filter(({ object, generated }) => generated !== true && object.metadata.namespace === namespace)
      .map(({ object }) => object.metadata.name);
    return Object.entries(operators).flatMap(([operator, name]) => {
      const meant = names.includes(name) ? undefined : nearest(name, names);
      if (meant === undefined) return [];
      return [
        {
          subject: `platform.flux.operators.${operator}`,
          because: `no Kustomization '${name}' is read or written: did you mean '${meant}'?`,
          remedies: toFix(`${operator}: '${meant}'`),
        },
      ];
    });
  },
};
