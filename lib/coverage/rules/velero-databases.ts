/** Databases that have a method of their own, and that Velero copies as files all the same. */
import { CNPG_GROUP } from '../../methods/cnpg/archive';
import { firstInstanceOf, type Instance } from '../../methods/cnpg/instance';
import { methodOf, type AnsweredDataset } from '../../model/answered';
import { claimKey, describeDataset } from '../../model/dataset';
import { listAt } from '../../model/kube-object';
import type { Platform } from '../../model/platform';
import { enumerated, counted } from '../../model/text';
import { Hooks } from '../../velero/hooks';
import { predictIn, readWorld } from '../../velero/predict';
import type { VolumePrediction } from '../../velero/prediction';
import type { GateContext } from '../context';
import { aboutObject, inWords, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { isCopied, type VeleroRun } from '../velero-runs';
import { backupSpecOf } from '../velero-surroundings';
import { scheduleExample } from './velero';

export const databaseCopiedAsFiles: Rule = {
  id: 'database-copied-as-files',
  heading: (n) =>
    `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that cop${n === 1 ? 'ies' : 'y'} the files of a database`,
  what: 'A Backup or a Schedule of somebody else takes the volumes of a database of CloudNativePG that has a copy of its own, or reads the files of another one that is dumped, while it writes.',
  why: 'Velero restores a volume as a power cut would have left it, and it is the copy that comes back first: the archive, which has every change, then finds a database that is not empty. What file-system backup reads of a database that writes is of many moments, and it comes back beside the dump.',
  fix: 'Skip the volumes in its resource policy: those of CloudNativePG by the label that says what they are for.',
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
    // Ours skip them.
    const foreign = context.veleroRuns.all.filter(({ source }) => source.generated !== true);
    const instances = instancesOf(context);
    return foreign.flatMap((run) => [...takenVolumes(run, instances, context), ...tornFiles(run, context)]);
  },
};

/** A database with what its operator makes. */
interface OperatedDatabase extends Instance {
  readonly dataset: AnsweredDataset;
}

function instancesOf(context: GateContext): readonly OperatedDatabase[] {
  return context.copied.flatMap((dataset) => {
    const cluster = dataset.id.group === CNPG_GROUP ? context.object(dataset.id)?.object : undefined;
    return cluster === undefined || methodOf(dataset) === undefined ? [] : [{ dataset, ...firstInstanceOf(cluster) }];
  });
}

function takenVolumes(
  run: VeleroRun,
  databases: readonly OperatedDatabase[],
  { platform }: GateContext,
): readonly RuleFinding[] {
  const taken = databases.filter((database) => takes(run, database, platform)).map(({ dataset }) => dataset);
  if (taken.length === 0) return [];
  const { object, origin } = run.source;
  return [
    {
      ...aboutObject(object, origin),
      because: `it takes the volumes of ${enumerated(taken.map(({ id }) => describeDataset(id)))}`,
      remedies: inWords(`skip claims with ${labelsOf(taken)} in its resource policy`),
    },
  ];
}

/** Whether a Backup would take a claim that the operator makes. */
function takes({ source, met }: VeleroRun, { claims, pod }: Instance, platform: Platform): boolean {
  const made = pod === undefined ? claims : [...claims, pod];
  const world = readWorld({ backup: source.object, objects: [...met.cluster.objects, ...made], platform });
  const keys = new Set(claims.map(({ metadata }) => claimKey(metadata.namespace ?? '', metadata.name)));
  return predictIn(world, source.object).volumes.some(
    (volume) => keys.has(claimKey(volume.namespace, volume.claim)) && isCopied(volume),
  );
}

function labelsOf(datasets: readonly AnsweredDataset[]): string {
  const labels = datasets.flatMap(({ operatorClaims }) => operatorClaims.flatMap((claim) => Object.entries(claim)));
  return enumerated([...new Set(labels.map(([key, value]) => `${key}: ${value}`))]);
}

/**
 * Databases that are dumped, and whose files are read one after another as well, which no power cut leaves. A snapshot beside
 * the dump is one more copy.
 */
function tornFiles(run: VeleroRun, context: GateContext): readonly RuleFinding[] {
  const read = new Set(
    run.prediction.volumes
      .filter((volume) => volume.method === 'fs-backup' && isCopied(volume) && !isPrepared(run, volume))
      .map(({ namespace, claim }) => claimKey(namespace, claim)),
  );
  if (read.size === 0) return [];
  const { object, origin } = run.source;
  return context.copied
    .filter((dataset) => methodOf(dataset) === 'jobs')
    .filter(({ claims }) =>
      claims
        .map(({ namespace, name }) => claimKey(namespace, name))
        .some((claim) => read.has(claim) && context.databaseWriters.has(claim)),
    )
    .map(({ id }) => ({
      ...aboutObject(object, origin),
      because: `it reads the files of ${describeDataset(id)}, one after another while the database writes them`,
      remedies: inWords(
        'skip its claims in the resource policy, or take snapshots of them: the dump is the copy that comes back whole',
      ),
    }));
}

/** Whether something is run in its pods before, which may stop what writes. */
function isPrepared({ source, met }: VeleroRun, { namespace, claim }: VolumePrediction): boolean {
  const hooks = new Hooks(listAt(backupSpecOf(source.object), 'hooks', 'resources'), met.cluster.discovery);
  return met.cluster.podsUsing({ namespace, name: claim }).some((pod) => hooks.areThere(pod, 'pre'));
}
