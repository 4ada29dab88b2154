/** What the operator makes for an instance of a Cluster, as far as Velero meets it: its claims, and the pod that mounts them. */
import { at, listAt, textAt, textMapAt, type KubeObject } from '../../model/kube-object';
import { isHibernated } from './archive';

export interface Instance {
  readonly claims: readonly KubeObject[];
  /** Absent where only the volumes are there. */
  readonly pod?: KubeObject;
}

/** The first one: others have other names, and are like it (cloudnative-pg v1.30.0, pkg/specs and pkg/reconciler/persistentvolumeclaim). */
export function firstInstanceOf(cluster: KubeObject): Instance {
  const name = `${cluster.metadata.name}-1`;
  const volumes = volumesOf(cluster, name);
  const claims = volumes.map(({ claim, role, storage }) => {
    const storageClassName = textAt(storage, 'storageClass') ?? textAt(storage, 'pvcTemplate', 'storageClassName');
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadataOf(cluster, claim, { 'cnpg.io/instanceName': name, 'cnpg.io/pvcRole': role }),
      spec: {
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: textAt(storage, 'size') ?? '1Gi' } },
      },
    };
  });
  if (isHibernated(cluster)) return { claims };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadataOf(cluster, name, { 'cnpg.io/instanceName': name, 'cnpg.io/podRole': 'instance' }),
    spec: {
      volumes: volumes.map(({ volume, claim }) => ({ name: volume, persistentVolumeClaim: { claimName: claim } })),
      containers: [{ name: 'postgres', volumeMounts: volumes.map(({ volume }) => ({ name: volume })) }],
    },
  };
  return { claims, pod };
}

interface InstanceVolume {
  /** What the pod calls it. */
  readonly volume: string;
  readonly claim: string;
  readonly role: 'PG_DATA' | 'PG_WAL' | 'PG_TABLESPACE';
  readonly storage: unknown;
}

function volumesOf(cluster: KubeObject, instance: string): readonly InstanceVolume[] {
  const data = at(cluster, 'spec', 'storage');
  const wal = at(cluster, 'spec', 'walStorage') ?? undefined;
  const tablespaces = listAt(cluster, 'spec', 'tablespaces').map((tablespace): InstanceVolume => {
    const name = nameOfTablespace(textAt(tablespace, 'name') ?? '');
    return {
      volume: `tbs-${name}`,
      claim: `${instance}-tbs-${name}`,
      role: 'PG_TABLESPACE',
      storage: at(tablespace, 'storage'),
    };
  });
  return [
    { volume: 'pgdata', claim: instance, role: 'PG_DATA', storage: data },
    ...(wal === undefined
      ? []
      : [{ volume: 'pg-wal', claim: `${instance}-wal`, role: 'PG_WAL' as const, storage: wal }]),
    ...tablespaces,
  ];
}

function nameOfTablespace(identifier: string): string {
  return identifier.replace(/^_/, '1').replaceAll(/[$_]/g, '-').toLowerCase();
}

/** Everything that is made for a Cluster has what it says in `inheritedMetadata`. */
function metadataOf(
  { metadata: { name: cluster, namespace = '' }, ...rest }: KubeObject,
  name: string,
  labels: Readonly<Record<string, string>>,
): KubeObject['metadata'] {
  const inherited = (field: 'labels' | 'annotations'): Readonly<Record<string, string>> =>
    textMapAt(rest, 'spec', 'inheritedMetadata', field);
  return {
    name,
    namespace,
    labels: { ...inherited('labels'), 'cnpg.io/cluster': cluster, ...labels },
    annotations: inherited('annotations'),
  };
}
