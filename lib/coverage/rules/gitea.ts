/** Gitea and Forgejo: what they keep in a bucket is known, and has a backup. */
import type { PlannedJob } from '../../methods/jobs/plan';
import { at, listAt, mappingAt, textAt, textMapAt, type KubeObject } from '../../model/kube-object';
import { counted, enumerated } from '../../model/text';
import { isWorkload, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const giteaBucket: Rule = {
  id: 'gitea-bucket',
  heading: (n) => `${counted(n, 'copy of Gitea', 'copies of Gitea')} that would not have what is in a bucket`,
  what: 'The settings of a Gitea name object storage for files that its job looks for on the volume, or a bucket that nobody answers for.',
  why: '`gitea dump` says that all is well and leaves avatars and the files of Actions in the bucket out. The job of this library fails every night instead, because the files of its database are not on the volume.',
  fix: 'Say which files are in the bucket, and back the bucket up.',
  example: `const db = new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});
new BackedUpGitea(chart, 'gitea', {
  database: db,
  storage: Size.gibibytes(50),
  storageClass: 'ceph-block',
  settings: { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' },
  config: { 'attachment.STORAGE_TYPE': 'minio', 'attachment.MINIO_BUCKET': 'attachments' },
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    context.methods.jobs.jobs
      .filter(({ declaration: { source } }) => source.steps.some(({ image }) => image === 'gitea'))
      .flatMap((job) => [...notLookedFor(job, context), ...unanswered(job, context)]),
};

function notLookedFor(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const files = new Set(storesOf(job, context).flatMap((store) => store.files));
  const { bucket } = job.declaration;
  const missed = [...files].filter((kind) => bucket?.files.includes(kind) !== true);
  if (missed.length === 0) return [];
  const all = FILES.filter((kind) => files.has(kind) || bucket?.files.includes(kind));
  return [
    {
      ...aboutDataset(job.dataset),
      because: `its settings put ${enumerated(missed)} into a bucket, and the job looks for them on the volume`,
      remedies: [
        ...toFix(`bucket: { files: [${all.map((kind) => `'${kind}'`).join(', ')}] }`),
        ...inWords('or give BackedUpGitea the bucket itself, which puts all files but repositories there'),
      ],
    },
  ];
}

function unanswered(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { bucket } = job.declaration;
  if (bucket?.copiedBy !== undefined) return [];
  const claims = context.ofKind('objectbucket.io', 'ObjectBucketClaim').map(({ object }) => object);
  const { namespace } = job.dataset.id;
  const unknown = storesOf(job, context).filter(({ bucketName, claim }) =>
    claim === undefined
      ? !claims.some((each) => textAt(each, 'spec', 'bucketName') === bucketName)
      : !claims.some(({ metadata }) => metadata.name === claim && metadata.namespace === namespace),
  );
  return [...new Set(unknown.map(({ bucketName = '(unnamed)' }) => bucketName))].map((name) => ({
    ...aboutDataset(job.dataset),
    because: `bucket '${name}' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket`,
    remedies: inWords(
      'make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, or say in copiedBy who copies it',
    ),
  }));
}

/** A store that is no folder of the volume. */
interface Store {
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
const FILES = [...new Set(Object.values(SECTIONS).flat())];
const REMOTE = new Set(['minio', 'azureblob']);

/** As far as the settings are visible: the environment of the pods, ConfigMaps in it, and the values of a HelmRelease. */
function storesOf(job: PlannedJob, context: GateContext): readonly Store[] {
  const settings = visibleSettings(job, context);
  return [...settings].flatMap(([name, value]) => {
    const [, section = ''] = /^(.+)\.STORAGE_TYPE$/.exec(name) ?? [];
    if (section === '' || typeof value !== 'string' || !REMOTE.has(value)) return [];
    const own = section.replace(/^storage\.?/, '');
    const files = own === '' ? FILES : SECTIONS[own];
    if (files === undefined) return [];
    const bucket = settings.get(`${section}.MINIO_BUCKET`) ?? settings.get('storage.MINIO_BUCKET');
    if (bucket === undefined) return [{ files }];
    return [typeof bucket === 'string' ? { files, bucketName: bucket } : { files, ...bucket }];
  });
}

/** A text, or the ConfigMap that has it. */
type Setting = string | { readonly claim: string };

function visibleSettings({ dataset, declaration }: PlannedJob, context: GateContext): ReadonlyMap<string, Setting> {
  const { placement } = declaration.source;
  const labels = placement?.on === 'same-node' ? placement.labels : {};
  const { namespace } = dataset.id;
  const settings = new Map<string, Setting>();
  for (const { object } of context.input.objects) {
    if (object.metadata.namespace !== namespace) continue;
    if (isWorkload(object) && hasLabels(object, labels)) addEnvironment(settings, object, context);
    if (object.kind === 'HelmRelease') addValues(settings, object);
  }
  return settings;
}

function hasLabels(object: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const own = textMapAt(podTemplateOf(object), 'metadata', 'labels');
  return Object.entries(labels).every(([key, value]) => own[key] === value);
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
    for (const variable of listAt(container, 'env')) {
      const claim = textAt(variable, 'valueFrom', 'configMapKeyRef', 'name');
      add(
        settings,
        textAt(variable, 'name') ?? '',
        textAt(variable, 'value') ?? (claim === undefined ? '' : { claim }),
      );
    }
  }
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
