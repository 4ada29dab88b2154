/** Datasets as the gate knows them: found in the objects, then paired with what was declared. */
import type { Dataset } from './dataset';
import { isExcluded, type DatasetAnswer, type Declaration, type Origin } from './declaration';
import type { MethodName, Methods } from './kinds';
import { objectKey, type ObjectId } from './kube-object';

/** A dataset with what brings it. */
export interface FoundDataset extends Dataset {
  readonly origin: Origin;
  /** Key of its row in the table of kinds; `podVolume` for a volume of a pod that is not a claim. */
  readonly ref: string;
  /** What carries out each strategy that fits it. */
  readonly methods: Methods;
  /** Where data lies that no claim stands for: `path /srv/media of a node`. */
  readonly where?: string;
  /** Labels by which the claims of its operator are known. */
  readonly operatorClaims: readonly Readonly<Record<string, string>>[];
  /** The opaque object that makes it, where no other object shows it. */
  readonly heldBy?: ObjectId;
  /** Whether only a mount shows it, and nobody declares the claim. */
  readonly undeclaredClaim?: boolean;
}

export interface AnsweredDataset extends FoundDataset {
  readonly answer: DatasetAnswer;
  readonly declaration: Declaration;
}

/** The method of a dataset's first copy that this library makes; `undefined` where it makes none. */
export function methodOf({ answer, methods }: AnsweredDataset): MethodName | undefined {
  const [first] = isExcluded(answer) ? [] : answer.strategies.filter(({ type }) => type !== 'elsewhere');
  return first === undefined || first.type === 'elsewhere' ? undefined : methods[first.type];
}

/** Keys of the objects that make some of the data at run time. */
export function makersOf(datasets: readonly FoundDataset[]): ReadonlySet<string> {
  return new Set(datasets.flatMap(({ heldBy }) => (heldBy === undefined ? [] : [objectKey(heldBy)])));
}
