import { fieldList } from './why-texts.ts';
import { type JsonObject, type JsonValue, type KubeObject, count, isJsonObject } from '@typekro/kit/core';

/** The maximum number of field names in a description. */
const MAX_NAMES = 12;

/**
 * Describes the deepest existing value on the path of an expression whose data is missing. For
 * `service.status.loadBalancer.ingress[0].hostname` and a Service with an IP address, the result is
 * `status.loadBalancer.ingress[0] has ip, and no hostname`.
 *
 * @returns `undefined` when the data exists, and for an expression that is not a path of names and indices
 */
export function dataAt(expression: string, object: KubeObject): string | undefined {
  const match = /^[A-Za-z_]\w*((?:\.\??\w+|\[\??\d+\])+)$/.exec(expression.trim());
  if (match === null) return undefined;
  const steps = Array.from(
    match[1]?.matchAll(/\.\??(\w+)|\[\??(\d+)\]/g) ?? [],
    ([, name, index]) => name ?? Number(index),
  );
  let value: JsonValue | undefined = object;
  let path = '';
  for (const step of steps) {
    const next: JsonValue | undefined = member(value, step);
    if (next === undefined) return `${path === '' ? 'the object' : path} ${missingFrom(value, step)}`;
    value = next;
    path = typeof step === 'number' ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`;
  }
  return undefined;
}

function member(value: JsonValue | undefined, step: string | number): JsonValue | undefined {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function missingFrom(value: JsonValue | undefined, step: string | number): string {
  const isIndex = typeof step === 'number';
  if (Array.isArray(value)) {
    const items = count(value.length, 'item');
    return isIndex
      ? `has ${items}, and none at index ${step}`
      : `is a list of ${items}: name one of them, as in [0].${step}`;
  }
  if (!isJsonObject(value))
    return `is ${value === null ? 'null' : `a ${typeof value}`}, and has no ${isIndex ? 'items' : 'fields'}`;
  return isIndex ? 'is an object, not a list' : `${contents(value)}, and no ${step}`;
}

function contents(value: JsonObject): string {
  const names = Object.keys(value);
  return names.length === 0 ? 'is empty' : `has ${fieldList(names, MAX_NAMES)}`;
}
