/** A copy is made, is somewhere else, is young enough, and lives long enough. */
import { isDeepStrictEqual } from 'node:util';
import type { PlannedRun } from '../../methods/method';
import { alertAge, minimumRetention } from '../../model/copies';
import { datasetKey } from '../../model/dataset';
import { strategiesOf } from '../../model/declaration';
import { strategyFits } from '../../model/kinds';
import { describeObject, objectId } from '../../model/kube-object';
import { mirrorHops, type Location } from '../../model/location';
import { planOf } from '../../model/marks';
import type { Strategy } from '../../model/strategy';
import { counted, describeSeconds, enumerated } from '../../model/text';
import { distinctBy } from '../../model/collections';
import type { AnsweredDataset } from '../../model/answered';
import type { GateContext } from '../context';
import { acceptedRpo, achievedRpo, copiesBy, survives, type Copy } from '../copies';
import { cronJobGap, evidenceCronJobs } from '../evidence';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { answerLine, constructLine, elsewhereLine, mirrorLine, nightlyLine, outsideVariable } from '../remedies';
import type { Rule } from '../rule';

export const unprovenStrategy: Rule = {
  id: 'unproven-strategy',
  heading: (n) => `${counted(n, 'strategy', 'strategies')} that nothing carries out`,
  what: 'A strategy fits the kind of data, but this version of the library renders nothing that carries it out.',
  why: 'A declaration without an object behind it would look like a backup and be none.',
  fix: 'Say who copies the data with `elsewhere` until the construct for it exists.',
  example: `new ApiObject(chart, 'logs', {
  apiVersion: 'opensearch.org/v1',
  kind: 'OpenSearchCluster',
  metadata: { name: 'logs' },
  spec: { general: { serviceName: 'logs' }, nodePools: [] },
});
backUp(chart, { openSearch: 'logs' }, nightly({ to: offsite, keep: { daily: 7 } }));`,
  check: (context) =>
    context.copied
      .filter((dataset) => !isUnplanned(dataset, context))
      .flatMap((dataset) =>
        strategiesOf(dataset.answer)
          .filter(({ type }) => strategyFits(dataset.ref, type))
          .flatMap((strategy) => {
            if (copiesBy(strategy, dataset, context).length > 0) return changedJobs(dataset, strategy, context);
            const isForConstruct = strategy.type === 'scheduled' && dataset.methods.scheduled === 'jobs';
            return [
              {
                ...aboutDataset(dataset),
                because: `no object in the output is known to carry out '${strategy.type}' for it`,
                remedies: toFix(
                  isForConstruct
                    ? constructLine(dataset, nightlyLine(context), context)
                    : answerLine(dataset, elsewhereLine(), context),
                ),
              },
            ];
          }),
      ),
};

/** The objects of a job carry out its strategy as they were planned, and not otherwise. */
function changedJobs(dataset: AnsweredDataset, strategy: Strategy, context: GateContext): readonly RuleFinding[] {
  const by = strategy.type === 'elsewhere' ? undefined : dataset.methods[strategy.type];
  const planned = by === undefined ? [] : context.methods[by].jobObjectsFor(dataset, strategy);
  return planned
    .filter((object) => !isDeepStrictEqual(context.object(objectId(object))?.object, object))
    .map((object) => ({
      ...aboutDataset(dataset),
      because: `${describeObject(objectId(object))} is not in the output as it was planned`,
      remedies: inWords('leave the object to synth'),
    }));
}

/** Whether why nothing copies it is a finding of its own: its plan has no Schedules, it no job, or its bucket no reader. */
function isUnplanned(dataset: AnsweredDataset, context: GateContext): boolean {
  const { id, answer } = dataset;
  const { velero, ceph } = context.methods;
  return (
    ceph.isUnread(dataset) ||
    velero.problems.some(
      (problem) =>
        (problem.type === 'schedule' || problem.type === 'disagreement') &&
        problem.plan === planOf(answer) &&
        problem.dataset.id.namespace === id.namespace,
    ) ||
    context.jobProblems.some((problem) => datasetKey(problem.dataset.id) === datasetKey(id))
  );
}

export const neverLeaves: Rule = {
  id: 'never-leaves',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'has' : 'have'} no copy outside the cluster`,
  what: 'All copies of a dataset are in the failure domain that they are to protect it from.',
  why: 'Every dashboard is green until the storage burns, and then the backups burn with it. A snapshot in the same pool, or a bucket that the same Ceph serves, is such a copy.',
  fix: 'Send a copy to a location outside, or mirror the location to one.',
  example: `const inCluster = s3Location('local', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: inCluster, keep: { daily: 7 } }) });`,
  check: (context) =>
    context.copied.flatMap((dataset) => {
      const copies = context.copiesOf(dataset);
      if (copies.length === 0 || copies.some((copy) => survives(copy.failureDomain, 'cluster'))) return [];
      return [{ ...aboutDataset(dataset), because: whereTheyAre(copies), remedies: copyOutside(dataset, context) }];
    }),
};

function whereTheyAre(copies: readonly Copy[]): string {
  if (copies.every(({ staysInStorage }) => staysInStorage)) {
    return 'it has only snapshots, which stay in the storage itself';
  }
  const places = copies.map(({ location }) =>
    location === undefined ? 'what somebody else keeps there' : `'${location.name}'`,
  );
  return `all of its copies are lost with the cluster: ${enumerated(distinctBy(places, (place) => place))}`;
}

function copyOutside(dataset: AnsweredDataset, context: GateContext): readonly Remedy[] {
  const { methods, ref } = dataset;
  if (methods.mirrored !== undefined) return toFix(mirrorLine(dataset, context));
  const outside = outsideVariable(context);
  const mirror = mirrorOutside(dataset, outside, context);
  if (methods.continuous !== undefined) {
    return [
      ...toFix(`to: ${outside}`),
      ...mirror,
      ...inWords('send the log to a location outside, or mirror the one that it has'),
    ];
  }
  if (methods.scheduled === undefined) return toFix(answerLine(dataset, elsewhereLine(), context));
  const copy = nightlyLine(context, { to: outside });
  if (ref === 'etcd') return [...toFix(constructLine(dataset, copy, context)), ...mirror];
  return [...toFix(copy), ...mirror, ...inWords('add the copy to the strategies, which may be a list')];
}

/** Of a location that has a mirror, that one is in the cluster too. */
function mirrorOutside(dataset: AnsweredDataset, outside: string, context: GateContext): readonly Remedy[] {
  const here = context
    .copiesOf(dataset)
    .find(({ location, staysInStorage }) => location !== undefined && !staysInStorage && location.mirror === undefined);
  if (here?.location === undefined) return [];
  return [
    { label: 'or mirror it', text: `mirror: nightly({ to: ${outside} })` },
    ...inWords(`the mirror is a property of location '${here.location.name}'`),
  ];
}

export const rpoOutOfReach: Rule = {
  id: 'rpo-out-of-reach',
  heading: (n) => `${counted(n, 'RPO')} that the schedules cannot reach`,
  what: 'The declared RPO is shorter than the worst age that the chain of schedules gives, or a copy of somebody else is promised to be younger than its CronJob can make it.',
  why: 'A promise on paper is kept by nobody: the copy that would have to be there has not been made yet.',
  fix: 'Copy more often, shorten what a run may take, or promise less.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: nightly({ to: offsite, keep: { daily: 7 }, rpo: Duration.hours(12) }),
});`,
  check: (context) => [...unreachedRpos(context), ...slowEvidence(context)],
};

function unreachedRpos(context: GateContext): readonly RuleFinding[] {
  return context.copied.flatMap((dataset) => {
    const accepted = acceptedRpo(dataset);
    const achieved = achievedRpo(context.copiesOf(dataset), 'cluster');
    // That nothing ever arrives is a finding of its own, and so is what is not a number (strategy-misfit).
    if (accepted === undefined || achieved === undefined || !Number.isFinite(achieved)) return [];
    if (!(achieved > accepted)) return [];
    return [
      {
        ...aboutDataset(dataset),
        because: `at worst the newest copy outside the cluster is ${describeSeconds(achieved)} old, and only ${describeSeconds(accepted)} are accepted`,
        remedies: [
          ...toFix(`rpo: Duration.minutes(${Math.ceil(achieved / 60)})`),
          ...inWords('copy more often, or accept what is reached'),
        ],
      },
    ];
  });
}

/** What is promised in the name of a CronJob that runs more rarely. */
function slowEvidence(context: GateContext): readonly RuleFinding[] {
  return evidenceCronJobs(context).flatMap(({ about, namespace, name, rpoSeconds, found }) => {
    const gap = found === undefined ? undefined : cronJobGap(found.object);
    if (gap === undefined || !(gap > rpoSeconds)) return [];
    return [
      {
        ...about,
        because: `CronJob ${namespace}/${name} leaves ${describeSeconds(gap)} between two runs at worst, and a copy no older than ${describeSeconds(rpoSeconds)} is promised`,
        remedies: [
          ...toFix(`rpo: Duration.minutes(${Math.ceil(gap / 60)})`),
          ...inWords('run it more often, or promise what it reaches'),
        ],
      },
    ];
  });
}

export const expiresTooSoon: Rule = {
  id: 'expires-too-soon',
  heading: (n) => `${counted(n, 'dataset')} whose copies expire before anybody can notice`,
  what: 'Copies are kept for a shorter time than it takes to notice that no new ones are made.',
  why: 'Velero also expires its last good backup. A schedule that broke on Friday has left nothing by Tuesday.',
  fix: 'Keep more copies: at least three times the age at which the alert fires.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 2 } }) });`,
  check: (context) => [
    ...shortLivedMirrors(context),
    ...context.copied.flatMap((dataset) =>
      context.copiesOf(dataset).flatMap(({ runs }) => {
        const base = runs[0];
        const shortest = runs.toSorted((a, b) => a.keepSeconds - b.keepSeconds)[0];
        if (base === undefined || shortest === undefined) return [];
        const needed = minimumRetention(base.worstAgeSeconds);
        if (shortest.keepSeconds >= needed) return [];
        return [
          {
            ...aboutDataset(dataset),
            because: `${shortest.name} keeps copies for ${describeSeconds(shortest.keepSeconds)}; the alert fires after ${describeSeconds(alertAge(base.worstAgeSeconds))}, so they must live for ${describeSeconds(needed)}`,
            remedies: toFix(keepingFor(needed, shortest)),
          },
        ];
      }),
    ),
  ],
};

/** A mirror has what its source has, and is older. */
function shortLivedMirrors(context: GateContext): readonly RuleFinding[] {
  return context.copied.flatMap((dataset) =>
    context.copiesOf(dataset).flatMap(({ by, location, keptSeconds, worstAgeSeconds }) => {
      const needed = minimumRetention(worstAgeSeconds);
      if (by !== 'mirror' || location === undefined || keptSeconds === undefined || keptSeconds >= needed) return [];
      const because = `the mirror at '${location.name}' keeps for ${describeSeconds(keptSeconds)} what its source keeps; its alert fires after ${describeSeconds(alertAge(worstAgeSeconds))}, so that copies must live for ${describeSeconds(needed)}`;
      return [{ ...aboutDataset(dataset), because, remedies: keepingAtSource(dataset, location, needed, context) }];
    }),
  );
}

/** What keeps copies long enough in the place that a location mirrors. */
function keepingAtSource(
  dataset: AnsweredDataset,
  mirror: Location,
  seconds: number,
  context: GateContext,
): readonly Remedy[] {
  const words = inWords('keep more copies, or mirror more often');
  const sources = context
    .copiesOf(dataset)
    .filter(({ location }) => location !== undefined && leadsTo(location, mirror));
  const [longest] = sources.flatMap(({ runs }) => runs).toSorted((a, b) => b.keepSeconds - a.keepSeconds);
  if (longest !== undefined) return [...toFix(keepingFor(seconds, longest)), ...words];
  // Of jobs the repository has one retention, and each count is that of its own calendar.
  const keeps = strategiesOf(dataset.answer).flatMap((strategy) =>
    strategy.type === 'scheduled' && leadsTo(strategy.to, mirror) ? [Object.entries(strategy.keep)] : [],
  );
  const [counts] = keeps;
  const [only] = counts ?? [];
  const [source] = sources;
  if (counts?.length !== 1 || only === undefined || source?.keptSeconds === undefined) return words;
  const [bucket, count] = only;
  return [...toFix(`keep: { ${bucket}: ${Math.ceil((seconds * count) / source.keptSeconds)} }`), ...words];
}

function leadsTo(location: Location, mirror: Location): boolean {
  return mirrorHops(location).some(({ by }) => by.type !== 'elsewhere' && by.to.name === mirror.name);
}

/** The property that keeps copies for a time at least. */
function keepingFor(seconds: number, { kept, keepSeconds }: PlannedRun): string {
  return kept.type === 'window'
    ? `restoreWindow: Duration.days(${Math.ceil(seconds / 86_400)})`
    : `keep: { ${kept.bucket}: ${Math.ceil((seconds * kept.count) / keepSeconds)} }`;
}
