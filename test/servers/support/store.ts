/** The S3 store of the tests, Ceph RGW, as its owner sees it: an own user and bucket for each test. */
import { spawn } from 'node:child_process';
import { inject } from 'vitest';
import type { Receipt } from '../../../lib/model/receipt';
import { s3Location, type Location } from '../../../lib/model/location';
import { keysOf, told } from './bucket';
import { openCheaply } from './restic-key';
import { endpoint, sharedUser } from './rgw';
import type { S3User } from './s3';
import type { Gateway } from './setup';
import { output, run, tool, type Ended } from './tools';

export interface Store {
  readonly location: Location;
  /** What the Secret of the location holds. */
  readonly secret: Readonly<Record<string, string>>;
  readonly owner: S3User;
  /** Runs rclone as the owner; the remote is `s`. */
  readonly rclone: (...args: readonly string[]) => Promise<string>;
  /** Writes an object as the owner, where rclone would find it. */
  readonly put: (place: string, text: string) => Promise<void>;
  /** Runs restic on the repository of that path as the owner. */
  readonly restic: (path: string, ...args: readonly string[]) => Promise<Ended>;
  /** Starts restic through another address, to kill it in the middle. */
  readonly startRestic: (
    path: string,
    port: number,
    ...args: readonly string[]
  ) => { readonly kill: () => Promise<void> };
  /** All receipts below a path, oldest first. */
  readonly receipts: (path: string) => Promise<readonly Receipt[]>;
  readonly snapshots: (path: string) => Promise<readonly { readonly id: string; readonly time: string }[]>;
  /** Takes the keys away, as happens when they expire. */
  readonly revoke: () => Promise<void>;
  readonly restore: () => Promise<void>;
  /** Lets restic open the repository of that path without the work that its key asks for. */
  readonly openCheaply: (path: string) => Promise<void>;
  /** Makes its bucket what `versioned: true` says. */
  readonly keepVersions: () => Promise<void>;
  /** The same location behind another address. */
  readonly at: (port: number) => Location;
}

let stores = 0;

/**
 * @param known of what `dist/` names, and may be there already; else a bucket that no other test has.
 * @param gateway where, if not in that of the tests.
 */
export async function makeStore(
  location = 'offsite',
  password = 'correct horse',
  known?: { readonly bucket: string; readonly prefix: string },
  gateway: Gateway = inject('ceph'),
): Promise<Store> {
  stores += 1;
  const { bucket, prefix } = known ?? { bucket: `backups-${process.pid}-${stores}`, prefix: 'base' };
  const owner = await sharedUser(bucket, [], gateway);
  const { accessKey: key, secretKey } = owner;
  const env = { CEPH_CONF: `${gateway.folder}/ceph.conf` };
  const at = (port: number): Location =>
    s3Location(location, {
      endpoint: endpoint({ ...gateway, port }),
      bucket,
      prefix,
      failureDomain: 'offsite',
      keptIn: 'the test',
    });
  const secret = { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secretKey, RESTIC_PASSWORD: password };
  const rcloneEnv = {
    RCLONE_CONFIG: '/notfound',
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: 'Ceph',
    RCLONE_CONFIG_S_ENDPOINT: owner.endpoint,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: key,
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: secretKey,
  };
  const rclone = async (...args: readonly string[]): Promise<string> =>
    output(tool('rclone'), args, { env: rcloneEnv });
  await rclone('mkdir', `s:${bucket}`);
  const restic = async (path: string, ...args: readonly string[]): Promise<Ended> =>
    run(tool('restic'), ['--option=s3.bucket-lookup=path', '--no-cache', ...args], {
      env: { ...secret, RESTIC_REPOSITORY: `s3:${owner.endpoint}/${bucket}/${path}` },
    });
  const keyOptions = [`--uid=${bucket}`, '--key-type=s3', `--access-key=${key}`];
  return {
    revoke: async () => void (await output('radosgw-admin', ['key', 'rm', ...keyOptions], { env })),
    restore: async () =>
      void (await output('radosgw-admin', ['key', 'create', ...keyOptions, `--secret-key=${secretKey}`], { env })),
    keepVersions: async () => void (await rclone('backend', 'versioning', `s:${bucket}`, 'Enabled')),
    location: at(gateway.port),
    secret,
    owner,
    openCheaply: async (path) => openCheaply(owner, bucket, path, password),
    rclone,
    put: async (place, text) =>
      void (await told(owner, { method: 'PUT', path: place.replace(/^s:/, '/'), body: text })),
    restic,
    at,
    startRestic: (path, port, ...args) => {
      const child = spawn(tool('restic'), ['--option=s3.bucket-lookup=path', '--no-cache', ...args], {
        env: { ...secret, RESTIC_REPOSITORY: `s3:${endpoint({ ...gateway, port })}/${bucket}/${path}` },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      return {
        kill: async () => {
          child.kill('SIGKILL');
          await ended;
        },
      };
    },
    receipts: async (path) => {
      const names = await keysOf(owner, bucket, `${path}/`);
      const answers = await Promise.all(names.map((name) => told(owner, { path: `/${bucket}/${name}` })));
      return answers.map(({ body }) => JSON.parse(body) as Receipt);
    },
    snapshots: async (path) => {
      const { code, stdout } = await restic(path, 'snapshots', '--no-lock', '--json');
      return code === 10 ? [] : (JSON.parse(stdout) as { id: string; time: string }[]);
    },
  };
}
