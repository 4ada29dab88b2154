/** Jobs of this library as a backup method: dumps that are verified, and committed to one restic repository per dataset. */
import { backupJob, upkeepJob } from '../../jobs/backup-job';
import { resticRepository, storePaths } from '../../jobs/store';
import type { AnsweredDataset } from '../../model/answered';
import { datasetKey, describeDataset } from '../../model/dataset';
import type { Assumption, RequiredSecret } from '../../model/inventory';
import { isExcluded } from '../../model/declaration';
import type { KubeObject } from '../../model/kube-object';
import { secretNameOf } from '../../model/location';
import { renderSchedule } from '../../model/schedule';
import type { Strategy } from '../../model/strategy';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject } from '../method';
import { isJobProblem, planJob, scheduledOf, type JobProblem, type PlannedJob } from './plan';

/** What restic remembers of a repository while it looks through it: indexes and trees, but no data. */
const UPKEEP_SCRATCH = '10Gi';

export class JobsMethodPlan implements MethodPlan {
  readonly objects: readonly PlannedObject[];
  /** What no job can carry out. */
  readonly problems: readonly JobProblem[];
  readonly jobs: readonly PlannedJob[];
  private readonly byDataset: ReadonlyMap<string, readonly PlannedJob[]>;

  constructor(private readonly input: MethodInput) {
    const { datasets, jobs, platform, timeZone } = input;
    const declared = new Map(jobs.map((declaration) => [datasetKey(declaration.dataset), declaration]));
    const problems: JobProblem[] = [];
    const planned: PlannedJob[] = [];
    const byDataset = new Map<string, readonly PlannedJob[]>();
    for (const dataset of datasets) {
      const key = datasetKey(dataset.id);
      const declaration = declared.get(key);
      if (declaration === undefined) continue;
      const results = scheduledOf(dataset).map((strategy) =>
        planJob(dataset, strategy, declaration, platform, timeZone),
      );
      problems.push(...results.filter(isJobProblem), ...placesTwice(dataset));
      const good = results.flatMap((result) => (isJobProblem(result) ? [] : [result]));
      planned.push(...good);
      byDataset.set(key, good);
    }
    this.problems = problems;
    this.jobs = planned;
    this.byDataset = byDataset;
    this.objects = planned.flatMap((job) => this.plannedObjects(job));
  }

  /** The job that carries out a strategy of a dataset. */
  jobFor(dataset: AnsweredDataset, strategy: Strategy): PlannedJob | undefined {
    if (strategy.type !== 'scheduled' || dataset.methods.scheduled !== 'jobs') return undefined;
    const jobs = this.byDataset.get(datasetKey(dataset.id)) ?? [];
    return jobs.find(({ location }) => location.name === strategy.to.name);
  }

  copyOf(dataset: AnsweredDataset, strategy: Strategy): PlannedCopy | undefined {
    const job = this.jobFor(dataset, strategy);
    if (job === undefined) return undefined;
    const { name, location, declaration, schedule, keptSeconds, worstAgeSeconds } = job;
    const { cluster } = this.input.platform;
    const paths = storePaths(location, cluster, dataset.id);
    return {
      location,
      staysInStorage: false,
      worstAgeSeconds,
      keptSeconds,
      // restic counts copies, and forgets none of them only because time has passed.
      runs: [],
      evidence: {
        type: 'receipt',
        namespace: declaration.namespace,
        cronJob: name,
        schedule: renderSchedule(schedule, 'CronJob').schedule,
        timeZone: schedule.timeZone,
        receipts: paths.receipts,
      },
      restore: {
        type: 'restic',
        repository: resticRepository(location, paths),
        namespace: declaration.namespace,
        secret: secretNameOf(location),
      },
    };
  }

  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[] {
    return this.jobsOf(datasets).flatMap(({ location, declaration: { namespace, settings, keys: further = [] } }) => {
      const { customCa, keptIn } = location;
      const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD', ...(customCa ? ['ca.crt'] : [])];
      const names = [secretNameOf(location), ...(settings.upkeepSecret === undefined ? [] : [settings.upkeepSecret])];
      return [...names.map((name) => ({ namespace, name, keys, keptIn })), ...further];
    });
  }

  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const { clusterRanges } = this.input.platform;
    const jobs = this.jobsOf(datasets);
    if (jobs.length === 0) return [];
    const classes = new Set(jobs.flatMap(({ scratch }) => scratch.storageClass ?? []));
    return [
      ...(clusterRanges === undefined
        ? []
        : [
            {
              about: 'clusterRanges',
              value: clusterRanges,
              why: 'Jobs that copy to a store outside may reach all other addresses at its port.',
            },
          ]),
      ...[...classes].map((name) => ({
        about: `storageClasses.${name}`,
        value: { exists: true },
        why: 'The scratch volumes of jobs are of it; without it their pods wait until the job is out of time.',
      })),
      ...aboutPlacement(jobs),
      ...jobs.flatMap(({ dataset, declaration: { bucket } }) =>
        bucket?.copiedBy === undefined
          ? []
          : [{ about: `bucket of ${describeDataset(dataset.id)}`, value: { copied: true }, why: bucket.copiedBy }],
      ),
    ];
  }

  private jobsOf(datasets: readonly AnsweredDataset[]): readonly PlannedJob[] {
    return datasets
      .filter(({ answer }) => !isExcluded(answer))
      .flatMap(({ id }) => this.byDataset.get(datasetKey(id)) ?? []);
  }

  private plannedObjects(job: PlannedJob): readonly PlannedObject[] {
    const {
      name,
      declaration: { at },
    } = job;
    return this.objectsOf(job).map((object) => ({ object, chart: at.chart, path: `${at.path}/${name}` }));
  }

  /** What carries out one strategy of a dataset. */
  objectsOf(job: PlannedJob): readonly KubeObject[] {
    const { declaration, dataset, name, location, store, schedule, upkeep, keep, scratch, images } = job;
    const { namespace, source, settings } = declaration;
    const { cluster, jobs } = this.input.platform;
    const shared = {
      namespace,
      cluster,
      dataset: dataset.id,
      location,
      store,
      scratch,
      images,
      ...(jobs?.priorityClassName === undefined ? {} : { priorityClassName: jobs.priorityClassName }),
    };
    const { deadlineSeconds, smallestPercent, upkeepSecret } = settings;
    return [
      ...backupJob({
        ...shared,
        name,
        schedule,
        source,
        deadlineSeconds,
        ...(smallestPercent === undefined ? {} : { smallestPercent }),
      }),
      ...upkeepJob({
        ...shared,
        name: `${name}-upkeep`,
        scratch: { ...scratch, size: UPKEEP_SCRATCH },
        schedule: upkeep,
        keep,
        ...(upkeepSecret === undefined ? {} : { secret: upkeepSecret }),
      }),
    ];
  }
}

/** A repository has one schedule and one retention. */
function placesTwice(dataset: AnsweredDataset): readonly JobProblem[] {
  const names = scheduledOf(dataset).map(({ to }) => to.name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => ({
    type: 'schedule',
    dataset,
    subject: `location '${name}'`,
    problem: 'is named by two of its strategies, and one job copies a dataset to one place: merge them',
    advice: 'declare one strategy, which runs as often as the two and keeps what they would',
  }));
}

function aboutPlacement(jobs: readonly PlannedJob[]): readonly Assumption[] {
  if (jobs.every(({ declaration: { source } }) => source.placement?.on !== 'control-plane')) return [];
  return [
    {
      about: 'nodes.controlPlane',
      value: { label: 'node-role.kubernetes.io/control-plane', schedulable: true },
      why: 'The job that copies etcd runs on a node with this label, and beside the member that it asks.',
    },
  ];
}
