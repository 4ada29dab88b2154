/** Generated small clusters: several charts and namespaces, with all ways in which a volume comes about and is answered for. */
import { ApiObject, Chart, Duration, Size, type App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import fc from 'fast-check';
import {
  BackedUpStatefulSet,
  BackedUpVolume,
  backUp,
  elsewhere,
  exclude,
  excluded,
  holds,
  nightly,
  ScratchVolume,
  VeleroBackup,
  weekly,
  type VolumeStrategy,
} from '../../lib';
import type { DatasetId } from '../../lib/model/dataset';
import { offsite } from './scenario';

/** How a volume comes about. */
const WAYS = ['volume', 'set', 'claim', 'foreign set', 'mounted claim', 'held claim'] as const;

const STRATEGIES = {
  nightly: nightly({ to: offsite, keep: { daily: 7 } }),
  weekly: weekly({ to: offsite, keep: { weekly: 8 } }),
  elsewhere: elsewhere('rsync on the NAS fetches the files every night.', {
    failureDomain: 'site',
    rpo: Duration.hours(25),
  }),
} satisfies Readonly<Record<string, VolumeStrategy>>;

export interface GeneratedVolume {
  readonly name: string;
  readonly chart: string;
  readonly namespace: string;
  readonly way: (typeof WAYS)[number];
  readonly answer: keyof typeof STRATEGIES | 'excluded';
}

/** What is said of Velero's Backups of a namespace. */
export interface GeneratedSettings {
  readonly chart: string;
  readonly namespace: string;
  readonly hours: number;
}

export interface GeneratedCluster {
  readonly volumes: readonly GeneratedVolume[];
  readonly settings: readonly GeneratedSettings[];
}

const volumesOfClusters: fc.Arbitrary<readonly GeneratedVolume[]> = fc
  .array(
    fc.record({
      namespace: fc.constantFrom('alpha', 'beta'),
      chart: fc.constantFrom('one', 'two'),
      way: fc.constantFrom(...WAYS),
      answer: fc.constantFrom('nightly', 'weekly', 'elsewhere', 'excluded'),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((volumes) =>
    volumes.map((volume, index) => ({
      ...volume,
      name: `data-${index}`,
      chart: `${volume.namespace}-${volume.chart}`,
    })),
  );

/**
 * Clusters that the gate accepts: every volume has an answer, every plan one strategy, and settings are those of a
 * namespace of which Velero copies something.
 */
export const clusters: fc.Arbitrary<GeneratedCluster> = volumesOfClusters.chain((volumes) => {
  const copied = volumes.filter(({ answer }) => answer === 'nightly' || answer === 'weekly');
  const namespaces = [...new Map(copied.map(({ namespace, chart }) => [namespace, chart]))];
  const settings = fc.tuple(...namespaces.map(() => fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined })));
  return settings.map((hours) => ({
    volumes,
    settings: namespaces.flatMap(([namespace, chart], index) => {
      const given = hours[index];
      return given === undefined ? [] : [{ namespace, chart, hours: given }];
    }),
  }));
});

/** The same, declared in another order. */
export function shuffled(cluster: GeneratedCluster): fc.Arbitrary<GeneratedCluster> {
  const { volumes, settings } = cluster;
  return fc.record({
    volumes: fc.shuffledSubarray([...volumes], { minLength: volumes.length }),
    settings: fc.shuffledSubarray([...settings], { minLength: settings.length }),
  });
}

/** What can be wrong with a volume. */
const FLAWS = ['unanswered', 'answered twice', 'misspelt', 'beside an unknown kind', 'written twice'] as const;
export type Flaw = (typeof FLAWS)[number];

/** By the name of the volume. */
export type Flaws = ReadonlyMap<string, Flaw>;

/** Flaws of some of the volumes of a cluster. */
export function flawsOf({ volumes }: GeneratedCluster): fc.Arbitrary<Flaws> {
  const flaw = fc.option(fc.constantFrom(...FLAWS), { nil: undefined });
  return fc
    .tuple(...volumes.map(({ name }) => flaw.map((chosen) => [name, chosen] as const)))
    .map((chosen) => new Map(chosen.flatMap(([name, each]) => (each === undefined ? [] : [[name, each]]))));
}

export function build(app: App, { volumes, settings }: GeneratedCluster, flaws: Flaws = new Map()): void {
  for (const { chart, namespace, hours } of settings) {
    const scope = chartOf(app, chart, namespace);
    new VeleroBackup(scope, 'velero', { itemOperationTimeout: Duration.hours(hours) });
  }
  for (const volume of volumes) {
    const flaw = flaws.get(volume.name);
    const scope = chartOf(app, volume.chart, volume.namespace);
    add(scope, volume, flaw !== 'unanswered');
    if (flaw !== undefined) addFlaw(scope, volume, flaw);
  }
}

function chartOf(app: App, id: string, namespace: string): Chart {
  const existing = app.node.tryFindChild(id);
  return existing instanceof Chart ? existing : new Chart(app, id, { namespace });
}

function addFlaw(chart: Chart, volume: GeneratedVolume, flaw: Flaw): void {
  const { name } = volume;
  switch (flaw) {
    case 'unanswered':
      break;
    case 'answered twice':
      exclude(chart, refOf(volume), { reason: 'Nobody has missed it for years.' });
      break;
    case 'misspelt':
      backUp(chart, { claim: `${name}x` }, STRATEGIES.nightly);
      break;
    case 'beside an unknown kind':
      new ApiObject(chart, `${name}-widget`, { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } });
      break;
    case 'written twice':
      for (const id of ['first', 'second'])
        new k8s.KubeConfigMap(chart, `${name}-${id}`, { metadata: { name }, data: { id } });
      break;
  }
}

/** Identity of the dataset that a volume is to the gate. */
export function datasetOf({ name, namespace, way }: GeneratedVolume): DatasetId {
  if (way === 'set' || way === 'foreign set') {
    return { group: 'apps', kind: 'StatefulSet', namespace, name, part: { type: 'template', name: 'files' } };
  }
  return { group: '', kind: 'PersistentVolumeClaim', namespace, name };
}

const storage = Size.gibibytes(1);
const claimSpec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: k8s.Quantity.fromString('1Gi') } },
};

function add(chart: Chart, volume: GeneratedVolume, answered: boolean): void {
  const { name, way } = volume;
  const excludes = answered && volume.answer === 'excluded';
  const labels = { app: name };
  const container = { name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'files', mountPath: '/files' }] };
  // Typed code cannot leave an answer out; the gate must say so to untyped code.
  const backup = (answered && volume.answer !== 'excluded' ? STRATEGIES[volume.answer] : undefined) as VolumeStrategy;
  switch (way) {
    case 'volume':
      if (excludes) new ScratchVolume(chart, name, { storage, reason: REASON });
      else new BackedUpVolume(chart, name, { storage, backup });
      break;
    case 'set':
      new BackedUpStatefulSet(chart, name, {
        podTemplate: { spec: { containers: [container] } },
        volumes: { files: excludes ? { storage, scratch: REASON } : { storage, backup } },
      });
      break;
    case 'claim':
      new k8s.KubePersistentVolumeClaim(chart, name, { metadata: { name }, spec: claimSpec });
      if (answered) answerByName(chart, volume, {});
      break;
    case 'foreign set':
      new k8s.KubeStatefulSet(chart, name, {
        metadata: { name },
        spec: {
          serviceName: name,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [container] } },
          volumeClaimTemplates: [{ metadata: { name: 'files' }, spec: claimSpec }],
        },
      });
      if (answered) answerByName(chart, volume, {});
      break;
    case 'mounted claim':
      new k8s.KubeDeployment(chart, name, {
        metadata: { name },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [container],
              volumes: [{ name: 'files', persistentVolumeClaim: { claimName: name } }],
            },
          },
        },
      });
      if (answered) answerByName(chart, volume, { labels });
      break;
    case 'held claim':
      new ApiObject(chart, name, {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name },
        spec: { interval: '1h', chartRef: { kind: 'HelmChart', name } },
      });
      holds(
        chart,
        { helmRelease: name },
        {
          [name]: { storage, labels, backup: excludes ? excluded(REASON) : backup },
        },
      );
      break;
  }
}

const REASON = 'Made again from the originals within a day.';

function refOf({
  name,
  way,
}: GeneratedVolume): { readonly claim: string } | { readonly statefulSet: string; readonly template: string } {
  return way === 'set' || way === 'foreign set' ? { statefulSet: name, template: 'files' } : { claim: name };
}

function answerByName(
  chart: Chart,
  volume: GeneratedVolume,
  options: { readonly labels?: Readonly<Record<string, string>> },
): void {
  const { answer } = volume;
  const ref = refOf(volume);
  if (answer === 'excluded') exclude(chart, ref, { reason: REASON, ...options });
  else backUp(chart, ref, STRATEGIES[answer], options);
}
