/** Dumps of servers without an operator: what is dumped is what writes to the volume that the dump answers for. */
import type { DumpedServer } from '../../methods/jobs/declaration';
import type { PlannedJob } from '../../methods/jobs/plan';
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy } from '../../model/collections';
import { isDatabaseImage, isPostgresImage, replicatesNothing } from '../../model/database-images';
import { datasetKey, type DatasetId } from '../../model/dataset';
import {
  at,
  describeObject,
  groupOf,
  listAt,
  numberAt,
  objectId,
  textAt,
  textMapAt,
  type KubeObject,
} from '../../model/kube-object';
import { carries, describeLabels, labelsToPaste } from '../../model/label-selector';
import { installNamespace } from '../../model/opaque-kinds';
import { counted, enumerated, PLACEHOLDERS } from '../../model/text';
import {
  makesServers,
  mountsClaim,
  podLabels,
  podsMayCarry,
  podTemplateOf,
  tellingLabels,
  volumesOfClaim,
  writableMounts,
} from '../../model/workloads';
import { writersBeside } from '../claim-writers';
import type { GateContext } from '../context';
import { runningContainers } from '../database-writers';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { portOf, servicePortOf } from '../postgres-servers';
import { nightlyLine } from '../remedies';
import type { Rule } from '../rule';
import { textsIn } from '../scripts';

export const postgresServer: Rule = {
  id: 'postgres-server',
  heading: (n) => `${counted(n, 'volume')} whose dumps would not have what ${n === 1 ? 'it holds' : 'they hold'}`,
  what: 'A server is to be dumped in the place of a volume, and as far as the output and the files beside show, it is not the one that mounts the volume, or not the only one that writes to it, or no PostgreSQL. Or the server with the database of a Gitea is none that the job would reach.',
  why: 'Velero leaves the volume out because of the dump. The job dumps another server, or reaches none; where it reaches one, every receipt is good, and nobody has a copy of what the volume holds.',
  fix: 'Name the Service that leads to the pods which mount the volume, and the labels of those pods; and give files that are beside the database a volume of their own.',
  example: `const labels = { app: 'wiki-db' };
new ApiObject(chart, 'wiki-db', {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'wiki-db' },
  spec: {
    serviceName: 'wiki-db',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'postgres',
            image: 'docker.io/library/postgres:18.1',
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
      },
    ],
  },
});
new k8s.KubeService(chart, 'service', {
  metadata: { name: 'tickets-db' },
  spec: { selector: { app: 'tickets-db' }, ports: [{ port: 5432 }] },
});
new PostgresBackup(chart, 'wiki-db-backup', {
  data: { statefulSet: 'wiki-db', template: 'data' },
  server: {
    host: 'tickets-db',
    pods: { labels },
    user: { secret: 'wiki-db', key: 'username' },
    password: { secret: 'wiki-db', key: 'password' },
    keptIn: 'sealed envelope, bank',
  },
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    distinctBy(context.methods.jobs.jobs, ({ dataset }) => datasetKey(dataset.id)).flatMap((job) => {
      const { server } = job.declaration;
      const why = server?.isBeside === true ? whyNotReached : whyOfSomethingElse;
      const problem = server === undefined ? undefined : why(job, server, context);
      return problem === undefined ? [] : [{ ...aboutDataset(job.dataset), ...problem }];
    }),
};

type Problem = Required<Pick<RuleFinding, 'because' | 'remedies'>>;

function whyOfSomethingElse({ dataset }: PlannedJob, server: DumpedServer, context: GateContext): Problem | undefined {
  const { namespace = '' } = dataset.id;
  const inNamespace = context.inNamespace(namespace);
  const servers = inNamespace.filter(makesServers);
  const mounting = servers.filter((object) => mounts(object, dataset.id));
  const reached = mounting.filter((object) => podsMayCarry(object, server.pods));
  const services = inNamespace.filter(isService);
  const service = services.find(({ metadata }) => metadata.name === server.service);
  const foreign = anotherDatabase(mounting, dataset, context);
  if (foreign !== undefined) return foreign;
  const [first] = mounting;
  if (first !== undefined && reached.length === 0) {
    const right = serviceFor(mounting, servers, services);
    return {
      because: `${describe(first)} mounts the volume, and its pods have not the labels ${describeLabels(server.pods)}, by which the job reaches a server`,
      remedies: [
        ...toFix(`pods: { labels: ${labelsToPaste(tellingLabels(first))} }`),
        ...(right === undefined || right === server.service ? [] : toFix(`host: '${right}'`)),
      ],
    };
  }
  const reachable = servers.filter((object) => podsMayCarry(object, server.pods));
  const behind = service === undefined ? reachable : (serversBehind(service, reachable) ?? reachable);
  const problem =
    notWritten(reached, dataset.id) ??
    severalServers(reached, dataset, context) ??
    notAlone(dataset, behind.length === 0 ? reachable : behind, context);
  if (problem !== undefined) return problem;
  const remedies = towards(serviceFor(reached, servers, services), NO_SERVICE);
  if (service !== undefined) return whyBesideIt(service, servers, mounting, server, remedies);
  // Where nobody sees what mounts the volume, its Service may be there, too.
  if (reached.length === 0 || mayMakeServices(namespace, context)) return undefined;
  return { because: noService(namespace, server), remedies };
}

/** Of a server with a volume of its own, only its Service tells which it is. */
function whyNotReached({ dataset }: PlannedJob, server: DumpedServer, context: GateContext): Problem | undefined {
  const { namespace = '' } = dataset.id;
  const inNamespace = context.inNamespace(namespace);
  const servers = inNamespace.filter(makesServers);
  const services = inNamespace.filter(isService);
  const service = services.find(({ metadata }) => metadata.name === server.service);
  if (service === undefined) {
    const asked = servers.filter((object) => podsMayCarry(object, server.pods));
    if (mayMakeServices(namespace, context)) return undefined;
    return {
      because: noService(namespace, server),
      remedies: towards(serviceFor(asked, servers, services), NO_SERVICE_OF_DATABASE),
    };
  }
  const behind = serversBehind(service, servers) ?? [];
  const [first] = behind;
  if (first === undefined) return undefined;
  if (behind.some((object) => podsMayCarry(object, server.pods))) return portProblem(service, behind, server);
  return {
    because: `${describe(service)} leads to the pods of ${describe(first)}, which have not the labels ${describeLabels(server.pods)}, by which the job may reach a server`,
    remedies: toFix(`pods: { labels: ${labelsToPaste(tellingLabels(first))} }`),
  };
}

function noService(namespace: string, { service }: DumpedServer): string {
  return `there is no Service ${namespace}/${service}, and nothing in the namespace would make one that nobody sees`;
}

function towards(service: string | undefined, otherwise: string): readonly Remedy[] {
  return service === undefined ? inWords(otherwise) : toFix(`host: '${service}'`);
}

/** A volume beside that of the server, such as the uploads of an application in the same pods: no dump has them. */
function notWritten(mounting: readonly KubeObject[], dataset: DatasetId): Problem | undefined {
  const first = mounting.find(isPostgres);
  if (first === undefined || mounting.some((object) => writesWithPostgres(object, dataset))) return undefined;
  return {
    because: `PostgreSQL in ${describe(first)} does not write to it`,
    remedies: inWords(
      'name in data the volume that PostgreSQL writes to, and back this one up as a volume with files, with backUp(…)',
    ),
  };
}

function writesWithPostgres(object: KubeObject, dataset: DatasetId): boolean {
  return writersOn(object, dataset).some(isPostgresContainer);
}

/** The containers of an object's pods that may write to a volume. */
function writersOn(object: KubeObject, { name, part }: DatasetId): readonly unknown[] {
  const volumes = part === undefined ? volumesOfClaim(object, name) : [part.name];
  return runningContainers(at(podTemplateOf(object), 'spec')).filter(
    (container) => writableMounts(container, volumes).length > 0,
  );
}

/** A volume of MySQL, MongoDB or the like, of which `pg_dump` makes no dump. */
function anotherDatabase(
  mounting: readonly KubeObject[],
  dataset: AnsweredDataset,
  context: GateContext,
): Problem | undefined {
  if (mounting.some(isPostgres)) return undefined;
  const [found] = mounting.flatMap((object) =>
    writersOn(object, dataset.id)
      .flatMap((container) => textAt(container, 'image') ?? [])
      .filter(isDatabaseImage)
      .map((image) => ({ object, image })),
  );
  if (found === undefined) return undefined;
  return {
    because: `${found.image} in ${describe(found.object)} writes to it, which is no PostgreSQL, and the job can dump nothing else`,
    remedies: [{ label: 'in its place', text: asFiles(dataset, context) }],
  };
}

/** A volume that files of something else are on as well. */
function notAlone(
  dataset: AnsweredDataset,
  candidates: readonly KubeObject[],
  context: GateContext,
): Problem | undefined {
  const [other] = writersBeside(dataset, candidates, context);
  if (other === undefined) return undefined;
  return {
    because: `container '${other.name}' of ${describe(other.object)}, ${other.image}, writes to it as well, and a dump has none of its files`,
    remedies: [
      ...(isPostgresImage(other.image) ? [] : [{ label: 'if it only reads', text: 'readOnly: true' }]),
      ...inWords('give it a volume of its own, or copy the whole volume in the place of PostgresBackup'),
      { label: 'or as files', text: asFiles(dataset, context) },
    ],
  };
}

function asFiles(dataset: AnsweredDataset, context: GateContext): string {
  const strategy = nightlyLine(context, { crashConsistent: PLACEHOLDERS.crashConsistent });
  return `backUp(this, ${context.refTo(dataset)}, ${strategy})`;
}

/** Each pod of a StatefulSet has a volume of its own, and a server of its own unless something makes them one. */
function severalServers(
  mounting: readonly KubeObject[],
  { claims }: AnsweredDataset,
  context: GateContext,
): Problem | undefined {
  const alone = mounting.filter((object) => !followsAnother(object, context));
  const container = alone.flatMap(postgresContainers).find(replicatesNothing);
  if (claims.length < 2 || container === undefined) return undefined;
  return {
    because: `its ${claims.length} pods have a volume each, ${textAt(container, 'image')} makes each of them a server of its own, and a run dumps one`,
    remedies: toFix('replicas: 1'),
  };
}

/** Whether scripts of its pods, such as those of an init container, make a server the replica of another one. */
function followsAnother(object: KubeObject, context: GateContext): boolean {
  const template = podTemplateOf(object);
  const { namespace = '' } = object.metadata;
  const files = context
    .configMapsOf(listAt(template, 'spec', 'volumes'), namespace)
    .flatMap((configMap) => textsIn(at(configMap, 'data')));
  return [...textsIn(template), ...files].some(({ text }) => FOLLOWS.test(text));
}

const FOLLOWS = /pg_basebackup|primary_conninfo|standby\.signal/;

/** Why a Service does not lead to what mounts the volume, or not to that alone. */
function whyBesideIt(
  service: KubeObject,
  servers: readonly KubeObject[],
  mounting: readonly KubeObject[],
  server: DumpedServer,
  remedies: readonly Remedy[],
): Problem | undefined {
  const behind = serversBehind(service, servers);
  // Without a selector something else says where it leads: Patroni, or a person.
  if (behind === undefined) return undefined;
  const name = describe(service);
  const others = behind.filter((object) => !mounting.includes(object));
  if (behind.length === others.length && (others.length > 0 || mounting.length > 0)) {
    const pods = others.length === 0 ? 'no pods that anybody sees' : `the pods of ${enumerated(others.map(describe))}`;
    const mounter = mounting.length === 0 ? 'which do not mount the volume' : `and ${describeAll(mounting)} the volume`;
    return { because: `${name} leads to ${pods}, ${mounter}`, remedies };
  }
  const another = others.find(isPostgres);
  if (another !== undefined) {
    return {
      because: `${name} leads to the pods of ${describe(another)} as well, and nobody knows which of the servers a run dumps`,
      remedies,
    };
  }
  return portProblem(service, behind, server);
}

/** Why the job does not get through a Service to where its pods listen. */
function portProblem(
  service: KubeObject,
  behind: readonly KubeObject[],
  { port, pods, podPort }: DumpedServer,
): Problem | undefined {
  const ports = listAt(service, 'spec', 'ports');
  const numbers = ports.flatMap((each) => numberAt(each, 'port') ?? []);
  // A headless one only gives a name to the pods.
  if (textAt(service, 'spec', 'clusterIP') === 'None' || numbers.length === 0) return undefined;
  const name = describe(service);
  const reaching = (target: number): readonly Remedy[] =>
    toFix(`pods: { labels: ${labelsToPaste(pods)}, port: ${target} }`);
  if (!numbers.includes(port)) {
    const container = behind.flatMap(postgresContainers)[0];
    const right = servicePortOf(service, container);
    return {
      because: `${name} has port ${enumerated(numbers.map(String))}, and the job asks it at ${port}`,
      remedies:
        right === undefined
          ? inWords(`let ${name} have a port that leads to PostgreSQL, or name in host a Service that has one`)
          : [...toFix(`port: ${right}`), ...(portOf(container) === right ? [] : reaching(portOf(container)))],
    };
  }
  const target = targetOf(
    ports.find((each) => numberAt(each, 'port') === port),
    behind,
  );
  if (target === undefined || target === podPort) return undefined;
  return {
    because: `${name} leads from port ${port} to port ${target} of the pods, and the job may reach them at ${podPort} only`,
    remedies: reaching(target),
  };
}

/** Number of the port of the pods that a port of a Service leads to, as far as it can be told. */
function targetOf(port: unknown, behind: readonly KubeObject[]): number | undefined {
  const name = textAt(port, 'targetPort');
  if (name === undefined) return numberAt(port, 'targetPort') ?? numberAt(port, 'port');
  const named = behind
    .flatMap((object) => runningContainers(at(podTemplateOf(object), 'spec')))
    .flatMap((container) => listAt(container, 'ports'))
    .find((each) => textAt(each, 'name') === name);
  return numberAt(named, 'containerPort');
}

const NO_SERVICE =
  'name in host a Service that leads to the pods which mount the volume, and to no others; if it is in another file, let alsoRead read that';

const NO_SERVICE_OF_DATABASE =
  'name in host the Service of its database; if it is in another file, let alsoRead read that';

/** Name of a Service that leads to some of what mounts the volume, and to nothing else. */
function serviceFor(
  mounting: readonly KubeObject[],
  servers: readonly KubeObject[],
  services: readonly KubeObject[],
): string | undefined {
  const leading = services.filter((service) => {
    const behind = serversBehind(service, servers) ?? [];
    return behind.length > 0 && behind.every((object) => mounting.includes(object));
  });
  const container = mounting.flatMap(postgresContainers)[0];
  // Another may be for metrics only.
  return (leading.find((service) => servicePortOf(service, container) !== undefined) ?? leading[0])?.metadata.name;
}

/** What a Service leads to, as far as anybody sees; `undefined` where it does not say itself. */
function serversBehind(service: KubeObject, servers: readonly KubeObject[]): readonly KubeObject[] | undefined {
  const selector = textMapAt(service, 'spec', 'selector');
  if (Object.keys(selector).length === 0) return undefined;
  const shown = servers.filter((object) => carries(podLabels(object), selector));
  return shown.length > 0 ? shown : servers.filter((object) => podsMayCarry(object, selector));
}

function mounts(object: KubeObject, { kind, namespace, name, part }: DatasetId): boolean {
  return part === undefined
    ? mountsClaim(object, namespace, name)
    : object.kind === kind && object.metadata.name === name;
}

function isService({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === '' && kind === 'Service';
}

function isPostgres(object: KubeObject): boolean {
  return postgresContainers(object).length > 0;
}

function postgresContainers(object: KubeObject): readonly unknown[] {
  return runningContainers(at(podTemplateOf(object), 'spec')).filter(isPostgresContainer);
}

function isPostgresContainer(container: unknown): boolean {
  return isPostgresImage(textAt(container, 'image') ?? '');
}

/** Whether something makes objects in a namespace that nobody sees before they are there. */
function mayMakeServices(namespace: string, context: GateContext): boolean {
  return context.data.opaque.some((opaque) => {
    const into = installNamespace(opaque.object);
    return (into === undefined || into === namespace) && !context.isSeen(opaque);
  });
}

function describe(object: KubeObject): string {
  return describeObject(objectId(object));
}

function describeAll(mounting: readonly KubeObject[]): string {
  return `${enumerated(mounting.map(describe))} ${mounting.length === 1 ? 'mounts' : 'mount'}`;
}
