/** Velero as a backup method: volumes, by Schedules that copy the claims of a namespace. */
import { methodOf, type AnsweredDataset } from '../../model/answered';
import { distinctBy } from '../../model/collections';
import { isExcluded } from '../../model/declaration';
import { BACKED_UP_NAMESPACE, CLUSTER_CHART } from '../../model/folders';
import type { Assumption, RequiredSecret } from '../../model/inventory';
import type { KubeObject } from '../../model/kube-object';
import { secretNameOf, veleroPrefix } from '../../model/location';
import { planOf } from '../../model/marks';
import { defaultStorageClass, veleroNamespaceOf } from '../../model/platform';
import { renderSchedule } from '../../model/schedule';
import type { Strategy } from '../../model/strategy';
import type { JobProblem } from '../common-jobs';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject } from '../method';
import {
  aboutMirrors,
  mirroredCopies,
  mirrorSecrets,
  planStoreMirrors,
  type PlannedStoreMirror,
  type StoreMirrors,
  type ToolStore,
} from '../store-mirrors';
import { objectsOfPlan, REPOSITORY_SECRET, storageLocationObject } from './objects';
import {
  locationsOfPlans,
  planVelero,
  veleroCopies,
  type PlannedSchedule,
  type PlanProblem,
  type VeleroPlan,
} from './plan';
import { DEFAULT_SETTINGS } from './settings';

export class VeleroMethodPlan implements MethodPlan {
  readonly plans: readonly VeleroPlan[];
  /** What no set of Schedules can carry out. */
  readonly problems: readonly PlanProblem[];
  readonly objects: readonly PlannedObject[];
  readonly jobProblems: readonly JobProblem[];
  /** Where the server looks for its objects. */
  readonly serverNamespace: string;
  private readonly byName: ReadonlyMap<string, VeleroPlan>;
  /** By the location that they mirror. */
  readonly mirrors: ReadonlyMap<string, readonly PlannedStoreMirror[]>;

  constructor(private readonly input: MethodInput) {
    const { datasets, timeZone, platform, veleroSettings } = input;
    this.serverNamespace = veleroNamespaceOf(platform);
    const settings = new Map(
      distinctBy(veleroSettings, ({ namespace }) => namespace).map((given) => [given.namespace, given.settings]),
    );
    const { plans, problems } = planVelero(
      datasets,
      timeZone,
      (namespace) => settings.get(namespace) ?? DEFAULT_SETTINGS,
    );
    this.plans = plans;
    this.problems = problems;
    this.byName = new Map(this.plans.map((plan) => [planKey(plan.namespace, plan.plan), plan]));
    const mirrors = this.plannedMirrors();
    this.mirrors = new Map(mirrors.map(([location, planned]) => [location, planned.mirrors]));
    this.jobProblems = this.input.isClusterWide ? mirrors.flatMap(([, mirror]) => mirror.problems) : [];
    this.objects = this.plannedObjects();
  }

  copyOf(dataset: AnsweredDataset, strategy: Strategy): PlannedCopy | undefined {
    const schedules = this.schedulesOf(dataset, strategy);
    const [base] = schedules;
    const plan = this.planFor(dataset);
    if (base === undefined || plan === undefined) return undefined;
    const keptSeconds = Math.max(...schedules.map(({ keepSeconds }) => keepSeconds));
    const restore = {
      type: 'velero',
      namespace: plan.namespace,
      plan: plan.plan,
      defaultPlan: plan.isDefault,
    } as const;
    return {
      location: base.location,
      staysInStorage: !base.movesData,
      worstAgeSeconds: base.worstAgeSeconds,
      keptSeconds,
      runs: schedules,
      evidence: {
        type: 'velero',
        namespace: this.serverNamespace,
        schedules: schedules.map(({ name, schedule, keepSeconds, movesData }) => ({
          name,
          schedule: renderSchedule(schedule, 'Velero').schedule,
          keptSeconds: keepSeconds,
          method: movesData ? plan.settings.volumes : 'csi-snapshot',
          plan: plan.plan,
        })),
      },
      restore,
      mirrors: mirroredCopies(this.mirrorsOf(dataset, strategy), keptSeconds, restore),
    };
  }

  jobObjectsFor(dataset: AnsweredDataset, strategy: Strategy): readonly KubeObject[] {
    if (!this.input.isClusterWide) return [];
    return this.mirrorsOf(dataset, strategy).flatMap(({ objects }) => objects);
  }

  /** Only what has left the storage is in the store. */
  private mirrorsOf(dataset: AnsweredDataset, strategy: Strategy): readonly PlannedStoreMirror[] {
    const base = this.schedulesOf(dataset, strategy)[0];
    return base?.movesData === true ? (this.mirrors.get(base.location.name) ?? []) : [];
  }

  /**
   * The Schedules of a dataset's plan that copy to the place of a strategy, whichever strategy they belong to; those
   * whose copies are the youngest first.
   */
  schedulesOf(dataset: AnsweredDataset, strategy: Strategy): readonly PlannedSchedule[] {
    if (strategy.type === 'elsewhere' || dataset.methods[strategy.type] !== 'velero') return [];
    const movesData = strategy.type === 'scheduled';
    return (this.planFor(dataset)?.schedules ?? []).filter(
      (schedule) => schedule.location.name === strategy.to.name && schedule.movesData === movesData,
    );
  }

  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[] {
    const plans = this.plansWith(datasets);
    const namespace = this.serverNamespace;
    const secrets: RequiredSecret[] = locationsOfPlans(plans).map((location) => ({
      namespace,
      name: secretNameOf(location),
      keys: location.customCa ? ['ca.crt', 'cloud'] : ['cloud'],
      keptIn: location.keptIn,
    }));
    if (plans.some(({ schedules }) => schedules.some(({ movesData }) => movesData))) {
      secrets.push({
        namespace,
        name: REPOSITORY_SECRET,
        keys: ['repository-password'],
        keptIn: this.input.platform.velero?.repositoryPassword?.keptIn ?? '',
      });
    }
    if (!this.input.isClusterWide) return secrets;
    return [...secrets, ...this.mirrorsOfPlans(plans).flatMap(mirrorSecrets)];
  }

  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const plans = this.plansWith(datasets);
    return [
      ...this.aboutServer(plans),
      ...this.aboutOtherRepositories(plans),
      ...this.aboutStorage(datasets),
      ...(this.input.isClusterWide ? aboutMirrors(this.mirrorsOfPlans(plans), this.input.platform) : []),
    ];
  }

  /** The mirrors of all that the Schedules of some plans write. The repository that answers for the cluster brings them. */
  private mirrorsOfPlans(plans: readonly VeleroPlan[]): readonly PlannedStoreMirror[] {
    return locationsOfPlans(plans).flatMap(({ name }) => this.mirrors.get(name) ?? []);
  }

  private plannedMirrors(): readonly (readonly [location: string, planned: StoreMirrors])[] {
    const { platform } = this.input;
    return locationsOfPlans(this.plans).flatMap((location) => {
      // Of a snapshot only the record is there.
      const dataset = this.plans
        .flatMap(({ datasets }) => datasets)
        .find((each) => veleroCopies(each).some(({ type, to }) => type === 'scheduled' && to.name === location.name));
      if (dataset === undefined) return [];
      const store: ToolStore = {
        format: 'velero',
        id: {
          group: 'velero.io',
          kind: 'BackupStorageLocation',
          namespace: this.serverNamespace,
          name: location.name,
        },
        place: { location, path: veleroPrefix(location, platform.cluster) },
        dataset,
        namespace: BACKED_UP_NAMESPACE,
      };
      return [[location.name, planStoreMirrors(store, this.input)] as const];
    });
  }

  private planFor({ id, answer }: AnsweredDataset): VeleroPlan | undefined {
    return this.byName.get(planKey(id.namespace ?? '', planOf(answer) ?? ''));
  }

  /** Charts of one namespace share a plan. */
  private plansWith(datasets: readonly AnsweredDataset[]): readonly VeleroPlan[] {
    const copied = datasets.filter((dataset) => veleroCopies(dataset).length > 0);
    return [...new Set(copied.flatMap((dataset) => this.planFor(dataset) ?? []))];
  }

  private plannedObjects(): readonly PlannedObject[] {
    const ofPlans = this.plans.flatMap((plan) =>
      objectsOfPlan(plan, this.serverNamespace).map((object) => ({
        object,
        chart: plan.chart,
        path: `${plan.chart}/velero`,
      })),
    );
    // Where another repository answers for the cluster, the storage locations are its.
    if (!this.input.isClusterWide) return ofPlans;
    const ofLocations = locationsOfPlans(this.plans).map((location) => ({
      object: storageLocationObject(location, this.input.platform.cluster, this.serverNamespace),
      chart: CLUSTER_CHART,
      path: `location ${location.name}`,
    }));
    const ofMirrors = this.mirrorsOfPlans(this.plans).flatMap(({ objects, from, to }) =>
      objects.map((object) => ({
        object,
        chart: CLUSTER_CHART,
        path: `mirror of location ${from.location.name} to ${to.location.name}`,
      })),
    );
    return [...ofPlans, ...ofLocations, ...ofMirrors];
  }

  private aboutServer(plans: readonly VeleroPlan[]): readonly Assumption[] {
    const { velero } = this.input.platform;
    if (velero === undefined || plans.length === 0) return [];
    return [
      {
        about: 'velero.version',
        value: velero.version,
        why: 'Resource policies by claim label and phase came with 1.18.',
      },
      { about: 'velero.namespace', value: this.serverNamespace, why: 'The server reads its objects only there.' },
      {
        about: 'velero.enableCSI',
        value: velero.enableCSI,
        why: 'Without it CSI volumes are left out, and the Backup is Completed.',
      },
      { about: 'velero.nodeAgent', value: velero.nodeAgent, why: 'It carries the data out of the cluster.' },
      ...(velero.repositoryPassword === undefined
        ? []
        : [
            {
              about: 'velero.repositoryPassword',
              value: velero.repositoryPassword,
              why: 'A repository that was made without one is encrypted with a constant that everybody knows.',
            },
          ]),
      {
        about: 'velero.globalVolumePolicies',
        value: 'none',
        why: 'A policy of the whole server is appended to every Backup and can skip volumes.',
      },
    ];
  }

  /** Of what other repositories of the cluster bring, and keep away from. */
  private aboutOtherRepositories(plans: readonly VeleroPlan[]): readonly Assumption[] {
    if (this.input.isClusterWide || plans.length === 0) return [];
    const ofLocations = locationsOfPlans(plans).map((location) => ({
      about: `velero.storageLocations.${location.name}`,
      value: {
        endpoint: location.endpoint,
        bucket: location.bucket,
        prefix: veleroPrefix(location, this.input.platform.cluster),
      },
      why: 'A Schedule whose location does not exist is Enabled and makes no Backup.',
    }));
    return [
      ...ofLocations,
      ...this.mirrorsOfPlans(plans).map(({ from, to, evidence: { namespace, cronJob, schedule, timeZone } }) => ({
        about: `CronJob ${namespace}/${cronJob}`,
        value: { from: from.location.name, to: to.location.name, schedule, timeZone },
        why: 'The repository that answers for the cluster brings it, and nothing else copies what Velero stores there.',
      })),
      {
        about: 'namespaces',
        value: [...new Set(plans.map(({ namespace }) => namespace))].toSorted(),
        why: 'No other repository has data in them: Schedules are named after their namespace, and copy all of it.',
      },
    ];
  }

  private aboutStorage(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const classes = this.input.platform.storageClasses ?? {};
    const byDefault = defaultStorageClass(this.input.platform);
    const used = new Set(
      datasets
        .filter((dataset) => methodOf(dataset) === 'velero' && !isExcluded(dataset.answer))
        .map(({ storageClass }) => storageClass ?? byDefault),
    );
    return Object.entries(classes)
      .filter(([name]) => used.has(name))
      .map(([name, value]) => ({
        about: `storageClasses.${name}`,
        value,
        why: 'The driver makes the snapshots, and Velero finds the snapshot class by it.',
      }));
  }
}

function planKey(namespace: string, plan: string): string {
  return JSON.stringify([namespace, plan]);
}
