/** Every dataset has exactly one answer, and every answer a dataset. */
import type { FoundDataset } from '../../model/answered';
import { strategiesOf, type Origin } from '../../model/declaration';
import { CLUSTER_DATA, strategyFits } from '../../model/kinds';
import { at as valueAt, describeObject, objectKey, type KubeObject, type ObjectId } from '../../model/kube-object';
import { isMirror, type Location } from '../../model/location';
import { nearest } from '../../model/nearest';
import { misfitsOf } from '../../model/strategy';
import { opaqueRefText } from '../../model/refs';
import { counted, enumerated, PLACEHOLDERS, UNKNOWN } from '../../model/text';
import type { UnansweredDataset } from '../answers';
import { isBucketOf } from '../buckets';
import type { GateContext } from '../context';
import { aboutDataset, aboutObject, describeOrigin, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import type { OpaqueObject } from '../find-data';
import { giteaBackupRemedies, giteaOn, usesSqlite } from '../gitea-volumes';
import {
  bundledDatabaseClaims,
  expectedClaimOf,
  heldEntry,
  heldServerLine,
  heldServerRemedies,
  programOf,
  serverOn,
  usesSqliteIn,
} from '../held-servers';
import { persistenceIn } from '../helm-values';
import { postgresServerLine } from '../postgres-servers';
import { answerLine, copyLine, isDeclaredByItsMaker, nightlyLine, outsideVariable } from '../remedies';
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
    context.answers.unanswered.map((dataset) => {
      const location = locationIn(dataset, context);
      return {
        ...aboutDataset(dataset),
        ...(location === undefined ? whyData(dataset) : { because: whyNotMirrored(location) }),
        remedies:
          location === undefined ? answersToPaste(dataset, context) : leaveLocationOut(location, dataset, context),
      };
    }),
};

function whyData(dataset: FoundDataset): { readonly because?: string } {
  if (dataset.undeclaredClaim === true) {
    return { because: `${describeOrigin(dataset.origin)} mounts the claim, and no object declares it` };
  }
  return dataset.where === undefined ? {} : { because: `containers write to ${dataset.where}` };
}

/** The location whose bucket a claim makes: what is in it are copies. */
function locationIn({ id, ref }: UnansweredDataset, context: GateContext): Location | undefined {
  const claim = ref === 'bucket' ? context.object(id)?.object : undefined;
  if (claim === undefined) return undefined;
  return context.locations.find(({ location }) => isBucketOf(location, claim, context))?.location;
}

function whyNotMirrored(location: Location): string {
  return `it is the bucket of location '${location.name}', which ${whereItGoes(location) ?? 'has no mirror'}; mirrored as a bucket, all copies in it would be copied once more as raw files`;
}

function whereItGoes({ mirror }: Location): string | undefined {
  if (!isMirror(mirror)) return undefined;
  return mirror.type === 'elsewhere' ? 'somebody else mirrors' : `is mirrored to '${mirror.to.name}'`;
}

function leaveLocationOut(location: Location, dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  const name = context.refTo({ id: dataset.id, origin: dataset.declaration?.at ?? dataset.origin });
  const reason = `It is the location ${location.name}, and holds only copies of other data.`;
  return [
    { label: 'to leave it out', text: `exclude(this, ${name}, { reason: '${reason}' })` },
    ...(location.mirror === undefined
      ? [{ label: 'and mirror it', text: `mirror: nightly({ to: ${outsideVariable(context)} })` }]
      : []),
  ];
}

function answersToPaste(dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  return [...claimMeant(dataset, context), ...waysToBackUp(dataset, context), ...waysToLeaveOut(dataset, context)];
}

/** A claim that nobody declares may be a misspelt one: an answer for it would copy nothing, every night. */
function claimMeant(dataset: UnansweredDataset, { data }: GateContext): readonly Remedy[] {
  if (dataset.undeclaredClaim !== true) return [];
  const { namespace, name } = dataset.id;
  const claims = data.datasets.filter((each) => each.undeclaredClaim !== true).flatMap((each) => each.claims);
  const meant = nearest(
    name,
    claims.filter((claim) => claim.namespace === namespace).map((claim) => claim.name),
  );
  return meant === undefined ? [] : [{ label: 'did you mean', text: `claimName: '${meant}'` }];
}

/** Of a volume that PostgreSQL writes to, what a power cut leaves is the second best copy. */
function waysToBackUp(dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  const label = 'to back it up';
  const snapshot = answerLine(
    dataset,
    nightlyLine(context, { crashConsistent: PLACEHOLDERS.crashConsistent }),
    context,
  );
  const held = serverOn(dataset, context);
  if (held !== undefined)
    return usesSqliteIn(held.release, context)
      ? [{ label, text: snapshot }]
      : heldServerRemedies(label, dataset, held, context);
  const gitea = isDeclaredByItsMaker(dataset) ? undefined : giteaOn(dataset, context);
  if (gitea !== undefined) {
    if (usesSqlite(gitea)) return [{ label, text: snapshot }];
    const together = giteaBackupRemedies(label, dataset, gitea, context);
    return gitea.layout === undefined ? [...together, { label: 'if it has both', text: snapshot }] : together;
  }
  const dump = isDeclaredByItsMaker(dataset) ? undefined : postgresServerLine(dataset, nightlyLine(context), context);
  if (dump === undefined) return [{ label, text: copyLine(dataset, context) }];
  return [
    { label, text: dump },
    { label: 'or as files', text: snapshot },
  ];
}

function waysToLeaveOut(dataset: UnansweredDataset, context: GateContext): readonly Remedy[] {
  const { id, ref, origin, declaration } = dataset;
  const label = 'to leave it out';
  const excludedLine = `excluded('${PLACEHOLDERS.exclusion}')`;
  if (ref in CLUSTER_DATA) return [{ label, text: `${ref}: ${excludedLine}` }];
  if (declaration?.held !== undefined) return [{ label, text: `backup: ${excludedLine}` }];
  if (isDeclaredByItsMaker(dataset) && ref === 'bucket') return [{ label, text: `backup: ${excludedLine}` }];
  if (!isDeclaredByItsMaker(dataset)) {
    const name = context.refTo({ id, origin: declaration?.at ?? origin });
    return [{ label, text: `exclude(this, ${name}, { reason: '${PLACEHOLDERS.exclusion}' })` }];
  }
  if (ref === 'postgres') return inWords('if it may be lost, render the Cluster itself, and leave it out with exclude');
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
      because: `kinds: { … } of the app does not say whether '${what}' holds data`,
      remedies: [
        { label: 'if it holds none', text: `'${what}': 'no data',` },
        { label: 'if it makes more', text: `'${what}': 'opaque',` },
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
      because: `kinds: { … } of the app does not say whether '${what}' holds data`,
      remedies: [{ label: 'if it holds none', text: `'${what}': 'no data',` }],
    })),
};

export const unansweredOpaque: Rule = {
  id: 'opaque-object',
  heading: (n) => `${counted(n, 'object')} may make volumes that nobody sees`,
  what: 'An object makes others at run time (a Helm release, a Flux Kustomization), and nothing says which of them hold data. Or what `holds` says of a Helm release are less claims than its values switch on (`persistence.enabled: true`, at any depth, where nothing around it is `enabled: false`).',
  why: 'Volumes that a chart makes are in no repository: only the running cluster shows them.',
  fix: 'List the claims that it makes with their answers, or `{}` if it makes none beside those that the files show. A Kustomization of this repository needs no answer if synth reads all that it applies, and if nothing changes names, namespaces or volumes on the way: patches, components, prefixes, another namespace, or variables in such places. Images, plain labels and variables elsewhere do not matter.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
});`,
  check: (context) => [
    ...contradictedHolds(context),
    ...context.answers.unansweredOpaque.map((opaque) => {
      // Of a Kustomization of this repository one expects that its files are enough.
      const because = context.kustomizations.appliedBy(opaque.object)?.because;
      return {
        ...aboutObject(opaque.object, opaque.origin),
        ...(because === undefined ? {} : { because }),
        remedies: [
          ...(because === undefined
            ? []
            : inWords('read all of its files (alsoRead), and let them say what changes them')),
          ...waysToHold(opaque, because === undefined, context),
        ],
      };
    }),
  ],
};

/** @param isUnseen whether nothing is known of what it makes. */
function waysToHold(opaque: OpaqueObject, isUnseen: boolean, context: GateContext): readonly Remedy[] {
  const { object, origin } = opaque;
  const ref = context.refToOpaque(opaque);
  const named = claimsOf(opaque.id, context).map(({ id }) => id.name);
  const server = named.length > 0 ? [] : serverOfChart(object, origin, context);
  const database = bundledDatabaseClaims(object, context).filter(({ name }) => !named.includes(name));
  if (database.length > 0) {
    const entries = database.map((claim) =>
      heldEntry(claim, `excluded('Each copy of the Gitea carries a dump of it.')`),
    );
    return [...server, { label: 'and its database', text: `holds(this, ${ref}, { ${entries.join(', ')} })` }];
  }
  const isAll = isUnseen && named.length + server.length === 0;
  return [
    ...server,
    { label: isAll ? 'if it makes none' : 'if it adds none', text: `holds(this, ${ref}, {})` },
    { label: 'otherwise', text: holdsLine(object, ref, context) },
  ];
}

/** The claims that somebody has said an object makes. */
function claimsOf(maker: ObjectId, { data }: GateContext): readonly FoundDataset[] {
  return data.datasets.filter(({ heldBy }) => heldBy !== undefined && objectKey(heldBy) === objectKey(maker));
}

/** What is in the volumes of a chart that everybody knows is copied by what knows it. */
function serverOfChart(release: KubeObject, origin: Origin, context: GateContext): readonly Remedy[] {
  const program = programOf(release, context);
  const claim = expectedClaimOf(release, context);
  if (program === undefined || claim === undefined || usesSqliteIn(release, context)) return [];
  const text = heldServerLine(claim, { program, release }, origin, context);
  return [{ label: program === 'Gitea' ? 'to back it up' : 'to dump it', text }];
}

function holdsLine(object: KubeObject, ref: string, context: GateContext): string {
  return `holds(this, ${ref}, { ${claimEntry(object, context)} })`;
}

/** Beside a server that is copied by what knows it, nobody needs snapshots of that. */
function claimEntry(object: KubeObject, context: GateContext): string {
  if (programOf(object, context) === undefined)
    return `'${UNKNOWN}': { storage: Size.gibibytes(10), backup: ${nightlyLine(context)} }`;
  const claim = usesSqliteIn(object, context) ? expectedClaimOf(object, context) : undefined;
  if (claim === undefined) return `'${UNKNOWN}': excluded('${PLACEHOLDERS.exclusion}')`;
  const { crashConsistent } = PLACEHOLDERS;
  return heldEntry(claim, nightlyLine(context, { crashConsistent }));
}

/** The values of a release may say of themselves that it makes more claims than somebody has named. */
function contradictedHolds(context: GateContext): readonly RuleFinding[] {
  return context.input.opaque.flatMap(({ object, at }) => {
    const release = context.object(object)?.object;
    if (release === undefined || object.kind !== 'HelmRelease') return [];
    const switches = persistenceIn(valueAt(release, 'spec', 'values'));
    if (switches.length === 0) return [];
    const held = claimsOf(object, context);
    if (switches.length <= held.length) return [];
    const said = held.length === 0 ? 'no claims' : `only ${enumerated(held.map(({ id }) => id.name))}`;
    const chart = context.input.charts.find(({ id }) => id === at.chart);
    return [
      {
        subject: `holds of ${describeObject(object)}`,
        at,
        object,
        because: `its values say ${enumerated(switches.map((path) => `${path}: true`))}, and it is said to make ${said}`,
        remedies: [
          ...(held.length > 0 ? [] : serverOfChart(release, at, context)),
          { label: 'name its claims', text: holdsLine(release, opaqueRefText(object, chart?.namespace), context) },
          ...inWords('or say enabled: false in the values for what is not there'),
        ],
      },
    ];
  });
}

export const strategyMisfit: Rule = {
  id: 'strategy-misfit',
  heading: (n) => `${counted(n, 'strategy', 'strategies')} ${n === 1 ? 'does' : 'do'} not fit the kind of data`,
  what: 'A strategy cannot copy this kind of data, or one of its options is no number that a job can work with. Of the former, typed code does not compile; untyped code ends here.',
  why: 'A file copy of a running database, or a log of changes for a volume that has none, is not a backup. A job that compares with a share of -1 percent never refuses a source that is half empty.',
  fix: 'Use a strategy that fits; the table is in the documentation of strategies. Correct the option.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(7) }) as never,
});`,
  check: (context) =>
    context.answers.answered.flatMap((dataset) =>
      strategiesOf(dataset.answer).flatMap((strategy): readonly RuleFinding[] => {
        const about = aboutDataset(dataset);
        if (!strategyFits(dataset.ref, strategy.type)) {
          const remedies = toFix(copyLine(dataset, context));
          return [{ ...about, because: `'${strategy.type}' cannot copy it`, remedies }];
        }
        // Of what somebody else copies, elsewhere-malformed says so.
        if (strategy.type === 'elsewhere') return [];
        return misfitsOf(strategy).map(({ option, problem, write }) => ({
          ...about,
          because: `the ${option} of '${strategy.type}' ${problem}`,
          remedies: toFix(write),
        }));
      }),
    ),
};

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

function placeToName({ id, heldBy, origin }: FoundDataset): Pick<RuleFinding, 'because' | 'remedies'> {
  if (heldBy !== undefined) {
    return {
      because: `${describeObject(heldBy)} does not say into which namespace it installs`,
      remedies: toFix(`'${id.name}': { namespace: '…' }`),
    };
  }
  if (origin.type !== 'construct') return { remedies: inWords('write metadata.namespace into the object') };
  return { remedies: toFix(`new Chart(app, '${origin.chart}', { namespace: '${origin.chart}' })`) };
}
