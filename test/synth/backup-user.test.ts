/** The user that reads buckets: who brings it, what it may do, and who waits for it. */
import { ApiObject, Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CephBucketWithBackupGrant, exclude, mirrored, type RookPlatform } from '../../lib';
import { listAt, textAt } from '../../lib/model/kube-object';
import type { Synthesized } from '../../lib/synth/synthesize';
import { foreignClaim, nas, policy, withRook } from '../support/buckets';
import {
  clusterAnswers,
  explain,
  offsite,
  platform,
  rook,
  synthesizeScenario,
  type Scenario,
  type ScenarioOptions,
} from '../support/scenario';

const USER = 'backup-user/backed-up.CephObjectStoreUser.backed-up.yaml';

function bucket(chart: Chart): void {
  new CephBucketWithBackupGrant(chart, 'media', { bucketName: 'media', storageClass: 'bucket-retain', backup: nas });
}

function accepted(build: (scenario: Scenario) => void, options: ScenarioOptions): Synthesized {
  const result = synthesizeScenario(build, options);
  expect(explain(result.findings)).toBe('');
  return result;
}

function file({ files }: Synthesized, path: string): unknown {
  return parse(files?.get(path) ?? '');
}

/** What the Flux Kustomization of a folder waits for. */
function waitsFor(result: Synthesized, name: string): readonly unknown[] {
  const kustomization = file(result, `flux/flux-system.Kustomization.${name}.yaml`);
  return listAt(kustomization, 'spec', 'dependsOn').map((each) => textAt(each, 'name'));
}

/** An application's own repository. */
const ofBlog = {
  platform: { rook, flux: { ...platform.flux, sourceRef: { kind: 'GitRepository', name: 'blog' } } },
  props: {
    ...Object.fromEntries(Object.keys(clusterAnswers).map((ref) => [ref, undefined])),
    clusterWide: 'The cluster repository answers for etcd, Git, certificates and keys.',
  } as never,
} satisfies ScenarioOptions;

describe('the backup user', () => {
  it('may read and find buckets, and may have none', () => {
    expect(
      file(
        accepted(() => undefined, withRook),
        USER,
      ),
    ).toEqual({
      apiVersion: 'ceph.rook.io/v1',
      kind: 'CephObjectStoreUser',
      metadata: {
        name: 'backed-up',
        namespace: 'backed-up',
        labels: { 'app.kubernetes.io/managed-by': 'cdk8s-backed-up' },
      },
      spec: {
        store: 'store-a',
        clusterNamespace: 'rook-ceph',
        displayName: 'Reads buckets for backups',
        capabilities: { buckets: 'read' },
        opMask: ['read'],
        quotas: { maxBuckets: -1 },
      },
    });
  });

  const others: readonly (readonly [string, RookPlatform | undefined])[] = [
    ['there is no Rook', undefined],
    ['Rook allows no policies', { ...rook, allowedObcFields: ['maxSize'] }],
    ['Rook knows no mask', { ...rook, version: '1.18' }],
  ];
  for (const [situation, given] of others) {
    it(`is not there where ${situation}`, () => {
      const { files } = accepted(() => undefined, given === undefined ? {} : { platform: { rook: given } });
      expect(files?.has(USER)).toBe(false);
    });
  }

  it('comes after its namespace, the operator and the store, and after no backup tool', () => {
    const result = accepted(({ app }) => {
      // Users of the other store are none of this one.
      for (const name of ['store-a', 'store-b']) {
        new ApiObject(new Chart(app, name), 'store', {
          apiVersion: 'ceph.rook.io/v1',
          kind: 'CephObjectStore',
          metadata: { name, namespace: 'rook-ceph' },
          spec: { gateway: { port: 80, instances: 1 }, allowUsersInNamespaces: ['backed-up'] },
        });
      }
    }, withRook);
    expect(waitsFor(result, 'backup-user')).toEqual(['namespaces', 'rook-ceph', 'store-a']);
    expect(listAt(file(result, 'flux/flux-system.Kustomization.backup-user.yaml'), 'spec', 'healthCheckExprs')).toEqual(
      [{ apiVersion: 'ceph.rook.io/v1', kind: 'CephObjectStoreUser', current: `status.phase == 'Ready'` }],
    );
  });

  it('comes before the buckets that it reads, and before no other application', () => {
    const result = accepted(({ app, chart }) => {
      bucket(chart);
      const scratch = new Chart(app, 'scratch', { namespace: 'scratch' });
      foreignClaim(scratch, 'thumbnails');
      exclude(scratch, { bucket: 'thumbnails' }, { reason: 'Thumbnails are made again from the originals.' });
    }, withRook);
    expect(waitsFor(result, 'example')).toEqual(['backup-user']);
    expect(waitsFor(result, 'scratch')).toEqual([]);
  });

  it('is waited for by nobody where nobody brings it', () => {
    const result = accepted(({ chart }) => {
      foreignClaim(chart, 'media', { additionalConfig: { bucketPolicy: policy('media') } });
      exclude(chart, { bucket: 'media' }, { reason: 'Thumbnails are made again from the originals.' });
    }, {});
    expect(waitsFor(result, 'example')).toEqual([]);
  });

  it('is brought by the repository that answers for the cluster, and waited for in the others', () => {
    const blog = accepted(({ chart }) => bucket(chart), ofBlog);
    expect(blog.files?.has(USER)).toBe(false);
    expect(waitsFor(blog, 'blog-example')).toEqual(['backup-user']);
  });
});

describe('the jobs that log in as the backup user', () => {
  it('stand in the backup folder of the chart in the repository of an application, under names of its own', () => {
    const blog = accepted(({ chart }) => {
      new CephBucketWithBackupGrant(chart, 'media', {
        bucketName: 'media',
        storageClass: 'bucket-retain',
        backup: mirrored({ to: offsite }),
      });
    }, ofBlog);
    const jobs = [...(blog.files?.keys() ?? [])].filter((path) => path.includes('.CronJob.'));
    expect(jobs.toSorted()).toEqual([
      expect.stringMatching(/^example-backup\/backed-up\.CronJob\.mirror-paperless-media-offsite-[0-9a-f]{8}\.yaml$/),
      expect.stringMatching(/^example-backup\/backed-up\.CronJob\.probe-grants-blog-[0-9a-f]{8}\.yaml$/),
    ]);
  });
});

describe('the claim of a bucket', () => {
  it('has further fields beside the policy', () => {
    const result = accepted(
      ({ chart }) =>
        void new CephBucketWithBackupGrant(chart, 'media', {
          name: 'files',
          bucketName: 'media',
          storageClass: 'bucket-retain',
          additionalConfig: { maxSize: '100Gi' },
          backup: nas,
        }),
      withRook,
    );
    expect(file(result, 'example/paperless.ObjectBucketClaim.files.yaml')).toMatchObject({
      metadata: { name: 'files', namespace: 'paperless' },
      spec: { bucketName: 'media', additionalConfig: { maxSize: '100Gi', bucketPolicy: expect.any(String) as string } },
    });
  });
});

describe('what a grant rests on', () => {
  const ofRook = {
    'Secret backed-up/rook-ceph-object-user-store-a-backed-up': {
      keys: ['AccessKey', 'Endpoint', 'SecretKey'],
      madeBy: 'Rook',
    },
    'rook.allowedObcFields': rook.allowedObcFields,
    'rook.objectStore': { namespace: 'rook-ceph', name: 'store-a', allowUsersInNamespaces: ['backed-up'] },
    'rook.version': '1.20',
    'storageClasses.bucket-retain.reclaimPolicy': 'Retain',
  };

  function assumed({ inventory }: Synthesized): Readonly<Record<string, unknown>> {
    const all = inventory.assumptions.map(({ about, value }) => [about, value] as const);
    return Object.fromEntries(all.filter(([about]) => /^rook|^storageClasses|^Ceph|^grant|^Secret/.test(about)));
  }

  it('is assumed', () => {
    expect(assumed(accepted(({ chart }) => bucket(chart), withRook))).toEqual({
      ...ofRook,
      'grant of ObjectBucketClaim paperless/media': {
        user: 'arn:aws:iam:::user/backed-up',
        triedBy: 'CronJob backed-up/probe-grants',
      },
    });
  });

  it('is assumed of the addresses of its gateway, which not every network takes for those of nodes', () => {
    const reachedAt = { cidrs: ['192.168.1.7/32'] };
    const result = accepted(({ chart }) => bucket(chart), { platform: { rook: { ...rook, reachedAt } } });
    expect(assumed(result)).toMatchObject({ 'rook.reachedAt': reachedAt });
  });

  it('is assumed of the repository that brings the user too', () => {
    expect(assumed(accepted(({ chart }) => bucket(chart), ofBlog))).toEqual({
      'CephObjectStoreUser backed-up/backed-up': { kustomization: 'flux-system/backup-user' },
      'grant of ObjectBucketClaim paperless/media': {
        user: 'arn:aws:iam:::user/backed-up',
        triedBy: expect.stringMatching(/^CronJob backed-up\/probe-grants-blog-[0-9a-f]{8}$/) as string,
      },
      ...ofRook,
    });
  });

  it('is nothing where nothing is granted', () => {
    expect(assumed(accepted(() => undefined, withRook))).toEqual({});
  });
});
