/** What the inventory says that nobody proved: the audit looks it up in the cluster. */
import { Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe, expect, it } from 'vitest';
import {
  backUp,
  BackedUpPostgres,
  BackedUpVolume,
  CephBucketWithBackupGrant,
  continuous,
  holds,
  kubeadmEtcd,
  mirrored,
  nightly,
  PostgresBackup,
  s3Location,
  type Location,
} from '../../lib';
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

const kustomization = (name: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec: { interval: 10m, path: ./${name}, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`;

function volume({ chart }: Scenario): void {
  const backup = nightly({ to: offsite, keep: { daily: 7 } });
  new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup });
}

/** What is assumed about what, with the reasons left out. */
function assumed(
  build: (scenario: Scenario) => void,
  options: ScenarioOptions = {},
): Readonly<Record<string, unknown>> {
  const { findings, inventory } = synthesizeScenario(build, options);
  expect(explain(findings)).toBe('');
  for (const { why } of inventory.assumptions) expect(why).toMatch(/^[A-Za-z].*\.$/);
  return Object.fromEntries(inventory.assumptions.map(({ about, value }) => [about, value]));
}

const ofVelero = {
  'storageClasses.ceph-block': platform.storageClasses?.['ceph-block'],
  'velero.enableCSI': true,
  'velero.globalVolumePolicies': 'none',
  'velero.namespace': 'velero',
  'velero.nodeAgent': true,
  'velero.repositoryPassword': { keptIn: 'sealed envelope, bank' },
  'velero.version': '1.18',
};
const { operators, path } = platform.flux;

describe('assumptions', () => {
  it('name all of the platform that a proof used', () => {
    const sourceRef = { kind: 'GitRepository', name: 'flux-system', url: 'ssh://git@git.example.org/home' } as const;
    expect(assumed(volume, { platform: { flux: { ...platform.flux, sourceRef } } })).toEqual({
      ...ofVelero,
      flux: { sourceRef, path, namespace: 'flux-system', operators },
    });
  });

  it('name the Kustomizations that were taken at the word of their files', () => {
    const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: web }\n';
    const files = {
      'clusters/seen.yaml': kustomization('web'),
      'clusters/held.yaml': kustomization('shop'),
      'web/settings.yaml': configMap,
    };
    const build = ({ chart }: Scenario): void => holds(chart, { kustomization: 'shop', namespace: 'flux-system' }, {});
    expect(assumed(build, { files })).toEqual({
      'Kustomization flux-system/web': { path: './web' },
      flux: {
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
        path,
        namespace: 'flux-system',
        operators,
      },
    });
  });

  it('name what an application leaves to the repository of its cluster', () => {
    const clusterWide = 'The cluster repository answers for etcd, Git, certificates and keys.';
    const nobody = Object.fromEntries(Object.keys(clusterAnswers).map((ref) => [ref, undefined]));
    const sourceRef = { kind: 'GitRepository', name: 'paperless' } as const;
    expect(
      assumed(volume, {
        platform: { flux: { sourceRef, path } },
        props: { ...nobody, clusterWide } as never,
      }),
    ).toEqual({
      ...ofVelero,
      clusterWide,
      flux: { sourceRef, path, namespace: 'flux-system', operators: {} },
      'namespace backed-up': 'brought by the repository that answers for the cluster',
      namespaces: ['paperless'],
      'velero.storageLocations.offsite': {
        endpoint: 'https://s3.example.net',
        bucket: 'home-backups',
        prefix: 'home/velero',
      },
    });
  });

  it('name each copy that refuses nothing, as long as it does', () => {
    const to = (name: string, mirror?: Location['mirror']): Location =>
      s3Location(name, {
        endpoint: `https://${name}.example.org`,
        bucket: 'backups',
        failureDomain: 'site',
        versioned: true,
        keptIn: 'sealed envelope, bank',
        ...(mirror === undefined ? {} : { mirror }),
      });
    const about = (smallestPercent: number): readonly string[] =>
      Object.keys(
        assumed(
          ({ chart }) => {
            const keep = { daily: 14 };
            const near = to('near', nightly({ to: to('far'), smallestPercent }));
            new BackedUpPostgres(chart, 'db', {
              storage: Size.gibibytes(20),
              backup: [continuous({ to: near, restoreWindow: Duration.days(30) }), nightly({ to: offsite, keep })],
              dump: { smallestPercent },
            });
            new CephBucketWithBackupGrant(chart, 'media', {
              bucketName: 'media',
              storageClass: 'bucket-retain',
              backup: mirrored({ to: offsite, smallestPercent }),
            });
          },
          { platform: { rook } },
        ),
      ).filter((text) => text.startsWith('smallestPercent'));
    expect(about(50)).toEqual([]);
    expect(about(0)).toEqual([
      "smallestPercent of Cluster paperless/db at 'offsite'",
      "smallestPercent of ObjectBucketClaim paperless/media at 'offsite'",
      expect.stringMatching(/^smallestPercent of mirror 'barman-db-near-to-far-[0-9a-f]{8}'$/),
    ]);
  });

  it('name the KMS whose key no copy has (E07)', () => {
    const about = (kms: { readonly kmsKeptIn?: string }): unknown => {
      const etcd = kubeadmEtcd({ backup: nightly({ to: offsite, keep: { daily: 7 } }), ...kms });
      return assumed(() => {}, { props: { etcd } })['etcd.kms'];
    };
    expect(about({})).toBe('none');
    const kmsKeptIn = 'HSM at the office, unsealed by two of us';
    expect(about({ kmsKeptIn })).toEqual({ keptIn: kmsKeptIn });
    expect(assumed(volume)).not.toHaveProperty(['etcd.kms']);
  });

  it('name claims that nobody sees the maker of', () => {
    const keep = { daily: 7 };
    const about = assumed(({ chart }) => {
      new k8s.KubePod(chart, 'app', {
        metadata: { name: 'app' },
        spec: {
          containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      });
      backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }), { labels: {} });
      const labels = { app: 'tickets' };
      new PostgresBackup(chart, 'tickets-backup', {
        data: { claim: 'tickets', heldBy: { helmRelease: 'tickets' }, storage: Size.gibibytes(20), labels },
        server: {
          host: 'tickets',
          pods: { labels },
          user: { secret: 'tickets', key: 'username' },
          password: { secret: 'tickets', key: 'password' },
          keptIn: 'sealed envelope, bank',
        },
        backup: nightly({ to: offsite, keep }),
      });
    });
    expect(about).toMatchObject({
      'maker of PersistentVolumeClaim paperless/data': 'unknown; example/app mounts it',
      'maker of PersistentVolumeClaim paperless/tickets': 'HelmRelease paperless/tickets',
    });
  });
});
