/** Findings: plain-data statements that something is wrong, and the words in which people read them. */
import { describeDataset, type DatasetId } from '../model/dataset';
import type { Origin } from '../model/declaration';
import { describeObject, objectId, type KubeObject, type ObjectId } from '../model/kube-object';

/** A plain-data statement that something is wrong, as `--json` prints it. */
export interface Finding {
  /** Id of the rule, stable over releases. */
  readonly rule: string;
  /** Errors refuse the output; warnings are printed and change nothing. */
  readonly severity: 'error' | 'warning';
  /** What it is about: `PersistentVolumeClaim paperless/data (20Gi)`. */
  readonly subject: string;
  /** The construct, or the line of a file, that is to be changed; absent for what the whole app says. */
  readonly at?: Origin;
  /** The object that it is about, if it is about one. */
  readonly object?: ObjectId;
  /** The data that it is about, if it is about some. */
  readonly dataset?: DatasetId;
  /** What exactly is wrong with it, where the heading does not say it all. */
  readonly because?: string;
  /** Ways out of it, the most likely one first. */
  readonly remedies: readonly Remedy[];
}

/**
 * One way out of a finding. What {@link Remedy.text} holds is told by the label: words behind `what to do`, and behind
 * every other label a line of TypeScript to paste, an expression or a property of the object that the finding is about.
 * Texts in such a line that only a person can write, such as a reason, are refused when they are pasted unchanged.
 */
export interface Remedy {
  /** When to choose it: `to fix`, `to back it up`, `to leave it out`; `what to do` where no line can be given. */
  readonly label: string;
  /** The line, or the words. */
  readonly text: string;
}

/** A finding without what its rule knows. */
export type RuleFinding = Omit<Finding, 'rule' | 'severity'>;

/** What every finding about a dataset has. */
export function aboutDataset(dataset: {
  readonly id: DatasetId;
  readonly origin: Origin;
  readonly storage?: { readonly text: string };
}): Pick<Finding, 'subject' | 'at' | 'dataset'> {
  const size = dataset.storage === undefined ? '' : ` (${dataset.storage.text})`;
  return { subject: `${describeDataset(dataset.id)}${size}`, at: dataset.origin, dataset: dataset.id };
}

/** What every finding about an object has. */
export function aboutObject(object: KubeObject, origin: Origin): Pick<Finding, 'subject' | 'at' | 'object'> {
  const id = objectId(object);
  return { subject: describeObject(id), at: origin, object: id };
}

/** @param line of TypeScript, to paste. */
export function toFix(line: string): readonly Remedy[] {
  return [{ label: 'to fix', text: line }];
}

/** For what no line can be given. */
export function inWords(text: string): readonly Remedy[] {
  return [{ label: IN_WORDS, text }];
}

/** The label of remedies that are words; all others are lines of TypeScript. */
export const IN_WORDS = 'what to do';

/** `forge/gitea/data`, or `../infrastructure/wiki.yaml:12`. cdk8s calls the object inside a construct `Resource`. */
export function describeOrigin(origin: Origin): string {
  return origin.type === 'construct'
    ? origin.path.replace(/\/(Resource|Default)$/, '')
    : `${origin.file}:${origin.line}`;
}
