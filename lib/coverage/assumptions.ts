/** What the proofs took from the platform, or from somebody's word, and what only the live cluster can confirm. */
import { compareText, sortedBy } from '../model/collections';
import { describeDataset } from '../model/dataset';
import { isExcluded } from '../model/declaration';
import { locationsOfPlans } from '../methods/velero/plan';
import { BACKED_UP_NAMESPACE } from '../model/folders';
import type { Assumption } from '../model/inventory';
import { describeObject, textAt } from '../model/kube-object';
import { veleroPrefix } from '../model/location';
import { FLUX_NAMESPACE } from '../model/platform';
import type { GateContext } from './context';
import type { Share } from './take-inventory';

export function assumptionsOf(share: Share, context: GateContext): readonly Assumption[] {
  const assumptions = [
    ...aboutVelero(share, context),
    ...aboutStorage(share, context),
    ...aboutFlux(context),
    ...aboutKustomizations(share),
    ...aboutOtherRepositories(share, context),
    ...aboutLabels(share),
  ];
  return sortedBy(assumptions, ({ about }) => about);
}

function aboutVelero({ plans }: Share, context: GateContext): readonly Assumption[] {
  const { velero } = context.platform;
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
  if (context.input.clusterWide.type === 'asked') return assumptions;
  // The storage locations belong to the repository that answers for the cluster.
  for (const location of locationsOfPlans(plans)) {
    assumptions.push({
      about: `velero.storageLocations.${location.name}`,
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

function aboutStorage({ datasets }: Share, { platform }: GateContext): readonly Assumption[] {
  const classes = platform.storageClasses ?? {};
  const used = new Set(
    datasets
      .filter(({ method, answer }) => method === 'velero' && !isExcluded(answer))
      .map(({ storageClass }) => storageClass ?? defaultClass(classes)),
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
        namespace: namespace ?? FLUX_NAMESPACE,
        operators,
      },
      why: 'The rendered Kustomizations name this source and these Kustomizations.',
    },
  ];
}

/** The Kustomizations that nobody had to answer for. */
function aboutKustomizations({ seen }: Share): readonly Assumption[] {
  return seen.map(({ id, object }) => ({
    about: describeObject(id),
    value: { path: textAt(object, 'spec', 'path') ?? '' },
    why: 'All of its files were read, and it is taken to apply nothing else.',
  }));
}

/** What holds as long as the other repositories of the cluster keep to it. */
function aboutOtherRepositories({ plans }: Share, { input }: GateContext): readonly Assumption[] {
  if (input.clusterWide.type === 'asked') return [];
  const namespaces = new Set(plans.map(({ namespace }) => namespace));
  return [
    {
      about: 'clusterWide',
      value: input.clusterWide.by,
      why: 'etcd, the Flux repository, certificates and keys are answered for in another repository.',
    },
    {
      about: `namespace ${BACKED_UP_NAMESPACE}`,
      value: 'brought by the repository that answers for the cluster',
      why: 'The inventory is kept there.',
    },
    ...(namespaces.size === 0
      ? []
      : [
          {
            about: 'namespaces',
            value: [...namespaces].toSorted(compareText),
            why: 'No other repository has data in them: Schedules are named after their namespace, and copy all of it.',
          },
        ]),
  ];
}

/** Labels that a person vouched for, because no object shows them. */
function aboutLabels({ datasets }: Share): readonly Assumption[] {
  return datasets
    .filter(({ declaration }) => declaration.labels !== undefined)
    .map(({ id, declaration }) => ({
      about: `labels of ${describeDataset(id)}`,
      value: declaration.labels,
      why: 'Velero tells the claims apart by these labels.',
    }));
}
