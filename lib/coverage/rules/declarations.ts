/** Declarations that answer for nothing, twice, or for what cannot be. */
import type { FoundDataset } from '../../model/answered';
import { groupBy } from '../../model/collections';
import { describeDataset, type DatasetId } from '../../model/dataset';
import { isExcluded, type Declaration } from '../../model/declaration';
import { describeObject } from '../../model/kube-object';
import { isDnsSubdomain, isLabelKey, isLabelValue } from '../../model/names';
import { nearest } from '../../model/nearest';
import { refText } from '../../model/refs';
import { counted } from '../../model/text';
import type { GateContext } from '../context';
import { describeOrigin, inWords, type RuleFinding } from '../finding';
import { idleKinds } from '../own-kinds';
import type { Rule } from '../rule';

export const idleDeclaration: Rule = {
  id: 'idle-declaration',
  heading: (n) => `${counted(n, 'declaration')} ${n === 1 ? 'matches' : 'match'} no data`,
  what: 'A declaration names data that no object brings into being.',
  why: 'A misspelt name answers for nothing, and after a rename the new volume has no answer while the old one looks settled.',
  fix: 'Correct the name, or delete the declaration.',
  example: `backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep: { daily: 7 } }));`,
  check: (context) => [
    ...idleAnswers(context),
    ...idleHolds(context),
    ...idleKinds(context.input),
    ...idleSettings(context),
  ],
};

function idleAnswers({ answers }: GateContext): readonly RuleFinding[] {
  const meantBy = lookalikes([...answers.unanswered, ...answers.answered]);
  return answers.idle.map((declaration) => {
    const { dataset, at } = declaration;
    const meant = meantBy(dataset);
    return {
      subject: `${verb(declaration)} of ${describeDataset(dataset)}`,
      at,
      dataset,
      remedies: [
        ...(meant === undefined ? [] : [{ label: 'did you mean', text: refText(meant, dataset.namespace) }]),
        ...inWords('correct the name, or delete the declaration'),
      ],
    };
  });
}

/**
 * What somebody may have meant who named data that is not there: data of the same kind with nearly the same name in the
 * same namespace, or with the same name in another one, which was renamed. Little data has either in common.
 */
function lookalikes(datasets: readonly FoundDataset[]): (id: DatasetId) => DatasetId | undefined {
  const nameOf = ({ name, part }: DatasetId): string => (part === undefined ? name : `${name} ${part.name}`);
  const key = ({ group, kind, part }: DatasetId, what: string): string =>
    JSON.stringify([group, kind, part?.type ?? '', what]);
  const namesByPlace = new Map<string, Map<string, DatasetId>>();
  const byName = new Map<string, DatasetId>();
  for (const { id } of datasets) {
    const place = key(id, id.namespace ?? '');
    const names = namesByPlace.get(place) ?? new Map<string, DatasetId>();
    namesByPlace.set(place, names.set(nameOf(id), id));
    byName.set(key(id, nameOf(id)), id);
  }
  return (id) => {
    const names = namesByPlace.get(key(id, id.namespace ?? ''));
    const near = nearest(nameOf(id), names?.keys() ?? []);
    return near === undefined ? byName.get(key(id, nameOf(id))) : names?.get(near);
  };
}

function verb({ answer, held }: Declaration): string {
  if (held !== undefined) return 'holds';
  return answer !== undefined && isExcluded(answer) ? 'exclude' : 'backUp';
}

function idleHolds({ answers }: GateContext): readonly RuleFinding[] {
  return answers.idleOpaque.map(({ object, at }) => ({
    subject: `holds of ${describeObject(object)}`,
    at,
    object,
    remedies: inWords('correct the name, or delete the declaration'),
  }));
}

function idleSettings({ input, methods, answers }: GateContext): readonly RuleFinding[] {
  // What has no answer yet may get one that Velero carries out.
  const namespaces = new Set([
    ...methods.velero.plans.map(({ namespace }) => namespace),
    ...answers.unanswered.map(({ id }) => id.namespace ?? ''),
  ]);
  return input.veleroSettings
    .filter(({ namespace }) => !namespaces.has(namespace))
    .map(({ namespace, at }) => {
      const meant = nearest(namespace, namespaces);
      return {
        subject: `VeleroBackup of namespace ${namespace}`,
        at,
        because: 'Velero copies nothing there',
        remedies: [
          ...(meant === undefined ? [] : [{ label: 'did you mean', text: `namespace: '${meant}'` }]),
          ...inWords('correct the name, or delete the declaration'),
        ],
      };
    });
}

export const declaredTwice: Rule = {
  id: 'declared-twice',
  heading: (n) => `${counted(n, 'declaration')} too many`,
  what: 'Two declarations answer for one dataset, or for one object that makes others, or give settings for one namespace.',
  why: 'Which of them holds would depend on their order, and a reader sees only one.',
  fix: 'Keep one. Several copies of one dataset are several strategies in one declaration.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });`,
  check: ({ answers, input }) => [
    ...answers.repeated.map(({ first, again }) => ({
      subject: describeDataset(again.dataset),
      at: again.at,
      dataset: again.dataset,
      because: `${describeOrigin(first.at)} answers for it too`,
      remedies: inWords('delete one of the two; several copies are a list of strategies in one declaration'),
    })),
    ...[...groupBy(input.veleroSettings, ({ namespace }) => namespace)].flatMap(([namespace, [first, ...more]]) =>
      more.map(({ at }) => ({
        subject: `VeleroBackup of namespace ${namespace}`,
        at,
        because: `${first === undefined ? '' : describeOrigin(first.at)} gives its settings too`,
        remedies: inWords('one VeleroBackup with all settings of the namespace'),
      })),
    ),
    ...answers.repeatedOpaque.map(({ first, again }) => ({
      subject: `holds of ${describeObject(again.object)}`,
      at: again.at,
      object: again.object,
      because: `${describeOrigin(first.at)} says what it makes, too`,
      remedies: inWords('list all of its claims in one call'),
    })),
  ],
};

export const impossibleClaim: Rule = {
  id: 'impossible-claim',
  heading: (n) => `${counted(n, 'name or label', 'names and labels')} that no claim can have`,
  what: '`holds` or `labels` gives claims a name or a label that Kubernetes does not accept.',
  why: 'What cannot exist matches nothing: Velero would look for it every night, and take the claim for another one.',
  fix: 'Write names and labels as the claims carry them in the cluster.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
  spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
});
holds(chart, { helmRelease: 'registry' }, {
  data: {
    storage: Size.gibibytes(100),
    labels: { 'app.kubernetes.io/name': 'The registry' },
    backup: nightly({ to: offsite, keep: { daily: 7 } }),
  },
});`,
  check: ({ input }) =>
    input.declarations.flatMap((declaration) => {
      const { dataset, at, held } = declaration;
      return whyImpossible(declaration).map((because) => ({
        subject: `${held === undefined ? 'labels' : 'holds'} of ${describeDataset(dataset)}`,
        at,
        dataset,
        because,
        remedies: inWords(`write what the cluster has: kubectl get pvc -n ${dataset.namespace ?? '…'} --show-labels`),
      }));
    }),
};

function whyImpossible({ dataset: { name }, held, labels = {} }: Declaration): readonly string[] {
  const nameProblem =
    held === undefined || isDnsSubdomain(name)
      ? []
      : [`'${name}' is not a name of lower case letters, digits, '-' and '.'`];
  const labelProblems = Object.entries<unknown>(labels).flatMap(([key, value]) => {
    if (!isLabelKey(key)) return [`'${key}' is not a label key`];
    return typeof value === 'string' && isLabelValue(value) ? [] : [`'${String(value)}' is not a label value`];
  });
  return [...nameProblem, ...labelProblems];
}
