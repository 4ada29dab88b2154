/** A mirror reads its bucket as the backup user, and is somewhere else. */
import { mirroredOf } from '../../methods/ceph/mirror';
import { datasetKey } from '../../model/dataset';
import { counted } from '../../model/text';
import { aboutDataset, inWords, toFix } from '../finding';
import { mirrorLine } from '../remedies';
import type { Rule } from '../rule';
import { WITH_ROOK } from './bucket-example';

export const mirrorUngranted: Rule = {
  id: 'mirror-ungranted',
  heading: (n) => `${counted(n, 'bucket')} that the mirror may not read`,
  what: 'A bucket is to be mirrored, and nobody has said that the backup user is to read it.',
  why: 'The job would be refused every night, and what it mirrors is as old as the day on which somebody notices.',
  fix: 'Say `grantBackup` in the place of `backUp`: it proves that the grant stands in the claim, and prints it where it does not.',
  example: `${WITH_ROOK}
new ApiObject(chart, 'media', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'media' },
  spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
});
backUp(chart, { bucket: 'media' }, mirrored({ to: offsite, keep: { daily: 30 } }));`,
  check: (context) => {
    const granted = new Set(context.input.grants.map(({ bucket }) => datasetKey(bucket)));
    return context.copied
      .filter((dataset) => mirroredOf(dataset).length > 0 && !granted.has(datasetKey(dataset.id)))
      .map((dataset) => ({
        ...aboutDataset(dataset),
        remedies: toFix(mirrorLine(dataset, context)),
      }));
  },
};

export const mirrorUntrusted: Rule = {
  id: 'mirror-untrusted',
  heading: (n) => `${counted(n, 'mirror')} that ${n === 1 ? 'takes' : 'take'} Secrets to where they may not be`,
  what: 'A location is trusted, so that Velero stores the Secrets of the cluster in it, and it is mirrored to one that is not.',
  why: 'Velero’s tarballs are not encrypted: whoever reads the other bucket reads every password of the cluster.',
  fix: 'Do not trust the first location either, or trust both.',
  example: `const local = s3Location('local', {
  endpoint: 'https://nas.example.net',
  bucket: 'backups',
  failureDomain: 'site',
  keptIn: 'sealed envelope, bank',
  trusted: true,
  mirror: nightly({ to: offsite }),
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: local, keep: { daily: 7 } }) });`,
  check: ({ methods: { velero } }) =>
    [...velero.mirrors.values()].flat().flatMap(({ store: { place, dataset }, to }) =>
      place.location.trusted && !to.location.trusted
        ? [
            {
              subject: `mirror of location '${place.location.name}'`,
              at: dataset.declaration.at,
              because: `location '${to.location.name}' is not trusted with Secrets, and '${place.location.name}' is`,
              remedies: [...toFix('trusted: false'), ...inWords(`or trust '${to.location.name}' as well`)],
            },
          ]
        : [],
    ),
};

export const mirrorOntoItself: Rule = {
  id: 'mirror-onto-itself',
  heading: (n) =>
    `${counted(n, 'bucket')} that ${n === 1 ? 'is' : 'are'} mirrored into ${n === 1 ? 'itself' : 'themselves'}`,
  what: 'A bucket is mirrored to a location in that same bucket.',
  why: 'Every run would find what the last one has copied, and copy it again, one level deeper. And whatever happens to the bucket happens to its copy.',
  fix: 'Mirror it to a location elsewhere.',
  example: `${WITH_ROOK}
const local = s3Location('local', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'media',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});
new CephBucketWithBackupGrant(chart, 'media', {
  bucketName: 'media',
  storageClass: 'bucket-retain',
  backup: [mirrored({ to: local }), mirrored({ to: offsite })],
});`,
  check: ({ methods, servedHosts }) =>
    methods.ceph.mirrors
      .filter(
        ({ bucket, location }) => location.bucket === bucket && servedHosts.failureDomainOf(location) === 'cluster',
      )
      .map(({ dataset, location }) => ({
        ...aboutDataset(dataset),
        because: `location '${location.name}' is in it`,
        remedies: inWords('mirror it to a location outside of the cluster'),
      })),
};
