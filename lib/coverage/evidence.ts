/** The CronJobs that `elsewhere` names as evidence: they are on the path of a backup, whoever wrote them. */
import type { AnsweredDataset } from '../model/answered';
import { isCronProblem, parseCron } from '../model/cron';
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { textAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { largestGapOfFields } from '../model/schedule';
import { isTimeZone } from '../model/time-zone';
import { strategiesOf, type GateContext } from './context';

export interface NamedCronJob {
  readonly dataset: AnsweredDataset;
  readonly namespace: string;
  readonly name: string;
  /** How old the copy is at worst, in the words of the declaration. */
  readonly rpoSeconds: number;
  /** Absent when no object of that name is in the output or in the files that synth reads. */
  readonly found?: RenderedObject;
}

export function evidenceCronJobs(context: GateContext): readonly NamedCronJob[] {
  return context.copied.flatMap((dataset) =>
    strategiesOf(dataset.answer).flatMap((strategy) => {
      if (strategy.type !== 'elsewhere' || strategy.evidence === undefined) return [];
      const { evidence, rpoSeconds } = strategy;
      const namespace = evidence.namespace ?? dataset.id.namespace ?? '';
      const found = context.object({ group: 'batch', kind: 'CronJob', namespace, name: evidence.cronJob });
      return [{ dataset, namespace, name: evidence.cronJob, rpoSeconds, ...(found === undefined ? {} : { found }) }];
    }),
  );
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
