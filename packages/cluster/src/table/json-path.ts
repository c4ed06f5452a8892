import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

/**
 * The elements from `start` (default: the first element) to `end` (exclusive). With `step`, only every `step`-th
 * element.
 */
interface Slice {
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}

/** An operator that compares a value with a literal. */
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** `exists` is true if the path leads to a value. */
type Operator = 'exists' | Comparison;

/** A step of a JSON path. */
type Step =
  | { readonly members: readonly string[] }
  | { readonly slices: readonly Slice[] }
  | { readonly all: 'children' | 'containers' }
  | { readonly path: readonly Step[]; readonly operator: Operator; readonly literal: JsonValue };

const MEMBER = /^\.((?:\\.|[^.[\]\\])+)/;
const WILDCARD = /^(?:\.\*(?=[.[]|$)|\[\*\])/;
const TEXTS = /^\[((?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\]/;
const SLICES = /^\[([-\d:]+(?:,[-\d:]+)*)\]/;
const FILTER =
  /^\[\?\(\s*@((?:\.[^.=!<>\s[\])]+|\[[^\]]*\])*)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|[^)\s]+)\s*)?\)\]/;

/**
 * Parses the JSON path of a printer column: members, `[*]`, indices, slices such as `[-1:]`, lists of them, `..`, and
 * filters such as `[?(@.type=="Ready")]`. Returns `undefined` for any other string.
 */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    if (rest.startsWith('..')) {
      steps.push({ all: 'containers' });
      // A name after `..` is the name of a member.
      rest = rest.charAt(2) === '[' ? rest.slice(2) : rest.slice(1);
      continue;
    }
    const found =
      WILDCARD.exec(rest) ?? MEMBER.exec(rest) ?? TEXTS.exec(rest) ?? SLICES.exec(rest) ?? FILTER.exec(rest);
    const step = found === null ? undefined : stepOf(found);
    if (found === null || step === undefined) return undefined;
    rest = rest.slice(found[0].length);
    steps.push(step);
  }
  return steps;
}

/** Creates the step for a match of one of the patterns. */
function stepOf([whole, content = '', operator, literal = '']: RegExpExecArray): Step | undefined {
  if (whole === '.*' || whole === '[*]') return { all: 'children' };
  if (whole.startsWith('.')) return { members: [content.replaceAll(/\\(.)/g, '$1')] };
  if (whole.startsWith('[?')) {
    const path = parseJsonPath(content);
    if (path === undefined) return undefined;
    return operator === undefined
      ? { path, operator: 'exists', literal: null }
      : { path, operator: operator as Operator, literal: literalOf(literal) };
  }
  if (/^\[['"]/.test(whole)) {
    return {
      members: [...content.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double = '']) =>
        (single ?? double).replaceAll(/\\(.)/g, '$1'),
      ),
    };
  }
  const slices = content.split(',').map(sliceOf);
  return slices.every((slice) => slice !== undefined) ? { slices } : undefined;
}

function sliceOf(text: string): Slice | undefined {
  const [, start = '', end, step] = /^(-?\d*)(?::(-?\d*))?(?::(\d*))?$/.exec(text) ?? [];
  if (end === undefined) {
    if (!/\d/.test(start)) return undefined;
    // A slice for the index -1 has no `end`, because -1 + 1 would be 0.
    return Number(start) === -1 ? { start: -1 } : { start: Number(start), end: Number(start) + 1 };
  }
  const known = Object.entries({ start, end, step }).filter(([, bound = '']) => bound !== '');
  return Object.fromEntries(known.map(([name, bound]) => [name, Number(bound)]));
}

function literalOf(text: string): JsonValue {
  if (text.startsWith('"') || text.startsWith("'")) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/**
 * The maximum number of values at a path. There is a limit, because steps such as `[0,0]` and `..` multiply the values.
 */
const MAX_VALUES = 10_000;

/**
 * The maximum number of visits for the cells of one object. There is a limit, because each `..` of a path visits all
 * values inside each value that the steps before it found.
 */
const MAX_VISITS = 200_000;

/** The visits that are left for the cells of one object. */
export interface PathBudget {
  left: number;
}

export const newPathBudget = (): PathBudget => ({ left: MAX_VISITS });

/**
 * The values at a path, at most `MAX_VALUES`. Empty when a filter is applied to a value that is not a list. Also empty
 * when a filter compares several values, values of different types, or values without an order. An API server shows no
 * value in these cases. Empty, too, when `budget` is exhausted.
 */
export function valuesAt(root: JsonValue, steps: readonly Step[], budget = newPathBudget()): JsonValue[] {
  let values: JsonValue[] = [root];
  for (const step of steps) {
    const next: JsonValue[] = [];
    for (const value of values) {
      const all = follow(value, step, budget);
      budget.left -= 1 + (all?.length ?? 0);
      if (all === undefined || budget.left < 0) return [];
      for (const found of all) next.push(found);
      if (next.length >= MAX_VALUES) break;
    }
    values = next.slice(0, MAX_VALUES);
  }
  return values;
}

/** The values of one step; `undefined` when a filter cannot compare, or is applied to a value that is not a list. */
function follow(value: JsonValue, step: Step, budget: PathBudget): JsonValue[] | undefined {
  if ('members' in step) return isJsonObject(value) ? step.members.flatMap((name) => memberOf(value, name)) : [];
  if ('all' in step) return step.all === 'children' ? childrenOf(value) : containersIn(value, budget);
  if (!Array.isArray(value)) return 'slices' in step ? [] : undefined;
  if ('slices' in step) return step.slices.flatMap((slice) => elementsOf(value, slice, budget));
  const kept: JsonValue[] = [];
  for (const entry of value) {
    const found = valuesAt(entry, step.path, budget);
    const [first] = found;
    if (first === undefined) continue;
    if (step.operator === 'exists') kept.push(entry);
    else {
      const isHeld = found.length > 1 ? undefined : holds(first, step.operator, step.literal);
      if (isHeld === undefined) return undefined;
      if (isHeld) kept.push(entry);
    }
  }
  return kept;
}

function memberOf(value: JsonObject, name: string): JsonValue[] {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return found === undefined ? [] : [found];
}

/** The elements of a slice. As in kubectl, a slice whose bounds are outside the list has no elements. */
function elementsOf(
  list: readonly JsonValue[],
  { start = 0, end = list.length, step = 1 }: Slice,
  budget: PathBudget,
): JsonValue[] {
  const from = start < 0 ? start + list.length : start;
  const to = end < 0 ? end + list.length : end;
  budget.left -= Math.max(1, to - from);
  if (from < 0 || to > list.length || step < 1 || budget.left < 0) return [];
  return list.slice(from, Math.max(from, to)).filter((_, index) => index % step === 0);
}

function childrenOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value).filter((entry) => entry !== undefined) : [];
}

/** Adds the value and all values inside it to `found`, except values without children, until no visits are left. */
function containersIn(value: JsonValue, budget: PathBudget, found: JsonValue[] = []): JsonValue[] {
  const children = childrenOf(value);
  budget.left -= 1 + children.length;
  if (budget.left < 0) return found;
  if (children.length > 0) found.push(value);
  for (const child of children) if (typeof child === 'object') containersIn(child, budget, found);
  return found;
}

/** The type of a value in a comparison. Integers and other numbers are different types, as in Go. */
function typeOf(value: JsonValue): 'string' | 'boolean' | 'integer' | 'number' | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as 'string' | 'boolean';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'integer';
  return typeof value === 'number' ? 'number' : undefined;
}

/** The result of a comparison; `undefined` for values of different types, and for values without an order. */
function holds(value: JsonValue, operator: Comparison, literal: JsonValue): boolean | undefined {
  const type = typeOf(value);
  if (type === undefined || type !== typeOf(literal)) return undefined;
  const [left, right] = [value as string, literal as string];
  const isEqual = !(left < right) && !(left > right);
  if (operator === '==') return isEqual;
  if (operator === '!=') return !isEqual;
  if (type === 'boolean') return undefined;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
