/** Every dataset has exactly one answer, and every answer a dataset. */
import type { FoundDataset } from '../../model/answered';
import { groupBy } from '../../model/collections';
import { describeDataset } from '../../model/dataset';
import { isExcluded, type Declaration } from '../../model/declaration';
import { CLUSTER_DATA, strategyFits } from '../../model/kinds';
import { describeObject } from '../../model/kube-object';
import { nearest } from '../../model/nearest';
import { refText } from '../../model/refs';
import { counted, isSentence } from '../../model/text';
import { strategiesOf, type GateContext } from '../context';
import { aboutDataset, aboutObject, describeOrigin, toFix, type Remedy, type RuleFinding } from '../finding';
import { idleKinds } from '../own-kinds';
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

function answersToPaste(dataset: FoundDataset, context: GateContext): readonly Remedy[] {
  const { ref, where } = dataset;
  const to = context.locations[0]?.location.name ?? 'local';
  const name = context.refTo(dataset);
  if (ref in CLUSTER_DATA) {
    const claim = `elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })`;
    return [{ label: 'to answer', text: `new BackedUpApp({ …, ${ref}: ${claim} })` }];
  }
  const strategies: Readonly<Record<string, string>> = {
    postgres: `continuous({ to: ${to}, restoreWindow: Duration.days(30) })`,
    bucket: `mirrored({ to: ${to} })`,
  };
  const fitting =
    where === undefined && ref !== 'persistentVolume'
      ? (strategies[ref] ?? `nightly({ to: ${to}, keep: { daily: 7 } })`)
      : `elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })`;
  return [
    { label: 'to back it up', text: `backUp(this, ${name}, ${fitting})` },
    { label: 'to leave it out', text: `exclude(this, ${name}, { reason: 'why losing it is acceptable' })` },
  ];
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
  fix: 'List the claims that it makes with their answers, or `{}` if it makes none beside those that the files show. The audit checks the list. A Kustomization of this repository needs no answer if synth reads all that it applies, and if nothing changes names, namespaces or volumes on the way: patches, components, prefixes, another namespace, or variables in such places. Images, plain labels and variables elsewhere do not matter.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
});`,
  check: (context) =>
    context.answers.unansweredOpaque.map((opaque) => {
      // Of a Kustomization of this repository one expects that its files are enough.
      const because = context.kustomizations.appliedBy(opaque.object)?.because;
      const ref = context.refToOpaque(opaque);
      return {
        ...aboutObject(opaque.object, opaque.origin),
        ...(because === undefined ? {} : { because }),
        remedies: [
          ...(because === undefined
            ? []
            : [
                {
                  label: 'to have it seen',
                  text: 'read all of its files (alsoRead), and let them say what changes them',
                },
              ]),
          { label: because === undefined ? 'if it makes none' : 'if it adds none', text: `holds(this, ${ref}, {})` },
          {
            label: 'otherwise',
            text: `holds(this, ${ref}, { 'claim-name': { storage: Size.gibibytes(10), backup: nightly({ … }) } })`,
          },
        ],
      };
    }),
};

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

function idleAnswers({ answers, data }: GateContext): readonly RuleFinding[] {
  const known = new Map(data.datasets.map(({ id }) => [describeDataset(id), id]));
  return answers.idle.map((declaration) => {
    const { dataset, at } = declaration;
    const meant = known.get(nearest(describeDataset(dataset), known.keys()) ?? '');
    const hint = meant === undefined ? '' : `; did you mean ${refText(meant, dataset.namespace)}?`;
    return {
      subject: `${verb(declaration)} of ${describeDataset(dataset)}`,
      at,
      dataset,
      remedies: toFix(`correct the name, or delete the declaration${hint}`),
    };
  });
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
    remedies: toFix('correct the name, or delete the declaration'),
  }));
}

function idleSettings({ input, plans, answers }: GateContext): readonly RuleFinding[] {
  // What has no answer yet may get one that Velero carries out.
  const namespaces = new Set([
    ...plans.plans.map(({ namespace }) => namespace),
    ...answers.unanswered.map(({ id }) => id.namespace ?? ''),
  ]);
  return input.veleroSettings
    .filter(({ namespace }) => !namespaces.has(namespace))
    .map(({ namespace, at }) => {
      const meant = nearest(namespace, namespaces);
      const hint = meant === undefined ? '' : `; did you mean namespace: '${meant}'?`;
      return {
        subject: `VeleroBackup of namespace ${namespace}`,
        at,
        because: 'Velero copies nothing there',
        remedies: toFix(`correct the name, or delete the declaration${hint}`),
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
      remedies: toFix('delete one of the two; several copies are a list of strategies in one declaration'),
    })),
    ...[...groupBy(input.veleroSettings, ({ namespace }) => namespace)].flatMap(([namespace, [first, ...more]]) =>
      more.map(({ at }) => ({
        subject: `VeleroBackup of namespace ${namespace}`,
        at,
        because: `${first === undefined ? '' : describeOrigin(first.at)} gives its settings too`,
        remedies: toFix('one VeleroBackup with all settings of the namespace'),
      })),
    ),
    ...answers.repeatedOpaque.map(({ first, again }) => ({
      subject: `holds of ${describeObject(again.object)}`,
      at: again.at,
      object: again.object,
      because: `${describeOrigin(first.at)} says what it makes, too`,
      remedies: toFix('list all of its claims in one call'),
    })),
  ],
};

export const strategyMisfit: Rule = {
  id: 'strategy-misfit',
  heading: (n) => `${counted(n, 'strategy', 'strategies')} ${n === 1 ? 'does' : 'do'} not fit the kind of data`,
  what: 'A strategy cannot copy this kind of data. Typed code does not compile; untyped code ends here.',
  why: 'A file copy of a running database, or a log of changes for a volume that has none, is no backup.',
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
          remedies: toFix(answersToPaste(dataset, context)[0]?.text ?? ''),
        })),
    ),
};

export const thinReason: Rule = {
  id: 'thin-reason',
  heading: (n) => `${counted(n, 'reason')} ${n === 1 ? 'is' : 'are'} no sentence`,
  what: 'An exclusion, a claim that somebody else copies the data, or an accepted risk does not say why in a sentence.',
  why: 'The reason is what the next person has when the data is gone; one word does not let anybody judge whether it still holds.',
  fix: 'Say in a sentence of at least four words why it is acceptable, or who copies the data and how.',
  example: `new ScratchVolume(chart, 'cache', { storage: Size.gibibytes(40), reason: 'cache' });`,
  check: (context) => [
    ...context.answers.answered.flatMap((dataset) =>
      reasonsOf(dataset.declaration)
        .filter(({ text }) => !isSentence(text))
        .map(({ text, ask }) => ({
          ...aboutDataset(dataset),
          remedies: toFix(`say in a sentence ${ask}, got '${text}'`),
        })),
    ),
    ...thinClusterAnswer(context),
  ],
};

function reasonsOf({ answer }: Declaration): readonly { readonly text: string; readonly ask: string }[] {
  if (answer === undefined) return [];
  if (isExcluded(answer)) return [{ text: answer.reason, ask: 'why losing this data is acceptable' }];
  return answer.strategies.flatMap((strategy) => {
    if (strategy.type === 'elsewhere') return [{ text: strategy.sentence, ask: 'who copies it, and how' }];
    const accepted = 'crashConsistent' in strategy ? strategy.crashConsistent : undefined;
    return accepted === undefined
      ? []
      : [{ text: accepted, ask: 'why a snapshot of the running database is good enough' }];
  });
}

function thinClusterAnswer({ input }: GateContext): readonly RuleFinding[] {
  const { clusterWide } = input;
  if (clusterWide.type === 'asked' || isSentence(clusterWide.by)) return [];
  return [
    {
      subject: 'etcd, Flux repository, certificates and keys',
      remedies: toFix(`say in a sentence which repository answers for them, got '${clusterWide.by}'`),
    },
  ];
}

export const reviewDate: Rule = {
  id: 'review-date',
  heading: (n) => `${counted(n, 'review date')} ${n === 1 ? 'is' : 'are'} no day`,
  what: 'The review date of an exclusion is not a day of the calendar.',
  why: 'Audit and alerts compare it with today: a date that nobody can read never comes.',
  fix: 'Write the day as `2027-06-01`.',
  example: `new ScratchVolume(chart, 'cache', {
  storage: Size.gibibytes(40),
  reason: 'Downloaded again on the next build.',
  reviewBy: 'next summer',
});`,
  check: ({ answers }) =>
    answers.answered.flatMap((dataset) => {
      const { answer } = dataset;
      if (!isExcluded(answer) || answer.reviewBy === undefined || isDay(answer.reviewBy)) return [];
      return [{ ...aboutDataset(dataset), remedies: toFix(`write the day as '2027-06-01', got '${answer.reviewBy}'`) }];
    }),
};

export const reviewDue: Rule = {
  id: 'review-due',
  severity: 'warning',
  heading: (n) => `${counted(n, 'exclusion')} ${n === 1 ? 'is' : 'are'} due for review`,
  what: 'The review date of an exclusion has passed.',
  why: 'A reason that was true once may be why data is lost today. The calendar never breaks a build, so this is a warning.',
  fix: 'Check that the reason still holds and set a later date, or back the data up.',
  example: `new ScratchVolume(chart, 'cache', {
  storage: Size.gibibytes(40),
  reason: 'Downloaded again on the next build.',
  reviewBy: '2020-01-01',
});`,
  check: ({ answers, input }) =>
    answers.answered.flatMap((dataset) => {
      const { answer } = dataset;
      if (
        !isExcluded(answer) ||
        answer.reviewBy === undefined ||
        !isDay(answer.reviewBy) ||
        answer.reviewBy >= input.today
      )
        return [];
      return [
        {
          ...aboutDataset(dataset),
          because: `its reason was to be checked by ${answer.reviewBy}: ${answer.reason}`,
          remedies: toFix('if the reason still holds, set a later reviewBy'),
        },
      ];
    }),
};

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

export const noNamespace: Rule = {
  id: 'no-namespace',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'is' : 'are'} in no namespace`,
  what: 'An object that holds data names no namespace, or nobody knows into which one a claim will be installed.',
  why: 'Velero selects by namespace and Flux may choose another one than you think: nothing can be proven about it.',
  fix: 'Give the chart a namespace, or the object, or the claim in `holds`.',
  example: `const nowhere = new Chart(app, 'nowhere');
new BackedUpVolume(nowhere, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: ({ data }) =>
    data.datasets
      .filter(({ id, ref }) => id.namespace === undefined && ref !== 'persistentVolume' && !(ref in CLUSTER_DATA))
      .map((dataset) => ({ ...aboutDataset(dataset), ...placeToName(dataset) })),
};

function placeToName({ id, heldBy }: FoundDataset): Pick<RuleFinding, 'because' | 'remedies'> {
  if (heldBy === undefined) return { remedies: toFix(`new Chart(app, '…', { namespace: '…' })`) };
  return {
    because: `${describeObject(heldBy)} does not say into which namespace it installs`,
    remedies: toFix(`holds(…, { '${id.name}': { …, namespace: '…' } })`),
  };
}
