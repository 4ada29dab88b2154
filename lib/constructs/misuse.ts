/** What code without types gets wrong in the properties of a construct, said by the gate instead of by a stack trace. */
import type { Construct } from 'constructs';
import { at, isMapping, mappingAt } from '../model/kube-object';
import { isDataKey, isDnsSubdomain, isLabelKey, isLabelValue, MAX_LABEL_LENGTH } from '../model/names';
import { enumerated, UNKNOWN } from '../model/text';
import { demandGate, Ledger } from './ledger';

/** What a property has to be, and what to write where it is something else. */
export interface Expected {
  readonly is: (value: unknown) => boolean;
  /** The same for every value, or what this one should have been. */
  readonly write: string | ((value: unknown) => string);
}

/**
 * Reports every property that is not what it has to be, as `invalid-construct`.
 *
 * @param expected by the path of the property: `settings.secret`.
 * @returns whether there is any: nothing may be rendered of such properties.
 */
export function isMisused(construct: Construct, props: unknown, expected: Readonly<Record<string, Expected>>): boolean {
  const wrong = Object.entries(expected).filter(([path, { is }]) => !is(at(props, ...path.split('.'))));
  Ledger.of(construct).misused.push(
    ...wrong.map(([path, { write }]) => {
      const value = at(props, ...path.split('.'));
      const problem = value === undefined ? `it has no ${path}` : `its ${path} does not fit`;
      return {
        path: construct.node.path,
        problem: `${problem}: write ${typeof write === 'string' ? write : write(value)}`,
      };
    }),
  );
  demandGate(construct);
  return wrong.length > 0;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

export function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return isMapping(value) && Object.values(value).every((each) => typeof each === 'string');
}

/**
 * Labels of pods, by which a NetworkPolicy or a scheduler finds them: at least one, which Kubernetes takes.
 *
 * @param example the property with a label.
 */
export function labelsOfPods(example: string): Expected {
  const refused = (value: unknown): readonly string[] =>
    Object.entries(mappingAt(value)).flatMap(([key, text]) =>
      isLabelKey(key) && isText(text) && (text === UNKNOWN || isLabelValue(text)) ? [] : [`'${key}: ${String(text)}'`],
    );
  return {
    is: (value) => isMapping(value) && Object.keys(value).length > 0 && refused(value).length === 0,
    write: (value) =>
      refused(value).length === 0
        ? example
        : `${example}, and not ${enumerated(refused(value))}: a label has letters, digits, '-', '_' and '.', and at most ${MAX_LABEL_LENGTH} of them`,
  };
}

/** A key of a Secret, as both may be called. @param example the property with one. */
export function keyOfSecret(example: string): Expected {
  return {
    is: (value) => isName(at(value, 'secret')) && isKey(at(value, 'key')),
    write: (value) => {
      const { secret, key } = mappingAt(value);
      if (!isText(secret) || !isText(key)) return example;
      return isName(secret)
        ? `${example}, and not the key '${key}': letters, digits, '-', '_' and '.' make one`
        : `${example}, and not the name '${secret}': lower case letters, digits, '-' and '.' make one`;
    },
  };
}

/** Name of an object of Kubernetes, or what a finding printed for one: that has a rule of its own. */
export function isName(value: unknown): value is string {
  return isText(value) && (value === UNKNOWN || isDnsSubdomain(value));
}

function isKey(value: unknown): boolean {
  return isText(value) && (value === UNKNOWN || isDataKey(value));
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isSize(value: unknown): boolean {
  return isMapping(value) && typeof value['asString'] === 'function';
}

export function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** How many of something there are, or how often. */
export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

export function isPort(value: unknown): boolean {
  return isCount(value) && Number(value) <= 65_535;
}

/** Of a property that may be left out. */
export function optional(is: Expected['is']): Expected['is'] {
  return (value) => value === undefined || is(value);
}
