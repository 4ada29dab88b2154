/** Databases whose files are copied while they write. */
import type { AnsweredDataset } from '../../model/answered';
import { at, groupOf, listAt, textAt, type KubeObject } from '../../model/kube-object';
import { WORKLOADS } from '../../model/kinds';
import { counted, PLACEHOLDERS } from '../../model/text';
import { strategiesOf, type GateContext } from '../context';
import { aboutDataset, describeOrigin, toFix } from '../finding';
import type { Rule } from '../rule';

/** Images by the last part of their name, without registry and tag. */
const DATABASES =
  /^(postgres(ql)?|postgis|timescaledb|pgvector|mysql|mariadb|percona-server|mongo(db)?|mongodb-community-server|redis|valkey|keydb|etcd|cassandra|scylla|influxdb|clickhouse(-server)?|cockroach|couchdb|neo4j|elasticsearch|opensearch|dirsrv|openldap)$/;

export const crashConsistent: Rule = {
  id: 'crash-consistent',
  heading: (n) =>
    `${counted(n, 'database')} on a plain volume ${n === 1 ? 'is' : 'are'} copied while ${n === 1 ? 'it writes' : 'they write'}`,
  what: 'A known database image writes to a volume that is backed up by snapshot, and nobody said that this is good enough.',
  why: 'A snapshot is what a power cut leaves. Databases with a write-ahead log on one volume survive that; with several volumes, or without a log, they may not.',
  fix: 'Dump the database, or say in a sentence why what a power cut leaves is good enough.',
  example: `new BackedUpStatefulSet(chart, 'db', {
  podTemplate: { spec: { containers: [{ name: 'postgres', image: 'postgres:17.2', volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] }] } },
  volumes: { data: { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) } },
});`,
  check: (context) => {
    const databases = databaseClaims(context);
    return context.copied.flatMap((dataset) => {
      if (dataset.method !== 'velero' || strategiesOf(dataset.answer).some(accepts)) return [];
      const writer = dataset.claims
        .map(({ namespace, name }) => databases.get(claimKey(namespace, name)))
        .find((found) => found !== undefined);
      if (writer === undefined) return [];
      return [
        {
          ...aboutDataset(dataset),
          because: `${writer.image} in ${writer.where} writes to it`,
          remedies: toFix(`crashConsistent: '${PLACEHOLDERS.crashConsistent}'`),
        },
      ];
    });
  },
};

function accepts(strategy: ReturnType<typeof strategiesOf>[number]): boolean {
  return strategy.type === 'elsewhere' || ('crashConsistent' in strategy && strategy.crashConsistent !== undefined);
}

interface Writer {
  readonly image: string;
  readonly where: string;
}

/** Claims that a container with a known database image mounts. */
function databaseClaims({ input, answers }: GateContext): ReadonlyMap<string, Writer> {
  const writers = new Map<string, Writer>();
  const claimsOfSets = claimsByTemplate(answers.answered);
  for (const { object, origin } of input.objects) {
    const workload = WORKLOADS.find((row) => row.kind === object.kind && row.group === groupOf(object.apiVersion));
    if (workload === undefined) continue;
    const spec = at(object, ...workload.template, 'spec');
    for (const container of listAt(spec, 'containers')) {
      const image = textAt(container, 'image') ?? '';
      if (!DATABASES.test(imageName(image))) continue;
      const writer = { image, where: describeOrigin(origin) };
      for (const mount of listAt(container, 'volumeMounts')) {
        const volume = textAt(mount, 'name') ?? '';
        for (const claim of claimsOf(object, spec, volume, claimsOfSets)) writers.set(claim, writer);
      }
    }
  }
  return writers;
}

function imageName(image: string): string {
  const path = image.replace(/@sha256:.*$/, '').replace(/:[^/:]*$/, '');
  return path.slice(path.lastIndexOf('/') + 1);
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

function claimKey(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}
