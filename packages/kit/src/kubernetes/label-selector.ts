import { type JsonObject, type JsonValue, isJsonObject, oncePerObject } from '../core/index.ts';
import { labelValue, qualifiedName } from './names.ts';
import { listAt, objectAt, objectsAt, textAt } from './object-fields.ts';
import { type LabelMatcher, requirementsMatcher } from './parse-selector.ts';
import { compareText, goQuote } from '../golang/index.ts';

/** One problem of a label selector. */
export interface LabelSelectorProblem {
  /** Member names and list indexes that lead from the selector to the wrong value. */
  readonly path: readonly (string | number)[];
  /**
   * Describes the problem in the API server's words. Unknown fields and most values of a wrong JSON type have messages
   * that only this package uses.
   */
  readonly message: string;
}

const OPERATORS: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);
const SELECTOR_FIELDS: ReadonlySet<string> = new Set(['matchLabels', 'matchExpressions']);
const REQUIREMENT_FIELDS: ReadonlySet<string> = new Set(['key', 'operator', 'values']);

/**
 * The problems of a Kubernetes LabelSelector (`matchLabels`, `matchExpressions`); empty for a valid selector. An
 * unknown field is a problem, because a server that ignores it selects more objects than the author wants. A field with
 * the value null counts as absent.
 */
export function labelSelectorProblems(selector: JsonValue): LabelSelectorProblem[] {
  const problems: LabelSelectorProblem[] = [];
  const add = (path: LabelSelectorProblem['path'], message: string): void => void problems.push({ path, message });
  if (!isJsonObject(selector)) {
    add([], 'must be an object with matchLabels or matchExpressions');
    return problems;
  }
  for (const field of Object.keys(selector)) {
    if (!SELECTOR_FIELDS.has(field)) add([field], 'unknown field: a selector has matchLabels and matchExpressions');
  }
  const labels = selector['matchLabels'] ?? {};
  if (!isJsonObject(labels)) add(['matchLabels'], 'must be a map of strings');
  else {
    for (const [key, value] of Object.entries(labels)) {
      for (const message of qualifiedName(key)) add(['matchLabels'], invalid(key, message));
      if (typeof value !== 'string') add(['matchLabels', key], 'must be a string');
      else for (const message of labelValue(value)) add(['matchLabels', key], invalid(value, message));
    }
  }
  const requirements = selector['matchExpressions'] ?? [];
  if (!Array.isArray(requirements)) add(['matchExpressions'], 'must be a list of requirements');
  else for (const [index, entry] of requirements.entries()) checkRequirement(entry, ['matchExpressions', index], add);
  return problems;
}

function checkRequirement(
  entry: JsonValue,
  at: LabelSelectorProblem['path'],
  add: (path: LabelSelectorProblem['path'], message: string) => void,
): void {
  if (!isJsonObject(entry)) return add(at, 'must be an object with key, operator and values');
  for (const field of Object.keys(entry)) {
    if (!REQUIREMENT_FIELDS.has(field))
      add([...at, field], 'unknown field: a requirement has key, operator and values');
  }
  const { key, operator } = entry;
  if (typeof key !== 'string') add([...at, 'key'], 'must be a string');
  else for (const message of qualifiedName(key)) add([...at, 'key'], invalid(key, message));
  const values = entry['values'] ?? [];
  if (!Array.isArray(values)) return add([...at, 'values'], 'must be a list of strings');
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'string') add([...at, 'values', index], 'must be a string');
    else for (const message of labelValue(value)) add([...at, 'values', index], invalid(value, message));
  }
  if (typeof operator !== 'string' || !OPERATORS.has(operator)) {
    add([...at, 'operator'], invalid(operator, 'not a valid selector operator'));
  } else if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      add([...at, 'values'], "Required value: must be specified when `operator` is 'In' or 'NotIn'");
  } else if (values.length > 0) {
    add([...at, 'values'], "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  }
}

function invalid(value: JsonValue | undefined, message: string): string {
  return `Invalid value: ${typeof value === 'string' ? goQuote(value) : 'null'}: ${message}`;
}

/** Returns a function that matches labels against a map of labels, e.g. the selector of a Service. */
export const labelMapMatcher: (wanted: JsonObject) => LabelMatcher = oncePerObject((wanted: JsonObject) =>
  requirementsMatcher(equalTo(wanted)),
);

/**
 * Returns a function that matches labels against a label selector, or against the labels of a term of a node selector.
 * Each object of a selector is compiled once.
 */
export const labelSelectorMatcher: (selector: JsonObject) => LabelMatcher = oncePerObject((selector: JsonObject) =>
  requirementsMatcher([
    ...equalTo(objectAt(selector, 'matchLabels')),
    ...objectsAt(selector, 'matchExpressions').map((entry) => ({
      key: textAt(entry, 'key'),
      operator: textAt(entry, 'operator'),
      values: listAt(entry, 'values'),
    })),
  ]),
);

const equalTo = (wanted: JsonObject) =>
  Object.entries(wanted).map(([key, value]) => ({ key, operator: 'In', values: [value] }));

/** Formats a requirement of `matchExpressions` in the string syntax of selectors, with sorted values. */
export function requirementText(key: string, operator: string, values: readonly string[]): string {
  const list = () => values.toSorted(compareText).join(',');
  if (operator === 'In') return `${key} in (${list()})`;
  if (operator === 'NotIn') return `${key} notin (${list()})`;
  return operator === 'Exists' ? key : `!${key}`;
}
