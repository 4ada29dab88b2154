/** Which rule of a resource policy a volume falls under (internal/resourcepolicies/volume_resources.go, v1.18.3). */
import type { VolumeAction, VolumePolicy } from './resource-policy';
import type { ClaimView, VolumeSource, VolumeView } from './views';

/** A claim with its volume, a claim alone, a volume alone, or a volume of a pod that is no claim. */
export interface PolicySubject {
  readonly claim?: ClaimView | undefined;
  readonly volume?: VolumeView | undefined;
  readonly podSource?: VolumeSource | undefined;
}

export interface PolicyMatch {
  /** `undefined` where no rule matches: then the fields of the Backup and the annotations of pods decide. */
  readonly action: VolumeAction | undefined;
  /** Place of the rule, from 0. */
  readonly index: number;
  /** Whether an earlier rule may match that asks for what nothing shows, as the type of a volume yet to be made. */
  readonly isUncertain: boolean;
}

/** The first rule that matches. */
export function matchVolumePolicy(rules: readonly VolumePolicy[], subject: PolicySubject): PolicyMatch {
  let isUncertain = false;
  for (const [index, rule] of rules.entries()) {
    const answer = matches(rule, subject);
    if (answer === 'unknown') isUncertain = true;
    else if (answer) return { action: rule.action, index, isUncertain };
  }
  return { action: undefined, index: rules.length, isUncertain };
}

function matches(rule: VolumePolicy, subject: PolicySubject): boolean | 'unknown' {
  if (!matchesClaim(rule, subject.claim)) return false;
  if (!isInRange(rule.capacity, subject.volume?.capacity ?? 0)) return false;
  if (!matchesSome(rule.storageClass, subject.volume?.storageClassName)) return false;
  const source = subject.volume?.source ?? subject.podSource;
  const asksForSource = rule.nfs !== undefined || rule.csi !== undefined || rule.volumeTypes.length > 0;
  if (source?.type === 'unknown' && asksForSource) return 'unknown';
  return matchesSource(rule, source);
}

function matchesClaim(rule: VolumePolicy, claim: ClaimView | undefined): boolean {
  const wanted = Object.entries(rule.pvcLabels);
  if (wanted.some(([key, value]) => claim?.labels[key] !== value)) return false;
  if (!matchesSome(rule.pvcPhase, claim?.phase)) return false;
  if (rule.pvcVolumeMode !== '' && rule.pvcVolumeMode !== claim?.volumeMode) return false;
  const modes = claim?.accessModes ?? [];
  return (
    rule.pvcAccessModes.length === 0 ||
    (modes.length === rule.pvcAccessModes.length &&
      modes.every((mode) => rule.pvcAccessModes.includes(mode)) &&
      rule.pvcAccessModes.every((mode) => modes.includes(mode)))
  );
}

/** No wanted value means any; what is not there matches none. */
function matchesSome(wanted: readonly string[], value = ''): boolean {
  return wanted.length === 0 || (value !== '' && wanted.includes(value));
}

function isInRange({ lower, upper }: VolumePolicy['capacity'], bytes: number): boolean {
  if (lower === 0 && upper >= bytes) return true;
  if (upper === 0 && lower <= bytes) return true;
  return lower !== 0 && upper !== 0 && lower <= bytes && bytes <= upper;
}

function matchesSource(rule: VolumePolicy, source: VolumeSource | undefined): boolean {
  if (rule.nfs !== undefined) {
    if (source?.nfs === undefined) return false;
    if (rule.nfs.path !== '' && rule.nfs.path !== source.nfs.path) return false;
    if (rule.nfs.server !== '' && rule.nfs.server !== source.nfs.server) return false;
  }
  if (rule.csi !== undefined) {
    if (source?.csi === undefined) return false;
    const { driver, attributes } = source.csi;
    if (rule.csi.driver !== '' && rule.csi.driver !== driver) return false;
    const wanted = rule.csi.driver === '' ? [] : Object.entries(rule.csi.attributes);
    if (wanted.length > 0 && Object.keys(attributes).length === 0) return false;
    if (wanted.some(([key, value]) => (attributes[key] ?? '') !== value)) return false;
  }
  return rule.volumeTypes.length === 0 || rule.volumeTypes.includes(source?.type ?? '');
}
