/** The settings of a Gitea, as far as objects show them. */
import type { PlannedJob } from '../methods/jobs/plan';
import { claimsReadBy } from '../methods/jobs/declaration';
import { giteaContainer } from '../model/database-images';
import { parseIni } from '../model/ini';
import { at, listAt, mappingAt, objectId, objectKey, textAt, type KubeObject } from '../model/kube-object';
import { installNamespace } from '../model/opaque-kinds';
import { makesPods, mountsClaim, podContainers } from '../model/workloads';
import { mountedFiles, textsBeside } from './config-maps';
import type { GateContext } from './context';
import { valuesOf } from './helm-values';

/** A text, or the ConfigMap that has it; of what only the cluster knows, neither. */
export type Setting = string | { readonly claim?: string };
/** By section and key, `storage.lfs.STORAGE_TYPE`. */
export type Settings = ReadonlyMap<string, Setting>;

/** Those of the Gitea that a job copies. Only its own: a namespace may have another Gitea. */
export function settingsOf(job: PlannedJob, context: GateContext): Settings {
  const workloads = shownWorkloads(job, context);
  if (workloads !== undefined) return settingsIn(workloads, context);
  const release = releaseOf(job, context);
  return release === undefined ? new Map() : settingsOfRelease(release, context);
}

/** What is seen of its pods, where that is more than the HelmRelease which makes them. */
function shownWorkloads(job: PlannedJob, context: GateContext): readonly KubeObject[] | undefined {
  const workloads = workloadsOf(job, context);
  const isShown = job.dataset.heldBy === undefined && workloads.length > 0;
  return isShown || workloads.some((object) => mountsAny(object, job)) ? workloads : undefined;
}

/** The HelmRelease that makes the pods of the Gitea that a job copies; `undefined` where they are seen, or nothing tells. */
export function releaseOf(job: PlannedJob, context: GateContext): KubeObject | undefined {
  if (shownWorkloads(job, context) !== undefined) return undefined;
  const { heldBy, id } = job.dataset;
  const [release, ...others] = context
    .ofKind(HELM, 'HelmRelease')
    .filter(({ object }) =>
      heldBy === undefined
        ? installNamespace(object) === id.namespace
        : objectKey(objectId(object)) === objectKey(heldBy),
    );
  return others.length > 0 ? undefined : release?.object;
}

const HELM = 'helm.toolkit.fluxcd.io';

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

/** What pods say: an `app.ini` that a ConfigMap brings, and their environment, which changes that. */
export function settingsIn(workloads: readonly KubeObject[], context: GateContext): Settings {
  const settings = new Map<string, Setting>();
  for (const object of workloads) {
    const configuration = mountedConfiguration(object, context);
    if (configuration === undefined) for (const place of OF_THE_IMAGE) settings.set(place, {});
    else addIni(settings, configuration);
    for (const container of podContainers(object)) addEnvironment(settings, container, object, context);
  }
  return settings;
}

/** Places that an image of Gitea says itself, in the `app.ini` that it makes where it finds none (Gitea 1.26, docker/rootless). */
const OF_THE_IMAGE = [
  'attachment.PATH',
  'lfs.PATH',
  'picture.AVATAR_UPLOAD_PATH',
  'picture.REPOSITORY_AVATAR_UPLOAD_PATH',
] as const;

/** The `app.ini` that the pods of an object read, where it is that of a ConfigMap which is seen. */
function mountedConfiguration(object: KubeObject, context: GateContext): string | undefined {
  const container = giteaContainer(object);
  const named = textAt(
    listAt(container, 'env').find((each) => textAt(each, 'name') === 'GITEA_APP_INI'),
    'value',
  );
  const isRootless = /-rootless(@|$)/.test(textAt(container, 'image') ?? '');
  const path = named ?? (isRootless ? '/etc/gitea/app.ini' : '/data/gitea/conf/app.ini');
  return mountedFiles(object, container, context).get(path);
}

function addIni(settings: Map<string, Setting>, text: string): void {
  for (const { section, key, value } of parseIni(text)) settings.set(`${section}.${key}`, seen(value));
}

function addEnvironment(
  settings: Map<string, Setting>,
  container: unknown,
  object: KubeObject,
  context: GateContext,
): void {
  for (const source of listAt(container, 'envFrom')) {
    const data = textsBeside(object, textAt(source, 'configMapRef', 'name'), context);
    for (const [key, value] of Object.entries(data)) addVariable(settings, key, seen(value));
  }
  addVariables(settings, listAt(container, 'env'));
}

function addVariables(settings: Map<string, Setting>, variables: readonly unknown[]): void {
  for (const variable of variables) addVariable(settings, textAt(variable, 'name') ?? '', valueOf(variable));
}

function valueOf(variable: unknown): Setting {
  const claim = textAt(variable, 'valueFrom', 'configMapKeyRef', 'name');
  if (claim !== undefined) return { claim };
  const value = textAt(variable, 'value');
  return value === undefined ? {} : seen(value);
}

/** What Kubernetes, Flux (postBuild) or Gitea itself puts together of something else is seen in the cluster only. */
function seen(value: string): Setting {
  return /\$\(|\$\{|%\(/.test(value) ? {} : value;
}

/** `GITEA__storage_0X2E_lfs__STORAGE_TYPE` → `storage.lfs.STORAGE_TYPE` (Gitea 1.26, modules/setting/config_env.go). */
function addVariable(settings: Map<string, Setting>, variable: string, value: Setting): void {
  const [, section, key, fromFile] = /^(?:GITEA|FORGEJO)__(.+?)__(.+?)(__FILE)?$/.exec(variable) ?? [];
  if (section === undefined || key === undefined) return;
  const name = section
    .replaceAll(/_0x((?:[\da-f]{2})+)_/gi, (_, hex: string) => Buffer.from(hex, 'hex').toString())
    .toLowerCase();
  settings.set(`${name}.${key}`, fromFile === undefined ? value : {});
}

/**
 * Of Gitea's chart and Forgejo's, which are alike: each source changes what those before it say (helm-gitea,
 * docs of `additionalConfigSources`).
 */
export function settingsOfRelease(release: KubeObject, context: GateContext): Settings {
  const settings = new Map<string, Setting>();
  const gitea = at(valuesOf(release, context), 'gitea');
  for (const [section, keys] of Object.entries(mappingAt(gitea, 'config')))
    for (const [key, value] of Object.entries(mappingAt(keys)))
      if (typeof value === 'string') settings.set(`${section.toLowerCase()}.${key.toUpperCase()}`, seen(value));
  for (const source of listAt(gitea, 'additionalConfigSources')) {
    const sections = textsBeside(release, textAt(source, 'configMap', 'name'), context);
    for (const [section, text] of Object.entries(sections)) addIni(settings, `[${section.toLowerCase()}]\n${text}`);
  }
  addVariables(settings, listAt(gitea, 'additionalConfigFromEnvs'));
  return settings;
}
