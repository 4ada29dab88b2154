/** The CronJobs that `elsewhere` names as evidence: they are on the path of a backup, whoever wrote them. */
import type { AnsweredDataset } from '../model/answered';
import type { RenderedObject } from '../model/rendered';
import { strategiesOf, type GateContext } from './context';

export interface NamedCronJob {
  readonly dataset: AnsweredDataset;
  readonly namespace: string;
  readonly name: string;
  /** Absent when no object of that name is in the output or in the files that synth reads. */
  readonly found?: RenderedObject;
}

export function evidenceCronJobs(context: GateContext): readonly NamedCronJob[] {
  return context.copied.flatMap((dataset) =>
    strategiesOf(dataset.answer).flatMap((strategy) => {
      const evidence = strategy.type === 'elsewhere' ? strategy.evidence : undefined;
      if (evidence === undefined) return [];
      const namespace = evidence.namespace ?? dataset.id.namespace ?? '';
      const found = context.object({ group: 'batch', kind: 'CronJob', namespace, name: evidence.cronJob });
      return [{ dataset, namespace, name: evidence.cronJob, ...(found === undefined ? {} : { found }) }];
    }),
  );
}
