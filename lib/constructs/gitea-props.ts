/** What the properties of the Gitea constructs have to be, where no types hold them to it. */
import { k8s } from 'cdk8s-plus-28';
import { GITEA_FILES } from '../jobs/gitea';
import { giteaImage } from '../model/database-images';
import { isPinned } from '../model/image';
import { at, isMapping, listAt, mappingAt } from '../model/kube-object';
import { variable } from './gitea-pod';
import { volumeOf } from './held-volume';
import {
  isCount,
  isName,
  isSize,
  isText,
  isTextList,
  isTextMap,
  labelsOfPods,
  optional,
  type Expected,
} from './misuse';
import { serverProps } from './postgres-props';

const SIZE = 'Size.gibibytes(50)';

const COPIES: Readonly<Record<string, Expected>> = {
  copies: { is: optional(isMapping), write: 'copies: { deadline: Duration.hours(1) }' },
  'copies.knownLosses': {
    is: optional((value) => isMapping(value) && isFiles(Object.keys(value)) && Object.values(value).every(isCount)),
    write: `knownLosses: { attachments: 1 }, with kinds of files that a volume can have and how many of each are lost`,
  },
  'copies.postgresImage': {
    is: optional(isPinned),
    write: `postgresImage: 'docker.io/library/postgres:18.1', with a tag or a digest`,
  },
};

export const BACKED_UP_GITEA: Readonly<Record<string, Expected>> = {
  name: { is: optional(isText), write: `name: 'gitea'` },
  database: { is: isPostgresConstruct, write: 'database: new BackedUpPostgres(…)' },
  storage: { is: isSize, write: `storage: ${SIZE}` },
  storageClass: { is: optional(isText), write: `storageClass: 'ceph-block'` },
  'settings.secret': { is: isName, write: `settings: { secret: 'gitea-settings', keptIn: '…' }` },
  config: { is: optional(isTextMap), write: `config: { 'server.ROOT_URL': 'https://git.example.net/' }` },
  bucket: {
    is: optional((value) => isText(at(value, 'name'))),
    write: 'bucket: new CephBucketWithBackupGrant(…)',
  },
  image: {
    is: optional(isRootless),
    write: `image: 'docker.gitea.com/gitea:1.26.0-rootless', or another rootless one with a tag or a digest`,
  },
  resources: { is: optional(isMapping), write: 'resources: { limits: { … } }' },
  pod: {
    is: optional(isPodSpec),
    write: `pod: { nodeSelector: { disk: 'fast' } }, with further fields of the pods as Kubernetes has them`,
  },
  quiesce: { is: optional((value) => value === 'stop'), write: `quiesce: 'stop'` },
  ...COPIES,
};

/** @param own the variables that follow from the other properties. */
export function configBeside(own: readonly { readonly name: string }[]): Readonly<Record<string, Expected>> {
  // Gitea reads the names of sections in any case.
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  const problems = (config: unknown): readonly string[] =>
    Object.entries(mappingAt(config)).flatMap(([setting, value]) => configProblem(setting, String(value), names) ?? []);
  return { config: { is: (config) => problems(config).length === 0, write: (config) => problems(config).join('; ') } };
}

/** @returns what to write instead of a setting. */
function configProblem(setting: string, value: string, own: ReadonlySet<string>): string | undefined {
  if (!setting.includes('.')) return `'server.${setting}', with the section of app.ini that has it, for '${setting}'`;
  if (!/^[\w.-]*\.\w+$/.test(setting)) return `'server.ROOT_URL', or another section and key, for '${setting}'`;
  const name = variable(setting);
  // Gitea does not start with both a secret and the URI of its file.
  const secret = name.replace(/_URI$/, '');
  if ([name, secret].some((each) => own.has(each.toLowerCase())))
    return `nothing for '${setting}', which follows from the other properties`;
  if (!SECRETS.has(secret.slice(secret.lastIndexOf('__') + 2)) && !PASSWORD_IN_URL.test(value)) return undefined;
  return `nothing for '${setting}', which would stand in Git: the Secret of settings has it, as ${name}`;
}

/** From docs.gitea.com, Configuration Cheat Sheet, 1.26, in any section. */
const SECRETS = new Set([
  'AZURE_BLOB_ACCOUNT_KEY',
  'CF_TURNSTILE_SECRET',
  'HCAPTCHA_SECRET',
  'INTERNAL_TOKEN',
  'JWT_SECRET',
  'LFS_JWT_SECRET',
  'MCAPTCHA_SECRET',
  'MINIO_SECRET_ACCESS_KEY',
  'PASSWD',
  'PASSWORD',
  'RECAPTCHA_SECRET',
  'SECRET_KEY',
  'TOKEN',
]);
/** Of a queue, a cache or sessions: `redis://:password@redis:6379/0`. */
const PASSWORD_IN_URL = /:\/\/[^/\s@]*:[^/\s@]+@/;

const FOLDER_RULES = `without spaces, patterns, '..' or a slash at either end`;

const BACKUP: Readonly<Record<string, Expected>> = {
  data: volumeOf('gitea'),
  pods: labelsOfPods(`pods: { 'app.kubernetes.io/name': 'gitea' }`),
  layout: {
    is: (layout) => isLayout(layout) && foldersAmiss(layout).length === 0,
    write: (layout) =>
      isLayout(layout)
        ? foldersAmiss(layout)
            .map((folder) => `no '${folder}', but a folder from the root of the volume, ${FOLDER_RULES}`)
            .join('; ')
        : `layout: 'chart', 'rootless', or { folders: …, leftOut: … } with each of its folders`,
  },
  settings: {
    is: optional((value) => isName(at(value, 'secret')) && isTextList(at(value, 'keys'))),
    write: `settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: '…' }`,
  },
  bucket: {
    is: optional((value) => isFiles(at(value, 'files'))),
    write: `bucket: { files: ['attachments'], claim: 'attachments' }, with kinds of files that can be in one`,
  },
  'bucket.folders': {
    is: optional(
      (value) =>
        isMapping(value) &&
        isFiles(Object.keys(value)) &&
        Object.values(value).every((folder) => folder === '' || isFolder(folder)),
    ),
    write: `folders: { attachments: 'gitea/attachments' }, each from the root of the bucket, ${FOLDER_RULES}`,
  },
  image: { is: isPinned, write: `image: 'docker.gitea.com/gitea:1.26.0-rootless', with a tag or a digest` },
  quiesce: {
    is: optional(
      (value) => value === 'stop' || isText(at(value, 'stop', 'deployment') ?? at(value, 'stop', 'statefulSet')),
    ),
    write: `quiesce: 'stop', or { stop: { deployment: 'gitea' } }`,
  },
  pod: { is: optional(isPodSpec), write: `pod: { nodeSelector: { disk: 'fast' } }` },
  'pod.runAsUser': { is: optional(isCount), write: 'runAsUser: 1000' },
  ...COPIES,
};

const NO_DATABASE: Readonly<Record<string, Expected>> = {
  database: {
    is: () => false,
    write: `database: { cluster: 'db' }, or { host: …, pods: { labels: … }, database: …, user: …, password: …, keptIn: … }`,
  },
};

const SERVER_DATABASE: Readonly<Record<string, Expected>> = {
  ...serverProps('database'),
  'database.database': { is: isText, write: `database: 'gitea'` },
};

/** By what they say of the database: that CloudNativePG makes it, or how its server is reached. */
export function giteaBackupProps(props: unknown): Readonly<Record<string, Expected>> {
  const database = at(props, 'database');
  const { cluster, host } = mappingAt(database);
  if (isPostgresConstruct(database) || (isText(cluster) && host === undefined)) return BACKUP;
  return { ...BACKUP, ...(host === undefined || cluster !== undefined ? NO_DATABASE : SERVER_DATABASE) };
}

/** Also of another copy of this package. */
function isPostgresConstruct(value: unknown): boolean {
  return ['name', 'host', 'secretName'].every((property) => isText(at(value, property)));
}

/** The other images of Gitea and Forgejo begin as root, and keep everything in `/data`. What has another name is not known. */
function isRootless(image: unknown): boolean {
  if (!isPinned(image) || giteaImage(String(image)) === undefined) return isPinned(image);
  const tag = /:([^/:]+)$/.exec(String(image).replace(/@.*$/, ''))?.[1];
  return tag === undefined || tag.endsWith('-rootless');
}

/** Whether a pod can be made of it, which takes lists to be lists. */
function isPodSpec(value: unknown): boolean {
  if (!isMapping(value)) return false;
  try {
    k8s.toJson_PodSpec({ ...value, containers: [] });
    return true;
  } catch {
    return false;
  }
}

function isLayout(value: unknown): boolean {
  if (value === 'chart' || value === 'rootless') return true;
  return GITEA_FILES.every((kind) => isText(at(value, 'folders', kind))) && Array.isArray(at(value, 'leftOut'));
}

/** Scripts take them as words and as patterns: of 'old custom' they would leave out 'old' and 'custom'. */
function foldersAmiss(layout: unknown): readonly string[] {
  const configuration = at(layout, 'configuration');
  return [
    ...Object.values(mappingAt(at(layout, 'folders'))),
    ...listAt(layout, 'leftOut'),
    ...(configuration === undefined ? [] : [configuration]),
  ].flatMap((folder) => (isFolder(folder) ? [] : [String(folder)]));
}

function isFolder(folder: unknown): boolean {
  return (
    isText(folder) &&
    !/[\s*?[\]\\]/.test(folder) &&
    folder.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

function isFiles(value: unknown): boolean {
  const kinds = new Set<string>(GITEA_FILES.filter((kind) => kind !== 'repositories'));
  return isTextList(value) && value.every((kind) => kinds.has(kind));
}
