/** Databases and Giteas on claims that Helm releases make: names of charts and of claims say what runs there. */
import type { FoundDataset } from '../model/answered';
import type { Origin } from '../model/declaration';
import {
  at,
  booleanAt,
  describeObject,
  numberAt,
  objectId,
  textAt,
  textMapAt,
  type KubeObject,
} from '../model/kube-object';
import { labelsToPaste, type Labels } from '../model/label-selector';
import { installNamespace } from '../model/opaque-kinds';
import { parseQuantity, type Quantity } from '../model/quantity';
import { opaqueRefText } from '../model/refs';
import { PLACEHOLDERS, UNKNOWN } from '../model/text';
import type { GateContext } from './context';
import { clusterOf } from './gitea-databases';
import { inWords, type Remedy } from './finding';
import { settingsOfRelease } from './gitea-settings';
import { databaseToPaste } from './gitea-volumes';
import { chartOf, releaseNameOf, valuesOf } from './helm-values';
import { nightlyLine } from './remedies';

/** What keeps its files on a claim of a release. */
export interface HeldServer {
  readonly program: 'Gitea' | 'PostgreSQL';
  readonly release: KubeObject;
  readonly chart: string;
}

const GITEAS = new Set(['gitea', 'forgejo']);
const POSTGRES = new Set(['postgresql', 'postgresql-ha']);
/** What Bitnami's charts call the claims of servers, also where another chart brings them: `data-forge-postgresql-0`. */
const POSTGRES_CLAIM = /^data-(?:.+-)?postgresql(?:-ha-postgresql|-primary|-read)?-\d+$/;
/** Claims of what those charts bring besides: caches, runners, and the dumps that the chart itself makes. */
const OTHERS = /valkey|redis|memcached|runner|pgdumpall/;

/** @returns `undefined` where no HelmRelease makes the claim, and where nothing tells what is on it. */
export function serverOn({ heldBy, id }: FoundDataset, context: GateContext): HeldServer | undefined {
  const release = heldBy === undefined ? undefined : context.object(heldBy)?.object;
  const chart = release?.kind === 'HelmRelease' ? chartOf(release, context) : undefined;
  if (release === undefined || chart === undefined) return undefined;
  if (POSTGRES_CLAIM.test(id.name)) return { program: 'PostgreSQL', release, chart };
  const program = programOf(release, context);
  return program === undefined || OTHERS.test(id.name) ? undefined : { program, release, chart };
}

/** What the chart of a release is all about, where that is one of these. */
export function programOf(release: KubeObject, context: GateContext): HeldServer['program'] | undefined {
  const chart = chartOf(release, context) ?? '';
  if (GITEAS.has(chart)) return 'Gitea';
  return POSTGRES.has(chart) ? 'PostgreSQL' : undefined;
}

/** For people: `the chart 'gitea' of HelmRelease paperless/forge`. */
export function describeServer({ chart, release }: HeldServer): string {
  return `the chart '${chart}' of ${describeObject(objectId(release))}`;
}

/** Whether it is a Gitea whose database is a file, which a snapshot of its volume has. */
export function usesSqliteIn(release: KubeObject, context: GateContext): boolean {
  return (
    programOf(release, context) === 'Gitea' && settingsOfRelease(release, context).get('database.DB_TYPE') === 'sqlite3'
  );
}

/** A claim of a release as it can be pasted. */
interface HeldClaim {
  readonly name: string;
  readonly namespace?: string;
  readonly storage?: Quantity;
  readonly storageClass?: string;
  readonly labels: Labels;
}

/**
 * As the chart makes it (helm-gitea 12, values.yaml; of PostgreSQL only the cluster knows its name).
 *
 * @returns `undefined` where its values say that it makes none.
 */
export function expectedClaimOf(release: KubeObject, context: GateContext): HeldClaim | undefined {
  const namespace = installNamespace(release);
  const place = namespace === undefined ? {} : { namespace };
  if (programOf(release, context) === 'PostgreSQL')
    return { name: UNKNOWN, ...place, labels: labelsOf(release, chartOf(release, context) ?? '') };
  const persistence = at(valuesOf(release, context), 'persistence');
  if (['enabled', 'create'].some((name) => booleanAt(persistence, name) === false)) return undefined;
  const storage = parseQuantity(at(persistence, 'size'));
  const storageClass = textAt(persistence, 'storageClass');
  return {
    name: textAt(persistence, 'claimName') ?? 'gitea-shared-storage',
    ...place,
    ...(storage === undefined ? {} : { storage }),
    ...(storageClass === undefined ? {} : { storageClass }),
    labels: textMapAt(persistence, 'labels'),
  };
}

/** The claims of the server that the chart of a Gitea brings, where its values say so. */
export function bundledDatabaseClaims(release: KubeObject, context: GateContext): readonly HeldClaim[] {
  if (programOf(release, context) !== 'Gitea') return [];
  const values = valuesOf(release, context);
  const replicas = numberAt(values, 'postgresql-ha', 'postgresql', 'replicaCount') ?? 3;
  const bundled = [
    { chart: 'postgresql', claims: ['postgresql-0'] },
    {
      chart: 'postgresql-ha',
      claims: Array.from({ length: replicas }, (_, index) => `postgresql-ha-postgresql-${index}`),
    },
  ];
  return bundled
    .filter(({ chart }) => booleanAt(values, chart, 'enabled') === true)
    .flatMap(({ chart, claims }) =>
      claims.map((name) => ({ name: `data-${releaseNameOf(release)}-${name}`, labels: labelsOf(release, chart) })),
    );
}

/** The construct that copies a claim by what knows the program on it. */
export function heldServerLine(
  claim: HeldClaim,
  { program, release }: Pick<HeldServer, 'program' | 'release'>,
  origin: Origin,
  context: GateContext,
): string {
  const own = context.chartNamespace(origin);
  const data = [
    `claim: '${claim.name}'`,
    ...(claim.namespace === undefined || claim.namespace === own ? [] : [`namespace: '${claim.namespace}'`]),
    `heldBy: ${opaqueRefText(objectId(release), own)}`,
    ...propertiesOf(claim),
  ].join(', ');
  const construct = program === 'Gitea' ? 'GiteaBackup' : 'PostgresBackup';
  const name = claim.name === UNKNOWN ? release.metadata.name : claim.name;
  const how = program === 'Gitea' ? giteaProperties(claim, release, context) : serverProperty(claim, release, context);
  return `new ${construct}(this, '${name}-backup', { data: { ${data} }, ${how}, backup: ${nightlyLine(context)} })`;
}

/** The same for a claim that `holds` lists, or should. */
export function heldServerRemedies(
  label: string,
  dataset: FoundDataset,
  server: HeldServer,
  context: GateContext,
): readonly Remedy[] {
  const { id, claims, storage, storageClass } = dataset;
  const claim = {
    name: id.name,
    ...(id.namespace === undefined ? {} : { namespace: id.namespace }),
    ...(storage === undefined ? {} : { storage }),
    ...(storageClass === undefined ? {} : { storageClass }),
    labels: claims[0]?.labels ?? {},
  };
  return [
    { label, text: heldServerLine(claim, server, dataset.origin, context) },
    ...inWords(`that stands in the place of '${id.name}' in holds`),
  ];
}

/** The entry of a claim in `holds`, with an answer. */
export function heldEntry(claim: HeldClaim, answer: string): string {
  return `'${claim.name}': { ${[...propertiesOf(claim), `backup: ${answer}`].join(', ')} }`;
}

function propertiesOf({ storage, storageClass, labels }: HeldClaim): readonly string[] {
  return [
    `storage: ${sizeText(storage)}`,
    ...(storageClass === undefined ? [] : [`storageClass: '${storageClass}'`]),
    `labels: ${labelsToPaste(labels)}`,
  ];
}

/** As much as the charts ask for, where nobody says it. */
function sizeText(storage: Quantity | undefined): string {
  if (storage === undefined) return 'Size.gibibytes(10)';
  const mebibytes = Math.ceil(storage.bytes / 2 ** 20);
  return mebibytes % 1024 === 0 ? `Size.gibibytes(${mebibytes / 1024})` : `Size.mebibytes(${mebibytes})`;
}

function giteaProperties({ namespace }: HeldClaim, release: KubeObject, context: GateContext): string {
  const settings = settingsOfRelease(release, context);
  // Without a host the chart may bring a server of its own.
  const isSaid = typeof settings.get('database.HOST') === 'string';
  const database = databaseToPaste(isSaid ? clusterOf(settings, namespace, context) : undefined);
  const pods = labelsToPaste(labelsOf(release, chartOf(release, context) ?? 'gitea'));
  return `pods: ${pods}, layout: 'chart', image: '${UNKNOWN}', database: ${database}`;
}

function serverProperty({ name }: HeldClaim, release: KubeObject, context: GateContext): string {
  const user = `{ secret: '${UNKNOWN}', key: 'username' }`;
  const password = `{ secret: '${UNKNOWN}', key: 'postgres-password' }`;
  const isOfMany = name.includes('-postgresql-ha-') || chartOf(release, context) === 'postgresql-ha';
  const pods = `{ labels: ${labelsToPaste(labelsOf(release, isOfMany ? 'postgresql-ha' : 'postgresql'))} }`;
  return `server: { host: '${UNKNOWN}', pods: ${pods}, user: ${user}, password: ${password}, keptIn: '${PLACEHOLDERS.place}' }`;
}

/** By which charts tell their pods apart, which claims of StatefulSets carry, too. */
function labelsOf(release: KubeObject, name: string): Labels {
  return { 'app.kubernetes.io/instance': releaseNameOf(release), 'app.kubernetes.io/name': name };
}
