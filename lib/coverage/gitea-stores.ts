/** What a Gitea keeps in buckets, as far as its settings are visible and its construct says it. */
import { claimsReadBy } from '../methods/jobs/declaration';
import type { PlannedJob } from '../methods/jobs/plan';
import { at, listAt, mappingAt, objectId, objectKey, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { installNamespace } from '../model/opaque-kinds';
import type { RenderedObject } from '../model/rendered';
import { makesPods, mountsClaim, podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';

/** Whether a job copies a Gitea. */
export function isGiteaJob({ declaration: { source } }: PlannedJob): boolean {
  return source.steps.some(({ image }) => image === 'gitea');
}

/** Whether BackedUpGitea deploys what a job copies, and so says nothing of where its files are. */
export function isOfBackedUpGitea({ dataset: { declaration } }: PlannedJob): boolean {
  return declaration.by === undefined;
}

export function giteaJobs({ methods }: GateContext): readonly PlannedJob[] {
  return methods.jobs.jobs.filter(isGiteaJob);
}

/** A store that is no folder of the volume. */
export interface Store {
  readonly files: readonly string[];
  readonly bucketName?: string;
  /** Name of the ObjectBucketClaim whose ConfigMap names the bucket. */
  readonly claim?: string;
}

/** What each section of app.ini says the place of (Gitea 1.26, modules/setting). */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  lfs: ['LFS objects'],
  attachment: ['attachments'],
  attachments: ['attachments'],
  packages: ['package files'],
  avatars: ['avatars'],
  'repo-avatars': ['repository avatars'],
  actions_log: ['Actions logs'],
  actions: ['Actions artifacts'],
  actions_artifacts: ['Actions artifacts'],
};
export const FILES = [...new Set(Object.values(SECTIONS).flat())];
const REMOTE = new Set(['minio', 'azureblob']);

/** What its construct says is in a bucket, besides what the settings show. */
export function declaredStores({ declaration: { bucket } }: PlannedJob, shown: readonly Store[]): readonly Store[] {
  if (bucket === undefined || (bucket.claim === undefined && shown.length > 0)) return [];
  const { files, claim } = bucket;
  return [{ files, ...(claim === undefined ? {} : { claim }) }];
}

/** The claim of a store, which stands in the output or beside it. */
export function claimOf(
  { bucketName, claim }: Store,
  job: PlannedJob,
  context: GateContext,
): RenderedObject | undefined {
  const { namespace } = job.dataset.id;
  return context
    .ofKind('objectbucket.io', 'ObjectBucketClaim')
    .find(({ object }) =>
      claim === undefined
        ? bucketName !== undefined && textAt(object, 'spec', 'bucketName') === bucketName
        : object.metadata.name === claim && object.metadata.namespace === namespace,
    );
}

/** As far as the settings are visible: the environment of the pods, ConfigMaps in it, and the values of a HelmRelease. */
export function storesOf(job: PlannedJob, context: GateContext): readonly Store[] {
  return storesIn(settingsOf(job, context));
}

export function storesIn(settings: Settings): readonly Store[] {
  return [...settings].flatMap(([name, value]) => {
    const [, section = ''] = /^(.+)\.STORAGE_TYPE$/.exec(name) ?? [];
    if (section === '' || typeof value !== 'string') return [];
    // What is neither a type nor `local` is the name of a storage.
    const named = `storage.${value}`;
    const type = REMOTE.has(value) ? value : settings.get(`${named}.STORAGE_TYPE`);
    if (typeof type !== 'string' || !REMOTE.has(type)) return [];
    const own = section.replace(/^storage\.?/, '');
    const files = own === '' ? FILES : SECTIONS[own];
    if (files === undefined) return [];
    const bucket = [section, named, 'storage']
      .map((place) => settings.get(`${place}.MINIO_BUCKET`))
      .find((found) => found !== undefined);
    if (bucket === undefined) return [{ files }];
    return [typeof bucket === 'string' ? { files, bucketName: bucket } : { files, ...bucket }];
  });
}

/** A text, or the ConfigMap that has it; of what only the cluster knows, neither. */
export type Setting = string | { readonly claim?: string };
export type Settings = ReadonlyMap<string, Setting>;

/** By section and key, `storage.lfs.STORAGE_TYPE`. Only of its own: a namespace may have another Gitea. */
export function settingsOf(job: PlannedJob, context: GateContext): Settings {
  const workloads = workloadsOf(job, context);
  const { heldBy } = job.dataset;
  const isMounted = workloads.some((object) => mountsAny(object, job));
  if (isMounted || (heldBy === undefined && workloads.length > 0)) return settingsIn(workloads, context);
  const releases = context.ofKind(HELM, 'HelmRelease').filter(({ object }) => {
    if (heldBy !== undefined) return objectKey(objectId(object)) === objectKey(heldBy);
    return installNamespace(object) === job.dataset.id.namespace;
  });
  const settings = new Map<string, Setting>();
  if (releases.length === 1) for (const { object } of releases) addValues(settings, object);
  return settings;
}

const HELM = 'helm.toolkit.fluxcd.io';

/** What the environment of pods says, and the ConfigMaps in it. */
export function settingsIn(workloads: readonly KubeObject[], context: GateContext): Settings {
  const settings = new Map<string, Setting>();
  for (const object of workloads) addEnvironment(settings, object, context);
  return settings;
}

/**
 * What makes the pods of a Gitea, as far as it is in the output or beside it: they mount its volume. Only where nobody
 * is seen to mount it, their labels have to do, which those of another Gitea may carry, too.
 */
export function workloadsOf(job: PlannedJob, context: GateContext): readonly KubeObject[] {
  const { placement } = job.declaration.source;
  const { namespace } = job.dataset.id;
  const labels = placement?.on === 'same-node' ? placement.labels : {};
  const objects = context.inNamespace(namespace ?? '');
  const mounting = objects.filter((object) => mountsAny(object, job));
  return mounting.length > 0 ? mounting : objects.filter((object) => makesPods(object, namespace, labels));
}

function mountsAny(object: KubeObject, { dataset, declaration }: PlannedJob): boolean {
  return claimsReadBy(declaration.source).some((claim) => mountsClaim(object, dataset.id.namespace, claim));
}

function addEnvironment(settings: Map<string, Setting>, object: KubeObject, context: GateContext): void {
  const spec = at(podTemplateOf(object), 'spec');
  for (const container of [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')]) {
    for (const source of listAt(container, 'envFrom')) {
      const name = textAt(source, 'configMapRef', 'name');
      if (name === undefined) continue;
      const id = { group: '', kind: 'ConfigMap', ...namespaceOf(object), name };
      for (const [key, value] of Object.entries(textMapAt(context.object(id)?.object, 'data')))
        add(settings, key, value);
    }
    for (const variable of listAt(container, 'env')) add(settings, textAt(variable, 'name') ?? '', valueOf(variable));
  }
}

/** What Kubernetes puts together of other variables is seen in the cluster only. */
function valueOf(variable: unknown): Setting {
  const claim = textAt(variable, 'valueFrom', 'configMapKeyRef', 'name');
  if (claim !== undefined) return { claim };
  const value = textAt(variable, 'value');
  return value === undefined || value.includes('$(') ? {} : value;
}

function namespaceOf({ metadata: { namespace } }: KubeObject): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

/** `GITEA__storage_0X2E_lfs__STORAGE_TYPE` → `storage.lfs.STORAGE_TYPE`. */
function add(settings: Map<string, Setting>, variable: string, value: Setting): void {
  const [, section, key] = /^(?:GITEA|FORGEJO)__(.+?)__(.+)$/.exec(variable) ?? [];
  if (section === undefined || key === undefined) return;
  const name = section.replaceAll('_0X2E_', '.').replaceAll('_0X2D_', '-').toLowerCase();
  settings.set(`${name}.${key}`, value);
}

/** Of Gitea's chart and Forgejo's, which are alike. */
function addValues(settings: Map<string, Setting>, release: KubeObject): void {
  const config = mappingAt(at(release, 'spec', 'values', 'gitea', 'config'));
  for (const [section, keys] of Object.entries(config))
    for (const [key, value] of Object.entries(mappingAt(keys)))
      if (typeof value === 'string') settings.set(`${section}.${key}`, value);
}
