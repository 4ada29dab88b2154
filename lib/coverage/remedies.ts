/** Lines to paste that several rules print. */
import type { Location } from '../model/location';
import { PLACEHOLDERS } from '../model/text';
import type { GateContext } from './context';
import { survives } from './copies';

/** Says that somebody else copies it. */
export function elsewhereLine(placeholder: string = PLACEHOLDERS.copy): string {
  return `elsewhere('${placeholder}', { failureDomain: 'offsite', rpo: Duration.days(1) })`;
}

/** A copy every night, to the place that serves best of those that are in use. */
export function nightlyLine(context: GateContext): string {
  return `nightly({ to: ${locationVariable(context)}, keep: { daily: 7 } })`;
}

/**
 * The variable that most likely holds the location to copy to: one that is lost independently of the site, or else of
 * the cluster. Where none is in use the name compiles nowhere, so that nobody takes it for one of theirs.
 */
export function locationVariable({ locations, servedHosts }: GateContext): string {
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
