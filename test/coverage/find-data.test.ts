/** Which objects count as data: the gate starts here, so what is missing here has no backup and no finding. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findData, type FoundData } from '../../lib/coverage/find-data';
import { describeDataset } from '../../lib/model/dataset';
import { DATA_KINDS, roleOf, type OwnKinds } from '../../lib/model/kinds';
import { describeObject, isKubeObject, type KubeObject } from '../../lib/model/kube-object';
import { OPAQUE_KINDS } from '../../lib/model/opaque-kinds';
import { datasetIdOf } from '../../lib/model/refs';
import { WORKLOADS } from '../../lib/model/workloads';
import type { FoundDataset } from '../../lib/model/answered';

/** Objects of the namespace `home`, from YAML documents. */
function find(yaml: string, own: OwnKinds = {}): FoundData {
  const objects = yaml.split(/^---$/m).map((text) => inHome(parse(text)));
  const origin = { type: 'construct', path: 'example', chart: 'example' } as const;
  return findData(
    objects.map((object) => ({ object, origin })),
    [],
    [],
    own,
  );
}

function inHome(value: unknown): KubeObject {
  if (!isKubeObject(value)) throw new Error(`no object: ${JSON.stringify(value)}`);
  return { ...value, metadata: { namespace: 'home', ...value.metadata } };
}

/** `StatefulSet home/db, claim template 'data' [5Gi, fast]: data-db-0, data-db-1`. */
function describeFound({ id, storage, storageClass, claims, where }: FoundDataset): string {
  const facts = [storage?.text, storageClass].filter((fact) => fact !== undefined);
  const shown = [
    facts.length === 0 ? '' : ` [${facts.join(', ')}]`,
    claims.length === 0 ? '' : `: ${claims.map(({ name }) => name).join(', ')}`,
    where === undefined ? '' : `: ${where}`,
  ];
  return `${describeDataset(id)}${shown.join('')}`;
}

function datasets(yaml: string, own?: OwnKinds): readonly string[] {
  return find(yaml, own).datasets.map(describeFound);
}

/** A Deployment with one volume, mounted as `data` unless another mount is given. */
function mounts(volume: string, mount = '{ name: data, mountPath: /data }'): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: app }
spec:
  template:
    spec:
      containers: [{ name: app, volumeMounts: [${mount}] }]
      volumes: [{ name: data, ${volume} }]
`;
}

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { storageClassName: fast, resources: { requests: { storage: 20Gi } } }
`;

const SET = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 2
  selector: { matchLabels: { app: db } }
  template: { spec: { containers: [{ name: db, volumeMounts: [{ name: data, mountPath: /data }] }] } }
  volumeClaimTemplates:
    - metadata: { name: data, labels: { tier: gold } }
      spec: { storageClassName: fast, resources: { requests: { storage: 5Gi } } }
    - metadata: { name: wal }
      spec: { resources: { requests: { storage: 1Gi } } }
`;

const VOLUME = `
apiVersion: v1
kind: PersistentVolume
metadata: { name: disk }
spec: { capacity: { storage: 1Ti }, local: { path: /mnt/disk }, claimRef: { namespace: home, name: data } }
`;

const MONITOR = (kind: string): string => `
apiVersion: monitoring.coreos.com/v1
kind: ${kind}
metadata: { name: main }
spec:
  replicas: 2
  storage: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 50Gi } } } } }
`;

describe('data is', () => {
  it.each<[string, string, readonly string[]]>([
    ['a claim', CLAIM, ['PersistentVolumeClaim home/data [20Gi, fast]: data']],
    [
      'each claim template, with the claims of all replicas',
      SET,
      [
        `StatefulSet home/db, claim template 'data' [5Gi, fast]: data-db-0, data-db-1`,
        `StatefulSet home/db, claim template 'wal' [1Gi]: wal-db-0, wal-db-1`,
      ],
    ],
    [
      'a claim template whose ordinals begin elsewhere',
      SET.replace('replicas: 2', 'ordinals: { start: 3 }').replace(/ {4}- metadata: \{ name: wal[^]*$/, ''),
      [`StatefulSet home/db, claim template 'data' [5Gi, fast]: data-db-3`],
    ],
    [
      'one dataset, where the claim of a set is rendered beside it',
      `${SET}---${CLAIM.replace('name: data', 'name: data-db-1')}`,
      [
        `StatefulSet home/db, claim template 'data' [5Gi, fast]: data-db-0, data-db-1`,
        `StatefulSet home/db, claim template 'wal' [1Gi]: wal-db-0, wal-db-1`,
      ],
    ],
    ['a PersistentVolume that no claim takes', VOLUME, ['PersistentVolume home/disk [1Ti]']],
    [
      'the claim alone, where a PersistentVolume is reserved for it',
      `${VOLUME}---${CLAIM}`,
      ['PersistentVolumeClaim home/data [20Gi, fast]: data'],
    ],
    [
      'the claim alone, where it names its PersistentVolume',
      `${VOLUME.replace(/, claimRef.*\}/, ' }')}---${CLAIM.replace('spec: {', 'spec: { volumeName: disk,')}`,
      ['PersistentVolumeClaim home/data [20Gi, fast]: data'],
    ],
    [
      'both, where the PersistentVolume that a claim names is reserved for another',
      `${VOLUME.replace('name: data }', 'name: films }')}---${CLAIM.replace('spec: {', 'spec: { volumeName: disk,')}`,
      ['PersistentVolume home/disk [1Ti]', 'PersistentVolumeClaim home/data [20Gi, fast]: data'],
    ],
    [
      'the claim alone, where a PersistentVolume is reserved for one that only a workload mounts',
      `${VOLUME}---${mounts('persistentVolumeClaim: { claimName: data }')}`,
      ['PersistentVolumeClaim home/data: data'],
    ],
    [
      'a claim that only a workload mounts',
      mounts('persistentVolumeClaim: { claimName: films }'),
      ['PersistentVolumeClaim home/films: films'],
    ],
    [
      'one claim, however many mount it and wherever it is declared',
      `${mounts('persistentVolumeClaim: { claimName: data }')}---${CLAIM}`,
      ['PersistentVolumeClaim home/data [20Gi, fast]: data'],
    ],
    [
      'a writable path of a node',
      mounts('hostPath: { path: /srv/films }'),
      [`Deployment home/app, volume 'data': path /srv/films of a node`],
    ],
    [
      'a share of another machine',
      mounts('nfs: { server: nas, path: /films }'),
      [`Deployment home/app, volume 'data': nfs /films`],
    ],
    [
      'a raw device of another machine',
      mounts('iscsi: { iqn: iqn.2001-04.net.example:disk }', '').replace(
        'volumeMounts: []',
        'volumeDevices: [{ name: data, devicePath: /dev/sdx }]',
      ),
      [`Deployment home/app, volume 'data': iscsi iqn.2001-04.net.example:disk`],
    ],
    [
      'a database of CloudNativePG, once with all of its volumes',
      `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db }
spec:
  storage: { size: 20Gi, storageClass: fast }
  walStorage: { size: 5Gi }
  tablespaces: [{ name: archive, storage: { size: 100Gi } }]
`,
      ['Cluster home/db [20Gi, fast]'],
    ],
    [
      'a bucket',
      'apiVersion: objectbucket.io/v1alpha1\nkind: ObjectBucketClaim\nmetadata: { name: files }',
      ['ObjectBucketClaim home/files'],
    ],
    [
      'an OpenSearch cluster',
      'apiVersion: opensearch.org/v1\nkind: OpenSearchCluster\nmetadata: { name: logs }',
      ['OpenSearchCluster home/logs'],
    ],
    [
      'a Prometheus with a volume',
      MONITOR('Prometheus'),
      ['Prometheus home/main [50Gi]: prometheus-main-db-prometheus-main-0, prometheus-main-db-prometheus-main-1'],
    ],
    [
      'a Prometheus with two shards',
      `${MONITOR('Prometheus')}\n  shards: 2`,
      [
        'Prometheus home/main [50Gi]: prometheus-main-db-prometheus-main-0, prometheus-main-db-prometheus-main-1, prometheus-main-db-prometheus-main-shard-1-0, prometheus-main-db-prometheus-main-shard-1-1',
      ],
    ],
    [
      'an Alertmanager with a volume',
      MONITOR('Alertmanager'),
      [
        'Alertmanager home/main [50Gi]: alertmanager-main-db-alertmanager-main-0, alertmanager-main-db-alertmanager-main-1',
      ],
    ],
    [
      'a ThanosRuler with a volume',
      MONITOR('ThanosRuler'),
      [
        'ThanosRuler home/main [50Gi]: thanos-ruler-main-data-thanos-ruler-main-0, thanos-ruler-main-data-thanos-ruler-main-1',
      ],
    ],
  ])('%s', (_, yaml, expected) => {
    expect(datasets(yaml)).toEqual(expected);
  });

  it.each([
    ['/var/logs'],
    ['/'],
    ['/home'],
    ['/var/lib/rancher'],
    ['/run/../home'],
    ['/run/media/disk'],
    ['/var/run/media/disk'],
    ['/tmp/pgdata'],
    ['/usr/local/pgdata'],
    ['/var/lib/docker/volumes/db/_data'],
    ['/var/lib/containers/storage/volumes/db/_data'],
    ['/dev/sdb1'],
    ['/dev/nvme0n1'],
    ['/dev/mapper/vg-db'],
    ['/dev/disk/by-id/usb-Drive'],
  ])('a path of a node that only resembles one of the system: %s', (path) => {
    expect(datasets(mounts(`hostPath: { path: ${path} }`))).toHaveLength(1);
  });

  it('an OpenSearch cluster of the former API group under the same identity', () => {
    const [former] = find(
      'apiVersion: opensearch.opster.io/v1\nkind: OpenSearchCluster\nmetadata: { name: logs }',
    ).datasets;
    expect(former?.id).toEqual({ group: 'opensearch.org', kind: 'OpenSearchCluster', namespace: 'home', name: 'logs' });
  });

  it.each(WORKLOADS.map((row) => [row.kind, row] as const))('what the pods of a %s write to', (kind, row) => {
    const pods = {
      spec: {
        containers: [{ volumeMounts: [{ name: 'films' }] }],
        volumes: [{ name: 'films', hostPath: { path: '/films' } }],
      },
    };
    const nested = row.template.reduceRight<unknown>((inner, field) => ({ [field]: inner }), pods);
    const object = { apiVersion: row.group === '' ? 'v1' : `${row.group}/v1`, kind, metadata: { name: 'app' } };
    const yaml = JSON.stringify({ ...object, ...Object.fromEntries(Object.entries(nested ?? {})) });
    expect(datasets(yaml)).toEqual([`${kind} home/app, volume 'films': path /films of a node`]);
  });

  it.each([
    ['Prometheus', 'v1'],
    ['PrometheusAgent', 'v1alpha1'],
    ['Alertmanager', 'v1'],
    ['ThanosRuler', 'v1'],
  ])('what the pods of a %s of prometheus-operator mount besides their own volume', (kind, version) => {
    const yaml = `apiVersion: monitoring.coreos.com/${version}
kind: ${kind}
metadata: { name: main }
spec:
  volumes:
    - { name: rules, persistentVolumeClaim: { claimName: rules } }
    - { name: history, hostPath: { path: /srv/history } }
    - { name: shared, hostPath: { path: /srv/shared } }
  volumeMounts:
    - { name: rules, mountPath: /rules }
    - { name: history, mountPath: /history }
    - { name: shared, mountPath: /shared, readOnly: true }
`;
    expect(datasets(yaml)).toEqual([
      `${kind} home/main, volume 'history': path /srv/history of a node`,
      'PersistentVolumeClaim home/rules: rules',
    ]);
  });

  it('what an OpenSearch cluster of the former API group mounts, under the identity that references give it', () => {
    const yaml = `apiVersion: opensearch.opster.io/v1
kind: OpenSearchCluster
metadata: { name: logs }
spec:
  general:
    additionalVolumes:
      - { name: archive, path: /archive, hostPath: { path: /srv/archive } }
      - { name: synonyms, path: /synonyms, configMap: { name: synonyms } }
  dashboards:
    additionalVolumes: [{ name: exports, path: /exports, persistentVolumeClaim: { claimName: exports } }]
`;
    const found = find(yaml).datasets.map(({ id }) => id);
    const ref = { openSearch: 'logs', volume: 'archive' } as const;
    expect(found).toContainEqual(datasetIdOf(ref, 'home'));
    expect(found.map(describeDataset)).toEqual([
      'OpenSearchCluster home/logs',
      "OpenSearchCluster home/logs, volume 'archive'",
      'PersistentVolumeClaim home/exports',
    ]);
  });

  it('what the pods of a connection pooler mount', () => {
    const template = { spec: { containers: [], volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'a' } }] } };
    const pooler = {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Pooler',
      metadata: { name: 'rw' },
      spec: { template },
    };
    expect(datasets(JSON.stringify(pooler))).toEqual(['PersistentVolumeClaim home/a: a']);
  });
});

describe('no data is', () => {
  it.each([
    ['emptyDir: {}'],
    ['configMap: { name: settings }'],
    ['secret: { secretName: keys }'],
    ['downwardAPI: { items: [] }'],
    ['projected: { sources: [] }'],
    ['image: { reference: models }'],
    // Gone with the pod, as Kubernetes says of it, whatever class it is of.
    ['ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 1Gi } } } } }'],
    ['csi: { driver: secrets-store.csi.k8s.io }'],
    ['hostPath: { path: /var/log/ }'],
    ['hostPath: { path: /dev }'],
    ['hostPath: { path: /dev/dri }'],
    ['hostPath: { path: /dev/ttyUSB0 }'],
    ['hostPath: { path: /dev/nvidia-uvm }'],
    ['hostPath: { path: //run//udev }'],
    ['hostPath: { path: /tmp }'],
    ['hostPath: { path: /usr/local/bin/tool }'],
    ['hostPath: { path: /var/lib/docker/containers }'],
    ['hostPath: { path: /var/lib/kubelet/pods }'],
    ['nfs: { server: nas, path: /films, readOnly: true }'],
  ])('a volume with %s', (volume) => {
    const { datasets: found, unlistedSources } = find(mounts(volume));
    expect([found, unlistedSources]).toEqual([[], []]);
  });

  it.each([['hostPath: { path: /srv/films }'], ['nfs: { server: nas, path: /films }']])(
    'a volume with %s that is only read',
    (volume) => {
      expect(datasets(mounts(volume, '{ name: data, mountPath: /data, readOnly: true }'))).toEqual([]);
    },
  );

  it('a Prometheus without a volume', () => {
    expect(datasets('apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: { name: main }')).toEqual([]);
  });
});

describe('what no table lists', () => {
  it('is said once for each kind and each source of volumes', () => {
    const widget = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: blue }\n';
    const found = find(
      [
        widget,
        widget.replace('blue', 'red'),
        mounts('csi: { driver: csi.example.com }'),
        mounts('tape: { reel: 7 }'),
      ].join('---\n'),
    );
    expect(found.unlistedKinds.map(({ what, object }) => [what, object.metadata.name])).toEqual([
      ['example.com/Widget', 'blue'],
    ]);
    expect(found.unlistedSources.map(({ what }) => what)).toEqual(['csi/csi.example.com', 'volume/tape']);
    expect(found.datasets).toEqual([]);
  });

  it('is what the user says it is', () => {
    const own: OwnKinds = {
      'example.com/Widget': 'no data',
      'example.com/Store': 'opaque',
      'csi/csi.example.com': 'no data',
      'volume/tape': 'no data',
    };
    const found = find(
      [
        'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: blue }\n',
        'apiVersion: example.com/v1\nkind: Store\nmetadata: { name: main }\n',
        mounts('csi: { driver: csi.example.com }'),
        mounts('tape: { reel: 7 }'),
      ].join('---\n'),
      own,
    );
    expect(found.opaque.map(({ id }) => describeObject(id))).toEqual(['Store home/main']);
    expect([found.datasets, found.unlistedKinds, found.unlistedSources]).toEqual([[], [], []]);
  });
});

describe('what the tables of this library say', () => {
  it('is not for the user to change', () => {
    const own: OwnKinds = {
      '/PersistentVolumeClaim': 'no data',
      'helm.toolkit.fluxcd.io/HelmRelease': 'no data',
      'apps/Deployment': 'no data',
      'volume/hostPath': 'no data',
      'volume/nfs': 'no data',
    };
    const release = 'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: app }\n';
    const yaml = [CLAIM, release, mounts('hostPath: { path: /srv }'), mounts('nfs: { path: /films }')].join('---\n');
    expect(find(yaml, own)).toEqual(find(yaml));
    expect(find(yaml).datasets.map(({ id }) => id.kind)).toEqual(['PersistentVolumeClaim', 'Deployment']);
    expect(find(yaml).opaque).toHaveLength(1);
  });
});

describe('the table of kinds', () => {
  it('names what makes others', () => {
    const kinds = OPAQUE_KINDS.map(
      ({ group, kind }) => `apiVersion: ${group}/v1\nkind: ${kind}\nmetadata: { name: all }\n`,
    );
    expect(find(kinds.join('---\n')).opaque.map(({ id }) => describeObject(id))).toEqual([
      'HelmRelease home/all',
      'Kustomization home/all',
      'Application home/all',
      'ApplicationSet home/all',
    ]);
  });

  it('gives each kind one role', () => {
    const listed = [...DATA_KINDS, ...WORKLOADS, ...OPAQUE_KINDS].map(({ group, kind }) => `${group}/${kind}`);
    // A StatefulSet is data by its claim templates and a workload by its pods.
    expect(listed.filter((kind, index) => listed.indexOf(kind) !== index)).toEqual(['apps/StatefulSet']);
    expect(roleOf('apps', 'StatefulSet')).toMatchObject({ role: 'data', leavesClaims: true });
  });

  it.each([
    ['', 'Secret', 'no data'],
    ['velero.io', 'Schedule', 'no data'],
    ['monitoring.coreos.com', 'PrometheusAgent', 'workload'],
    ['monitoring.coreos.com', 'PrometheusRule', 'no data'],
    ['monitoring.coreos.com', 'Unheard', 'unlisted'],
    ['', 'Unheard', 'unlisted'],
    // A name that every object of JavaScript has.
    ['constructor', 'Widget', 'unlisted'],
  ])('calls %s/%s: %s', (group, kind, role) => {
    expect(roleOf(group, kind).role).toBe(role);
  });
});
