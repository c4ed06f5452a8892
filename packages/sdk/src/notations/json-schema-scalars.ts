import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { isInteger64 } from '@typekro/kit/golang';
import type { Node } from './json-schema-nodes.ts';

/** Maps formats of JSON Schema to the names that an API server knows. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ['base64', 'byte'],
  ['url', 'uri'],
  ['guid', 'uuid'],
]);

/** Sets the constraints of a string. */
export function stringMembers(node: Node, raw: JsonObject): void {
  node.type = 'string';
  const { minLength, maxLength, pattern, format } = raw;
  if (typeof minLength === 'number' && minLength > 0) node.minLength = minLength;
  if (typeof maxLength === 'number') node.maxLength = maxLength;
  if (typeof pattern === 'string') node.pattern = pattern;
  if (typeof format === 'string') node.format = FORMATS.get(format) ?? format;
  else if (raw['contentEncoding'] === 'base64') node.format = 'byte';
}

const isNumber = (value: JsonValue | undefined): value is number | bigint =>
  (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'bigint';

/** Limits of JavaScript's number types. They are ignored as bounds, because libraries add them to every number. */
const LIMITS_OF_NUMBERS = new Set<number | bigint>([Number.MAX_VALUE, -Number.MAX_VALUE]);
const LIMITS_OF_INTEGERS = new Set<number | bigint>([
  ...LIMITS_OF_NUMBERS,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
]);

/** Sets the constraints of a number. Exclusive bounds of integers become inclusive. */
export function numberMembers(node: Node, raw: JsonObject, type: 'integer' | 'number'): void {
  const step = raw['multipleOf'];
  node.type = type === 'number' && isNumber(step) && Number.isInteger(step) ? 'integer' : type;
  bound(node, raw, 'minimum', 'exclusiveMinimum', 1);
  bound(node, raw, 'maximum', 'exclusiveMaximum', -1);
  if (typeof step === 'number' && step > 0 && !(node.type === 'integer' && step === 1)) node.multipleOf = step;
  if (typeof raw['format'] === 'string') node.format = raw['format'];
}

function bound(
  node: Node,
  raw: JsonObject,
  name: 'minimum' | 'maximum',
  exclusiveName: 'exclusiveMinimum' | 'exclusiveMaximum',
  direction: 1 | -1,
): void {
  const [inclusive, exclusive] = [raw[name], raw[exclusiveName]];
  const trivial = node.type === 'integer' ? LIMITS_OF_INTEGERS : LIMITS_OF_NUMBERS;
  if (isNumber(inclusive) && !trivial.has(inclusive)) {
    node[name] = node.type === 'integer' && typeof inclusive === 'number' ? round(inclusive, direction) : inclusive;
    // Up to draft 4, the exclusive keyword is a boolean flag.
    if (exclusive === true) exclude(node, name, exclusiveName, inclusive, direction);
  }
  if (!isNumber(exclusive) || trivial.has(exclusive)) return;
  const known = node[name];
  const stricter = known === undefined || (direction === 1 ? exclusive >= known : exclusive <= known);
  if (stricter) exclude(node, name, exclusiveName, exclusive, direction);
}

/** The nearest integer within a bound. */
const round = (bound: number, direction: 1 | -1): number => (direction === 1 ? Math.ceil(bound) : Math.floor(bound));

function exclude(
  node: Node,
  name: 'minimum' | 'maximum',
  exclusiveName: 'exclusiveMinimum' | 'exclusiveMaximum',
  value: number | bigint,
  direction: 1 | -1,
): void {
  if (node.type !== 'integer') {
    node[name] = value;
    node[exclusiveName] = true;
  } else if (typeof value === 'bigint') node[name] = value + BigInt(direction);
  else node[name] = (direction === 1 ? Math.floor(value) : Math.ceil(value)) + direction;
}

/** The type of all values; undefined if they have several. */
export function constantType(values: readonly JsonValue[]): string | undefined {
  const kinds = new Set(
    values.map((value) => {
      if (typeof value === 'number' || typeof value === 'bigint') return isInteger64(value) ? 'integer' : 'number';
      return Array.isArray(value) ? 'array' : typeof value;
    }),
  );
  if (kinds.size === 2 && kinds.has('integer') && kinds.has('number')) return 'number';
  const [kind] = kinds;
  return kinds.size === 1 ? kind : undefined;
}

/** Does an alternative allow only strings? */
export const isTextSchema = (raw: JsonObject): boolean =>
  raw['type'] === 'string' || typeof raw['const'] === 'string' || constantType(asList(raw['enum'])) === 'string';
