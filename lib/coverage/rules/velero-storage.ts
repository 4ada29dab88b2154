/** Where Velero stores its copies, and with which password. */
import { BARMAN_GROUP, placeOf as placeOfArchive } from '../../methods/cnpg/archive';
import { REPOSITORY_SECRET } from '../../methods/velero/objects';
import { at, textAt, type KubeObject } from '../../model/kube-object';
import { storeKey, veleroPrefix } from '../../model/location';
import { counted, PLACEHOLDERS } from '../../model/text';
import { aboutObject, toFix } from '../finding';
import type { Rule } from '../rule';

export const veleroSharedPrefix: Rule = {
  id: 'velero-shared-prefix',
  heading: (n) =>
    `${counted(n, 'storage location')} ${n === 1 ? 'is' : 'are'} not alone in ${n === 1 ? 'its' : 'their'} prefix`,
  what: 'Two of Velero’s storage locations are one place, or other backups are stored below the prefix of one.',
  why: 'Velero calls a location with other objects in it Unavailable, and every run of that time is lost.',
  fix: 'Give each location a prefix of its own.',
  example: `new ApiObject(chart, 'location', {
  apiVersion: 'velero.io/v1',
  kind: 'BackupStorageLocation',
  metadata: { name: 'own', namespace: 'velero' },
  spec: { provider: 'aws', objectStorage: { bucket: 'home-backups', prefix: 'home' }, config: { s3Url: 'https://s3.example.net' } },
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: (context) => {
    const places = context
      .ofKind('velero.io', 'BackupStorageLocation')
      .map((rendered) => ({ rendered, ...placeOf(rendered.object) }));
    const ours = context.locations.map(({ location }) => ({
      name: `location '${location.name}'`,
      bucket: storeKey(location),
      // Receipts and data of the cluster stand beside Velero's own prefix.
      prefix: `${veleroPrefix(location, context.platform.cluster).replace(/velero$/, '')}data/`,
    }));
    const archives = context.ofKind(BARMAN_GROUP, 'ObjectStore').flatMap(({ object }) => {
      const place = placeOfArchive(object);
      if (place === undefined) return [];
      return [{ name: `ObjectStore ${object.metadata.name}`, bucket: storeKey(place), prefix: `${place.prefix}/` }];
    });
    return places.flatMap(({ rendered, bucket, prefix }) => {
      const others = [
        ...places
          // Of two that synth itself made, their locations say so.
          .filter((place) => place.rendered !== rendered && !(place.rendered.generated && rendered.generated))
          .map((place) => ({ name: `BackupStorageLocation ${place.rendered.object.metadata.name}`, ...place })),
        ...ours,
        ...archives,
      ];
      const stranger = others.find((other) => other.bucket === bucket && other.prefix.startsWith(prefix));
      if (stranger === undefined) return [];
      return [
        {
          ...aboutObject(rendered.object, rendered.origin),
          because: `${stranger.name} is stored below its prefix '${prefix}'`,
          remedies: toFix(`prefix: '${rendered.object.metadata.name}'`),
        },
      ];
    });
  },
};

function placeOf(location: KubeObject): { readonly bucket: string; readonly prefix: string } {
  const spec = at(location, 'spec');
  const prefix = (textAt(spec, 'objectStorage', 'prefix') ?? '').replaceAll(/^\/+|\/+$/g, '');
  return {
    bucket: storeKey({
      endpoint: textAt(spec, 'config', 's3Url') ?? '',
      bucket: textAt(spec, 'objectStorage', 'bucket') ?? '',
    }),
    prefix: prefix === '' ? '' : `${prefix}/`,
  };
}

export const veleroRepositoryPassword: Rule = {
  id: 'velero-repository-password',
  heading: () => 'Velero encrypts with a password that everybody knows',
  what: 'Volumes are moved into a bucket, and nobody says that Velero was given a password for its repositories.',
  why: 'Without one Velero uses a constant from its source code: whoever reads the bucket reads the data. And a password that nobody kept outside is lost with the cluster.',
  fix: 'Create the Secret `velero-repo-credentials` before the first backup, and say where the password is also kept.',
  example: `const platform = definePlatform({
  cluster: 'home',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true },
  storageClasses: { 'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: ({ platform: { velero }, methods, veleroNamespace }) => {
    const moves = methods.velero.plans.some(({ schedules }) => schedules.some(({ movesData }) => movesData));
    if (velero === undefined || !moves || (velero.repositoryPassword?.keptIn ?? '').trim() !== '') return [];
    return [
      {
        subject: `Secret ${veleroNamespace}/${REPOSITORY_SECRET}`,
        remedies: toFix(`repositoryPassword: { keptIn: '${PLACEHOLDERS.place}' }`),
      },
    ];
  },
};
