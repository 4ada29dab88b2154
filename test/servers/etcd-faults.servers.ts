import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import { startEtcd, type EtcdServer } from './support/etcd';
import { announceFaults } from './support/faults-page';
import {
  commonFaults,
  complaintsAbout,
  contentOf,
  objectsOf,
  goodCopy,
  runTwice,
  type Before,
  type Fault,
  type World,
} from './support/faults';
import { makeJob } from './support/job';
import { freePort } from './support/ports';
import { makeStore } from './support/store';
import { until } from './support/tools';

const STEPS = ['begin', 'count', 'snapshot', 'verify', 'keys', 'commit', 'receipt'];

describe('a snapshot of etcd, when something goes wrong', () => {
  let etcd: EtcdServer;
  let world: World;
  let before: Before;
  let restored: string;

  beforeAll(async () => {
    const [server, store] = await Promise.all([startEtcd(), makeStore()]);
    etcd = server;
    for (let i = 0; i < 4; i += 1) await etcd.etcdctl(['put', `/registry/large-${i}`], String(i).repeat(1_000_000));
    const source = etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node, deadlineSeconds: 5 });
    const job = makeJob(store, clusterDatasetId('etcd', 'lab'), source);
    world = { method: 'etcd', store, job, content: objectsOf(store, job) };
    before = await goodCopy(world);
    restored = await contentOf(store, job, before.receipts.at(-1));
    announceFaults({ method: world.method, faults: faults.length });
  });
  afterAll(async () => etcd.remove());

  const faults: readonly Fault[] = [
    ...commonFaults(STEPS, 'snapshot'),
    {
      what: 'The member is not there (E01)',
      fails: 'count',
      says: /^etcd at https:\/\/127\.0\.0\.1:9 does not say how it is: .*connection refused/,
      run: async () => ({
        job: { source: etcdSnapshot({ endpoint: 'https://127.0.0.1:9', folder: etcd.node, deadlineSeconds: 3 }) },
      }),
    },
    {
      what: 'The member takes the connection and does not answer (E01)',
      fails: 'count',
      says: /^etcd at \S+ does not say how it is: no end after 5 s/,
      run: async () => {
        etcd.freeze();
        return { job: { answerSeconds: 5 } };
      },
      undo: async () => etcd.thaw(),
    },
    {
      what: 'The member does not answer any more when the snapshot begins',
      fails: 'snapshot',
      says: /context deadline exceeded/,
      run: async () => ({
        beforeStart: (container) => {
          if (container === 'snapshot') etcd.freeze();
        },
      }),
      undo: async () => etcd.thaw(),
    },
    withServer('The member hears of no majority, and has what was before', {
      says: /^etcd at \S+ may have old or damaged data, so it is not copied: it has no leader, or has raised an alarm/,
      change: async (other) => {
        await other.etcdctl(['put', '/registry/key', 'value']);
        await other.etcdctl(['member', 'add', 'other', '--peer-urls=http://127.0.0.1:9']);
        await until('the loss of the leader', 30, async () => {
          const status = await other.etcdctl(['endpoint', 'status', '--write-out=json']);
          return status.includes('no leader');
        });
      },
    }),
    withServer('The member has its health and its numbers at another address', {
      flags: async () => ({ 'listen-client-http-urls': `https://127.0.0.1:${await freePort()}` }),
      says: /^etcd at \S+ has \/health and \/metrics at another address, .*: start it without --listen-client-http-urls\.$/,
    }),
    withServer('The member has no keys', { says: /^etcd at \S+ has not a single key\.$/ }),
    {
      what: 'The member dies during the snapshot',
      fails: 'snapshot',
      says: /error reading from server|connection refused|context deadline exceeded|Unavailable/,
      run: async () => {
        return {
          beforeStart: (container) => {
            if (container === 'snapshot') etcd.freeze();
          },
          onStart: async (container) => {
            if (container === 'snapshot') await etcd.crash();
          },
        };
      },
      undo: async () => etcd.restart(join(etcd.folder, 'data')),
    },
    foreignCertificates(),
    damaged('A bit of the snapshot flips before it is verified (E03)', /expected sha256/, (file) => {
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      writeFileSync(file, bytes);
    }),
    damaged('The snapshot is cut short before it is verified', /snapshot missing hash|expected sha256/, (file) =>
      truncateSync(file, 100_000),
    ),
    damaged('The snapshot is empty', /Error: /, (file) => truncateSync(file, 0)),
    onNode('The key of the authority is not on the node', /There is no .*\/pki\/ca\.key on this node/, (node) => {
      rmSync(join(node, 'pki', 'ca.key'));
    }),
    onNode('The key that signs service accounts is empty', /There is no .*\/pki\/sa\.key on this node/, (node) => {
      truncateSync(join(node, 'pki', 'sa.key'), 0);
    }),
    onNode(
      'The API server reads its encryption configuration elsewhere',
      /reads .* from \/srv\/encryption\.yaml: move it/,
      inManifest((text) =>
        text.replaceAll(/\S+\/encryption(\/config\.yaml)?$/gm, (path) =>
          path.endsWith('.yaml') ? '--encryption-provider-config=/srv/encryption.yaml' : '/srv',
        ),
      ),
      'count',
    ),
    onNode(
      'The API server has another folder where an old encryption configuration lies on the node (E07)',
      /^The API server has for \S+\/encryption\/config\.yaml what is \/var\/lib\/enc-2026\/config\.yaml on the node: let it be at one path in \S+, /,
      mountFrom('encryption', '/var/lib/enc-2026'),
      'count',
    ),
    onNode(
      'The API server has another folder where old keys lie on the node (E07)',
      /^The API server has for \S+\/pki\/ca\.crt what is \/var\/lib\/pki-2026\/ca\.crt on the node: let it be at one path in \S+, /,
      mountFrom('pki', '/var/lib/pki-2026'),
    ),
    onNode(
      'The manifest does not say what of the node the API server has at its encryption configuration (E07)',
      /^It cannot be told from \S+ where on the node \S+\/config\.yaml of the API server is: mount its folder there /,
      inManifest((text) => text.replace(/^ *- mountPath: .*\/encryption\n.*\n.*\n/m, '')),
      'count',
    ),
    onNode(
      'The manifest does not say where the encryption configuration is',
      /^It cannot be told from \S+\/manifests\/kube-apiserver\.yaml where the encryption configuration is: /,
      setFlag('- --encryption-provider-config'),
      'count',
    ),
    onNode(
      'The encryption configuration is gone',
      /and the node has no such file\.$/,
      (node) => rmSync(join(node, 'encryption', 'config.yaml')),
      'count',
    ),
    ...Object.entries({
      'A key is retired': setEncryption('providers:\n  - aescbc: { keys: [{ name: new, secret: bmV3 }] }\n'),
      'Encryption ends': setFlag('- --v=2'),
    }).map(([what, change]) => ({
      what: `${what} between the snapshot and the copy of the keys (E07)`,
      fails: 'keys',
      says: /^The encryption configuration of the API server has changed since this run began, .*: let the job run again\.$/,
      ...changing('keys', change),
    })),
    ...Object.entries({
      'in a list': 'providers:\n  - identity: {}\n  - kms:\n      apiVersion: v2\n',
      'in one line': "resources: [{ 'resources': [secrets], providers: [identity: {}, 'kms': { name: x }] }]\n",
      'as JSON': '{"resources":[{"providers":[{"kms"\n:\n{"name":"x"}}]}]}',
    }).map(([how, text]) =>
      onNode(
        `A KMS encrypts Secrets, ${how}, and nobody said where its key is kept (E07)`,
        /^In \S+\/config\.yaml, Secrets are encrypted by a KMS, whose key is in no copy: say with kmsKeptIn /,
        setEncryption(text),
      ),
    ),
    ...Object.entries({
      'has no providers': 'kind: EncryptionConfiguration\n',
      'spells a provider with a backslash': 'providers:\n  - "\\x6bms": { name: x }\n',
    }).map(([what, text]) =>
      onNode(
        `The encryption configuration ${what} (E07)`,
        /^It cannot be told from \S+\/config\.yaml whether Secrets are encrypted by a KMS/,
        setEncryption(text),
      ),
    ),
    {
      what: 'Most keys are gone since the last copy',
      fails: 'count',
      says: /^etcd at \S+ has 1 keys, and at the last backup it had 4: when that is meant, let one run go through with smallestPercent: 0\.$/,
      run: async () => {
        for (let i = 1; i < 4; i += 1) await etcd.etcdctl(['del', `/registry/large-${i}`]);
        return {};
      },
      undo: async () => {
        for (let i = 1; i < 4; i += 1) await etcd.etcdctl(['put', `/registry/large-${i}`], String(i).repeat(1_000_000));
      },
    },
  ];

  it.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it('brings back the copy before, after all of that', async () => {
    expect(await contentOf(world.store, world.job, before.receipts.at(-1))).toBe(restored);
  });

  it('succeeds again when all is well, and twice at the same time', async () => {
    expect((await runTwice(world.job)).map(({ failed }) => failed)).toEqual([undefined, undefined]);
    const receipts = await world.job.receipts();
    const contents = await Promise.all(receipts.map((receipt) => contentOf(world.store, world.job, receipt)));
    expect(contents).toHaveLength(receipts.length);
    const check = await world.store.restic(world.job.repository, 'check', '--read-data');
    expect(check.code).toBe(0);
  });

  /** The files of the node are others. */
  function onNode(what: string, says: RegExp, change: (node: string) => void, fails = 'keys'): Fault {
    return { what, fails, says, ...changing('count', change) };
  }

  /** The files of the node change before a step. */
  function changing(step: string, change: (node: string) => void): Pick<Fault, 'run' | 'undo'> {
    const kept = mkdtempSync(join(tmpdir(), 'backed-up-node-'));
    return {
      run: async () => {
        cpSync(etcd.node, kept, { recursive: true });
        return {
          beforeStart: (container) => {
            if (container === step) change(etcd.node);
          },
        };
      },
      undo: async () => {
        cpSync(kept, etcd.node, { recursive: true });
        rmSync(kept, { recursive: true });
      },
    };
  }

  function damaged(what: string, says: RegExp, damage: (file: string) => void): Fault {
    return {
      what,
      fails: 'verify',
      says,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container === 'verify') damage(join(scratch, 'data', 'snapshot.db'));
        },
      }),
    };
  }

  /** Another member is copied. */
  function withServer(
    what: string,
    {
      says,
      flags = async () => ({}),
      change = async () => {},
    }: {
      readonly says: RegExp;
      readonly flags?: () => Promise<Readonly<Record<string, string>>>;
      readonly change?: (server: EtcdServer) => Promise<void>;
    },
  ): Fault {
    let remove: () => Promise<void> = async () => {};
    return {
      what,
      fails: 'count',
      says,
      run: async () => {
        const other = await startEtcd(await flags());
        remove = other.remove;
        await change(other);
        return { job: { source: etcdSnapshot({ endpoint: other.endpoint, folder: other.node }) } };
      },
      undo: async () => remove(),
    };
  }

  function foreignCertificates(): Fault {
    let remove: () => Promise<void> = async () => {};
    return {
      what: 'The certificates are of another authority',
      fails: 'count',
      says: /^etcd at \S+ does not say how it is: .*certificate/,
      run: async () => {
        const other = await startEtcd();
        remove = other.remove;
        return {
          job: { source: etcdSnapshot({ endpoint: etcd.endpoint, folder: other.node, deadlineSeconds: 3 }) },
        };
      },
      undo: async () => remove(),
    };
  }
});

/** The manifest of the API server names its encryption configuration in another way. */
function setFlag(lines: string): (node: string) => void {
  return inManifest((text) => text.replace(/- --encryption-provider-config=.*/, lines));
}

/** The API server has another folder of the node at the path of one. */
function mountFrom(folder: string, other: string): (node: string) => void {
  return (node) => inManifest((text) => text.replace(` path: ${node}/${folder}\n`, ` path: ${other}\n`))(node);
}

function inManifest(change: (text: string) => string): (node: string) => void {
  return (node) => {
    const manifest = join(node, 'manifests', 'kube-apiserver.yaml');
    writeFileSync(manifest, change(readFileSync(manifest, 'utf8')));
  };
}

function setEncryption(text: string): (node: string) => void {
  return (node) => writeFileSync(join(node, 'encryption', 'config.yaml'), text);
}

describe('the first two runs at the same time', () => {
  it('leave receipts only of what is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-first-'));
    const [etcd, store] = await Promise.all([startEtcd(), makeStore()]);
    try {
      await etcd.etcdctl(['put', '/registry/key', 'value']);
      const source = etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node });
      const job = makeJob(store, clusterDatasetId('etcd', 'lab'), source);
      const runs = await runTwice(job);
      const receipts = await job.receipts();
      for (const receipt of receipts) expect(await contentOf(store, job, receipt)).toMatch(/^[0-9a-f]{64}$/);
      for (const { failed } of runs)
        if (failed !== undefined) expect(failed.message).toMatch(/^(Two runs have made|The (new )?repository) /);
      // What is said to do helps.
      if (receipts.length === 0) await store.rclone('purge', `s:${store.location.bucket}/${job.repository}`);
      expect((await job.run()).failed).toBeUndefined();
    } finally {
      await etcd.remove();
      rmSync(folder, { recursive: true });
    }
  });
});
