import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { FieldStep } from './model.ts';

/** Splits a path in Kubernetes' notation into steps: `spec.ports[0].name`, `spec.labels[a.b]`. `<nil>` is the root. */
export function fieldSteps(field: string): FieldStep[] {
  if (field === '<nil>') return [];
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([text, inBrackets]) => {
    if (inBrackets === undefined) return text;
    return /^\d+$/.test(inBrackets) ? Number(inBrackets) : inBrackets;
  });
}

/**
 * Splits a path into steps for a given object. A server writes keys as they are, so that `a.b[0]` in
 * `spec.labels.a.b[0]` can be one key: each step is the longest key of the object that the path can continue with.
 */
export function stepsIn(root: JsonValue, field: string): FieldStep[] {
  const steps: FieldStep[] = [];
  let value: JsonValue | undefined = root;
  for (let rest = field === '<nil>' ? '' : field; rest !== '';) {
    const key: string | undefined = isJsonObject(value) ? keyAt(value, rest) : undefined;
    const step: FieldStep | undefined = key ?? fieldSteps(rest)[0];
    if (step === undefined) break;
    steps.push(step);
    if (step === '') break;
    rest = rest.slice(rest.indexOf(String(step)) + String(step).length).replace(/^\]/, '');
    value = value === undefined ? undefined : valueAtSteps(value, [step]);
  }
  return steps;
}

/** The longest key of an object with which a path begins: `.KEY`, `KEY` or `[KEY]`, before another step or the end. */
function keyAt(value: JsonObject, path: string): string | undefined {
  const [, opening = '', text = ''] = /^(\[|\.?)(.*)$/s.exec(path) ?? [];
  const closing = opening === '[' ? ']' : '';
  // An object can have more keys than a path has characters.
  for (let end = text.length; end > closing.length; end -= 1) {
    const key = text.slice(0, end - closing.length);
    if (/^[.[]?$/.test(text.charAt(end)) && text.startsWith(closing, key.length) && Object.hasOwn(value, key))
      return key;
  }
  return undefined;
}

/** The value at a path; `undefined` if there is none. */
export function valueAtSteps(root: JsonValue, steps: readonly FieldStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const step of steps) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step];
    else if (isJsonObject(value) && Object.hasOwn(value, String(step))) value = value[String(step)];
    else return undefined;
  }
  return value;
}

/** The position of a refused value in an object. */
export interface RefusedPlace {
  readonly steps: readonly FieldStep[];
  /**
   * Does the position denote the key of the last step, and not its value? True if the key is wrong, or if a member of
   * the value is missing.
   */
  readonly key: boolean;
}

/**
 * Finds the position of a server's refusal in an object. For a wrong key or value of a map, or a wrong item of a list,
 * the server names only the map or the list, and quotes the key, value or item. For labels and annotations of a
 * template, the server omits `metadata` from the path. For a missing field, the position is the nearest existing
 * ancestor.
 */
export function refusedPlace(root: JsonValue, field: string, message: string): RefusedPlace {
  let steps = stepsIn(root, field);
  if (valueAtSteps(root, steps) === undefined) {
    const metadata = steps.findIndex((step) => step === 'labels' || step === 'annotations');
    if (metadata > 0) {
      const longer = [...steps.slice(0, metadata), 'metadata', ...steps.slice(metadata)];
      if (valueAtSteps(root, longer) !== undefined) steps = longer;
    }
  }
  const value = valueAtSteps(root, steps);
  const quoted = /^[A-Z][a-z]+ value: ("(?:[^"\\]|\\.)*")/.exec(message)?.[1];
  if (Array.isArray(value) && quoted !== undefined) {
    const index = value.indexOf(parseQuoted(quoted));
    if (index >= 0) return { steps: [...steps, index], key: false };
  }
  if (isJsonObject(value) && quoted !== undefined) {
    const text = parseQuoted(quoted);
    if (Object.hasOwn(value, text)) return { steps: [...steps, text], key: true };
    const holder = Object.keys(value).find((name) => value[name] === text);
    if (holder !== undefined) return { steps: [...steps, holder], key: false };
  }
  if (value !== undefined) return { steps, key: false };
  while (steps.length > 0 && valueAtSteps(root, steps) === undefined) steps = steps.slice(0, -1);
  return { steps, key: true };
}

function parseQuoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** The place of a refused field in an object. */
export const RefusedPlace = { of: refusedPlace, stepsIn };
