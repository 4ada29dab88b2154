/** Declarations that answer for nothing, twice, or for what cannot be. */
import { groupBy } from '../../model/collections';
import { claimKey, datasetKey, describeDataset, type DatasetId } from '../../model/dataset';
import { isExcluded, type Declaration, type Origin } from '../../model/declaration';
import { ownKind, roleOf } from '../../model/kinds';
import { describeObject, objectKey, type ObjectId } from '../../model/kube-object';
import { isDnsSubdomain, isLabelKey, isLabelValue } from '../../model/names';
import { nearest } from '../../model/nearest';
import { opaqueRefText, refText } from '../../model/refs';
import { counted, enumerated } from '../../model/text';
import type { Answers } from '../answers';
import type { GateContext } from '../context';
import { describeOrigin, inWords, toFix, type RuleFinding } from '../finding';
import { idleKinds, whatKindIs } from '../own-kinds';
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
    ...unseenMakers(context),
    ...idleKinds(context.input),
    ...idleSettings(context),
  ],
};

function idleAnswers({ answers }: GateContext): readonly RuleFinding[] {
  const all = [...answers.unanswered, ...answers.answered];
  const meantBy = lookalikes(all.map(({ id }) => id));
  const byClaim = new Map(
    all.flatMap(({ id, claims }) => claims.map(({ namespace, name }) => [claimKey(namespace, name), id])),
  );
  return answers.idle.map((declaration) => {
    const { dataset, at } = declaration;
    // The claim of a StatefulSet is answered by its template.
    const meant =
      (dataset.kind === 'PersistentVolumeClaim'
        ? byClaim.get(claimKey(dataset.namespace ?? '', dataset.name))
        : undefined) ?? meantBy(dataset);
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
 * What somebody may have meant who named data, or an object, that is not there: one of the same kind with nearly the same
 * name in the same namespace, or the only one there whose longer name has this one in it, as a chart's release makes of
 * it; or one with the same name in another namespace, which was renamed. Little has any of it in common.
 */
function lookalikes(ids: readonly DatasetId[]): (id: DatasetId) => DatasetId | undefined {
  const nameOf = ({ name, part }: DatasetId): string => (part === undefined ? name : `${name} ${part.name}`);
  const key = ({ group, kind, part }: DatasetId, what: string): string =>
    JSON.stringify([group, kind, part?.type ?? '', what]);
  const namesByPlace = new Map<string, Map<string, DatasetId>>();
  const byName = new Map<string, DatasetId>();
  for (const id of ids) {
    const place = key(id, id.namespace ?? '');
    const names = namesByPlace.get(place) ?? new Map<string, DatasetId>();
    namesByPlace.set(place, names.set(nameOf(id), id));
    byName.set(key(id, nameOf(id)), id);
  }
  return (id) => {
    const names = namesByPlace.get(key(id, id.namespace ?? ''));
    const near = nearest(nameOf(id), names?.keys() ?? []);
    if (near !== undefined) return names?.get(near);
    return longerNamed(nameOf(id), names) ?? byName.get(key(id, nameOf(id)));
  };
}

/** `shop-db-postgresql` of `postgresql`, unless there are several. */
function longerNamed(name: string, names: ReadonlyMap<string, DatasetId> = new Map()): DatasetId | undefined {
  const wanted = `-${name}-`;
  const found = [...names.keys()].filter((each) => `-${each}-`.includes(wanted));
  return found.length === 1 ? names.get(found[0] ?? '') : undefined;
}

function verb({ answer, held, by }: Declaration): string {
  if (by !== undefined) return by.name;
  if (held !== undefined) return 'holds';
  return answer !== undefined && isExcluded(answer) ? 'exclude' : 'backUp';
}

function idleHolds(context: GateContext): readonly RuleFinding[] {
  const { answers, data } = context;
  const meantBy = lookalikes(data.opaque.map(({ id }) => id));
  return answers.idleOpaque.flatMap(({ object, at }) => {
    const rendered = context.object(object);
    if (rendered !== undefined) return idleAboutObject(object, at, context);
    const meant = meantBy(object);
    return [
      {
        subject: `holds of ${describeObject(object)}`,
        at,
        object,
        remedies: [
          ...(meant === undefined ? [] : [{ label: 'did you mean', text: opaqueRefText(meant, object.namespace) }]),
          ...inWords('correct the name, or delete the declaration'),
        ],
      },
    ];
  });
}

/**
 * `heldBy` that names an object which is not among those of its kind that are seen. Where none is seen, another repository
 * may bring it: the inventory then says so among its assumptions.
 */
function unseenMakers(context: GateContext): readonly RuleFinding[] {
  const { declarations, data, input } = context;
  const meantBy = lookalikes(data.opaque.map(({ id }) => id));
  const held = new Set(input.opaque.map(({ object }) => objectKey(object)));
  return declarations.flatMap((declaration) => {
    const maker = declaration.held?.by;
    // What holds names is a finding of its own.
    if (maker === undefined || held.has(objectKey(maker)) || context.object(maker) !== undefined) return [];
    const beside = data.opaque
      .map(({ id }) => id)
      .filter(
        ({ group, kind, namespace }) => group === maker.group && kind === maker.kind && namespace === maker.namespace,
      );
    const meant = meantBy(maker);
    if (beside.length === 0 && meant === undefined) return [];
    const shown = beside.length === 0 ? '' : `, which show ${enumerated(beside.map(({ name }) => `'${name}'`))} there`;
    return [
      {
        subject: `heldBy of ${describeDataset(declaration.dataset)}`,
        at: declaration.at,
        dataset: declaration.dataset,
        because: `${describeObject(maker)} is neither in the output nor in the files beside${shown}`,
        remedies: [
          ...(meant === undefined
            ? []
            : [{ label: 'did you mean', text: `heldBy: ${opaqueRefText(meant, maker.namespace)}` }]),
          ...inWords('name the object that makes the claim, or let alsoRead name the file that it is in'),
        ],
      },
    ];
  });
}

/** The name is right: something says that the object makes nothing. */
function idleAboutObject(object: ObjectId, at: Origin, { input }: GateContext): readonly RuleFinding[] {
  const key = `${object.group}/${object.kind}`;
  const { role } = roleOf(object.group, object.kind, input.ownKinds);
  // That nobody has classified it is a finding of its own.
  if (role === 'unlisted') return [];
  const about = { subject: `holds of ${describeObject(object)}`, at, object };
  if (ownKind(key, input.ownKinds) !== role) {
    return [{ ...about, because: whatKindIs(role), remedies: inWords('delete the declaration') }];
  }
  return [
    {
      ...about,
      because: `kinds: { '${key}': '${role}' } says that no object of its kind makes any`,
      remedies: [...toFix(`'${key}': 'opaque',`), ...inWords('say it in kinds of the app, or delete the declaration')],
    },
  ];
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
      remedies: inWords(whichToKeep(first, again, answers)),
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

function whichToKeep(first: Declaration, again: Declaration, answers: Answers): string {
  const dataset = [...answers.answered, ...answers.unanswered].find(
    ({ id }) => datasetKey(id) === datasetKey(first.dataset),
  );
  const maker = dataset === undefined ? undefined : describeOrigin(dataset.origin);
  const [kept, dropped] = weightOf(again, maker) > weightOf(first, maker) ? [again, first] : [first, again];
  const says = (each: Declaration): string =>
    weightOf(each, maker) === MAKER
      ? `what ${describeOrigin(each.at)} says of its own data`
      : `${verb(each)} in ${describeOrigin(each.at)}`;
  return `keep ${says(kept)}, and delete ${says(dropped)}; several copies are a list of strategies in one declaration`;
}

const MAKER = 3;

/** What makes the data cannot do without its answer, a construct makes what copies it, and an exclusion copies nothing. */
function weightOf({ at, by, answer }: Declaration, maker: string | undefined): number {
  if (describeOrigin(at) === maker) return MAKER;
  if (by?.takesBackup === true) return 2;
  return answer !== undefined && isExcluded(answer) ? 0 : 1;
}

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
  check: ({ declarations }) =>
    declarations.flatMap((declaration) => {
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
