/** What people state of data that this library does not copy: that somebody else does, or why nobody needs to. */
import type { Duration } from 'cdk8s';
import type { FailureDomain } from './location';
import type { Elsewhere, ElsewhereEvidence, Excluded } from './strategy';
import { given, secondsOf } from './untyped';

/** What is promised of a copy that somebody else makes. */
export interface ElsewhereOptions {
  /** What is lost together with that copy. At least one copy of a dataset survives the cluster (`never-leaves`). */
  readonly failureDomain: FailureDomain;
  /** How old the copy is at worst, as promised by whoever makes it. */
  readonly rpo: Duration;
  /** What shows that the copy is made. Default: nothing, and nobody can tell whether it is made. */
  readonly evidence?: ElsewhereEvidence;
}

/**
 * Somebody else copies it: a cron job on a node, a hosted Git server, a laptop. It counts as a copy, and is listed apart in
 * the summary and in the inventory, because nothing proves it.
 *
 * @param sentence who copies it, and how: at least four words, and not those that a finding printed (`thin-reason`).
 * @example
 * new BackedUpVolume(this, 'media', {
 *   storage: Size.tebibytes(2),
 *   backup: elsewhere('The NAS that it is a share of copies itself to the office every night.', {
 *     failureDomain: 'offsite',
 *     rpo: Duration.hours(26),
 *   }),
 * });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   name: media
 * //   namespace: paperless
 * //   labels:
 * //     backed-up/method: elsewhere
 */
export function elsewhere(sentence: string, options: ElsewhereOptions): Elsewhere {
  // Code without types may leave out what the gate then asks for.
  const { failureDomain = '' as FailureDomain, rpo, evidence }: Partial<ElsewhereOptions> = given(options);
  return {
    type: 'elsewhere',
    sentence,
    failureDomain,
    rpoSeconds: rpo === undefined ? Number.POSITIVE_INFINITY : secondsOf(rpo),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

/** When an exclusion is looked at again. */
export interface ExcludedOptions {
  /**
   * Day, `2027-06-01`, after which synth warns that the reason is to be looked at again. It never breaks a build.
   * Default: never.
   */
  readonly reviewBy?: string;
}

/**
 * Nobody copies it, on purpose: an answer for what the app asks for, and for claims that `holds` lists. Volumes of your own
 * are made with `ScratchVolume`, and data of somebody else is left out with `exclude`.
 *
 * @param reason why losing it is acceptable: at least four words, and not those that a finding printed (`thin-reason`).
 * @example
 * const certificates = excluded('Issued again by ACME within the rate limits.', { reviewBy: '2028-06-01' });
 */
export function excluded(reason: string, options: ExcludedOptions = {}): Excluded {
  return { type: 'excluded', reason, ...(options.reviewBy === undefined ? {} : { reviewBy: options.reviewBy }) };
}
