/** What the proofs took from the platform, or from somebody's word, and what only the live cluster can confirm. */
import { distinctBy, sortedBy } from '../model/collections';
import { describeDataset } from '../model/dataset';
import { isExcluded } from '../model/declaration';
import { BACKED_UP_NAMESPACE } from '../model/folders';
import type { Assumption } from '../model/inventory';
import { describeObject, textAt } from '../model/kube-object';
import { FLUX_NAMESPACE } from '../model/platform';
import type { GateContext } from './context';
import { describeOrigin } from './finding';
import type { Share } from './take-inventory';

export function assumptionsOf(share: Share, context: GateContext): readonly Assumption[] {
  const assumptions = [
    ...Object.values(context.methods).flatMap((method) => method.assumptionsFor(share.datasets)),
    ...aboutFlux(context),
    ...aboutKustomizations(share),
    ...aboutOtherRepositories(context),
    ...aboutLabels(share),
    ...aboutMakers(share, context),
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

/** Claims that are copied by their names alone, because nobody sees what makes them. */
function aboutMakers({ datasets }: Share, context: GateContext): readonly Assumption[] {
  return datasets
    .filter(({ answer }) => !isExcluded(answer))
    .flatMap(({ id, heldBy, undeclaredClaim, origin }): readonly Assumption[] => {
      const about = `maker of ${describeDataset(id)}`;
      if (heldBy !== undefined && context.object(heldBy) === undefined) {
        const why = 'No object here is it, so nobody sees whether the claim is called so, or goes with it.';
        return [{ about, value: describeObject(heldBy), why }];
      }
      if (undeclaredClaim !== true) return [];
      const why = 'No object here declares the claim, so nobody sees what makes it, or whether it is called so.';
      return [{ about, value: `unknown; ${describeOrigin(origin)} mounts it`, why }];
    });
}
