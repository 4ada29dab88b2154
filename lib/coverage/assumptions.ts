/** What the proofs took from the platform, or from somebody's word, and what only the live cluster can confirm. */
import { distinctBy, sortedBy } from '../model/collections';
import { describeDataset } from '../model/dataset';
import { BACKED_UP_NAMESPACE } from '../model/folders';
import type { Assumption } from '../model/inventory';
import { describeObject, textAt } from '../model/kube-object';
import { FLUX_NAMESPACE } from '../model/platform';
import type { GateContext } from './context';
import type { Share } from './take-inventory';

export function assumptionsOf(share: Share, context: GateContext): readonly Assumption[] {
  const assumptions = [
    ...Object.values(context.methods).flatMap((method) => method.assumptionsFor(share.datasets)),
    ...aboutFlux(context),
    ...aboutKustomizations(share),
    ...aboutOtherRepositories(context),
    ...aboutLabels(share),
  ];
  // Several methods may take the same as given.
  const distinct = distinctBy(assumptions, (assumption) => JSON.stringify(assumption));
  return sortedBy(distinct, ({ about }) => about);
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

/** What the repository that answers for the cluster brings. */
function aboutOtherRepositories({ input }: GateContext): readonly Assumption[] {
  if (input.clusterWide.type === 'asked') return [];
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
