/** The users of the gateway that all tests share, and of others. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inject } from 'vitest';
import { parse } from 'yaml';
import { mappingAt, numberAt, textAt, textsAt } from '../../../lib/model/kube-object';
import type { Gateway } from './setup';
import { s3, type S3Answer, type S3User } from './s3';
import { output, run } from './tools';

export function endpoint({ port }: Gateway = inject('ceph')): string {
  return `http://127.0.0.1:${port}`;
}

function cephEnv({ folder }: Gateway = inject('ceph')): Readonly<Record<string, string>> {
  return { CEPH_CONF: `${folder}/ceph.conf` };
}

export async function admin(...args: readonly string[]): Promise<void> {
  await output('radosgw-admin', args, { env: cephEnv() });
}

/** What radosgw-admin ends with. */
const EEXIST = 17;

export async function makeUser(uid: string, ...more: readonly string[]): Promise<S3User> {
  const user = { endpoint: endpoint(), accessKey: uid, secretKey: randomBytes(12).toString('hex') };
  if (!(await isMade(user, more))) throw new Error(`there is a user ${uid} already`);
  return user;
}

/** Not when the gateway knows one of that name. */
async function isMade(
  { accessKey: uid, secretKey }: S3User,
  more: readonly string[],
  gateway?: Gateway,
): Promise<boolean> {
  const keys = [`--access-key=${uid}`, `--secret-key=${secretKey}`];
  const options = [`--uid=${uid}`, `--display-name=${uid}`, ...keys, ...more];
  const { code, stderr } = await run('radosgw-admin', ['user', 'create', ...options], { env: cephEnv(gateway) });
  if (code !== 0 && code !== EEXIST) throw new Error(`radosgw-admin makes no user ${uid}: ${stderr}`);
  return code === 0;
}

/** Suites run side by side, and each of them may be the first, or make it at the same moment: with the same key. */
export async function sharedUser(uid: string, more: readonly string[] = [], gateway?: Gateway): Promise<S3User> {
  const user = { endpoint: endpoint(gateway), accessKey: uid, secretKey: `secret-of-${uid}` };
  await isMade(user, more, gateway);
  return user;
}

/** As Rook makes a user from its object, once for a whole run (rook v1.20.6, pkg/operator/ceph/object/user/controller.go). */
export async function backupUser(): Promise<S3User> {
  const object: unknown = parse(readFileSync('dist/backup-user/backed-up.CephObjectStoreUser.backed-up.yaml', 'utf8'));
  const uid = textAt(object, 'metadata', 'name') ?? '';
  const capabilities = Object.entries(mappingAt(object, 'spec', 'capabilities'));
  return sharedUser(uid, [
    `--op-mask=${textsAt(object, 'spec', 'opMask').join(',')}`,
    `--max-buckets=${String(numberAt(object, 'spec', 'quotas', 'maxBuckets'))}`,
    `--caps=${capabilities.map(([name, right]) => `${name}=${String(right)}`).join(';')}`,
  ]);
}

export async function putPolicy(user: S3User, bucket: string, policy: string): Promise<S3Answer> {
  return s3(user, { method: 'PUT', path: `/${bucket}`, query: { policy: '' }, body: policy });
}
