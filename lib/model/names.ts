/** Names as Kubernetes takes them (k8s.io/apimachinery v0.36.3, pkg/util/validation/validation.go). */
import { createHash } from 'node:crypto';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);

export const MAX_LABEL_LENGTH = 63;
export const MAX_SUBDOMAIN_LENGTH = 253;

/** `paperless`, `wiki-2`: what a namespace or a volume of a pod may be called (RFC 1123). */
export function isDnsLabel(text: unknown, maxLength = MAX_LABEL_LENGTH): boolean {
  // Code without types may leave it out, and 'undefined' would pass for a name.
  return typeof text === 'string' && text.length <= maxLength && DNS_LABEL.test(text);
}

/** Labels with dots between: what most objects may be called. */
export function isDnsSubdomain(text: string, maxLength = MAX_SUBDOMAIN_LENGTH): boolean {
  return text.length <= maxLength && DNS_SUBDOMAIN.test(text);
}

/** `app`, or `example.net/app`: an optional DNS prefix and a name of up to 63 characters. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return (slash < 0 || isDnsSubdomain(text.slice(0, slash))) && name !== '' && isLabelValue(name);
}

/** Empty, or up to 63 characters that begin and end with a letter or digit. */
export function isLabelValue(text: string): boolean {
  return text.length <= MAX_LABEL_LENGTH && /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(text);
}

/** A key of a Secret or ConfigMap (IsConfigMapKey). */
export function isDataKey(text: string): boolean {
  return /^(?!\.\.|\.$)[-._a-zA-Z0-9]{1,253}$/.test(text);
}

/** CronJobs have shorter names than other objects, because each of their Jobs has its time behind it. */
export const MAX_CRON_JOB_NAME_LENGTH = 52;

/** A label out of several names that no other names give, however they are cut: `a-b` with `c` is not `a` with `b-c`. */
export function joinedName(names: readonly string[], maxLength: number): string {
  return `${names
    .join('-')
    .replaceAll('.', '-')
    .slice(0, maxLength - 9)}-${shortHash(JSON.stringify(names))}`;
}

/** The name of a CronJob that others stand beside, `<name>-upkeep` the longest: cut only where it would be too long. */
export function cronJobName(...names: readonly string[]): string {
  const longest = MAX_CRON_JOB_NAME_LENGTH - '-upkeep'.length;
  const name = names.join('-');
  return name.length <= longest ? name : joinedName(names, longest);
}

/** Eight characters for the end of a name, which tell apart what is called the same. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
