/** Databases whose files are copied while they write. */
import { veleroCopies } from '../../methods/velero/plan';
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy } from '../../model/collections';
import { claimKey, datasetKey } from '../../model/dataset';
import { strategiesOf } from '../../model/declaration';
import { counted, enumerated, PLACEHOLDERS } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, describeOrigin, inWords, toFix, type Remedy } from '../finding';
import { describeServer, heldServerRemedies, serverOn, type HeldServer } from '../held-servers';
import { postgresServerLine } from '../postgres-servers';
import { isDeclaredByItsMaker, nightlyLine } from '../remedies';
import type { Rule } from '../rule';

export const crashConsistent: Rule = {
  id: 'crash-consistent',
  heading: (n) =>
    `${counted(n, 'database')} on a plain volume ${n === 1 ? 'is' : 'are'} copied while ${n === 1 ? 'it writes' : 'they write'}`,
  what: 'A known database image writes to a volume that is backed up by snapshot, and nobody said that this is good enough. Of a HelmRelease the chart says so, `postgresql` or `postgresql-ha`, or the name that these give a claim.',
  why: 'A snapshot is what a power cut leaves. Databases with a write-ahead log on one volume survive that; without a log they may not. The snapshots of several volumes are of several moments, and no power cut leaves that.',
  fix: 'Dump the database, or say in a sentence why what a power cut leaves is good enough. Of a database on several volumes the sentence has to name the others.',
  example: `new BackedUpStatefulSet(chart, 'db', {
  podTemplate: { spec: { containers: [{ name: 'postgres', image: 'postgres:17.2', volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] }] } },
  volumes: { data: { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) } },
});`,
  check: (context) => {
    const snapshots = context.copied.filter((dataset) => veleroCopies(dataset).length > 0);
    const byClaim = new Map(
      snapshots.flatMap((dataset) =>
        dataset.claims.map(({ namespace, name }) => [claimKey(namespace, name), dataset] as const),
      ),
    );
    return snapshots.flatMap((dataset) => {
      const held = serverOn(dataset, context);
      if (held?.program === 'PostgreSQL') {
        if (strategiesOf(dataset.answer).some((strategy) => accepts(strategy, []))) return [];
        const because = `the PostgreSQL of ${describeServer(held)} writes to it, as far as names tell`;
        return [{ ...aboutDataset(dataset), because, remedies: heldRemedies(dataset, held, context) }];
      }
      const writer = dataset.claims
        .map(({ namespace, name }) => context.databaseWriters.get(claimKey(namespace, name)))
        .find((found) => found !== undefined);
      if (writer === undefined) return [];
      const written = distinctBy(
        writer.claims.flatMap((claim) => byClaim.get(claim) ?? []),
        ({ id }) => datasetKey(id),
      );
      const others = written.filter((other) => other !== dataset).map(({ id }) => id.part?.name ?? id.name);
      if (strategiesOf(dataset.answer).some((strategy) => accepts(strategy, others))) return [];
      return [
        {
          ...aboutDataset(dataset),
          because: `${writer.image} in ${describeOrigin(writer.workload.origin)} writes to it${
            others.length === 0 ? '' : ` and to ${quoted(others)}, whose snapshot is of another moment`
          }`,
          remedies: remediesFor(dataset, others, context),
        },
      ];
    });
  },
};

/** @param others what else the database writes to: a sentence that does not speak of it was meant for another database. */
function accepts(strategy: ReturnType<typeof strategiesOf>[number], others: readonly string[]): boolean {
  if (strategy.type === 'elsewhere') return true;
  const sentence = 'crashConsistent' in strategy ? strategy.crashConsistent : undefined;
  return sentence !== undefined && others.every((name) => isNamed(name, sentence));
}

function isNamed(name: string, sentence: string): boolean {
  const letters = name.replaceAll(/[^\w-]/g, '\\$&');
  return new RegExp(`(^|[^\\w-])${letters}($|[^\\w-])`).test(sentence);
}

function remediesFor(dataset: AnsweredDataset, others: readonly string[], context: GateContext): readonly Remedy[] {
  const dump = postgresServerLine(dataset, nightlyLine(context), context);
  if (others.length > 0) {
    const how = dump === undefined ? 'dump it' : 'dump it with PostgresBackup and leave all but one of them out';
    return inWords(
      `put all that it writes on one volume, or ${how}, or say in crashConsistent why it survives that, and name ${quoted(others)}`,
    );
  }
  const accept = toFix(`crashConsistent: '${PLACEHOLDERS.crashConsistent}'`);
  if (dump === undefined) return [...accept, ...inWords('or dump it to a volume that is backed up')];
  if (isDeclaredByItsMaker(dataset)) {
    return [...accept, ...inWords(`or render the volume without a construct of this library, and dump it: ${dump}`)];
  }
  return [...accept, { label: 'or to dump it', text: dump }, ...inWords('the dump stands in the place of backUp')];
}

function heldRemedies(dataset: AnsweredDataset, server: HeldServer, context: GateContext): readonly Remedy[] {
  const accept = toFix(`crashConsistent: '${PLACEHOLDERS.crashConsistent}'`);
  return [...accept, ...heldServerRemedies('or to dump it', dataset, server, context)];
}

function quoted(names: readonly string[]): string {
  return enumerated(names.map((name) => `'${name}'`));
}
