/** Databases whose files are copied while they write. */
import { veleroCopies } from '../../methods/velero/plan';
import type { AnsweredDataset } from '../../model/answered';
import { at, booleanAt, groupOf, listAt, textAt, type KubeObject } from '../../model/kube-object';
import { distinctBy } from '../../model/collections';
import { claimKey, datasetKey } from '../../model/dataset';
import { strategiesOf } from '../../model/declaration';
import { counted, enumerated, PLACEHOLDERS } from '../../model/text';
import { podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { isDatabaseImage } from '../../model/database-images';
import { aboutDataset, describeOrigin, inWords, toFix, type Remedy } from '../finding';
import type { Rule } from '../rule';

export const crashConsistent: Rule = {
  id: 'crash-consistent',
  heading: (n) =>
    `${counted(n, 'database')} on a plain volume ${n === 1 ? 'is' : 'are'} copied while ${n === 1 ? 'it writes' : 'they write'}`,
  what: 'A known database image writes to a volume that is backed up by snapshot, and nobody said that this is good enough.',
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
    const writers = new Map(
      databaseWriters(context).flatMap((writer) => writer.claims.map((claim) => [claim, writer] as const)),
    );
    return snapshots.flatMap((dataset) => {
      const writer = dataset.claims
        .map(({ namespace, name }) => writers.get(claimKey(namespace, name)))
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
          because: `${writer.image} in ${writer.where} writes to it${
            others.length === 0 ? '' : ` and to ${quoted(others)}, whose snapshot is of another moment`
          }`,
          remedies: remediesFor(others),
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

function remediesFor(others: readonly string[]): readonly Remedy[] {
  if (others.length === 0)
    return [
      ...toFix(`crashConsistent: '${PLACEHOLDERS.crashConsistent}'`),
      ...inWords('or dump it to a volume that is backed up'),
    ];
  return inWords(
    `put all that it writes on one volume, or dump it, or say in crashConsistent why it survives that, and name ${quoted(others)}`,
  );
}

function quoted(names: readonly string[]): string {
  return enumerated(names.map((name) => `'${name}'`));
}

/** A container with the image of a database, and the claims that it may write to. */
interface Writer {
  readonly image: string;
  readonly where: string;
  readonly claims: readonly string[];
}

function databaseWriters({ input, answers }: GateContext): readonly Writer[] {
  const claimsOfSets = claimsByTemplate(answers.answered);
  return input.objects.flatMap(({ object, origin }): readonly Writer[] => {
    // In a job it is the client, which writes a dump.
    if (groupOf(object.apiVersion) === 'batch') return [];
    const spec = at(podTemplateOf(object), 'spec');
    return runningContainers(spec).flatMap((container) => {
      const image = textAt(container, 'image') ?? '';
      if (!isDatabaseImage(image)) return [];
      const mounts = listAt(container, 'volumeMounts').filter((mount) => booleanAt(mount, 'readOnly') !== true);
      const claims = mounts.flatMap((mount) => claimsOf(object, spec, textAt(mount, 'name') ?? '', claimsOfSets));
      return claims.length === 0 ? [] : [{ image, where: describeOrigin(origin), claims }];
    });
  });
}

/** An init container that is always restarted is a sidecar, and runs as long as the others. */
function runningContainers(spec: unknown): readonly unknown[] {
  const sidecars = listAt(spec, 'initContainers').filter(
    (container) => textAt(container, 'restartPolicy') === 'Always',
  );
  return [...listAt(spec, 'containers'), ...sidecars];
}

function claimsOf(
  object: KubeObject,
  spec: unknown,
  volume: string,
  claimsOfSets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const { namespace = '', name } = object.metadata;
  const claim = listAt(spec, 'volumes').find((each) => textAt(each, 'name') === volume);
  const claimName = textAt(claim, 'persistentVolumeClaim', 'claimName');
  if (claimName !== undefined) return [claimKey(namespace, claimName)];
  return claimsOfSets.get(JSON.stringify([namespace, name, volume])) ?? [];
}

function claimsByTemplate(datasets: readonly AnsweredDataset[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    datasets
      .filter(({ id }) => id.part?.type === 'template')
      .map(({ id, claims }) => [
        JSON.stringify([id.namespace, id.name, id.part?.name]),
        claims.map(({ namespace, name }) => claimKey(namespace, name)),
      ]),
  );
}
