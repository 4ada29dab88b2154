/** The example cluster: replace `apps/` by your own, state your platform and your locations here, and run `npm run synth`. */
import { Duration } from 'cdk8s';
import {
  BackedUpApp,
  definePlatform,
  elsewhere,
  every,
  excluded,
  kubeadmEtcd,
  nightly,
  s3Location,
} from 'cdk8s-backed-up';
import { Directory } from './apps/directory';
import { Forge } from './apps/forge';
import { Infrastructure } from './apps/infrastructure';
import { Media } from './apps/media';
import { Monitoring } from './apps/monitoring';
import { ObjectStorage } from './apps/object-storage';
import { Search } from './apps/search';
import { Wiki } from './apps/wiki';

const platform = definePlatform({
  cluster: 'home',
  timeZone: 'Europe/Berlin',
  velero: {
    version: '1.18',
    enableCSI: true,
    nodeAgent: true,
    repositoryPassword: { keptIn: 'sealed envelope, bank' },
  },
  cnpg: { version: '1.30', barmanPlugin: '0.13' },
  rook: {
    version: '1.20',
    namespace: 'rook-ceph',
    objectStore: 'store-a',
    allowedObcFields: ['maxObjects', 'maxSize', 'bucketPolicy'],
  },
  clusterRanges: ['10.244.0.0/16', '10.96.0.0/12'],
  storageClasses: {
    'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', isDefault: true },
    'ceph-filesystem': { driver: 'rook-ceph.cephfs.csi.ceph.com' },
  },
  flux: {
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
    path: './dist',
    // The Kustomizations of infrastructure/kustomizations.yaml.
    operators: { velero: 'velero', cnpg: 'cloudnative-pg', rook: 'rook-ceph' },
  },
});

const offsite = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  versioned: true,
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});
const local = s3Location('local', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
  mirror: nightly({ to: offsite }),
});

const app = new BackedUpApp({
  platform,
  // What jobs look like in the tests is nothing that anybody applies.
  alsoRead: ['infrastructure/**/*.yaml', '!test/**'],
  etcd: kubeadmEtcd({ backup: every('20 1,7,13,19 * * *', { to: offsite, keep: { hourly: 28, daily: 30 } }) }),
  fluxRepository: elsewhere('Every push goes to the hosted Git server as well, which keeps its own backups.', {
    failureDomain: 'offsite',
    rpo: Duration.days(1),
  }),
  certificates: excluded('Let’s Encrypt issues all of them again; eleven names are far below its limits.'),
  keys: elsewhere('The age key and the passwords are printed, in a sealed envelope at the bank.', {
    failureDomain: 'offsite',
    rpo: Duration.days(180),
  }),
});

new Infrastructure(app);
new ObjectStorage(app);
new Forge(app, { local, offsite });
new Directory(app, { local });
new Search(app);
new Monitoring(app, { offsite });
new Media(app, { local, offsite });
new Wiki(app, { offsite });

app.synth();
