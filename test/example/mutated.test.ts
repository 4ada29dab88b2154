/**
 * The rendered example, with one object, label or annotation missing at a time: the gate refuses it, or it is written
 * here why nothing is lost.
 */
import { describe, expect, it } from 'vitest';
import { GateContext } from '../../lib/coverage/context';
import { examine } from '../../lib/coverage/gate';
import { annotationsOf, describeObject, labelsOf, objectId } from '../../lib/model/kube-object';
import type { RenderedObject } from '../../lib/model/rendered';
import { synthesizeExample } from './example';

/** What goes missing, and all rules that say so. */
const REFUSED: readonly (readonly [missing: RegExp, rules: readonly string[]])[] = [
  // How data is copied.
  [/^Schedule velero\/[\w-]+$/, ['not-copied']],
  [/^ConfigMap velero\/[\w-]+$/, ['velero-refuses']],
  [/^BackupStorageLocation velero\/\w+$/, ['velero-refuses']],
  [/^VolumeSnapshotClass [\w-]+$/, ['velero-refuses']],
  [
    /^ConfigMap (kube-system\/|forge\/|backed-up\/(mirror|velero)-)[\w-]+-scripts-\w+, annotation kustomize\.toolkit\.fluxcd\.io\/substitute$/,
    ['unproven-strategy', 'substitution'],
  ],
  [
    /^(CronJob|NetworkPolicy|ConfigMap) (kube-system\/|forge\/|backed-up\/(mirror|velero)-)[\w-]+(, (label|annotation) (?!.*substitute)[\w./-]+)?$/,
    ['unproven-strategy'],
  ],
  [/^CronJob (kube-system\/|forge\/|backed-up\/mirror-)[\w-]+, annotation .*\/substitute$/, ['unproven-strategy']],
  // The ends of its patterns look like variables.
  [/^CronJob backed-up\/velero-[\w-]+, annotation .*\/substitute$/, ['unproven-strategy', 'substitution']],
  [/^ConfigMap backed-up\/probe-grants-scripts-\w+, annotation .*\/substitute$/, ['substitution']],
  // What was decided about a claim.
  [/^PersistentVolumeClaim media\/settings, label backed-up\/plan$/, ['not-copied', 'marks-missing']],
  [/^PersistentVolumeClaim (?!media\/settings).*, label backed-up\/plan$/, ['marks-missing']],
  [/^PersistentVolumeClaim media\/thumbnails, label backed-up\/method$/, ['marks-missing', 'copied-anyway']],
  [/^PersistentVolumeClaim (?!media\/thumbnails).*, label backed-up\/method$/, ['marks-missing']],
  [/^PersistentVolumeClaim .*, annotation backed-up\/(dataset|reason|review-by)$/, ['marks-missing']],
  // What keeps Flux from deleting data.
  [/^(?!Namespace backed-up|ObjectStore ).*, annotation kustomize\.toolkit\.fluxcd\.io\/prune$/, ['pruned-data']],
  // What brings data into being, and is answered for.
  // How a database is copied.
  // What it asks for says how much room the dumps of the Gitea need.
  [/^Cluster forge\/db$/, ['idle-declaration', 'unproven-strategy', 'scheduled-backup-fails', 'gitea-contradicted']],
  [/^ObjectStore forge\/db$/, ['postgres-archive']],
  [/^ScheduledBackup forge\/db$/, ['postgres-base-copies']],
  [/^StatefulSet (forge|directory)\/\w+$/, ['no-strategy', 'idle-declaration']],
  [/^StatefulSet wiki\/wiki-redis$/, ['idle-declaration']],
  [/^ObjectBucketClaim forge\/attachments$/, ['idle-declaration', 'gitea-bucket']],
  [/^(OpenSearchCluster|Prometheus|HelmRelease) [\w/-]+$/, ['idle-declaration']],
  [/^PersistentVolumeClaim forge\/runner-cache$/, ['idle-declaration']],
  [/^PersistentVolumeClaim media\/settings$/, ['not-copied']],
  [/^Deployment media\/jellyfin$/, ['idle-declaration']],
];

/** What may go missing, and why no copy is lost by it. */
const TOLERATED: readonly (readonly [missing: RegExp, why: string])[] = [
  [
    /^PersistentVolumeClaim directory\/data-dirsrv-0$/,
    'the StatefulSet makes the claim itself, and the default plan of its namespace takes it without our labels',
  ],
  [
    /^PersistentVolumeClaim forge\/data-gitea-0$/,
    'the StatefulSet makes the claim itself, and the job reads it by its name',
  ],
  [
    /^PersistentVolumeClaim (media\/photos|wiki\/wiki-data)$/,
    'a Deployment mounts the claim, so that it is still asked for, and the default plan takes it without our labels',
  ],
  [
    /^PersistentVolumeClaim media\/thumbnails$/,
    'a Deployment mounts the claim, which is left out; without our labels it is copied, and that is a warning',
  ],
  [/^PersistentVolumeClaim .*, label app\.kubernetes\.io\//, 'our own label tells the claim from others'],
  [
    /^VolumeSnapshotClass .*, label velero\.io\//,
    'without a labelled class Velero takes the only one of the driver (v1.18.3, pkg/util/csi/volume_snapshot.go)',
  ],
  [/^(Deployment|StatefulSet) .*, label /, 'Velero copies volumes by snapshot, whatever mounts them'],
  [/^Deployment wiki\/wiki$/, 'its claim is declared, and answered for by name'],
  [/^(ClusterRole|ClusterRoleBinding|ServiceAccount) /, 'it lets Prometheus find what it scrapes, and holds nothing'],
  [/^Service /, 'it holds nothing, and no host name of a location is served by it'],
  [/^(CephObjectStore|StorageClass|HelmRepository) /, 'the bucket in Ceph is known as the cluster’s by its .svc name'],
  [
    /^Namespace [\w-]+$/,
    'Velero backs up what is in the namespace, and without it Flux fails in plain sight: nothing can be in it',
  ],
  [/^Namespace backed-up, annotation /, 'no data is in it: synth writes its ConfigMaps again'],
  [
    /^ConfigMap backed-up\/inventory-[\w-]+$/,
    'synth makes the inventory anew each time, and nothing reads the copy back',
  ],
  [
    /^CephObjectStoreUser backed-up\/backed-up$/,
    'synth makes it wherever Rook can, and the buckets that name it wait for it in plain sight',
  ],
  [
    /^(CronJob|NetworkPolicy|ConfigMap) backed-up\/probe-grants(?!.*ConfigMap.*substitute)[\w-]*(, (?!annotation).*)?$/,
    'it tries what the grants allow, and copies nothing',
  ],
  [/^CronJob backed-up\/probe-grants, annotation .*\/substitute$/, 'nothing in it looks like a variable of Flux'],
  [
    /^(?!CronJob|NetworkPolicy|ConfigMap (kube-system\/|forge\/|backed-up\/(mirror|velero|probe)-)).*, label app\.kubernetes\.io\/managed-by$/,
    'for people only',
  ],
  [
    /^Cluster forge\/db, (label|annotation) backed-up\//,
    'for people only: Velero knows the volumes of a database by the label of their role',
  ],
  [/^ObjectBucketClaim .*, (label|annotation) backed-up\//, 'for people only: a bucket is mirrored by its name'],
  [/^ObjectStore .*, annotation /, 'what is in the bucket stays, and so does the log until it can go there again'],
  [/^PodMonitor [\w/-]+$/, 'it lets Prometheus find what it scrapes, and holds nothing'],
  [
    /^Kustomization flux-system\/(rook-ceph|velero|cert-manager|cloudnative-pg|[a-z]+-operator)$/,
    'what installs an operator may stand in another repository; those that anything waits for are assumptions',
  ],
  [
    /^Kustomization flux-system\/(?!rook-ceph$|velero$|cert-manager$|cloudnative-pg$|[a-z]+-operator$)/,
    'synth makes one for each folder that it writes, from nothing that a person could take away',
  ],
];

/** Of what is tolerated, what at least gets a warning. */
const WARNED: Readonly<Record<string, readonly string[]>> = {
  'PersistentVolumeClaim media/thumbnails': ['copied-anyway'],
};

interface Mutation {
  readonly missing: string;
  readonly objects: readonly RenderedObject[];
}

/** Everything that can be taken away, one at a time. */
function mutationsOf(objects: readonly RenderedObject[]): readonly Mutation[] {
  return objects.flatMap((rendered) => {
    const name = describeObject(objectId(rendered.object));
    const replaced = (changed: RenderedObject): readonly RenderedObject[] =>
      objects.map((other) => (other === rendered ? changed : other));
    return [
      { missing: name, objects: objects.filter((other) => other !== rendered) },
      ...Object.keys(labelsOf(rendered.object)).map((key) => ({
        missing: `${name}, label ${key}`,
        objects: replaced(without(rendered, 'labels', key)),
      })),
      ...Object.keys(annotationsOf(rendered.object)).map((key) => ({
        missing: `${name}, annotation ${key}`,
        objects: replaced(without(rendered, 'annotations', key)),
      })),
    ];
  });
}

function without(rendered: RenderedObject, field: 'labels' | 'annotations', key: string): RenderedObject {
  const { object } = rendered;
  const { [key]: _, ...others } = object.metadata[field] ?? {};
  return { ...rendered, object: { ...object, metadata: { ...object.metadata, [field]: others } } };
}

const ROWS = [...REFUSED, ...TOLERATED];

describe('the rendered example', async () => {
  const { context, findings } = await synthesizeExample();
  const { input } = context;
  const mutations = mutationsOf(input.objects);

  function rulesAgainst(objects: readonly RenderedObject[]): readonly string[] {
    const found = examine(new GateContext({ ...input, objects }));
    return [...new Set(found.map(({ rule }) => rule))];
  }

  it('is accepted as it is', () => {
    expect(findings).toEqual([]);
    expect(rulesAgainst(input.objects)).toEqual([]);
  });

  it('is described here row by row, each object by one', () => {
    const rowsOf = ({ missing }: Mutation) => ROWS.filter(([pattern]) => pattern.test(missing)).map(String);
    expect(mutations.filter((mutation) => rowsOf(mutation).length !== 1).map(({ missing }) => missing)).toEqual([]);
    const used = new Set(mutations.flatMap(rowsOf));
    expect(ROWS.map(String).filter((row) => !used.has(row))).toEqual([]);
  });

  for (const { missing, objects } of mutations) {
    const rules = REFUSED.find(([pattern]) => pattern.test(missing))?.[1] ?? WARNED[missing] ?? [];
    const tags = rules.map((rule) => `[${rule}] `).join('');
    const why = TOLERATED.find(([pattern]) => pattern.test(missing))?.[1];
    it(`${tags}without ${missing}${why === undefined ? '' : `: ${why}`}`, () => {
      expect(rulesAgainst(objects)).toEqual(rules);
    });
  }
});
