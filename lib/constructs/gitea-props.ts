/** What the properties of the Gitea constructs have to be, where no types hold them to it. */
import { GITEA_FILES } from '../jobs/gitea';
import { at, isMapping, mappingAt } from '../model/kube-object';
import { variable } from './gitea-pod';
import { isSize, isText, isTextList, isTextMap, optional, type Expected } from './misuse';

const SIZE = 'Size.gibibytes(50)';

const COPIES: Readonly<Record<string, Expected>> = {
  copies: { is: optional(isMapping), write: 'copies: { deadline: Duration.hours(1) }' },
  'copies.postgresImage': { is: optional(isText), write: `postgresImage: 'docker.io/library/postgres:18.1'` },
};

export const BACKED_UP_GITEA: Readonly<Record<string, Expected>> = {
  name: { is: optional(isText), write: `name: 'gitea'` },
  database: { is: (value) => isText(at(value, 'secretName')), write: 'database: new BackedUpPostgres(…)' },
  storage: { is: isSize, write: `storage: ${SIZE}` },
  storageClass: { is: optional(isText), write: `storageClass: 'ceph-block'` },
  'settings.secret': { is: isText, write: `settings: { secret: 'gitea-settings', keptIn: '…' }` },
  config: { is: optional(isTextMap), write: `config: { 'server.ROOT_URL': 'https://git.example.net/' }` },
  bucket: {
    is: optional((value) => isText(at(value, 'name'))),
    write: 'bucket: new CephBucketWithBackupGrant(…)',
  },
  image: { is: optional(isText), write: `image: 'docker.gitea.com/gitea:1.26.0-rootless'` },
  resources: { is: optional(isMapping), write: 'resources: { limits: { … } }' },
  pod: { is: optional(isMapping), write: 'pod: { nodeSelector: { … } }' },
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

export const GITEA_BACKUP: Readonly<Record<string, Expected>> = {
  data: { is: isMapping, write: `data: { claim: 'gitea-data' }` },
  // Of a claim that another object makes nothing is known but what is said here.
  'data.storage': { is: optional(isSize), write: `storage: ${SIZE}` },
  pods: {
    is: (value) => isTextMap(value) && Object.keys(value).length > 0,
    write: `pods: { 'app.kubernetes.io/name': 'gitea' }`,
  },
  database: {
    is: isDatabase,
    write: `database: { cluster: 'db' }, or { host: …, pods: { labels: … }, database: …, user: …, password: …, keptIn: … }`,
  },
  layout: {
    is: isLayout,
    write: `layout: 'chart', 'rootless', or { folders: …, leftOut: … } with each of its folders`,
  },
  settings: {
    is: optional((value) => isText(at(value, 'secret')) && isTextList(at(value, 'keys'))),
    write: `settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: '…' }`,
  },
  bucket: {
    is: optional((value) => isFiles(at(value, 'files'))),
    write: `bucket: { files: ['attachments'], claim: 'attachments' }, with kinds of files that can be in one`,
  },
  image: { is: isText, write: `image: 'docker.gitea.com/gitea:1.26.0-rootless'` },
  quiesce: {
    is: optional(
      (value) => value === 'stop' || isText(at(value, 'stop', 'deployment') ?? at(value, 'stop', 'statefulSet')),
    ),
    write: `quiesce: 'stop', or { stop: { deployment: 'gitea' } }`,
  },
  ...COPIES,
};

function isDatabase(value: unknown): boolean {
  if (isText(at(value, 'cluster')) || isText(at(value, 'secretName'))) return true;
  const texts = [
    ['host'],
    ['database'],
    ...['user', 'password'].flatMap((part) => [
      [part, 'secret'],
      [part, 'key'],
    ]),
  ];
  return texts.every((path) => isText(at(value, ...path))) && isTextMap(at(value, 'pods', 'labels'));
}

function isLayout(value: unknown): boolean {
  if (value === 'chart' || value === 'rootless') return true;
  return GITEA_FILES.every((kind) => isText(at(value, 'folders', kind))) && isTextList(at(value, 'leftOut'));
}

function isFiles(value: unknown): boolean {
  const kinds = new Set<string>(GITEA_FILES.filter((kind) => kind !== 'repositories'));
  return isTextList(value) && value.every((kind) => kinds.has(kind));
}
