/** What code without types may have given an app, where no finding could be made of it: all findings need a platform. */
import { CannotRun } from '../model/cannot-run';
import { at, isMapping, textAt } from '../model/kube-object';
import type { SynthInput } from './synthesize';

/** @throws CannotRun with the name of the property, and the line to write. */
export function checkInput(input: SynthInput): void {
  const problem = problemOf({ ...input });
  if (problem !== undefined) throw new CannotRun(problem);
}

function problemOf({
  platform,
  alsoRead,
  outputFolder,
  ownKinds,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (!isMapping(platform)) {
    return `the app has no platform: write new BackedUpApp({ platform: definePlatform({ cluster: 'home', ${FLUX} }), … })`;
  }
  const { flux } = platform;
  const source = isMapping(flux) ? flux['sourceRef'] : undefined;
  const isFlux = textAt(source, 'kind') !== undefined && textAt(source, 'name') !== undefined;
  if (!isFlux || textAt(flux, 'path') === undefined) {
    return `platform.flux does not say what Flux reads: write definePlatform({ …, ${FLUX} })`;
  }
  for (const [field, example] of MAPPINGS) {
    const value = at(platform, ...field.split('.'));
    if (value !== undefined && !isMapping(value)) {
      return `platform.${field} is ${shown(value)}, and not an object: write definePlatform({ …, ${example} })`;
    }
  }
  const { clusterRanges = [] } = platform;
  if (!Array.isArray(clusterRanges) || !clusterRanges.every((range) => typeof range === 'string')) {
    return `platform.clusterRanges is ${shown(clusterRanges)}, and not a list of ranges: write clusterRanges: ['10.244.0.0/16', '10.96.0.0/12']`;
  }
  for (const [name, storageClass] of Object.entries(platform['storageClasses'] ?? {})) {
    if (textAt(storageClass, 'driver') !== undefined) continue;
    return `platform.storageClasses['${name}'] names no driver: write '${name}': { driver: 'the provisioner of the class' }`;
  }
  if (!Array.isArray(alsoRead) || !alsoRead.every((pattern) => typeof pattern === 'string')) {
    const list = typeof alsoRead === 'string' ? shown(alsoRead) : `'infrastructure/**/*.yaml'`;
    return `alsoRead is ${shown(alsoRead)}, and not a list of patterns: write alsoRead: [${list}]`;
  }
  if (typeof outputFolder !== 'string') {
    return `outdir is ${shown(outputFolder)}, and not the path of a folder: write outdir: 'dist'`;
  }
  if (!isMapping(ownKinds)) {
    return `kinds is ${shown(ownKinds)}, and not an object: write kinds: { 'example.com/Widget': 'no data' }`;
  }
  return undefined;
}

const MAPPINGS = [
  ...['velero', 'cnpg', 'rook', 'storageClasses', 'jobs'].map((field) => [field, `${field}: { … }`] as const),
  ['jobs.images', 'jobs: { …, images: { … } }'],
  ['jobs.resources', 'jobs: { …, resources: { … } }'],
  ['flux.operators', 'flux: { …, operators: { … } }'],
] as const;

const FLUX = `flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' }`;

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(JSON.stringify(value));
}
