/** Code that is wrong: what the compiler says of it, and what happens where nothing checks types. */
export interface WrongCode {
  readonly what: string;
  /** In a chart of the namespace `paperless`. */
  readonly code: string;
  /** First line of the compiler's error. */
  readonly error: string;
  /** Every finding without types, as `[rule] subject: because`; or the message of what is thrown. */
  readonly says: readonly string[] | string;
}

const VOLUME = 'PersistentVolumeClaim paperless/data (20Gi)';
const NO_ANSWER = [`[no-strategy] ${VOLUME}: `];

function volume(backup: string): string {
  return `new BackedUpVolume(chart, 'data', { storage, backup: ${backup} });`;
}

/** Somebody else's object of a kind. */
function object(apiVersion: string, kind: string, name: string, fields = ''): string {
  return `new ApiObject(chart, 'object', { apiVersion: '${apiVersion}', kind: '${kind}', metadata: { name: '${name}' }${fields} });`;
}

const DEPLOYMENT = object(
  'apps/v1',
  'Deployment',
  'app',
  `, spec: {
    selector: { matchLabels: { app: 'app' } },
    template: {
      metadata: { labels: { app: 'app' } },
      spec: {
        containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'films', mountPath: '/films' }] }],
        volumes: [{ name: 'films', nfs: { server: 'nas', path: '/films' } }],
      },
    },
  }`,
);
const PROMETHEUS = object(
  'monitoring.coreos.com/v1',
  'Prometheus',
  'main',
  `, spec: {
    volumes: [{ name: 'rules', hostPath: { path: '/srv/rules' } }],
    volumeMounts: [{ name: 'rules', mountPath: '/rules' }],
  }`,
);
const POSTGRES = object(
  'postgresql.cnpg.io/v1',
  'Cluster',
  'db',
  `, spec: { instances: 1, storage: { size: '20Gi' } }`,
);
const BUCKET = object(
  'objectbucket.io/v1alpha1',
  'ObjectBucketClaim',
  'files',
  `, spec: { bucketName: 'files', storageClassName: 'buckets' }`,
);
const FILES = 'ObjectBucketClaim paperless/files';
const NO_ROOK = '[rook-missing] platform.rook: nobody says that there is one';
const GRANTED = `bucketName: 'files', storageClass: 'buckets'`;

/** The claim of a bucket that the backup user is to read. */
function bucket(props: string): string {
  return `new CephBucketWithBackupGrant(chart, 'files', { ${props} });`;
}

const DISK = object(
  'v1',
  'PersistentVolume',
  'disk',
  `, spec: { capacity: { storage: '1Ti' }, accessModes: ['ReadWriteOnce'], nfs: { server: 'nas', path: '/disk' } }`,
);
const RELEASE = object(
  'helm.toolkit.fluxcd.io/v2',
  'HelmRelease',
  'registry',
  `, spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } }`,
);

const NIGHTLY = 'nightly({ to: offsite, keep: { daily: 7 } })';
const NO_OVERLOAD = 'No overload matches this call.';
const VOLUME_STRATEGY = 'OneOrMore<Elsewhere | Scheduled | Snapshotted>';
const PROPS = `endpoint: 'https://s3.example.net', bucket: 'home-backups', failureDomain: 'offsite', keptIn: 'safe'`;
/** A place beside `offsite`. */
const FAR = PROPS.replace('home-backups', 'far-backups');
const KNOWN_REFS =
  'write one of { claim: … }, { persistentVolume: … }, { statefulSet: …, template: … }, { postgres: … }, { bucket: … }, { openSearch: … }, { prometheus: … }, { alertmanager: … }, { thanosRuler: … }, or a workload with a volume, { deployment: …, volume: … }';

export const WRONG_STRATEGIES: readonly WrongCode[] = [
  {
    what: 'a log of changes for a volume',
    code: volume('continuous({ to: offsite, restoreWindow: Duration.days(7) })'),
    error: `Type 'Continuous' is not assignable to type '${VOLUME_STRATEGY}'.`,
    says: [`[strategy-misfit] ${VOLUME}: 'continuous' cannot copy it`],
  },
  {
    what: 'a mirror for a volume',
    code: volume('mirrored({ to: offsite })'),
    error: `Type 'Mirrored' is not assignable to type '${VOLUME_STRATEGY}'.`,
    says: [`[strategy-misfit] ${VOLUME}: 'mirrored' cannot copy it`],
  },
  {
    what: 'a volume without a strategy',
    code: `new BackedUpVolume(chart, 'data', { storage });`,
    error: `Argument of type '{ storage: Size; }' is not assignable to parameter of type 'BackedUpVolumeProps'.`,
    says: NO_ANSWER,
  },
  {
    what: 'a list of no strategies',
    code: volume('[]'),
    error: `Type '[]' is not assignable to type '${VOLUME_STRATEGY}'.`,
    says: NO_ANSWER,
  },
  {
    what: 'a dump of a database without its construct',
    code: `${POSTGRES} backUp(chart, { postgres: 'db' }, ${NIGHTLY});`,
    error: `Argument of type 'Scheduled' is not assignable to parameter of type 'OneOrMore<Elsewhere | Continuous>'.`,
    says: [
      `[unproven-strategy] Cluster paperless/db (20Gi): no object in the output is known to carry out 'scheduled' for it`,
    ],
  },
  {
    what: 'a schedule for a bucket',
    code: bucket(`${GRANTED}, backup: nightly({ to: offsite, keep: { daily: 7 } })`),
    error: "Type 'Scheduled' is not assignable to type 'Excluded | OneOrMore<Elsewhere | Mirrored>'.",
    says: [`[strategy-misfit] ${FILES}: 'scheduled' cannot copy it`, NO_ROOK],
  },
  {
    what: 'a granted bucket without a strategy',
    code: bucket(GRANTED),
    error:
      "Argument of type '{ bucketName: string; storageClass: string; }' is not assignable to parameter of type 'CephBucketWithBackupGrantProps'.",
    says: [`[no-strategy] ${FILES}: `, NO_ROOK],
  },
  {
    what: 'a granted bucket without a name',
    code: bucket(`storageClass: 'buckets', backup: mirrored({ to: offsite })`),
    error:
      "Argument of type '{ storageClass: string; backup: Mirrored; }' is not assignable to parameter of type 'CephBucketWithBackupGrantProps'.",
    says: [NO_ROOK, `[bucket-name] ${FILES}: it has no bucketName`],
  },
  {
    what: 'a policy beside the grant',
    code: bucket(`${GRANTED}, additionalConfig: { bucketPolicy: '{}' }, backup: mirrored({ to: offsite })`),
    error: "Type 'string' is not assignable to type 'undefined'.",
    says: [NO_ROOK, `[bucket-grant] ${FILES}: it has a bucketPolicy that has a statement that is not a JSON object`],
  },
  {
    what: 'a grant for what is not a bucket',
    code: `grantBackup(chart, { claim: 'files' }, mirrored({ to: offsite }));`,
    error:
      "Object literal may only specify known properties, and 'claim' does not exist in type '{ readonly bucket: string; } & InNamespace'.",
    says: ['[idle-declaration] grantBackup of PersistentVolumeClaim paperless/files: '],
  },
  {
    what: 'a mirror of a database',
    code: `${POSTGRES} backUp(chart, { postgres: 'db' }, mirrored({ to: offsite }));`,
    error: `Argument of type 'Mirrored' is not assignable to parameter of type 'OneOrMore<Elsewhere | Continuous>'.`,
    says: [`[strategy-misfit] Cluster paperless/db (20Gi): 'mirrored' cannot copy it`],
  },
  {
    what: 'a snapshot of a database of ours',
    code: `new BackedUpPostgres(chart, 'db', { storage, backup: snapshotted({ to: offsite, keep: { daily: 7 } }) });`,
    error: `Type 'Snapshotted' is not assignable to type 'OneOrMore<PostgresStrategy>'.`,
    says: [`[strategy-misfit] Cluster paperless/db (20Gi): 'snapshotted' cannot copy it`],
  },
  {
    what: 'a database of ours without a strategy',
    code: `new BackedUpPostgres(chart, 'db', { storage });`,
    error: `Argument of type '{ storage: Size; }' is not assignable to parameter of type 'BackedUpPostgresProps'.`,
    says: [`[no-strategy] Cluster paperless/db (20Gi): `],
  },
  {
    what: 'a database without a window',
    code: `new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to: offsite }) });`,
    error: `Argument of type '{ to: Location; }' is not assignable to parameter of type 'ContinuousOptions'.`,
    says: [
      `[strategy-misfit] Cluster paperless/db (20Gi): the restoreWindow of 'continuous' is not a Duration`,
      `[expires-too-soon] Cluster paperless/db (20Gi): ScheduledBackup db keeps copies for 24 h; the alert fires after 35 h, so they must live for 4 d 9 h`,
    ],
  },
  {
    what: 'plugins of a database that follow from its strategy',
    code: `new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }), spec: { plugins: [] } });`,
    error: `Type 'never[]' is not assignable to type 'undefined'.`,
    says: [`[postgres-archive] Cluster paperless/db (20Gi): no plugin archives its log`],
  },
  {
    what: 'a nightly copy of a bucket',
    code: `${BUCKET} backUp(chart, { bucket: 'files' }, ${NIGHTLY});`,
    error: `Argument of type 'Scheduled' is not assignable to parameter of type 'OneOrMore<Elsewhere | Mirrored>'.`,
    says: [`[strategy-misfit] ObjectBucketClaim paperless/files: 'scheduled' cannot copy it`],
  },
  {
    what: 'a nightly copy of a share',
    code: `${DEPLOYMENT} backUp(chart, { deployment: 'app', volume: 'films' }, ${NIGHTLY});`,
    error: `Argument of type 'Scheduled' is not assignable to parameter of type 'OneOrMore<Elsewhere>'.`,
    says: [`[strategy-misfit] Deployment paperless/app, volume 'films': 'scheduled' cannot copy it`],
  },
  {
    what: 'a nightly copy of a folder that a Prometheus mounts',
    code: `${PROMETHEUS} backUp(chart, { prometheus: 'main', volume: 'rules' }, ${NIGHTLY});`,
    error: `Argument of type 'Scheduled' is not assignable to parameter of type 'OneOrMore<Elsewhere>'.`,
    says: [`[strategy-misfit] Prometheus paperless/main, volume 'rules': 'scheduled' cannot copy it`],
  },
  {
    what: 'a nightly copy of a PersistentVolume',
    code: `${DISK} backUp(chart, { persistentVolume: 'disk' }, ${NIGHTLY});`,
    error: `Argument of type 'Scheduled' is not assignable to parameter of type 'OneOrMore<Elsewhere>'.`,
    says: [`[strategy-misfit] PersistentVolume disk (1Ti): 'scheduled' cannot copy it`],
  },
  {
    what: 'a log of changes for what a chart makes',
    code: `${RELEASE} holds(chart, { helmRelease: 'registry' }, { data: { storage, backup: continuous({ to: offsite, restoreWindow: Duration.days(7) }) } });`,
    error: `Type 'Continuous' is not assignable to type 'Excluded | ${VOLUME_STRATEGY}'.`,
    says: [`[strategy-misfit] ${VOLUME}: 'continuous' cannot copy it`],
  },
  {
    what: 'no answer for what a chart makes',
    code: `${RELEASE} holds(chart, { helmRelease: 'registry' }, { data: { storage } });`,
    error: `Type '{ storage: Size; }' is not assignable to type 'HeldClaim'.`,
    says: NO_ANSWER,
  },
];

export const WRONG_OPTIONS: readonly WrongCode[] = [
  {
    what: 'no retention',
    code: volume('nightly({ to: offsite })'),
    error: `Type 'Synchronized' is not assignable to type '${VOLUME_STRATEGY}'.`,
    says: [`[schedule-invalid] ${VOLUME}: plan 'nightly' keeps nothing: name how many copies to keep`],
  },
  {
    what: 'a data loss in words',
    code: volume(`nightly({ to: offsite, keep: { daily: 7 }, rpo: '1d' })`),
    error: NO_OVERLOAD,
    says: [`[strategy-misfit] ${VOLUME}: the rpo of 'scheduled' is not a Duration`],
  },
  {
    what: 'a promise in words',
    code: volume(`elsewhere('A timer on the NAS fetches it every night.', { failureDomain: 'site', rpo: '1d' })`),
    error: `Type 'string' is not assignable to type 'Duration'.`,
    says: [`[elsewhere-malformed] ${VOLUME}: nobody said how old the copy may be`],
  },
  {
    what: 'a window in words',
    code: `${POSTGRES} backUp(chart, { postgres: 'db' }, continuous({ to: offsite, restoreWindow: '30d' }));`,
    error: `Type 'string' is not assignable to type 'Duration'.`,
    says: [
      `[strategy-misfit] Cluster paperless/db (20Gi): the restoreWindow of 'continuous' is not a Duration`,
      `[postgres-archive] Cluster paperless/db (20Gi): no plugin archives its log`,
      `[postgres-base-copies] Cluster paperless/db (20Gi): `,
    ],
  },
  {
    what: 'a schedule that is undefined',
    code: volume('every(undefined, { to: offsite, keep: { daily: 7 } })'),
    error: NO_OVERLOAD,
    says: [
      `[schedule-invalid] ${VOLUME}: 'undefined' has 1 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them`,
    ],
  },
  {
    what: 'a share in words',
    code: bucket(`${GRANTED}, backup: mirrored({ to: offsite, smallestPercent: 'half' })`),
    error: "Type 'string' is not assignable to type 'number'.",
    says: [
      `[strategy-misfit] ObjectBucketClaim paperless/files: the smallestPercent of 'mirrored' is not a whole number from 0 to 100`,
      `[rook-missing] platform.rook: nobody says that there is one`,
    ],
  },
  ...[
    [
      'keep: { daily: 7 }',
      "Type 'Scheduled' is not assignable to type 'Elsewhere | Synchronized' with 'exactOptionalPropertyTypes: true'. Consider adding 'undefined' to the types of the target's properties.",
    ],
    ['rpo: Duration.days(1)', NO_OVERLOAD],
    ["plan: 'far'", NO_OVERLOAD],
    ["crashConsistent: 'It is an append-only log.'", NO_OVERLOAD],
  ].map(([option = '', error = '']) => ({
    what: `a mirror with ${option}`,
    code: volume(
      `nightly({ to: s3Location('far', { ${FAR}, mirror: nightly({ to: offsite, ${option} }) }), keep: { daily: 7 } })`,
    ),
    error,
    says: [
      `[location-malformed] location 'far': the mirror has ${option.replace(/:.*/, '')}, which nothing carries out: it has what its source has`,
    ],
  })),
  {
    what: 'the share of a mirror in words',
    code: volume(
      `nightly({ to: s3Location('far', { ${FAR}, mirror: nightly({ to: offsite, smallestPercent: 'half' }) }), keep: { daily: 7 } })`,
    ),
    error: NO_OVERLOAD,
    says: [
      `[location-malformed] location 'far': the smallestPercent of the mirror is not a whole number from 0 to 100`,
    ],
  },
  {
    what: 'no options',
    code: volume(`every('17 3 * * *')`),
    error: 'Expected 2 arguments, but got 1.',
    says: NO_ANSWER,
  },
  {
    what: 'an empty retention',
    code: volume('nightly({ to: offsite, keep: {} })'),
    error: NO_OVERLOAD,
    says: [`[schedule-invalid] ${VOLUME}: plan 'nightly' keeps nothing: name how many copies to keep`],
  },
  {
    what: 'a retention in words',
    code: volume(`nightly({ to: offsite, keep: { daily: 'seven' } })`),
    error: NO_OVERLOAD,
    says: [`[schedule-invalid] ${VOLUME}: plan 'nightly' keeps seven daily copies: a count is a whole number from 1`],
  },
  {
    what: 'a day in capitals',
    code: volume(`weekly({ to: offsite, keep: { weekly: 8 }, on: 'Sunday' })`),
    error: NO_OVERLOAD,
    says: [
      `[schedule-invalid] ${VOLUME}: plan 'weekly' names the day 'Sunday': a day is one of sunday, monday, tuesday, wednesday, thursday, friday, saturday`,
    ],
  },
  {
    what: 'no place',
    code: volume('nightly({ keep: { daily: 7 } })'),
    error: NO_OVERLOAD,
    says: NO_ANSWER,
  },
  {
    what: 'the name of a place',
    code: volume(`nightly({ to: 'offsite', keep: { daily: 7 } })`),
    error: NO_OVERLOAD,
    says: NO_ANSWER,
  },
  {
    what: 'the properties of a place',
    code: volume(`nightly({ to: { ${PROPS} }, keep: { daily: 7 } })`),
    error: NO_OVERLOAD,
    says: NO_ANSWER,
  },
  {
    what: 'a place anywhere',
    code: volume(
      `nightly({ to: s3Location('far', { ${PROPS.replace("'offsite'", "'far away'")} }), keep: { daily: 7 } })`,
    ),
    error: `Type '"far away"' is not assignable to type 'FailureDomain'.`,
    says: [
      `[location-malformed] location 'far': the failure domain 'far away' is not one of cluster, site, offsite or offsite-<name>`,
    ],
  },
  {
    what: 'a place whose keys nobody keeps',
    code: volume(
      `nightly({ to: s3Location('far', { ${PROPS.replace(", keptIn: 'safe'", '')} }), keep: { daily: 7 } })`,
    ),
    error: `Argument of type '{ endpoint: string; bucket: string; failureDomain: "offsite"; }' is not assignable to parameter of type 'S3LocationProps'.`,
    says: [`[keys-inside] keys of location 'far': nobody said where they are kept outside the cluster`],
  },
  {
    what: 'a mirror that is an exclusion',
    code: volume(
      `nightly({ to: s3Location('far', { ${PROPS}, mirror: excluded('Nobody needs a second one.') }), keep: { daily: 7 } })`,
    ),
    error: `Type 'Excluded' is not assignable to type 'Elsewhere | Synchronized'.`,
    says: [`[location-malformed] location 'far': the mirror is not a strategy`],
  },
  {
    what: 'no mirror, where one is named',
    code: volume(`nightly({ to: s3Location('far', { ${FAR}, mirror: null }), keep: { daily: 7 } })`),
    error: "Type 'null' is not assignable to type 'Elsewhere | Synchronized'.",
    says: [`[location-malformed] location 'far': the mirror is not a strategy`],
  },
  ...[
    ['', `Type '{ type: "scheduled"; to: Location; }' is not assignable to type 'Elsewhere | Synchronized'.`],
    [
      "cadence: { every: 'fortnight' }, ",
      `Type '"fortnight"' is not assignable to type '"hour" | "night" | "week" | "cron"'.`,
    ],
    ["cadence: { every: 'cron' }, ", `Type '{ every: "cron"; }' is not assignable to type 'Cadence'.`],
  ].map(([cadence = '', error = '']) => ({
    what: `a mirror that comes at no time, { ${cadence}… }`,
    code: volume(
      `nightly({ to: s3Location('far', { ${FAR}, mirror: { type: 'scheduled', ${cadence}to: offsite } }), keep: { daily: 7 } })`,
    ),
    error,
    says: [`[location-malformed] location 'far': the mirror is not a strategy`],
  })),
  {
    what: 'a mirror to nowhere',
    code: volume(`nightly({ to: s3Location('far', { ${PROPS}, mirror: nightly({}) }), keep: { daily: 7 } })`),
    error: NO_OVERLOAD,
    says: [`[location-malformed] location 'far': the mirror is not a strategy`],
  },
];

export const WRONG_REASONS: readonly WrongCode[] = [
  {
    what: 'scratch without a reason',
    code: `new ScratchVolume(chart, 'data', { storage });`,
    error: `Argument of type '{ storage: Size; }' is not assignable to parameter of type 'ScratchVolumeProps'.`,
    says: [
      `[thin-reason] ${VOLUME}: nobody gave one`,
      `[invalid-object] PersistentVolumeClaim paperless/data: metadata.annotations["backed-up/reason"]: must be text, but is undefined`,
    ],
  },
  {
    what: 'an exclusion without a reason',
    code: `${DISK} exclude(chart, { persistentVolume: 'disk' }, {});`,
    error: `Argument of type '{}' is not assignable to parameter of type 'ExcludeOptions'.`,
    says: ['[thin-reason] PersistentVolume disk (1Ti): nobody gave one'],
  },
  {
    what: 'a claim template that is neither backed up nor scratch',
    code: `new BackedUpStatefulSet(chart, 'db', { podTemplate: { spec: { containers: [{ name: 'db', image: 'db:1.0' }] } }, volumes: { data: { storage } } });`,
    error: `Type '{ storage: Size; }' is not assignable to type 'StatefulSetVolume'.`,
    says: [`[no-strategy] StatefulSet paperless/db, claim template 'data' (20Gi): `],
  },
  {
    what: 'a StatefulSet without its template',
    code: `backUp(chart, { statefulSet: 'db' }, ${NIGHTLY});`,
    error: `Argument of type '{ statefulSet: string; }' is not assignable to parameter of type 'DatasetRef'.`,
    says: `{"statefulSet":"db"} names no data: ${KNOWN_REFS}`,
  },
  {
    what: 'a name of nothing',
    code: `exclude(chart, { volume: 'data' }, { reason: 'Downloaded again on the next build.' });`,
    error: `Argument of type '{ volume: string; }' is not assignable to parameter of type 'DatasetRef'.`,
    says: `{"volume":"data"} names no data: ${KNOWN_REFS}`,
  },
  {
    what: 'no word on what a chart makes',
    code: `holds(chart, { helmRelease: 'registry' });`,
    error: `Expected 3 arguments, but got 2.`,
    says: [
      `[invalid-construct] example: holds(…) names no claims: write {} as its last argument where the object makes none`,
    ],
  },
  {
    what: 'an exclusion without anything',
    code: `${DISK} exclude(chart, { persistentVolume: 'disk' });`,
    error: `Expected 3 arguments, but got 2.`,
    says: ['[thin-reason] PersistentVolume disk (1Ti): nobody gave one'],
  },
  {
    what: 'a claim that makes others',
    code: `holds(chart, { claim: 'registry' }, {});`,
    error: `Object literal may only specify known properties, and 'claim' does not exist in type 'OpaqueRef'.`,
    says: `{"claim":"registry"} names no object that makes others: write one of { helmRelease: … }, { kustomization: … }, { application: … }, { applicationSet: … }, or { kind: 'group/Kind', name: … }`,
  },
  {
    what: 'a setting of Backups that the strategy says',
    code: `${volume('nightly({ to: offsite, keep: { daily: 7 } })')}
new VeleroBackup(chart, 'velero', { template: { ttl: '240h0m0s' } });`,
    error: `Type 'string' is not assignable to type 'undefined'.`,
    says: ['[velero-settings] VeleroBackup of namespace paperless: its template gives ttl'],
  },
];

/** Properties of a construct as code, with some changed; what is `undefined` is left out. */
function propsOf(
  right: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string | undefined>>,
): string {
  const all = Object.entries({ ...right, ...changed });
  return `{ ${all.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`])).join(', ')} }`;
}

function gitea(changed: Readonly<Record<string, string | undefined>>): string {
  const right = {
    database: 'db',
    storage: 'storage',
    storageClass: `'ceph-block'`,
    settings: `{ secret: 'gitea-settings', keptIn: 'safe at the bank' }`,
    backup: NIGHTLY,
  };
  return `const db = new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }) });
new BackedUpGitea(chart, 'gitea', ${propsOf(right, changed)});
void db;`;
}

function giteaBackup(changed: Readonly<Record<string, string | undefined>>): string {
  const right = {
    data: `{ claim: 'gitea' }`,
    pods: `{ app: 'gitea' }`,
    database: `{ cluster: 'db' }`,
    layout: `'chart'`,
    image: `'docker.gitea.com/gitea:1.26.0-rootless'`,
    backup: NIGHTLY,
  };
  return `${object('v1', 'PersistentVolumeClaim', 'gitea', `, spec: { storageClassName: 'ceph-block', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } }`)}
new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }) });
new GiteaBackup(chart, 'gitea', ${propsOf(right, changed)});`;
}

const UNANSWERED = '[no-strategy] PersistentVolumeClaim paperless/gitea (20Gi): ';

export const WRONG_GITEA: readonly WrongCode[] = [
  {
    what: 'a Gitea without its settings',
    code: gitea({ settings: undefined }),
    error:
      "Argument of type '{ database: BackedUpPostgres; storage: Size; storageClass: string; backup: Scheduled; }' is not assignable to parameter of type 'BackedUpGiteaProps'.",
    says: [
      "[invalid-construct] example/gitea: it has no settings.secret: write settings: { secret: 'gitea-settings', keptIn: '…' }",
    ],
  },
  {
    what: 'a Gitea with the name of its settings',
    code: gitea({ settings: `'gitea-settings'` }),
    error: "Type 'string' is not assignable to type 'GiteaSettings'.",
    says: [
      "[invalid-construct] example/gitea: it has no settings.secret: write settings: { secret: 'gitea-settings', keptIn: '…' }",
    ],
  },
  {
    what: 'a Gitea whose settings are kept nowhere',
    code: gitea({ settings: `{ secret: 'gitea-settings' }` }),
    error: "Property 'keptIn' is missing in type '{ secret: string; }' but required in type 'GiteaSettings'.",
    says: [
      '[keys-inside] keys in Secret paperless/gitea-settings: nobody said where they are kept outside the cluster',
    ],
  },
  {
    what: 'a Gitea without its database',
    code: gitea({ database: undefined }),
    error:
      "Argument of type '{ storage: Size; storageClass: string; settings: { secret: string; keptIn: string; }; backup: Scheduled; }' is not assignable to parameter of type 'BackedUpGiteaProps'.",
    says: ['[invalid-construct] example/gitea: it has no database: write database: new BackedUpPostgres(…)'],
  },
  {
    what: 'a Gitea with the name of its database',
    code: gitea({ database: `'db'` }),
    error: "Type 'string' is not assignable to type 'BackedUpPostgres'.",
    says: ['[invalid-construct] example/gitea: its database does not fit: write database: new BackedUpPostgres(…)'],
  },
  {
    what: 'a Gitea without space',
    code: gitea({ storage: undefined }),
    error:
      "Argument of type '{ database: BackedUpPostgres; storageClass: string; settings: { secret: string; keptIn: string; }; backup: Scheduled; }' is not assignable to parameter of type 'BackedUpGiteaProps'.",
    says: ['[invalid-construct] example/gitea: it has no storage: write storage: Size.gibibytes(50)'],
  },
  {
    what: 'a Gitea with space in words',
    code: gitea({ storage: `'50Gi'` }),
    error: "Type 'string' is not assignable to type 'Size'.",
    says: ['[invalid-construct] example/gitea: its storage does not fit: write storage: Size.gibibytes(50)'],
  },
  {
    what: 'a Gitea of a class that is no name',
    code: gitea({ storageClass: '7' }),
    error: "Type 'number' is not assignable to type 'string'.",
    says: ["[invalid-construct] example/gitea: its storageClass does not fit: write storageClass: 'ceph-block'"],
  },
  {
    what: 'a Gitea with a name that is no text',
    code: gitea({ name: '7' }),
    error: "Type 'number' is not assignable to type 'string'.",
    says: ["[invalid-construct] example/gitea: its name does not fit: write name: 'gitea'"],
  },
  {
    what: 'a Gitea without a strategy',
    code: gitea({ backup: undefined }),
    error:
      "Argument of type '{ database: BackedUpPostgres; storage: Size; storageClass: string; settings: { secret: string; keptIn: string; }; }' is not assignable to parameter of type 'BackedUpGiteaProps'.",
    says: ["[no-strategy] StatefulSet paperless/gitea, claim template 'data' (20Gi): "],
  },
  {
    what: 'a Gitea with an image that is no name',
    code: gitea({ image: '7' }),
    error: "Type 'number' is not assignable to type 'string'.",
    says: [
      "[invalid-construct] example/gitea: its image does not fit: write image: 'docker.gitea.com/gitea:1.26.0-rootless', or another rootless one with a tag or a digest",
    ],
  },
  {
    what: 'a Gitea with settings that are no text',
    code: gitea({ config: `{ 'service.DISABLE_REGISTRATION': true }` }),
    error: "Type 'boolean' is not assignable to type 'string'.",
    says: [
      "[invalid-construct] example/gitea: its config does not fit: write config: { 'server.ROOT_URL': 'https://git.example.net/' }",
    ],
  },
  {
    what: 'a Gitea with the name of its bucket',
    code: gitea({ bucket: `'attachments'` }),
    error: "Type 'string' is not assignable to type 'CephBucketWithBackupGrant'.",
    says: [
      '[invalid-construct] example/gitea: its bucket does not fit: write bucket: new CephBucketWithBackupGrant(…)',
    ],
  },
  {
    what: 'a Gitea with resources in words',
    code: gitea({ resources: `'1Gi'` }),
    error: "Type 'string' has no properties in common with type 'ResourceRequirements'.",
    says: ['[invalid-construct] example/gitea: its resources does not fit: write resources: { limits: { … } }'],
  },
  {
    what: 'a Gitea with a time in words',
    code: gitea({ pod: `{ terminationGracePeriodSeconds: '1min' }` }),
    error: "Type 'string' is not assignable to type 'number'.",
    says: [
      '[invalid-object] StatefulSet paperless/gitea: spec.template.spec.terminationGracePeriodSeconds: must be a whole number, but is text',
    ],
  },
  {
    what: 'a Gitea that is stopped in another word',
    code: gitea({ quiesce: `'Stop'` }),
    error: `Type '"Stop"' is not assignable to type '"stop"'.`,
    says: ["[invalid-construct] example/gitea: its quiesce does not fit: write quiesce: 'stop'"],
  },
  {
    what: 'a Gitea whose copies take a time in words',
    code: gitea({ copies: `{ deadline: '1h' }` }),
    error: "Type 'string' is not assignable to type 'Duration'.",
    says: ['[invalid-construct] example/gitea: its copies.deadline does not fit: write deadline: Duration.hours(1)'],
  },
  {
    what: 'a Gitea that may lose a repository',
    code: gitea({ copies: `{ knownLosses: { repositories: 1 } }` }),
    error:
      'Object literal may only specify known properties, and \'repositories\' does not exist in type \'Readonly<Partial<Record<"attachments" | "LFS objects" | "package files" | "avatars" | "repository avatars" | "Actions logs" | "Actions artifacts", number>>>\'.',
    says: [
      '[invalid-construct] example/gitea: its copies.knownLosses does not fit: write knownLosses: { attachments: 1 }, with kinds of files that a volume can have and how many of each are lost',
    ],
  },
  {
    what: 'a Gitea whose copies are compared with a share in words',
    code: gitea({ copies: `{ smallestPercent: 'half' }` }),
    error: "Type 'string' is not assignable to type 'number'.",
    says: [
      '[invalid-construct] example/gitea: its copies.smallestPercent does not fit: write smallestPercent: 50, or another from 0 to 100',
    ],
  },
  {
    what: 'a Gitea whose copies take space in words',
    code: gitea({ copies: `{ scratch: '50Gi' }` }),
    error: "Type 'string' is not assignable to type 'Size'.",
    says: ['[invalid-construct] example/gitea: its copies.scratch does not fit: write scratch: Size.gibibytes(50)'],
  },
  {
    what: 'a Gitea whose copies are in words',
    code: gitea({ copies: `'daily'` }),
    error: "Type 'string' has no properties in common with type 'GiteaCopyProps'.",
    says: ['[invalid-construct] example/gitea: its copies does not fit: write copies: { deadline: Duration.hours(1) }'],
  },
  {
    what: 'a Gitea whose database is dumped by a number',
    code: gitea({ copies: '{ postgresImage: 18 }' }),
    error: "Type 'number' is not assignable to type 'string'.",
    says: [
      "[invalid-construct] example/gitea: its copies.postgresImage does not fit: write postgresImage: 'docker.io/library/postgres:18.1', with a tag or a digest",
    ],
  },
];
export const WRONG_GITEA_BACKUP: readonly WrongCode[] = [
  {
    what: 'the copies of a Gitea without its data',
    code: giteaBackup({ data: undefined }),
    error: `Argument of type '{ pods: { app: string; }; database: { cluster: string; }; layout: "chart"; image: string; backup: Scheduled; }' is not assignable to parameter of type 'GiteaBackupProps'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no data: write data: { claim: 'gitea-data' }, or { statefulSet: 'gitea', template: 'data' }",
    ],
  },
  {
    what: 'the copies of a Gitea on data of no kind',
    code: giteaBackup({ data: `{ volume: 'gitea' }` }),
    error:
      "Object literal may only specify known properties, and 'volume' does not exist in type '{ readonly statefulSet: string; readonly template: string; readonly namespace?: string; } | { readonly claim: string; readonly namespace?: string; } | HeldVolume'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its data does not fit: write data: { claim: 'gitea-data' }, or { statefulSet: 'gitea', template: 'data' }",
    ],
  },
  {
    what: 'the copies of a Gitea whose claim has space in words',
    code: giteaBackup({ data: `{ claim: 'gitea', heldBy: { helmRelease: 'gitea' }, storage: '50Gi', labels: {} }` }),
    error: "Type 'string' is not assignable to type 'Size'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its data does not fit: write data: { claim: 'data-gitea-0', heldBy: { helmRelease: 'gitea' }, storage: Size.gibibytes(20), labels: { app: 'gitea' } }",
    ],
  },
  {
    what: 'the copies of a Gitea without its pods',
    code: giteaBackup({ pods: undefined }),
    error: `Argument of type '{ data: { claim: string; }; database: { cluster: string; }; layout: "chart"; image: string; backup: Scheduled; }' is not assignable to parameter of type 'GiteaBackupProps'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no pods: write pods: { 'app.kubernetes.io/name': 'gitea' }",
    ],
  },
  {
    what: 'the copies of a Gitea without labels of its pods',
    code: giteaBackup({ pods: `'gitea'` }),
    error: "Type 'string' is not assignable to type 'Readonly<Record<string, string>>'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its pods does not fit: write pods: { 'app.kubernetes.io/name': 'gitea' }",
    ],
  },
  {
    what: 'the copies of a Gitea without its database',
    code: giteaBackup({ database: undefined }),
    error: `Argument of type '{ data: { claim: string; }; pods: { app: string; }; layout: "chart"; image: string; backup: Scheduled; }' is not assignable to parameter of type 'GiteaBackupProps'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no database: write database: { cluster: 'db' }, or { host: …, pods: { labels: … }, database: …, user: …, password: …, keptIn: … }",
    ],
  },
  {
    what: 'the copies of a Gitea whose database has no login',
    code: giteaBackup({ database: `{ host: 'db', pods: { labels: { app: 'db' } }, database: 'gitea' }` }),
    error:
      "Type '{ host: string; pods: { labels: { app: string; }; }; database: string; }' is not assignable to type 'BackedUpPostgres | GiteaCluster | GiteaDatabase'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no database.password: write password: { secret: 'db', key: 'password' }",
      "[invalid-construct] example/gitea: it has no database.user: write user: { secret: 'db', key: 'username' }",
    ],
  },
  {
    what: 'the copies of a Gitea without a layout',
    code: giteaBackup({ layout: undefined }),
    error:
      "Argument of type '{ data: { claim: string; }; pods: { app: string; }; database: { cluster: string; }; image: string; backup: Scheduled; }' is not assignable to parameter of type 'GiteaBackupProps'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no layout: write layout: 'chart', 'rootless', or { folders: …, leftOut: … } with each of its folders",
    ],
  },
  {
    what: 'the copies of a Gitea with a layout that is none',
    code: giteaBackup({ layout: `'rootful'` }),
    error: `Type '"rootful"' is not assignable to type '"chart" | "rootless" | GiteaLayout'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its layout does not fit: write layout: 'chart', 'rootless', or { folders: …, leftOut: … } with each of its folders",
    ],
  },
  {
    what: 'the copies of a Gitea with half a layout',
    code: giteaBackup({ layout: `{ leftOut: [] }` }),
    error: `Type '{ leftOut: never[]; }' is not assignable to type '"chart" | "rootless" | GiteaLayout'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its layout does not fit: write layout: 'chart', 'rootless', or { folders: …, leftOut: … } with each of its folders",
    ],
  },
  {
    what: 'the copies of a Gitea without its image',
    code: giteaBackup({ image: undefined }),
    error: `Argument of type '{ data: { claim: string; }; pods: { app: string; }; database: { cluster: string; }; layout: "chart"; backup: Scheduled; }' is not assignable to parameter of type 'GiteaBackupProps'.`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: it has no image: write image: 'docker.gitea.com/gitea:1.26.0-rootless', with a tag or a digest",
    ],
  },
  {
    what: 'the copies of a Gitea with the name of its settings',
    code: giteaBackup({ settings: `'gitea-settings'` }),
    error: "Type 'string' is not assignable to type 'GiteaSettings & { readonly keys: readonly string[]; }'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its settings does not fit: write settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: '…' }",
    ],
  },
  {
    what: 'the copies of a Gitea with a bucket of an unknown kind of files',
    code: giteaBackup({ bucket: `{ files: ['attachment'] }` }),
    error: `Type '"attachment"' is not assignable to type '"attachments" | "LFS objects" | "package files" | "avatars" | "repository avatars" | "Actions logs" | "Actions artifacts"'. Did you mean '"attachments"'?`,
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its bucket does not fit: write bucket: { files: ['attachments'], claim: 'attachments' }, with kinds of files that can be in one",
    ],
  },
  {
    what: 'the copies of a Gitea without a strategy',
    code: giteaBackup({ backup: undefined }),
    error: `Argument of type '{ data: { claim: string; }; pods: { app: string; }; database: { cluster: string; }; layout: "chart"; image: string; }' is not assignable to parameter of type 'GiteaBackupProps'.`,
    says: [UNANSWERED],
  },
  {
    what: 'the copies of a Gitea that is stopped by a name alone',
    code: giteaBackup({ quiesce: `{ stop: 'gitea' }` }),
    error:
      "Type 'string' is not assignable to type '{ readonly deployment: string; } | { readonly statefulSet: string; }'.",
    says: [
      UNANSWERED,
      "[invalid-construct] example/gitea: its quiesce does not fit: write quiesce: 'stop', or { stop: { deployment: 'gitea' } }",
    ],
  },
  {
    what: 'the copies of a Gitea that take a time in words',
    code: giteaBackup({ copies: `{ deadline: '1h' }` }),
    error: "Type 'string' is not assignable to type 'Duration'.",
    says: ['[invalid-construct] example/gitea: its copies.deadline does not fit: write deadline: Duration.hours(1)'],
  },
];

const WHO = `clusterWide: 'The cluster repository answers for all of them.'`;
const FLUX = `flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' }`;
const KEYS_ARGUMENT = '{ platform: Platform; etcd: Elsewhere; fluxRepository: Elsewhere; certificates: Excluded; }';

export const WRONG_APPS: readonly WrongCode[] = [
  {
    what: 'an app without an answer for the keys',
    code: `return new BackedUpApp({ platform, etcd, fluxRepository, certificates });`,
    error: `Argument of type '${KEYS_ARGUMENT}' is not assignable to parameter of type 'BackedUpAppProps'.`,
    says: ['[no-strategy] keys of cluster home: '],
  },
  {
    what: 'an app without any answer',
    code: `return new BackedUpApp({ platform });`,
    error: `Argument of type '{ platform: Platform; }' is not assignable to parameter of type 'BackedUpAppProps'.`,
    says: [
      '[no-strategy] Flux repository of cluster home: ',
      '[no-strategy] certificates of cluster home: ',
      '[no-strategy] etcd of cluster home: ',
      '[no-strategy] keys of cluster home: ',
    ],
  },
  {
    what: 'an app that answers itself and sends elsewhere',
    code: `return new BackedUpApp({ platform, ${WHO}, keys });`,
    error: `Argument of type '{ platform: Platform; clusterWide: string; keys: Elsewhere; }' is not assignable to parameter of type 'BackedUpAppProps'.`,
    says: ['[idle-declaration] backUp of keys of cluster home: '],
  },
  {
    what: 'a mirror of etcd',
    code: `return new BackedUpApp({ platform, etcd: mirrored({ to: offsite }), fluxRepository, certificates, keys });`,
    error: `Type 'Mirrored' is not assignable to type 'Excluded | OneOrMore<Elsewhere> | KubeadmEtcd'.`,
    says: [`[strategy-misfit] etcd of cluster home: 'mirrored' cannot copy it`],
  },
  {
    what: 'a schedule for etcd, without saying who runs it',
    code: `return new BackedUpApp({ platform, etcd: ${NIGHTLY}, fluxRepository, certificates, keys });`,
    error: `Type 'Scheduled' is not assignable to type 'Excluded | OneOrMore<Elsewhere> | KubeadmEtcd'.`,
    says: [
      `[unproven-strategy] etcd of cluster home: no object in the output is known to carry out 'scheduled' for it`,
    ],
  },
  {
    what: 'a platform without a name',
    code: `return new BackedUpApp({ platform: definePlatform({ flux: platform.flux }), ${WHO} });`,
    error: `Argument of type '{ flux: FluxPlatform; }' is not assignable to parameter of type 'Platform'.`,
    says: [`[platform-malformed] platform.cluster: 'undefined' is not a DNS label of at most 32 characters`],
  },
  {
    what: 'an app without a platform',
    code: `return new BackedUpApp({});`,
    error: `Argument of type '{}' is not assignable to parameter of type 'BackedUpAppProps'.`,
    says: `the app has no platform: write new BackedUpApp({ platform: definePlatform({ cluster: 'home', ${FLUX} }), … })`,
  },
  {
    what: 'an app without anything',
    code: `return new BackedUpApp();`,
    error: `Expected 1 arguments, but got 0.`,
    says: `the app has no platform: write new BackedUpApp({ platform: definePlatform({ cluster: 'home', ${FLUX} }), … })`,
  },
  {
    what: 'an empty platform',
    code: `return new BackedUpApp({ platform: definePlatform({}), ${WHO} });`,
    error: `Argument of type '{}' is not assignable to parameter of type 'Platform'.`,
    says: `platform.flux does not say what Flux reads: write definePlatform({ …, ${FLUX} })`,
  },
  {
    what: 'a storage class without its driver',
    code: `return new BackedUpApp({ platform: { ...platform, storageClasses: { block: {} } }, ${WHO} });`,
    error: `Property 'driver' is missing in type '{}' but required in type 'StorageClassPlatform'.`,
    says: `platform.storageClasses['block'] names no driver: write 'block': { driver: 'the provisioner of the class' }`,
  },
  {
    what: 'a Velero that is only a version',
    code: `return new BackedUpApp({ platform: { ...platform, velero: '1.18' }, ${WHO} });`,
    error: `Type 'string' is not assignable to type 'VeleroPlatform'.`,
    says: `platform.velero is '1.18', and not an object: write definePlatform({ …, velero: { … } })`,
  },
  {
    what: 'a registry in the place of images',
    code: `return new BackedUpApp({ platform: { ...platform, jobs: { images: 'registry.example.net' } }, ${WHO} });`,
    error: `Type 'string' has no properties in common with type 'Partial<JobImages>'.`,
    says: `platform.jobs.images is 'registry.example.net', and not an object: write definePlatform({ …, jobs: { …, images: { … } } })`,
  },
  {
    what: 'one range that is no list',
    code: `return new BackedUpApp({ platform: { ...platform, clusterRanges: '10.244.0.0/16' }, ${WHO} });`,
    error: `Type 'string' is not assignable to type 'readonly string[]'.`,
    says: `platform.clusterRanges is '10.244.0.0/16', and not a list of ranges: write clusterRanges: ['10.244.0.0/16', '10.96.0.0/12']`,
  },
  {
    what: 'one pattern that is no list',
    code: `return new BackedUpApp({ platform, ${WHO}, alsoRead: 'x' });`,
    error: `Type 'string' is not assignable to type 'readonly string[]'.`,
    says: `alsoRead is 'x', and not a list of patterns: write alsoRead: ['x']`,
  },
  {
    what: 'a folder that is no text',
    code: `return new BackedUpApp({ platform, ${WHO}, outdir: 7 });`,
    error: `Type 'number' is not assignable to type 'string'.`,
    says: `outdir is 7, and not the path of a folder: write outdir: 'dist'`,
  },
  {
    what: 'a list of kinds',
    code: `return new BackedUpApp({ platform, ${WHO}, kinds: ['example.com/Widget'] });`,
    error: `Type 'string[]' is not assignable to type 'OwnKinds'.`,
    says: `kinds is ["example.com/Widget"], and not an object: write kinds: { 'example.com/Widget': 'no data' }`,
  },
  {
    what: 'a kind without its group',
    code: `return new BackedUpApp({ platform, ${WHO}, kinds: { Widget: 'no data' } });`,
    error: `Object literal may only specify known properties, and 'Widget' does not exist in type 'OwnKinds'.`,
    says: [
      `[idle-declaration] kinds: { 'Widget': … }: it names no API group: write 'group/Widget', or '/Widget' for one in the core group`,
    ],
  },
  {
    what: 'a source of volumes that makes more',
    code: `return new BackedUpApp({ platform, ${WHO}, kinds: { 'volume/tape': 'opaque' } });`,
    error: `Type '"opaque"' is not assignable to type '"no data"'.`,
    says: [`[idle-declaration] kinds: { 'volume/tape': … }: nothing in need of it is among the objects`],
  },
  {
    what: 'a kind that is called data',
    code: `const app = new BackedUpApp({ platform, ${WHO}, kinds: { 'example.com/Widget': 'data' } });
new ApiObject(new Chart(app, 'own', { namespace: 'own' }), 'widget', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'blue' } });
return app;`,
    error: `Type '"data"' is not assignable to type '"no data" | "opaque"'.`,
    says: [
      `[unlisted-kind] Widget own/blue: kinds: { … } of the app does not say whether 'example.com/Widget' holds data`,
    ],
  },
];

export const WRONG_CODE = [
  ...WRONG_STRATEGIES,
  ...WRONG_OPTIONS,
  ...WRONG_REASONS,
  ...WRONG_GITEA,
  ...WRONG_GITEA_BACKUP,
  ...WRONG_APPS,
];

/** A file with the code, as a user would write it. */
export function fileOf({ code }: WrongCode): string {
  return `${IMPORTS}
export function wrong(chart: Chart, { storage, offsite, platform, etcd, fluxRepository, certificates, keys }: Given) {
${code}
}
void [${NAMES}];
`;
}

const NAMES =
  'ApiObject, Chart, Duration, BackedUpApp, BackedUpGitea, BackedUpPostgres, BackedUpStatefulSet, BackedUpVolume, backUp, CephBucketWithBackupGrant, continuous, definePlatform, elsewhere, every, exclude, excluded, GiteaBackup, grantBackup, holds, mirrored, nightly, s3Location, ScratchVolume, snapshotted, VeleroBackup, weekly';
const IMPORTS = `import { ApiObject, Chart, Duration, type Size } from 'cdk8s';
import {
  BackedUpApp, BackedUpGitea, BackedUpPostgres, BackedUpStatefulSet, BackedUpVolume, backUp, CephBucketWithBackupGrant, continuous, definePlatform, elsewhere, every, exclude, excluded,
  GiteaBackup, grantBackup, holds, mirrored, nightly, s3Location, ScratchVolume, snapshotted, VeleroBackup, weekly, type Elsewhere, type Excluded, type Location, type Platform,
} from 'cdk8s-backed-up';
interface Given {
  storage: Size; offsite: Location; platform: Platform;
  etcd: Elsewhere; fluxRepository: Elsewhere; certificates: Excluded; keys: Elsewhere;
}`;
/** Lines of a file before its code. */
export const LINES_BEFORE = IMPORTS.split('\n').length + 1;
