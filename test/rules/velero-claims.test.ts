/** What Velero's plans do with the claims of a namespace, those that no object shows among them. */
import { ApiObject, JsonPatch, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  BackedUpStatefulSet,
  BackedUpVolume,
  backUp,
  exclude,
  excluded,
  holds,
  nightly,
  VeleroBackup,
  weekly,
} from '../../lib';
import type { KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import { refuses } from '../support/rule-test';
import { explain, offsite, platform, synthesizeScenario, type Scenario } from '../support/scenario';

const storage = Size.gibibytes(20);
const keep = { daily: 7 };
const oncePerWeek = weekly({ to: offsite, keep: { weekly: 8 } });
const claimSpec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: k8s.Quantity.fromString('1Gi') } },
};
const container = { name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'files', mountPath: '/files' }] };
const REASON = 'Filled again from the originals on demand.';

function volume(chart: Construct): void {
  new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
}

/** A StatefulSet of somebody else. */
function foreignSet(
  chart: Construct,
  replicas: number,
  templates: readonly string[] = ['files'],
  labels: Readonly<Record<string, string>> = {},
): void {
  new k8s.KubeStatefulSet(chart, 'set', {
    metadata: { name: 'set' },
    spec: {
      replicas,
      serviceName: 'set',
      selector: { matchLabels: { app: 'set' } },
      template: { metadata: { labels: { app: 'set' } }, spec: { containers: [container] } },
      volumeClaimTemplates: templates.map((name) => ({ metadata: { name, labels }, spec: claimSpec })),
    },
  });
}

function ownSet(chart: Construct, replicas: number): void {
  new BackedUpStatefulSet(chart, 'set', {
    replicas,
    podTemplate: { spec: { containers: [container] } },
    volumes: { files: { storage, backup: oncePerWeek } },
  });
}

function helmRelease(chart: Construct): void {
  new ApiObject(chart, 'registry', {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'registry' },
    spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
  });
}

/** A pod that mounts a claim which no object declares. */
function podWithClaim(chart: Construct, claimName: string): void {
  new k8s.KubePod(chart, 'pod', {
    metadata: { name: 'pod' },
    spec: { containers: [container], volumes: [{ name: 'files', persistentVolumeClaim: { claimName } }] },
  });
}

/** A claim as the cluster has it, with its volume. */
function liveClaim(name: string, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
  const spec = { storageClassName: 'ceph-block', accessModes: ['ReadWriteOnce'] };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'paperless', labels },
      spec: { ...spec, volumeName: `pv-${name}`, resources: { requests: { storage: '1Gi' } } },
      status: { phase: 'Bound' },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `pv-${name}` },
      spec: {
        ...spec,
        capacity: { storage: '1Gi' },
        claimRef: { namespace: 'paperless', name },
        csi: { driver: 'rook-ceph.rbd.csi.ceph.com', volumeHandle: name },
      },
      status: { phase: 'Bound' },
    },
  ];
}

/** Whether the Schedules of an accepted cluster copy a claim that the cluster has, by their names. */
function copiedBy(build: (scenario: Scenario) => void, live: readonly KubeObject[]): Readonly<Record<string, string>> {
  const { context, findings } = synthesizeScenario(build);
  expect(explain(findings)).toBe('');
  const objects = [...context.input.objects.map(({ object }) => object), ...live];
  const schedules = objects.filter(({ kind }) => kind === 'Schedule');
  const name = live[0]?.metadata.name;
  return Object.fromEntries(
    schedules.map((backup) => [
      backup.metadata.name,
      predict({ backup, objects, platform }).volumes.find(({ claim }) => claim === name)?.copied ?? '',
    ]),
  );
}

describe('claims that no object shows', () => {
  const WEEKLY = 'paperless-weekly-offsite';

  it('are copied where a set was scaled to nothing', () => {
    const foreign = ({ chart }: Scenario): void => {
      volume(chart);
      foreignSet(chart, 0);
      backUp(chart, { statefulSet: 'set', template: 'files' }, oncePerWeek);
    };
    expect(copiedBy(foreign, liveClaim('files-set-1', { app: 'set' }))).toMatchObject({ [WEEKLY]: 'yes' });
    const ours = ({ chart }: Scenario): void => {
      volume(chart);
      ownSet(chart, 0);
    };
    const marked = { 'app.kubernetes.io/name': 'set', 'backed-up/plan': 'weekly' };
    expect(copiedBy(ours, liveClaim('files-set-1', marked))).toMatchObject({ [WEEKLY]: 'yes' });
  });

  it('are copied where an autoscaler brings them', () => {
    const scaled = ({ chart }: Scenario): void => {
      volume(chart);
      ownSet(chart, 1);
    };
    const claim = liveClaim('files-set-4', { 'app.kubernetes.io/name': 'set' });
    expect(copiedBy(scaled, claim)).toMatchObject({ [WEEKLY]: 'yes' });
  });

  it('are told apart by all labels that they carry', () => {
    const nested = ({ chart }: Scenario): void => {
      helmRelease(chart);
      holds(
        chart,
        { helmRelease: 'registry' },
        {
          data: { storage, labels: { app: 'registry', component: 'data' }, backup: nightly({ to: offsite, keep }) },
          index: { storage, labels: { app: 'registry' }, backup: oncePerWeek },
          cache: { storage, labels: { component: 'cache' }, backup: excluded(REASON) },
        },
      );
    };
    expect(copiedBy(nested, liveClaim('data', { app: 'registry', component: 'data' }))).toEqual({
      'paperless-nightly-offsite': 'yes',
      [WEEKLY]: 'no',
    });
    expect(copiedBy(nested, liveClaim('index', { app: 'registry' }))).toEqual({
      'paperless-nightly-offsite': 'no',
      [WEEKLY]: 'yes',
    });
    expect(copiedBy(nested, liveClaim('cache', { component: 'cache' }))).toEqual({
      'paperless-nightly-offsite': 'no',
      [WEEKLY]: 'no',
    });
  });

  refuses('not-copied', [], 'the claim of a set without replicas, which is excluded by a label', {
    build: ({ chart }, changed) => {
      foreignSet(chart, 0, ['files'], changed ? { 'velero.io/exclude-from-backup': 'true' } : {});
      backUp(chart, { statefulSet: 'set', template: 'files' }, oncePerWeek);
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ StatefulSet paperless/set, claim template 'files' (1Gi)
            made by          example/set
            because          paperless-weekly-offsite: claim files-set-0: It is not in the Backup: it has the label velero.io/exclude-from-backup=true.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V20'], 'the claim of a set without replicas, whose files pods would read', {
    build: ({ chart }, changed) => {
      foreignSet(chart, changed ? 0 : 1);
      backUp(chart, { statefulSet: 'set', template: 'files' }, oncePerWeek);
      new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ StatefulSet paperless/set, claim template 'files' (1Gi)
            made by          example/set
            because          paperless-weekly-offsite: claim files-set-0: Rule 3 of the policy says fs-backup; nothing reads its files: no running pod mounts the claim.
            what to do       change what the reason names, or choose another strategy
    `,
  });
});

it('those of two templates of a set of ours stay apart when it is scaled to nothing', () => {
  const { findings, files } = synthesizeScenario(({ chart }) => {
    new BackedUpStatefulSet(chart, 'set', {
      replicas: 0,
      podTemplate: { spec: { containers: [container] } },
      volumes: { files: { storage, backup: oncePerWeek }, cache: { storage, scratch: REASON } },
    });
  });
  expect(explain(findings)).toBe('');
  expect(files?.get('example/paperless.PersistentVolumeClaim.files-set-0.yaml')).toContain('backed-up/plan: weekly');
});

describe('claims that never get a volume', () => {
  refuses('not-copied', ['V27'], 'one that names a volume of another class', {
    build: ({ chart }, changed) => {
      new k8s.KubePersistentVolume(chart, 'disk', {
        metadata: { name: 'disk' },
        spec: {
          capacity: { storage: k8s.Quantity.fromString('20Gi') },
          accessModes: ['ReadWriteOnce'],
          storageClassName: changed ? 'ceph-blok' : 'ceph-block',
          csi: { driver: 'rook-ceph.rbd.csi.ceph.com', volumeHandle: 'disk' },
        },
      });
      const claim = new BackedUpVolume(chart, 'data', {
        storage,
        storageClass: 'ceph-block',
        backup: nightly({ to: offsite, keep }),
      });
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/volumeName', 'disk'));
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 1 of the policy says skip, and the claim is Pending: its volume 'disk' is of another class.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V27'], 'one that was bound when somebody dumped it into a file', {
    build: ({ chart }) => backUp(chart, { claim: 'photos', namespace: 'paperless' }, nightly({ to: offsite, keep })),
    options: (changed) => ({
      files: {
        'photos.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: photos
  namespace: paperless
  uid: 5f7a2a4e-0000-4000-8000-000000000000
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec:
  accessModes: [ReadWriteMany]
  storageClassName: ceph-block
${changed ? '  volumeName: nas-photos\n' : ''}  resources: { requests: { storage: 1Gi } }
status: { phase: Bound }
`,
      },
    }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/photos (1Gi)
            written in       photos.yaml:1
            because          paperless-nightly-offsite: claim photos: Its volume 'nas-photos' is not among the objects.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V27'], 'one with a selector, for which no provisioner makes a volume', {
    build: ({ chart }, changed) => {
      const claim = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      if (!changed) return;
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/selector', { matchLabels: { disk: 'fast' } }));
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 1 of the policy says skip, and the claim is Pending: its selector matches no volume that is there, and for a claim with one none is made.
            what to do       change what the reason names, or choose another strategy
    `,
  });
});

describe('claims that carry the same labels', () => {
  refuses('claims-indistinguishable', [], 'of two templates of one set', {
    build: ({ chart }, changed) => {
      foreignSet(chart, 1, ['files', 'cache']);
      backUp(chart, { statefulSet: 'set', template: 'files' }, oncePerWeek);
      exclude(chart, { statefulSet: 'set', template: 'cache' }, { reason: REASON });
      // The remedy.
      if (!changed)
        new k8s.KubePersistentVolumeClaim(chart, 'cache-set-0', { metadata: { name: 'cache-set-0' }, spec: claimSpec });
    },
    says: `
      1 dataset that Velero cannot tell from another: [claims-indistinguishable]

        ✖ StatefulSet paperless/set, claim template 'cache' (1Gi)
            made by          example/set
            because          its claims and those of StatefulSet paperless/set, claim template 'files' carry the same labels, app: set
            what to do       render cache-set-0 and the claims of the other replicas beside the set, as its template has them: BackedUpStatefulSet does
            what to do       or answer both alike
    `,
  });

  refuses('claims-indistinguishable', [], 'in two plans', {
    build: ({ chart }, changed) => {
      helmRelease(chart);
      holds(
        chart,
        { helmRelease: 'registry' },
        {
          data: { storage, labels: { app: 'registry' }, backup: nightly({ to: offsite, keep }) },
          media: {
            storage,
            labels: changed ? { app: 'registry' } : { app: 'registry', component: 'media' },
            backup: oncePerWeek,
          },
        },
      );
    },
    says: `
      1 dataset that Velero cannot tell from another: [claims-indistinguishable]

        ✖ PersistentVolumeClaim paperless/media (20Gi)
            made by          example
            because          its claims and those of PersistentVolumeClaim paperless/data carry the same labels, app: registry
            to fix           labels: { 'app.kubernetes.io/name': '…' }
            what to do       write labels that its claims carry, and only they: kubectl get pvc -n paperless --show-labels
            what to do       or answer both alike
    `,
  });

  for (const [situation, labels, release] of [
    ['while nobody says which labels one of them carries', {}, 'registry'],
    ['as another one that only a pod names may do', {}, undefined],
  ] as const) {
    refuses('claims-indistinguishable', [], situation, {
      build: ({ chart }, changed) => {
        helmRelease(chart);
        const backup = nightly({ to: offsite, keep });
        const cache = { storage, labels: { app: 'registry' }, backup: excluded(REASON) };
        const own = changed ? {} : { labels };
        if (release === undefined) {
          podWithClaim(chart, 'data');
          backUp(chart, { claim: 'data' }, backup, own);
        }
        const data = release === undefined ? {} : { data: { storage, backup, ...own } };
        holds(chart, { helmRelease: 'registry' }, { ...data, cache });
      },
      says: `
        1 dataset that Velero cannot tell from another: [claims-indistinguishable]

          ✖ PersistentVolumeClaim paperless/data${release === undefined ? '' : ' (20Gi)'}
              made by          example${release === undefined ? '/pod' : ''}
              because          nobody says which labels its claims carry, and if they are those of PersistentVolumeClaim paperless/cache, app: registry, what is said of that one is done with them
              to fix           labels: { 'app.kubernetes.io/name': '…' }
              what to do       write labels that its claims carry, and only they: kubectl get pvc -n paperless --show-labels
              what to do       of claims that carry none, write labels: {}
      `,
    });
  }

  it('may be unknown where nothing is told apart by labels', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      helmRelease(chart);
      const backup = nightly({ to: offsite, keep });
      const held = { data: { storage, backup }, media: { storage, labels: { app: 'registry' }, backup } };
      holds(chart, { helmRelease: 'registry' }, held);
    });
    expect(explain(findings)).toBe('');
  });

  refuses('claims-indistinguishable', [], 'in a file', {
    build: ({ chart }) => {
      backUp(chart, { claim: 'data', namespace: 'wiki' }, nightly({ to: offsite, keep }));
      exclude(chart, { claim: 'cache', namespace: 'wiki' }, { reason: REASON });
    },
    options: (changed) => ({
      files: {
        'wiki.yaml': ['data', 'cache']
          .map((name) =>
            JSON.stringify({
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              metadata: {
                name,
                namespace: 'wiki',
                labels: changed ? { app: 'wiki' } : { app: 'wiki', component: name },
                annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
              },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            }),
          )
          .join('\n---\n'),
      },
    }),
    says: `
      1 dataset that Velero cannot tell from another: [claims-indistinguishable]

        ✖ PersistentVolumeClaim wiki/cache (1Gi)
            written in       wiki.yaml:3
            because          its claims and those of PersistentVolumeClaim wiki/data carry the same labels, app: wiki
            what to do       give the claim a label in its file that the others do not have
            what to do       or answer both alike
    `,
  });
});
