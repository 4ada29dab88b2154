/** What the proofs took from the platform, or from somebody's word. The audit checks each against the live cluster. */
import { sortedBy } from '../model/collections';
import { describeDataset } from '../model/dataset';
import type { Assumption } from '../model/inventory';
import { veleroPrefix } from '../model/location';
import type { GateContext } from './context';

export function assumptionsOf(context: GateContext): readonly Assumption[] {
  const assumptions = [
    ...aboutVelero(context),
    ...aboutStorage(context),
    ...aboutFlux(context),
    ...aboutLabels(context),
  ];
  if (context.input.clusterWide.type === 'answered') {
    assumptions.push({
      about: 'clusterWide',
      value: context.input.clusterWide.by,
      why: 'etcd, the Flux repository, certificates and keys are answered for in another repository.',
    });
  }
  return sortedBy(assumptions, ({ about }) => about);
}

function aboutVelero(context: GateContext): readonly Assumption[] {
  const { velero } = context.platform;
  const { plans } = context.plans;
  if (velero === undefined || plans.length === 0) return [];
  const assumptions: Assumption[] = [
    {
      about: 'velero.version',
      value: velero.version,
      why: 'Resource policies by claim label and phase came with 1.18.',
    },
    { about: 'velero.namespace', value: context.veleroNamespace, why: 'The server reads its objects only there.' },
    {
      about: 'velero.enableCSI',
      value: velero.enableCSI,
      why: 'Without it CSI volumes are left out, and the Backup is Completed.',
    },
    { about: 'velero.nodeAgent', value: velero.nodeAgent, why: 'It carries the data out of the cluster.' },
    {
      about: 'velero.globalVolumePolicies',
      value: 'none',
      why: 'A policy of the whole server is appended to every Backup and can skip volumes.',
    },
  ];
  if (context.input.clusterWide.type === 'asked') return assumptions;
  // The storage locations belong to the repository that answers for the cluster.
  const locations = new Map(plans.flatMap((plan) => plan.schedules.map(({ location }) => [location.name, location])));
  for (const [name, location] of locations) {
    assumptions.push({
      about: `velero.storageLocations.${name}`,
      value: {
        endpoint: location.endpoint,
        bucket: location.bucket,
        prefix: veleroPrefix(location, context.platform.cluster),
      },
      why: 'A Schedule whose location does not exist is Enabled and makes no Backup.',
    });
  }
  return assumptions;
}

function aboutStorage({ copied, platform }: GateContext): readonly Assumption[] {
  const classes = platform.storageClasses ?? {};
  const used = new Set(
    copied.filter(({ method }) => method === 'velero').map(({ storageClass }) => storageClass ?? defaultClass(classes)),
  );
  return Object.entries(classes)
    .filter(([name]) => used.has(name))
    .map(([name, value]) => ({
      about: `storageClasses.${name}`,
      value,
      why: 'The driver makes the snapshots, and Velero finds the snapshot class by it.',
    }));
}

function defaultClass(classes: Readonly<Record<string, { readonly isDefault?: boolean }>>): string | undefined {
  return Object.entries(classes).find(([, { isDefault }]) => isDefault === true)?.[0];
}

function aboutFlux({ platform }: GateContext): readonly Assumption[] {
  const { sourceRef, path, namespace, operators = {} } = platform.flux;
  return [
    {
      about: 'flux',
      value: {
        sourceRef: {
          kind: sourceRef.kind,
          name: sourceRef.name,
          ...(sourceRef.url === undefined ? {} : { url: sourceRef.url }),
        },
        path,
        namespace: namespace ?? 'flux-system',
        operators,
      },
      why: 'The rendered Kustomizations name this source and these Kustomizations.',
    },
  ];
}

/** Labels that a person vouched for, because no object shows them. */
function aboutLabels({ answers }: GateContext): readonly Assumption[] {
  return answers.answered
    .filter(({ declaration }) => declaration.labels !== undefined)
    .map(({ id, declaration }) => ({
      about: `labels of ${describeDataset(id)}`,
      value: declaration.labels,
      why: 'Velero tells the claims apart by these labels.',
    }));
}
