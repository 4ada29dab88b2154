/** Awkward data for Gitea, and how two of them are compared: as their users see them, without any tool of the backup. */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giteaDump, ROOTLESS_LAYOUT, type GiteaDumpOptions } from '../../../lib/jobs/gitea';
import { BUCKET_FOLDERS, listingBucket, type InBucket } from '../../../lib/jobs/gitea-bucket';
import type { Source } from '../../../lib/jobs/step';
import type { DatasetId } from '../../../lib/model/dataset';
import { at, textAt } from '../../../lib/model/kube-object';
import type { Bucket } from './bucket';
import { GITEA_DATABASE, makeFolder, ownByGitea, type GiteaServer } from './gitea';
import type { PostgresServer } from './postgres';
import { makeJob, type Job, type Run } from './job';
import { endpoint } from './rgw';
import type { Store } from './store';
import { until } from './tools';

const GITEA_DATASET: DatasetId = {
  group: 'apps',
  kind: 'StatefulSet',
  namespace: 'forge',
  name: 'gitea',
  part: { type: 'template', name: 'data' },
};

export function giteaSource(
  postgres: PostgresServer,
  options: Partial<GiteaDumpOptions> = {},
  database = GITEA_DATABASE,
): Source {
  const source = giteaDump({
    database: {
      host: '127.0.0.1',
      port: postgres.port,
      server: { namespace: 'forge', labels: { app: 'db' }, port: 5432 },
      user: { secret: 'gitea-database', key: 'username' },
      password: { secret: 'gitea-database', key: 'password' },
      database,
    },
    claim: 'gitea-data',
    pods: { app: 'gitea' },
    ...options,
  });
  const { bucket } = options;
  if (bucket?.isListed !== true) return source;
  const folders = bucket.files.map((kind) => bucket.folders?.[kind] ?? BUCKET_FOLDERS[kind]);
  return listingBucket(source, {
    claim: CLAIM,
    folders,
    server: { peer: { outsideOf: [], port: 80 }, scheme: 'http' },
  });
}

/** Name of its ObjectBucketClaim. */
const CLAIM = 'attachments';

/** What Rook says of a bucket in the namespace of its claim. */
export function claimedBucket({ name, owner }: Bucket, claim = CLAIM): Required<Pick<Run, 'secrets' | 'configMaps'>> {
  const { hostname, port } = new URL(endpoint());
  return {
    secrets: { [claim]: { AWS_ACCESS_KEY_ID: owner.accessKey, AWS_SECRET_ACCESS_KEY: owner.secretKey } },
    configMaps: { [claim]: { BUCKET_HOST: hostname, BUCKET_PORT: port, BUCKET_NAME: name } },
  };
}

/** Puts files of the volume where a Gitea that keeps them in a bucket would have put them. */
export async function fillBucket(
  bucket: Bucket,
  { volume }: GiteaServer,
  ...kinds: readonly InBucket[]
): Promise<void> {
  for (const kind of kinds) {
    const folder = join(volume, ROOTLESS_LAYOUT.folders[kind]);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) await bucket.put(`${BUCKET_FOLDERS[kind]}${path.slice(folder.length)}`, readFileSync(path));
    }
  }
}

/** @param there what it looks for in a bucket. */
export function giteaJob(
  store: Store,
  gitea: GiteaServer,
  postgres: PostgresServer,
  there?: { readonly files: readonly InBucket[]; readonly bucket: Bucket },
): Job {
  const claimed = there === undefined ? undefined : claimedBucket(there.bucket);
  const options = there === undefined ? {} : { bucket: { files: there.files, isListed: true } };
  const secrets = { 'gitea-database': gitea.secret, ...claimed?.secrets };
  const claims = { 'gitea-data': gitea.volume };
  return makeJob(store, GITEA_DATASET, giteaSource(postgres, options), secrets, claims, claimed?.configMaps);
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Names that file systems take and shells, git and psql read in their own way. */
const AWKWARD_FILE = `a b'c"$(d)\\é日.txt`;

/** Everything that a backup has to carry, one of each at least. */
export async function fillGitea(gitea: GiteaServer, postgres: PostgresServer): Promise<void> {
  const { api } = gitea;
  await api('POST', '/orgs', { username: 'acme' });
  for (const name of ['code', 'docs', 'empty', 'With.Dots-and_Capitals', '.profile'])
    await api('POST', '/user/repos', { name, private: true, default_branch: 'main' });
  await api('POST', '/orgs/acme/repos', { name: 'Shared', private: true, auto_init: true, default_branch: 'main' });
  await withFolder(async (folder) => {
    await pushCode(gitea, folder);
    await pushDocs(gitea, folder);
    await pushProfile(gitea, folder);
  });
  for (const repository of ['docs', '.profile'])
    await api('POST', `/repos/alice/${repository}/wiki/new`, {
      title: 'Home',
      content_base64: Buffer.from('# Wiki ü 🙂').toString('base64'),
      message: 'wiki',
    });
  await api('POST', '/repos/alice/docs/pulls', { title: 'Pull', head: 'feature', base: 'main' });
  await api('POST', '/repos/alice/code/releases', { tag_name: 'v1', name: 'Release' });
  await attach(gitea, '/repos/alice/code/releases/1/assets?name=asset.bin', randomBytes(300_000));
  await api('POST', '/repos/alice/code/issues', { title: `Ünï 日本 🙂 \\.`, body: `line\nbreak\ttab \\N '"` });
  await api('POST', '/repos/alice/code/issues/1/comments', { body: 'x'.repeat(500_000) });
  for (const [name, content] of [
    ['note.txt', 'an attachment'],
    ['ünï 日本.txt', 'another'],
  ] as const)
    await attach(gitea, `/repos/alice/code/issues/1/assets?name=${encodeURIComponent(name)}`, Buffer.from(content));
  await api('PUT', '/repos/alice/code/actions/secrets/DEPLOY', { data: 'secret value' });
  await api('POST', '/repos/alice/code/hooks', {
    type: 'gitea',
    config: { url: 'http://127.0.0.1:1/x', content_type: 'json', secret: 'hook secret' },
    events: ['push'],
    active: false,
    // Encrypted with SECRET_KEY.
    authorization_header: 'Bearer top secret',
  });
  await publish(gitea, '1.0', randomBytes(200_000));
  await publish(gitea, '1.1', Buffer.from('small'));
  await api('POST', '/user/avatar', { image: PIXEL });
  await api('POST', '/repos/alice/code/avatar', { image: PIXEL });
  await leaveActionsFiles(gitea, postgres);
  leaveAwkwardFiles(gitea);
}

/** What somebody may have put beside the files of Gitea: links of both kinds, holes, nothing, and any name. */
function leaveAwkwardFiles({ volume }: GiteaServer): void {
  const folder = join(volume, 'custom', 'public', ' assets\n日本');
  for (const path of [join(volume, 'custom'), join(volume, 'custom', 'public'), folder]) makeFolder(path);
  writeFileSync(join(folder, 'linked'), 'under two names');
  linkSync(join(folder, 'linked'), join(folder, 'linked again'));
  symlinkSync('linked', join(folder, 'symbolic'));
  writeFileSync(join(folder, 'empty'), '');
  const sparse = openSync(join(folder, 'sparse'), 'w');
  writeSync(sparse, 'after a hole', 20_000_000);
  closeSync(sparse);
}

/** With LFS, a large file, awkward names of branches and files, and a pointer whose object was never pushed. */
async function pushCode(gitea: GiteaServer, folder: string): Promise<void> {
  const code = join(folder, 'code');
  mkdirSync(code);
  const git = async (...args: readonly string[]): Promise<string> => gitea.git(code, ...args);
  await git('init', '-q', '-b', 'main');
  await git('lfs', 'install', '--local');
  await git('lfs', 'track', '*.bin');
  writeFileSync(join(code, AWKWARD_FILE), 'awkward');
  writeFileSync(join(code, 'large'), randomBytes(8_000_000));
  writeFileSync(join(code, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(code, 'run.sh'), 0o755);
  for (const [index, size] of [1, 70_000, 2_000_000].entries()) {
    writeFileSync(join(code, `lfs-${index}.bin`), randomBytes(size));
    await git('add', '-A');
    await git('commit', '-q', '-m', `commit ${index}\n\nünï 日本 🙂`);
  }
  await git('tag', '-a', 'v1', '-m', 'a tag');
  await git('branch', 'ünï/日本');
  await git('remote', 'add', 'origin', gitea.remote('alice/code'));
  await git('push', '-q', 'origin', 'main', 'ünï/日本', 'v1');
  await branches(gitea, 'alice/code', 2);
}

/** Its name begins with a dot, and so do those of its folders. */
async function pushProfile(gitea: GiteaServer, folder: string): Promise<void> {
  const profile = join(folder, 'profile');
  await gitea.git(folder, 'init', '-q', '-b', 'main', profile);
  await gitea.git(profile, 'commit', '-q', '--allow-empty', '-m', 'one');
  await gitea.git(profile, 'push', '-q', gitea.remote('alice/.profile'), 'main');
  await branches(gitea, 'alice/.profile', 1);
}

async function pushDocs(gitea: GiteaServer, folder: string): Promise<void> {
  const docs = join(folder, 'docs');
  mkdirSync(docs);
  const git = async (...args: readonly string[]): Promise<string> => gitea.git(docs, ...args);
  await git('init', '-q', '-b', 'main');
  writeFileSync(join(docs, 'README.md'), '# Docs\n');
  // Nobody ever pushed its object, which git does not mind.
  const oid = createHash('sha256').update('never pushed').digest('hex');
  writeFileSync(join(docs, 'pointer'), `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12\n`);
  await git('add', '-A');
  await git('commit', '-q', '-m', 'one');
  await git('checkout', '-q', '-b', 'feature');
  writeFileSync(join(docs, 'more'), 'more');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'two');
  await git('remote', 'add', 'origin', gitea.remote('alice/docs'));
  await git('push', '-q', 'origin', 'main', 'feature');
  await branches(gitea, 'alice/docs', 2);
}

/** A commit on the branch that people see first. @returns it. */
export async function push(gitea: GiteaServer, repository: string, name: string): Promise<string> {
  let commit = '';
  await withFolder(async (folder) => {
    await gitea.git(folder, 'clone', '-q', gitea.remote(repository), 'clone');
    const clone = join(folder, 'clone');
    writeFileSync(join(clone, name), name);
    await gitea.git(clone, 'add', '-A');
    await gitea.git(clone, 'commit', '-q', '-m', name);
    await gitea.git(clone, 'push', '-q', 'origin', 'HEAD');
    commit = (await gitea.git(clone, 'rev-parse', 'HEAD')).trim();
  });
  return commit;
}

/** As somebody migrates on the website, from where nobody listens: the API would remove the row. */
export async function failMigration(gitea: GiteaServer, postgres: PostgresServer, name: string): Promise<void> {
  const form = async (path: string, cookie: string, fields: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${gitea.url}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie },
      redirect: 'manual',
    });
  const { username: user_name, password } = gitea.admin;
  const { headers } = await form('/user/login', '', { user_name, password });
  // The session is set twice, and only the second one is logged in.
  const cookies = new Map(headers.getSetCookie().map((line) => [line.split('=')[0], line.split(';')[0]]));
  const cookie = [...cookies.values()].join('; ');
  const clone_addr = 'http://127.0.0.1:9/nobody/nothing.git';
  await form('/repo/migrate', cookie, { clone_addr, service: '1', uid: '1', repo_name: name });
  // 3: failed (modules/structs/task.go).
  await until('the end of the migration', 60, async () => {
    const status = await postgres.sql('select status from task order by id desc limit 1', GITEA_DATABASE);
    return status === '3';
  });
}

/** Gitea notes what was pushed when it comes to it. */
async function branches(gitea: GiteaServer, repository: string, count: number): Promise<void> {
  await until('the branches', 60, async () => {
    const { length } = (await gitea.api('GET', `/repos/${repository}/branches`)) as readonly unknown[];
    return length === count;
  });
}

export async function attach(gitea: GiteaServer, path: string, content: Buffer): Promise<void> {
  const form = new FormData();
  form.append('attachment', new Blob([new Uint8Array(content)]), 'attachment.txt');
  const response = await gitea.fetch(`/api/v1${path}`, { method: 'POST', body: form });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function publish(gitea: GiteaServer, version: string, content: Buffer): Promise<void> {
  const path = `/api/packages/alice/generic/tool/${version}/tool.bin`;
  const response = await gitea.fetch(path, { method: 'PUT', body: new Uint8Array(content) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}

/** What a runner would have left, whose log and artifact are files with a row: there is no runner here. */
async function leaveActionsFiles(gitea: GiteaServer, postgres: PostgresServer): Promise<void> {
  const log = 'alice/code/01/1.log';
  const artifact = '1/1/artifact.zip';
  await postgres.sql(
    `insert into action_task (id, token_hash, log_filename, log_size, log_in_storage, log_expired) values (1, 'x', '${log}', 1000, true, false);
     insert into action_artifact (id, storage_path, file_compressed_size, status, artifact_name, repo_id) values (1, '${artifact}', 1000, 2, 'artifact', 1);`,
    GITEA_DATABASE,
  );
  for (const path of [join('actions_log', log), join('actions_artifacts', artifact)]) {
    const segments = path.split('/');
    for (const end of segments.keys()) if (end > 0) makeFolder(join(gitea.volume, ...segments.slice(0, end)));
    writeFileSync(join(gitea.volume, path), randomBytes(1000));
  }
  for (const folder of ['actions_log', 'actions_artifacts']) ownByGitea(join(gitea.volume, folder));
}

/** Every kind of thing as the API shows it, and every repository as git clones it. */
export async function giteaDigest(gitea: GiteaServer): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  const show = async (path: string): Promise<unknown> => {
    const answer = await gitea.api('GET', path);
    digests[path] = digestOf(JSON.stringify(answer, withoutAccess));
    return answer;
  };
  const bytes = async (url: string | undefined): Promise<void> => {
    if (url === undefined || url === '') return;
    const path = new URL(url, gitea.url).pathname;
    const response = await gitea.fetch(path);
    digests[path] = `${response.status} ${digestOf(Buffer.from(await response.arrayBuffer()))}`;
  };
  for (const path of ['/admin/users', '/admin/orgs', '/user/repos', '/packages/alice']) await show(path);
  await bytes(textAt(await show('/user'), 'avatar_url'));
  for (const repository of ['alice/code', 'alice/docs', 'alice/empty', 'alice/With.Dots-and_Capitals', 'acme/Shared'])
    await bytes(textAt(await show(`/repos/${repository}`), 'avatar_url'));
  for (const kind of ['branches', 'tags', 'commits', 'issues/comments', 'hooks', 'actions/secrets', 'labels'])
    for (const repository of ['alice/code', 'alice/docs']) await show(`/repos/${repository}/${kind}`);
  await show('/repos/alice/docs/pulls?state=all');
  await show('/repos/alice/docs/wiki/page/Home');
  const issue = at(await show('/repos/alice/code/issues/1'), 'assets');
  const release = at(await show('/repos/alice/code/releases/1'), 'assets');
  for (const assets of [issue, release])
    for (const asset of assets as readonly unknown[]) await bytes(textAt(asset, 'browser_download_url'));
  for (const version of ['1.0', '1.1']) await bytes(`/api/packages/alice/generic/tool/${version}/tool.bin`);
  for (const folder of ['actions_log', 'actions_artifacts', 'custom/public'])
    digests[folder] = digestOf(filesBelow(join(gitea.volume, folder)));
  await withFolder(async (folder) => {
    for (const repository of [
      'alice/code',
      'alice/docs',
      'alice/docs.wiki',
      'alice/empty',
      'alice/With.Dots-and_Capitals',
      'alice/.profile',
      'alice/.profile.wiki',
      'acme/Shared',
    ])
      digests[`git ${repository}`] = await gitDigest(gitea, folder, repository);
  });
  return digests;
}

async function gitDigest(gitea: GiteaServer, folder: string, repository: string): Promise<string> {
  const clone = join(folder, repository.replace('/', '_'));
  await gitea.git(folder, 'clone', '-q', '--mirror', gitea.remote(repository), clone);
  await gitea.git(clone, 'fsck', '--full', '--strict');
  const refs = await gitea.git(clone, 'for-each-ref', '--format=%(objectname) %(refname)');
  if (repository !== 'alice/code') return digestOf(refs);
  await gitea.git(clone, 'lfs', 'fetch', '--all', 'origin');
  await gitea.git(clone, 'lfs', 'fsck', '--objects', 'main');
  return digestOf(`${refs}${filesBelow(join(clone, 'lfs', 'objects'))}`);
}

/** Without what changes when somebody looks. */
function withoutAccess(key: string, value: unknown): unknown {
  return ['last_login', 'download_count'].includes(key) ? undefined : value;
}

function filesBelow(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return files
    .map((file) => {
      const path = join(file.parentPath, file.name);
      return `${file.name} ${file.isSymbolicLink() ? readlinkSync(path) : digestOf(readFileSync(path))}`;
    })
    .toSorted()
    .join('\n');
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-git-'));
  await use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}
