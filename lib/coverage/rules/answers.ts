/** Every dataset has exactly one answer, and every answer a dataset. */
import type { FoundDataset } from '../../model/answered';
import { describeDataset, type DatasetId } from '../../model/dataset';
import { isExcluded, type Declaration } from '../../model/declaration';
import { CLUSTER_DATA, strategyFits } from '../../model/kinds';
import { describeObject } from '../../model/kube-object';
import { isLabelKey, isLabelValue } from '../../model/label-selector';
import { nearest } from '../../model/nearest';
import { refText } from '../../model/refs';
import { counted, PLACEHOLDERS } from '../../model/text';
import type { UnansweredDataset } from '../answers';
import { strategiesOf, type GateContext } from '../context';
import { aboutDataset, aboutObject, describeOrigin, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { answerLine, elsewhereLine, isDeclaredByItsMaker, nightlyLine, strategyLine } from '../remedies';
import type { Rule } from '../rule';

export const noStrategy: Rule = {
  id: 'no-strategy',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'has' : 'have'} no backup strategy`,
  what: 'An object brings data into being, and nothing says how that data is backed up or why it need not be.',
  why: 'Every backup tool copies what it was told to copy. The volume that nobody mentioned is found during the outage.',
  fix: 'Give it a strategy, or leave it out with a reason.',
  example: `new k8s.KubePersistentVolumeClaim(chart, 'data', {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } } },
});`,
  check: (context) =>
    context.answers.unanswered.map((dataset) => ({
      ...aboutDataset(dataset),
      ...whyData(dataset),
      remedies: answersToPaste(dataset, context),
    })),
};

function whyData(dataset: FoundDataset): { readonly because?: string } {
  if (dataset.undeclaredClaim === true) {
    return { because: `${describeOrigin(dataset.origin)} mounts the claim, and no object declares it` };
  }
  return dataset.where === undefined ? {} : { because: `containers write to ${dataset.where}` };
}

function answersToPaste(dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  const backUp = { label: 'to back it up', text: answerLine(dataset, strategyLine(dataset, context), context) };
  return [backUp, ...waysToLeaveOut(dataset, context)];
}

function waysToLeaveOut(dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  const { id, ref, origin, declaration } = dataset;
  const label = 'to leave it out';
  const excludedLine = `excluded('${PLACEHOLDERS.exclusion}')`;
  if (ref in CLUSTER_DATA) return [{ label, text: `${ref}: ${excludedLine}` }];
  if (declaration?.held !== undefined) return [{ label, text: `backup: ${excludedLine}` }];
  if (!isDeclaredByItsMaker(dataset)) {
    const name = context.refTo({ id, origin: declaration?.at ?? origin });
    return [{ label, text: `exclude(this, ${name}, { reason: '${PLACEHOLDERS.exclusion}' })` }];
  }
  return ref === 'claim'
    ? inWords('if it may be lost, make it a ScratchVolume, which asks for a reason')
    : [{ label, text: `scratch: '${PLACEHOLDERS.exclusion}'` }];
}

export const unlistedKind: Rule = {
  id: 'unlisted-kind',
  heading: (n) => `${counted(n, 'kind')} of object ${n === 1 ? 'is' : 'are'} in no table`,
  what: 'The output has an object of a kind that nobody has classified: it may hold data, or make objects that do.',
  why: 'An unknown kind that is taken for harmless is how an operator with its own volumes stays without a backup.',
  fix: 'Classify it: in `kinds` of the app, or in the table of the library if others use it too.',
  example: `new ApiObject(chart, 'widget', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'blue' } });`,
  check: ({ data }) =>
    data.unlistedKinds.map(({ what, object, origin }) => ({
      ...aboutObject(object, origin),
      because: `nobody has said whether '${what}' holds data`,
      remedies: [
        { label: 'if it holds none', text: `kinds: { '${what}': 'no data' }` },
        { label: 'if it makes more', text: `kinds: { '${what}': 'opaque' }` },
      ],
    })),
};

export const unlistedVolumeSource: Rule = {
  id: 'unlisted-volume-source',
  heading: (n) => `${counted(n, 'source')} of pod volumes ${n === 1 ? 'is' : 'are'} in no table`,
  what: 'A pod mounts a volume from a source that nobody has classified.',
  why: 'An inline volume of an unknown driver may be the only place where the data is.',
  fix: 'If the source holds no data of its own, say so in `kinds` of the app; otherwise move the data to a claim.',
  example: `new k8s.KubePod(chart, 'pod', {
  metadata: { name: 'app' },
  spec: {
    containers: [{ name: 'app', image: 'app:1.0' }],
    volumes: [{ name: 'data', csi: { driver: 'csi.example.com' } }],
  },
});`,
  check: ({ data }) =>
    data.unlistedSources.map(({ what, object, origin }) => ({
      ...aboutObject(object, origin),
      because: `nobody has said whether '${what}' holds data`,
      remedies: [{ label: 'if it holds none', text: `kinds: { '${what}': 'no data' }` }],
    })),
};

export const unansweredOpaque: Rule = {
  id: 'opaque-object',
  heading: (n) => `${counted(n, 'object')} may make volumes that nobody sees`,
  what: 'An object makes others at run time (a Helm release, a Flux Kustomization), and nothing says which of them hold data.',
  why: 'Volumes that a chart makes are in no repository: only the running cluster shows them.',
  fix: 'List the claims that it makes with their answers, or `{}` if it makes none. The audit checks the list.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
});`,
  check: (context) =>
    context.answers.unansweredOpaque.map((opaque) => ({
      ...aboutObject(opaque.object, opaque.origin),
      remedies: [
        { label: 'if it makes none', text: `holds(this, ${context.refToOpaque(opaque)}, {})` },
        {
          label: 'otherwise',
          text: `holds(this, ${context.refToOpaque(opaque)}, { '…': { storage: Size.gibibytes(10), backup: ${nightlyLine(context)} } })`,
        },
      ],
    })),
};

export const idleDeclaration: Rule = {
  id: 'idle-declaration',
  heading: (n) => `${counted(n, 'declaration')} ${n === 1 ? 'matches' : 'match'} no data`,
  what: 'A declaration names data that no object brings into being.',
  why: 'A misspelt name answers for nothing, and after a rename the new volume has no answer while the old one looks settled.',
  fix: 'Correct the name, or delete the declaration.',
  example: `backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep: { daily: 7 } }));`,
  check: (context) => [...idleAnswers(context), ...idleHolds(context)],
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

export const declaredTwice: Rule = {
  id: 'declared-twice',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'is' : 'are'} declared more than once`,
  what: 'Two declarations answer for one dataset.',
  why: 'Which of them holds would depend on their order, and a reader sees only one.',
  fix: 'Keep one. Several copies of one dataset are several strategies in one declaration.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });`,
  check: ({ answers }) =>
    answers.repeated.map(({ first, again }) => ({
      subject: describeDataset(again.dataset),
      at: again.at,
      dataset: again.dataset,
      because: `${describeOrigin(first.at)} answers for it too`,
      remedies: inWords('delete one of the two; several copies are a list of strategies in one declaration'),
    })),
};

export const strategyMisfit: Rule = {
  id: 'strategy-misfit',
  heading: (n) => `${counted(n, 'strategy', 'strategies')} ${n === 1 ? 'does' : 'do'} not fit the kind of data`,
  what: 'A strategy cannot copy this kind of data. Typed code does not compile; untyped code ends here.',
  why: 'A file copy of a running database, or a log of changes for a volume that has none, is not a backup.',
  fix: 'Use a strategy that fits; the table is in the documentation of strategies.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(7) }) as never,
});`,
  check: (context) =>
    context.answers.answered.flatMap((dataset) =>
      strategiesOf(dataset.answer)
        .filter((strategy) => !strategyFits(dataset.ref, strategy.type))
        .map((strategy) => ({
          ...aboutDataset(dataset),
          because: `'${strategy.type}' cannot copy it`,
          remedies: toFix(answerLine(dataset, strategyLine(dataset, context), context)),
        })),
    ),
};

export const unprovenStrategy: Rule = {
  id: 'unproven-strategy',
  heading: (n) => `${counted(n, 'strategy', 'strategies')} that nothing carries out`,
  what: 'A strategy fits the kind of data, but this version of the library renders nothing that carries it out.',
  why: 'A declaration without an object behind it would look like a backup and be none.',
  fix: 'Say who copies the data with `elsewhere` until the construct for it exists.',
  example: `new ApiObject(chart, 'db', {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name: 'db' },
  spec: { instances: 1, storage: { size: '20Gi' } },
});
backUp(chart, { postgres: 'db' }, continuous({ to: offsite, restoreWindow: Duration.days(30) }));`,
  check: (context) =>
    context.answers.answered.flatMap((dataset) =>
      strategiesOf(dataset.answer)
        .filter(({ type }) => type !== 'elsewhere' && strategyFits(dataset.ref, type) && dataset.method === undefined)
        .map((strategy) => ({
          ...aboutDataset(dataset),
          because: `no object in the output is known to carry out '${strategy.type}' for it`,
          remedies: toFix(answerLine(dataset, elsewhereLine(), context)),
        })),
    ),
};

export const noNamespace: Rule = {
  id: 'no-namespace',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'is' : 'are'} in no namespace`,
  what: 'An object that holds data names no namespace.',
  why: 'Velero selects by namespace and Flux may choose another one than you think: nothing can be proven about it.',
  fix: 'Give the chart a namespace, or the object.',
  example: `const nowhere = new Chart(app, 'nowhere');
new BackedUpVolume(nowhere, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: ({ data }) =>
    data.datasets
      .filter(({ id, ref }) => id.namespace === undefined && ref !== 'persistentVolume' && !(ref in CLUSTER_DATA))
      .map((dataset) => ({ ...aboutDataset(dataset), remedies: namespaceFor(dataset) })),
};

function namespaceFor({ origin }: FoundDataset): readonly Remedy[] {
  if (origin.type === 'file') return inWords('write metadata.namespace into the object');
  return toFix(`new Chart(app, '${origin.chart}', { namespace: '${origin.chart}' })`);
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
    held === undefined || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)
      ? []
      : [`'${name}' is not a name of lower case letters, digits, '-' and '.'`];
  const labelProblems = Object.entries<unknown>(labels).flatMap(([key, value]) => {
    if (!isLabelKey(key)) return [`'${key}' is not a label key`];
    return typeof value === 'string' && isLabelValue(value) ? [] : [`'${String(value)}' is not a label value`];
  });
  return [...nameProblem, ...labelProblems];
}
