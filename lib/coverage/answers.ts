/** Pairs the data that exists with the declarations that answer for it. What is left over on either side is a finding. */
import type { AnsweredDataset, FoundDataset } from '../model/answered';
import { datasetKey } from '../model/dataset';
import type { DatasetAnswer, Declaration, OpaqueDeclaration } from '../model/declaration';
import { objectKey } from '../model/kube-object';
import type { FoundData, OpaqueObject } from './find-data';

/** Data that nobody answers for; with the declaration that was to, where untyped code left the answer out. */
export interface UnansweredDataset extends FoundDataset {
  readonly declaration?: Declaration;
}

export interface Answers {
  readonly answered: readonly AnsweredDataset[];
  readonly unanswered: readonly UnansweredDataset[];
  /** Declarations of data that does not exist. */
  readonly idle: readonly Declaration[];
  /** Second and later declarations of one dataset, with the first. */
  readonly repeated: readonly { readonly first: Declaration; readonly again: Declaration }[];
  readonly unansweredOpaque: readonly OpaqueObject[];
  readonly idleOpaque: readonly OpaqueDeclaration[];
  readonly repeatedOpaque: readonly { readonly first: OpaqueDeclaration; readonly again: OpaqueDeclaration }[];
}

/** @param isSeen whether everything that an opaque object makes is among the objects. */
export function pairAnswers(
  data: FoundData,
  declarations: readonly Declaration[],
  opaqueDeclarations: readonly OpaqueDeclaration[],
  isSeen: (opaque: OpaqueObject) => boolean,
): Answers {
  const { byKey: byDataset, repeated } = firstOfEach(declarations, ({ dataset }) => datasetKey(dataset));

  const answered: AnsweredDataset[] = [];
  const unanswered: UnansweredDataset[] = [];
  for (const dataset of data.datasets) {
    const key = datasetKey(dataset.id);
    const declaration = byDataset.get(key);
    byDataset.delete(key);
    if (declaration === undefined) unanswered.push(dataset);
    else if (declaration.answer === undefined) unanswered.push({ ...dataset, declaration });
    else answered.push(answer(dataset, declaration, declaration.answer));
  }

  const { byKey: opaque, repeated: repeatedOpaque } = firstOfEach(opaqueDeclarations, ({ object }) =>
    objectKey(object),
  );
  const unansweredOpaque = data.opaque.filter((object) => !opaque.delete(objectKey(object.id)) && !isSeen(object));
  return {
    answered,
    unanswered,
    idle: [...byDataset.values()],
    repeated,
    unansweredOpaque,
    idleOpaque: [...opaque.values()],
    repeatedOpaque,
  };
}

interface FirstOfEach<T> {
  readonly byKey: Map<string, T>;
  readonly repeated: readonly { readonly first: T; readonly again: T }[];
}

function firstOfEach<T>(declarations: readonly T[], keyOf: (declaration: T) => string): FirstOfEach<T> {
  const byKey = new Map<string, T>();
  const repeated = declarations.flatMap((declaration) => {
    const key = keyOf(declaration);
    const first = byKey.get(key);
    if (first === undefined) byKey.set(key, declaration);
    return first === undefined ? [] : [{ first, again: declaration }];
  });
  return { byKey, repeated };
}

/** The labels that a declaration vouches for are the claims' as much as the rendered ones; what copies it, it knows best. */
function answer(dataset: FoundDataset, declaration: Declaration, given: DatasetAnswer): AnsweredDataset {
  const { labels = {}, methods = dataset.methods } = declaration;
  const claims = dataset.claims.map((claim) => ({ ...claim, labels: { ...labels, ...claim.labels } }));
  return { ...dataset, claims, methods, answer: given, declaration };
}
