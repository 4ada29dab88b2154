/** How a client reaches a PostgreSQL that has no operator, as far as the objects show it. */
import { POSTGRES_PORT } from '../methods/common-jobs';
import { isPostgresImage } from '../model/database-images';
import { claimKey } from '../model/dataset';
import { at, listAt, mappingAt, numberAt, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { PLACEHOLDERS, UNKNOWN } from '../model/text';
import { podsMayCarry, tellingLabels } from '../model/workloads';
import { labelsToPaste } from '../model/label-selector';
import type { UnansweredDataset } from './answers';
import { writersBeside } from './claim-writers';
import type { GateContext } from './context';
import type { DatabaseWriter } from './database-writers';

/**
 * The construct that dumps the database on a volume, in the place of any other answer for it; `undefined` where no pod is
 * known that runs PostgreSQL on it, and where something else writes files to it that no dump has.
 */
export function postgresServerLine(
  dataset: UnansweredDataset,
  strategy: string,
  context: GateContext,
): string | undefined {
  const { id, declaration, origin, claims, heldBy } = dataset;
  if (heldBy !== undefined) return undefined;
  const writer = claims
    .map(({ namespace, name }) => context.databaseWriters.get(claimKey(namespace, name)))
    .find((each) => each !== undefined && isPostgresImage(each.image));
  if (writer === undefined || writersBeside(dataset, [writer.workload.object], context).length > 0) return undefined;
  const data = context.refTo({ id, origin: declaration?.at ?? origin });
  return `new PostgresBackup(this, '${id.name}-backup', { data: ${data}, server: ${serverOf(writer, context)}, backup: ${strategy} })`;
}

function serverOf(writer: DatabaseWriter, context: GateContext): string {
  const { container, workload } = writer;
  const listensOn = portOf(container);
  const service = serviceOf(writer, context);
  const port = service?.port ?? listensOn;
  const labels = service?.labels ?? tellingLabels(workload.object);
  const pods = [`labels: ${labelsToPaste(labels)}`, ...(listensOn === port ? [] : [`port: ${listensOn}`])];
  return `{ ${[
    `host: '${service?.name ?? UNKNOWN}'`,
    ...(port === POSTGRES_PORT ? [] : [`port: ${port}`]),
    `pods: { ${pods.join(', ')} }`,
    `user: ${secretKeyOf(container, ['POSTGRES_USER'], 'username')}`,
    // The first is the superuser's in the images of Bitnami, where the second may be the application's.
    `password: ${secretKeyOf(container, ['POSTGRES_POSTGRES_PASSWORD', 'POSTGRES_PASSWORD'], 'password')}`,
    `keptIn: '${PLACEHOLDERS.place}'`,
  ].join(', ')} }`;
}

/** The one of PostgreSQL, where the container names several. */
export function portOf(container: unknown): number {
  const ports = listAt(container, 'ports').flatMap((each) => numberAt(each, 'containerPort') ?? []);
  return ports.length === 0 || ports.includes(POSTGRES_PORT) ? POSTGRES_PORT : (ports[0] ?? POSTGRES_PORT);
}

interface ServerService {
  readonly name: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** One that leads to the port of the server; of several, one with an address of its own. */
function serviceOf({ workload, container }: DatabaseWriter, context: GateContext): ServerService | undefined {
  const { namespace } = workload.object.metadata;
  const found = context.ofKind('', 'Service').flatMap(({ object }) => {
    const selector = textMapAt(object, 'spec', 'selector');
    const isOurs = object.metadata.namespace === namespace && podsMayCarry(workload.object, selector);
    const port = isOurs ? servicePortOf(object, container) : undefined;
    const isHeadless = textAt(object, 'spec', 'clusterIP') === 'None';
    return port === undefined ? [] : [{ name: object.metadata.name, port, labels: selector, isHeadless }];
  });
  return found.find(({ isHeadless }) => !isHeadless) ?? found[0];
}

/** The port of a Service that leads to the server in a container. */
export function servicePortOf(service: KubeObject, container: unknown): number | undefined {
  const listensOn = portOf(container);
  const names = new Set(
    listAt(container, 'ports')
      .filter((each) => numberAt(each, 'containerPort') === listensOn)
      .map((each) => textAt(each, 'name')),
  );
  const found = listAt(service, 'spec', 'ports').find((each) => {
    const target = mappingAt(each)['targetPort'] ?? numberAt(each, 'port');
    return target === listensOn || (typeof target === 'string' && names.has(target));
  });
  return numberAt(found, 'port');
}

/** The key of a Secret that the container itself has a variable from. */
function secretKeyOf(container: unknown, variables: readonly string[], usual: string): string {
  const env = listAt(container, 'env');
  const refs = variables.map((name) =>
    at(
      env.find((each) => textAt(each, 'name') === name),
      'valueFrom',
      'secretKeyRef',
    ),
  );
  const ref = refs.find((each) => textAt(each, 'name') !== undefined);
  return `{ secret: '${textAt(ref, 'name') ?? UNKNOWN}', key: '${textAt(ref, 'key') ?? usual}' }`;
}
