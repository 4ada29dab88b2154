/** What somebody else is said to copy, and the CronJobs that are named as evidence: they are on the path of a backup, whoever wrote them. */
import { distinctBy } from '../model/collections';
import type { RenderedObject } from '../model/rendered';
import type { Elsewhere } from '../model/strategy';
import { strategiesOf, type GateContext } from './context';
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
  /** Absent where nobody says it. */
  readonly namespace?: string;
  /** Absent when no object of that name is in the output or in the files that synth reads. */
  readonly found?: RenderedObject;
}

export function evidenceCronJobs(context: GateContext): readonly NamedCronJob[] {
  return elsewheresOf(context).flatMap(({ elsewhere: { evidence }, about, namespace: own }) => {
    if (evidence === undefined) return [];
    const { cronJob: name, namespace = own } = evidence;
    if (namespace === undefined) return [{ about, name }];
    const found = context.object({ group: 'batch', kind: 'CronJob', namespace, name });
    return [{ about, name, namespace, ...(found === undefined ? {} : { found }) }];
  });
}
