/** What somebody else is said to copy, and the CronJobs that are named as evidence: they are on the path of a backup, whoever wrote them. */
import { distinctBy } from '../model/collections';
import { isCronProblem, parseCron } from '../model/cron';
import { strategiesOf } from '../model/declaration';
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { textAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { largestGapOfFields } from '../model/schedule';
import type { Elsewhere } from '../model/strategy';
import { isTimeZone } from '../model/time-zone';
import type { GateContext } from './context';
import { aboutDataset, type RuleFinding } from './finding';

/** One `elsewhere(…)`, of a dataset or of the mirror of a location. */
export interface ElsewhereUse {
  readonly elsewhere: Elsewhere;
  readonly about: Pick<RuleFinding, 'subject' | 'at' | 'dataset'>;
  /** Where the evidence is that names no namespace of its own; of a location there is none. */
  readonly namespace?: string;
}

export function elsewheresOf(context: GateContext): readonly ElsewhereUse[] {
  const ofDatasets = context.copied.flatMap((dataset) =>
    strategiesOf(dataset.answer).flatMap((strategy): readonly ElsewhereUse[] => {
      if (strategy.type !== 'elsewhere') return [];
      const { namespace } = dataset.id;
      return [{ elsewhere: strategy, about: aboutDataset(dataset), ...(namespace === undefined ? {} : { namespace }) }];
    }),
  );
  const ofLocations = distinctBy(context.locations, ({ location }) => location.name).flatMap(({ location, at }) =>
    location.mirror?.type === 'elsewhere'
      ? [{ elsewhere: location.mirror, about: { subject: `mirror of location '${location.name}'`, at } }]
      : [],
  );
  return [...ofDatasets, ...ofLocations];
}

export interface NamedCronJob {
  readonly about: ElsewhereUse['about'];
  readonly name: string;
  /** How old the copy is at worst, in the words of the declaration. */
  readonly rpoSeconds: number;
  /** Absent where nobody says it. */
  readonly namespace?: string;
  /** Absent when no object of that name is in the output or in the files that synth reads. */
  readonly found?: RenderedObject;
}

export function evidenceCronJobs(context: GateContext): readonly NamedCronJob[] {
  return elsewheresOf(context).flatMap(({ elsewhere: { evidence, rpoSeconds }, about, namespace: own }) => {
    if (evidence === undefined) return [];
    const { cronJob: name, namespace = own } = evidence;
    if (namespace === undefined) return [{ about, name, rpoSeconds }];
    const found = context.object({ group: 'batch', kind: 'CronJob', namespace, name });
    return [{ about, name, namespace, rpoSeconds, ...(found === undefined ? {} : { found }) }];
  });
}

/** The longest time between two runs of a CronJob, in seconds; `undefined` where its schedule cannot be read. */
export function cronJobGap(cronJob: KubeObject): number | undefined {
  const schedule = (textAt(cronJob, 'spec', 'schedule') ?? '').trim();
  if (schedule.startsWith('@every ')) {
    const interval = parseGoDuration(schedule.slice('@every '.length).trim());
    return isDurationProblem(interval) ? undefined : interval.seconds;
  }
  const fields = parseCron(schedule, 'CronJob');
  const timeZone = textAt(cronJob, 'spec', 'timeZone') ?? 'UTC';
  return isCronProblem(fields) || !isTimeZone(timeZone) ? undefined : largestGapOfFields(fields, timeZone);
}
