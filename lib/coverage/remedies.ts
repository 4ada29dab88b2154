/** Lines to paste that several rules print. */
import { CLUSTER_DATA } from '../model/kinds';
import { groupBy } from '../model/collections';
import { strategiesOf } from '../model/declaration';
import { mirrorHops, type Location } from '../model/location';
import { PLACEHOLDERS } from '../model/text';
import type { UnansweredDataset } from './answers';
import type { GateContext } from './context';
import { survives } from './copies';
import { describeOrigin } from './finding';

/**
 * An answer at the place where the data is declared: `backup: nightly(…)` in the construct that makes it, `etcd: …` in
 * the app, and `backUp(this, …)` for what somebody else makes.
 */
export function answerLine(dataset: UnansweredDataset, strategy: string, context: GateContext): string {
  const { id, ref, declaration } = dataset;
  if (ref in CLUSTER_DATA) return `${ref}: ${strategy}`;
  if (isProperty(dataset)) return `backup: ${strategy}`;
  return `backUp(this, ${context.refTo({ id, origin: declaration?.at ?? dataset.origin })}, ${strategy})`;
}

/** Whether a construct of this library makes the data, or `holds` lists it: the answer is one of its properties. */
export function isDeclaredByItsMaker({ declaration, origin }: UnansweredDataset): boolean {
  return (
    declaration !== undefined && (declaration.held !== undefined || describeOrigin(origin) === declaration.at.path)
  );
}

/** Whether the answer is a property of a construct, which may also be one for data of somebody else. */
function isProperty(dataset: UnansweredDataset): boolean {
  return isDeclaredByItsMaker(dataset) || dataset.declaration?.by?.takesBackup === true;
}

/** The copy that this library can make of a dataset, or that somebody else makes, at the place where it is declared. */
export function copyLine(dataset: UnansweredDataset, context: GateContext): string {
  const { methods } = dataset;
  if (methods.continuous !== undefined) return constructLine(dataset, continuousLine(context), context);
  if (methods.mirrored !== undefined) return mirrorLine(dataset, context);
  if (methods.scheduled === undefined) return answerLine(dataset, elsewhereLine(), context);
  return constructLine(dataset, nightlyLine(context), context);
}

/** The same for a strategy that a construct has to carry out, where one does. */
export function constructLine(dataset: UnansweredDataset, strategy: string, context: GateContext): string {
  if (dataset.ref === 'etcd') return `etcd: kubeadmEtcd({ backup: ${strategy} })`;
  return dataset.ref === 'postgres' && !isProperty(dataset)
    ? postgresBackupLine(dataset, strategy, context)
    : answerLine(dataset, strategy, context);
}

/** The mirror of a bucket, which needs the right to read it. */
export function mirrorLine(dataset: UnansweredDataset, context: GateContext): string {
  const { id, declaration, origin } = dataset;
  const strategy = `mirrored({ to: ${outsideVariable(context)} })`;
  return isDeclaredByItsMaker(dataset)
    ? `backup: ${strategy}`
    : `grantBackup(this, ${context.refTo({ id, origin: declaration?.at ?? origin })}, ${strategy})`;
}

/** The construct that protects a database of somebody else. */
export function postgresBackupLine(
  { id, declaration, origin }: UnansweredDataset,
  strategy: string,
  context: GateContext,
): string {
  const namespace = context.chartNamespace(declaration?.at ?? origin);
  const place = id.namespace === undefined || id.namespace === namespace ? '' : `, namespace: '${id.namespace}'`;
  return `new PostgresBackup(this, '${id.name}-backup', { cluster: '${id.name}'${place}, backup: ${strategy} })`;
}

/** A log of every change, at the place that serves best of those that are in use. */
export function continuousLine(context: GateContext): string {
  return `continuous({ to: ${locationVariable(context)}, restoreWindow: Duration.days(30) })`;
}

/** Says that somebody else copies it. */
export function elsewhereLine(placeholder: string = PLACEHOLDERS.copy): string {
  return `elsewhere('${placeholder}', { failureDomain: 'offsite', rpo: Duration.days(1) })`;
}

/**
 * A copy every night.
 *
 * @param to variable of its location; absent for the one that serves best of those that are in use.
 * @param crashConsistent why files of a running database will do, where it has to be said.
 */
export function nightlyLine(
  context: GateContext,
  { to = locationVariable(context), crashConsistent }: { readonly to?: string; readonly crashConsistent?: string } = {},
): string {
  const accepted = crashConsistent === undefined ? '' : `, crashConsistent: '${crashConsistent}'`;
  return `nightly({ to: ${to}, keep: { daily: 7 }${accepted} })`;
}

/**
 * The variable that most likely holds the location to copy to: the one that most strategies name of those from which the
 * copies survive the cluster, be it by a mirror. Where none is in use the name compiles nowhere, so that nobody takes it
 * for one of theirs.
 */
export function locationVariable(context: GateContext): string {
  const uses = context.copied
    .flatMap(({ answer }) => strategiesOf(answer))
    .flatMap((strategy) => (strategy.type === 'elsewhere' ? [] : [strategy.to]));
  const [most] = [...groupBy(uses, ({ name }) => name).values()]
    .filter(([location]) => location !== undefined && leavesCluster(location, context))
    .toSorted((a, b) => b.length - a.length || fitness(b[0], context) - fitness(a[0], context));
  return most?.[0] === undefined ? outsideVariable(context) : variableName(most[0]);
}

function leavesCluster(location: Location, { servedHosts }: GateContext): boolean {
  const further = mirrorHops(location).map(({ by }) =>
    by.type === 'elsewhere' ? by.failureDomain : servedHosts.failureDomainOf(by.to),
  );
  return [servedHosts.failureDomainOf(location), ...further].some((domain) => survives(domain, 'cluster'));
}

/** A near one from which the copies go on is restored from fastest; one elsewhere needs no mirror. */
function fitness(location: Location | undefined, { servedHosts }: GateContext): number {
  if (location === undefined) return 0;
  if (survives(servedHosts.failureDomainOf(location), 'site')) return 1;
  return location.mirror === undefined ? 0 : 2;
}

/** The same for what no mirror of a location takes along: one that is itself lost independently of the site, or else of the cluster. */
export function outsideVariable({ locations, servedHosts }: GateContext): string {
  const known = locations.map(({ location }) => ({ location, domain: servedHosts.failureDomainOf(location) }));
  const best =
    known.find(({ domain }) => survives(domain, 'site')) ?? known.find(({ domain }) => survives(domain, 'cluster'));
  return best === undefined ? 'yourLocation' : variableName(best.location);
}

/** `offSite` for a location called `off-site`. */
function variableName({ name }: Location): string {
  const camelCase = name.replaceAll(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return /^[a-z]\w*$/.test(camelCase) && !RESERVED.has(camelCase)
    ? camelCase
    : `location${camelCase.slice(0, 1).toUpperCase()}${camelCase.slice(1).replaceAll(/\W/g, '')}`;
}

/** Words that could name a place, and that TypeScript does not take for a variable. */
const RESERVED = new Set(['default', 'export', 'import', 'new', 'package', 'private', 'protected', 'public', 'static']);
