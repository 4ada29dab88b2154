/** Jobs of this library as a backup method: dumps that are verified, and committed to one restic repository per dataset. */
import { backupJob, upkeepJob } from '../../jobs/backup-job';
import { copyJob } from '../../jobs/copy-job';
import { DEADLINE } from '../../jobs/cron-job';
import { quiesced, undoJob } from '../../jobs/quiesce';
import { resticRepository, storePaths } from '../../jobs/store';
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy, groupBy } from '../../model/collections';
import { datasetKey, describeDataset } from '../../model/dataset';
import type { Assumption, ReceiptEvidence, RequiredSecret, ResticRestore } from '../../model/inventory';
import { isExcluded } from '../../model/declaration';
import type { KubeObject } from '../../model/kube-object';
import { secretNameOf, type Location } from '../../model/location';
import { shortHash } from '../../model/names';
import type { Schedule } from '../../model/schedule';
import type { Strategy } from '../../model/strategy';
import {
  aboutClusterRanges,
  aboutUnguarded,
  isJobProblem,
  placesTwice,
  platformOptions,
  receiptEvidence,
  type JobProblem,
} from '../common-jobs';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject } from '../method';
import { aboutBucket } from './bucket';
import type { JobDeclaration } from './declaration';
import { planJob, scheduledOf, type PlannedJob } from './plan';
import { isSeen } from './stopped';

/** What restic remembers of a repository while it looks through it: indexes and trees, but no data. */
const CACHE_SIZE = '10Gi';

/** What `kubectl` keeps of the API server. */
const UNDO_SCRATCH = { size: '64Mi' };

export class JobsMethodPlan implements MethodPlan {
  readonly objects: readonly PlannedObject[];
  readonly jobProblems: readonly JobProblem[];
  readonly jobs: readonly PlannedJob[];
  private readonly byDataset: ReadonlyMap<string, readonly PlannedJob[]>;
  private readonly objectsOf: ReadonlyMap<PlannedJob, readonly KubeObject[]>;

  constructor(private readonly input: MethodInput) {
    const { datasets, jobs } = input;
    const scheduled = new Set(
      datasets.filter((dataset) => scheduledOf(dataset).length > 0).map(({ id }) => datasetKey(id)),
    );
    const declared = withNamesOfTheirOwn(jobs.filter(({ dataset }) => scheduled.has(datasetKey(dataset))));
    const problems: JobProblem[] = [];
    const planned: PlannedJob[] = [];
    const byDataset = new Map<string, readonly PlannedJob[]>();
    for (const dataset of datasets) {
      const key = datasetKey(dataset.id);
      const declaration = declared.get(key);
      if (declaration === undefined) continue;
      const results = scheduledOf(dataset).map((strategy) => planJob(dataset, strategy, declaration, input));
      problems.push(
        ...results.filter(isJobProblem),
        ...stoppedTwice(dataset, declaration),
        ...placesTwice(dataset, scheduledOf(dataset)),
      );
      const good = results.flatMap((result) => (isJobProblem(result) ? [] : [result]));
      planned.push(...good);
      byDataset.set(key, good);
    }
    this.jobProblems = problems;
    this.jobs = planned;
    this.byDataset = byDataset;
    this.objectsOf = new Map(planned.map((job) => [job, this.render(job)]));
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
    const { name, location, schedule, keptSeconds, worstAgeSeconds, mirrors } = job;
    return {
      location,
      staysInStorage: false,
      worstAgeSeconds,
      keptSeconds,
      // restic counts copies, and forgets none of them only because time has passed.
      runs: [],
      ...this.proofOf(job, name, schedule, location),
      mirrors: mirrors.map((mirror) => ({
        to: mirror.to,
        durationSeconds: mirror.deadlineSeconds,
        keptSeconds,
        ...this.proofOf(job, mirror.name, mirror.schedule, mirror.to),
      })),
    };
  }

  jobObjectsFor(dataset: AnsweredDataset, strategy: Strategy): readonly KubeObject[] {
    const job = this.jobFor(dataset, strategy);
    return job === undefined ? [] : this.renderedFor(job);
  }

  /** How anybody knows of the copies that a CronJob makes at a location, and how they come back. */
  private proofOf(
    { dataset, declaration: { namespace } }: PlannedJob,
    cronJob: string,
    schedule: Schedule,
    location: Location,
  ): { readonly evidence: ReceiptEvidence; readonly restore: ResticRestore } {
    const paths = storePaths(location, this.input.platform.cluster, dataset.id);
    return {
      evidence: receiptEvidence(namespace, cronJob, schedule, paths.receipts),
      restore: {
        type: 'restic',
        repository: resticRepository(location, paths),
        namespace,
        secret: secretNameOf(location),
      },
    };
  }

  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[] {
    return this.jobsOf(datasets).flatMap(({ location, declaration, bucketServer, mirrors }) => {
      const { namespace, settings, keys = [] } = declaration;
      const { upkeepSecret } = settings;
      const { caSecret } = bucketServer ?? {};
      const provided = [location, ...mirrors.map(({ to }) => to)].map((each) => ({
        namespace,
        name: secretNameOf(each),
        ...keysOf(each),
      }));
      const own = upkeepSecret === undefined ? [] : [{ namespace, name: upkeepSecret, ...keysOf(location) }];
      const ofGateway =
        caSecret === undefined
          ? []
          : [{ namespace, name: caSecret, keys: ['ca.crt'], keptIn: 'what signs the certificate of the gateway' }];
      return [...provided, ...own, ...ofGateway, ...keys];
    });
  }

  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const jobs = this.jobsOf(datasets);
    if (jobs.length === 0) return [];
    const classes = new Set(jobs.flatMap(({ scratch }) => scratch.storageClass ?? []));
    return [
      ...aboutClusterRanges(this.input.platform),
      ...[...classes].map((name) => ({
        about: `storageClasses.${name}`,
        value: { exists: true, reclaimPolicy: 'Delete' },
        why: 'The scratch volumes of jobs are of it: without it their pods wait until the job is out of time, and one that retains keeps every dump for ever.',
      })),
      ...aboutPlacement(jobs),
      ...aboutSidecars(jobs),
      ...jobs.flatMap((job) => this.aboutUnseen(job)),
      ...jobs.flatMap(aboutBucket),
      ...jobs.flatMap(aboutLosses),
      ...jobs.flatMap(aboutKms),
      ...jobs.flatMap(({ dataset, location, declaration: { settings }, mirrors }) => [
        ...aboutUnguarded(`${describeDataset(dataset.id)} at '${location.name}'`, settings.smallestPercent),
        ...mirrors.flatMap(({ name, smallestPercent }) => aboutUnguarded(`mirror '${name}'`, smallestPercent)),
      ]),
    ];
  }

  /** What is stopped, where only its name is known. */
  private aboutUnseen({ stopped, declaration: { namespace } }: PlannedJob): readonly Assumption[] {
    if (stopped === undefined || isSeen(stopped, namespace, this.input.objects)) return [];
    return [
      {
        about: `${stopped.kind} ${namespace}/${stopped.name}`,
        value: { exists: true, pods: stopped.pods },
        why: 'The job stops it, and waits for the end of these pods: without it there is no copy.',
      },
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
    return this.renderedFor(job).map((object) => ({ object, chart: at.chart, path: `${at.path}/${name}` }));
  }

  private renderedFor(job: PlannedJob): readonly KubeObject[] {
    return this.objectsOf.get(job) ?? [];
  }

  /** What carries out one strategy of a dataset. */
  private render(job: PlannedJob): readonly KubeObject[] {
    const { declaration, dataset, name, location, store, schedule, upkeep, stopped, keep, scratch, images, mirrors } =
      job;
    const { namespace, source, settings } = declaration;
    const { platform } = this.input;
    const options = platformOptions(platform);
    const shared = {
      ...options,
      namespace,
      cluster: platform.cluster,
      dataset: dataset.id,
      images,
      resources: { ...options.resources, ...settings.resources },
    };
    const { deadlineSeconds, smallestPercent, upkeepSecret } = settings;
    const cache = { ...scratch, size: CACHE_SIZE };
    return [
      ...backupJob({
        ...shared,
        name,
        location,
        store,
        schedule,
        source: stopped === undefined ? source : quiesced(source, stopped),
        scratch,
        deadlineSeconds,
        ...(smallestPercent === undefined ? {} : { smallestPercent }),
      }),
      ...upkeepJob({
        ...shared,
        name: `${name}-upkeep`,
        location,
        store,
        schedule: upkeep,
        deadlineSeconds: upkeepDeadline(deadlineSeconds),
        keep,
        scratch: cache,
        ...(upkeepSecret === undefined ? {} : { secret: upkeepSecret }),
      }),
      ...mirrors.flatMap((mirror) => {
        const there = { ...shared, location: mirror.to, store: mirror.store, scratch: cache };
        return [
          ...copyJob({
            ...there,
            name: mirror.name,
            from: mirror.from,
            fromStore: mirror.fromStore,
            isFromMirror: mirror.from.name !== location.name,
            schedule: mirror.schedule,
            deadlineSeconds: mirror.deadlineSeconds,
            ...(mirror.smallestPercent === undefined ? {} : { smallestPercent: mirror.smallestPercent }),
          }),
          ...upkeepJob({
            ...there,
            name: `${mirror.name}-upkeep`,
            schedule: mirror.upkeep,
            deadlineSeconds: upkeepDeadline(mirror.deadlineSeconds),
            keep,
            isMirror: true,
          }),
        ];
      }),
      ...(stopped === undefined
        ? []
        : undoJob(
            { ...shared, name: `${name}-undo`, scratch: UNDO_SCRATCH, schedule: stopped.undo, deadlineSeconds: 600 },
            stopped,
          )),
    ];
  }
}

/**
 * Reading a share of all copies back can take as long as making one, and a copy that may take only minutes says nothing of
 * it. It is never shorter than that of a copy: the upkeep takes what is older for the work of a run that has ended.
 */
function upkeepDeadline(deadlineSeconds: number): number {
  return Math.max(deadlineSeconds, DEADLINE);
}

/**
 * By their dataset. Templates of one set, and a Cluster and a set of one name, would have CronJobs of one name; where that
 * is so, all of them get another, so that it does not depend on the order in which they were declared.
 */
function withNamesOfTheirOwn(jobs: readonly JobDeclaration[]): ReadonlyMap<string, JobDeclaration> {
  const alike = groupBy(
    distinctBy(jobs, ({ dataset }) => datasetKey(dataset)),
    ({ namespace, name }) => JSON.stringify([namespace, name]),
  );
  return new Map(
    [...alike.values()].flatMap((same) =>
      same.map((job) => {
        const key = datasetKey(job.dataset);
        return [key, same.length === 1 ? job : { ...job, name: `${job.name}-${shortHash(key)}` }] as const;
      }),
    ),
  );
}

/** What a job finds in the Secret of a location. */
function keysOf({ customCa, keptIn }: Location): Pick<RequiredSecret, 'keys' | 'keptIn'> {
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD', ...(customCa ? ['ca.crt'] : [])];
  return { keys, keptIn };
}

/** What starts it again after a killed run of one copy would do so in the middle of the other. */
function stoppedTwice(dataset: AnsweredDataset, { stops, name }: JobDeclaration): readonly JobProblem[] {
  if (stops === undefined || scheduledOf(dataset).length < 2) return [];
  return [
    {
      type: 'schedule',
      dataset,
      subject: `two copies of '${name}'`,
      problem: 'are made while it is stopped, each at a time of its own',
      advice: 'copy it to one location, and mirror that one',
    },
  ];
}

function aboutLosses({ dataset, declaration: { knownLosses } }: PlannedJob): readonly Assumption[] {
  if (knownLosses === undefined) return [];
  return [
    {
      about: `known losses of ${describeDataset(dataset.id)}`,
      value: { ...knownLosses },
      why: 'The job accepts that so many files are missing or of another size, whichever they are: another one that is lost in the place of one that came back is not seen.',
    },
  ];
}

/** The encryption configuration of the API server is on the nodes, where only the job sees it. */
function aboutKms({ dataset, declaration: { kmsKeptIn } }: PlannedJob): readonly Assumption[] {
  if (dataset.ref !== 'etcd') return [];
  const about = 'etcd.kms';
  return kmsKeptIn === undefined
    ? [{ about, value: 'none', why: 'The key of a KMS is in no copy, so the job fails where one encrypts Secrets.' }]
    : [{ about, value: { keptIn: kmsKeptIn }, why: 'A restored etcd cannot be read before this KMS is unsealed.' }];
}

function aboutSidecars(jobs: readonly PlannedJob[]): readonly Assumption[] {
  if (jobs.every(({ mirrors }) => mirrors.length === 0)) return [];
  return [
    {
      about: 'kubernetes.version',
      value: { atLeast: '1.29' },
      why: 'Mirrors of repositories have a sidecar container; an older kubelet waits for its end, which never comes.',
    },
  ];
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
