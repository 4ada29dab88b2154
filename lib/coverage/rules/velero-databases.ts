/** Databases that have a method of their own, and that Velero copies as files all the same. */
import { methodOf, type AnsweredDataset } from '../../model/answered';
import { describeDataset } from '../../model/dataset';
import { enumerated, counted } from '../../model/text';
import { predictIn, readWorld } from '../../velero/predict';
import type { GateContext } from '../context';
import { aboutObject, inWords } from '../finding';
import type { Rule } from '../rule';
import type { VeleroRun } from '../velero-runs';
import { scheduleExample } from './velero';

export const databaseCopiedAsFiles: Rule = {
  id: 'database-copied-as-files',
  heading: (n) =>
    `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that cop${n === 1 ? 'ies' : 'y'} the files of a database`,
  what: 'A Backup or a Schedule of somebody else takes the volumes of a database whose log is archived.',
  why: 'Velero restores a volume as a power cut would have left it, and it is the copy that comes back first: the archive, which has every change, then finds a database that is not empty.',
  fix: 'Skip the volumes in its resource policy, by the label that says what they are for.',
  example: `new k8s.KubeConfigMap(chart, 'policy', {
  metadata: { name: 'own', namespace: 'velero' },
  data: { policy: 'version: v1\\nvolumePolicies: [{ conditions: { pvcPhase: [Pending, Lost] }, action: { type: skip } }]' },
});
${scheduleExample(
  'own',
  `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', excludedResources: ['secrets'], snapshotMoveData: true, resourcePolicy: { kind: 'configmap', name: 'own' } } }`,
)}
new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});`,
  check: (context) => {
    const databases = context.copied.filter(hasOwnMethod);
    if (databases.length === 0) return [];
    // Ours skip them.
    const foreign = context.veleroRuns.all.filter(({ source }) => source.generated !== true);
    return foreign.flatMap((run) => {
      const taken = databases.filter((dataset) => takes(run, dataset, context));
      if (taken.length === 0) return [];
      const { object, origin } = run.source;
      return [
        {
          ...aboutObject(object, origin),
          because: `it takes the volumes of ${enumerated(taken.map(({ id }) => describeDataset(id)))}`,
          remedies: inWords(`skip claims with ${labelsOf(taken)} in its resource policy`),
        },
      ];
    });
  },
};

/** What Velero meets of such a dataset is only what its operator makes. */
function hasOwnMethod(dataset: AnsweredDataset): boolean {
  const method = methodOf(dataset);
  return method !== undefined && method !== 'velero' && dataset.operatorClaims.length > 0;
}

/** Whether a Backup would take a claim as the operator makes it. */
function takes({ source, met }: VeleroRun, dataset: AnsweredDataset, { platform }: GateContext): boolean {
  const { id, operatorClaims, storageClass, storage } = dataset;
  const claims = operatorClaims.map((labels, index) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${id.name}-${index + 1}`, namespace: id.namespace ?? '', labels },
    spec: {
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage: storage?.text ?? '1Gi' } },
    },
  }));
  const world = readWorld({ backup: source.object, objects: [...met.cluster.objects, ...claims], platform });
  const names = new Set(claims.map(({ metadata }) => metadata.name));
  return predictIn(world, source.object).volumes.some(
    ({ namespace, claim, copied }) => namespace === id.namespace && names.has(claim) && copied === 'yes',
  );
}

function labelsOf(datasets: readonly AnsweredDataset[]): string {
  const labels = datasets.flatMap(({ operatorClaims }) => operatorClaims.flatMap((claim) => Object.entries(claim)));
  return enumerated([...new Set(labels.map(([key, value]) => `${key}: ${value}`))]);
}
