import { type JsonObject, type JsonValue, getOwn, isJsonObject, jsonEquals, percentDecoded } from '@typekro/kit/core';
import { isInteger64 } from '@typekro/kit/golang';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';
import type { SchemaCheck } from './library-type.ts';
import { matchRules } from './regex-flags.ts';
import { celLiteral, formatConstraint } from './simple-emit-cel.ts';

/** A node of a structural schema during its conversion. */
export type Node = { -readonly [K in keyof Schema]: Schema[K] };

/**
 * Converts the bounds of a number that are fractions, or beyond 64 bits, to rules. The API server converts a bound to
 * an integer of 64 bits when it compares a value that is an integer, and rules do not.
 */
export function fractionsAsRules(node: Node): void {
  if (node.type !== 'number' || node.anyOf !== undefined) return;
  const rules: string[] = [];
  for (const [name, exclusive, operator] of BOUNDS) {
    const bound = node[name];
    if (typeof bound !== 'number' || isInteger64(bound) || node[exclusive] === true) continue;
    delete node[name];
    rules.push(`self ${operator} ${celLiteral(node, bound)}`);
  }
  addRules(node, rules);
}

function addRules(node: Node, rules: readonly string[]): void {
  if (rules.length === 0) return;
  node['x-kubernetes-validations'] = [...(node['x-kubernetes-validations'] ?? []), ...rules.map((rule) => ({ rule }))];
}

const BOUNDS = [
  ['minimum', 'exclusiveMinimum', '>='],
  ['maximum', 'exclusiveMaximum', '<='],
] as const;

/** Formats that no value of the type violates. */
const FREE = new Set(['int64', 'float', 'double', 'password']);

/**
 * Makes rules of the format next to a pattern, because a definition has one pattern for a field. Returns the warning for
 * a format that the definition cannot check, or for an encoding.
 */
export function formatAsRules(node: Node, { contentEncoding, format }: JsonObject): string | undefined {
  if (node.type !== 'string' && node.type !== 'integer' && node.type !== 'number') return undefined;
  if (node.type === 'string' && contentEncoding !== undefined && (contentEncoding !== 'base64' || format !== undefined))
    return `\`contentEncoding\` ${String(contentEncoding)} is an annotation and is not enforced`;
  if (node.format === undefined || FREE.has(node.format)) return undefined;
  const constraint = formatConstraint(node);
  if (constraint === undefined) return `\`format\` ${node.format} is an annotation and is not enforced`;
  if (node.pattern === undefined) return undefined;
  addRules(node, constraint.rule === undefined ? matchRules(constraint.pattern ?? '') : [constraint.rule]);
  return undefined;
}

/**
 * The default of an object without the members that the API server adds, because they are the defaults of fields. It
 * keeps required members, without which the API server refuses the default.
 */
export function withoutFilled({ properties = {}, required = [] }: Schema, value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const given = Object.entries(value).filter(([name, member]) => {
    const field = getOwn(properties, name);
    if (field?.default === undefined || required.includes(name)) return true;
    return !jsonEquals(StructuralSchema.applyDefaults(field, field.default), member);
  });
  return Object.fromEntries(given);
}

/**
 * Returns the first integer of 64 bits in a default that a definition would hold as another integer: the shortest
 * decimal form of a JavaScript number beyond 2^53 can be that of another integer.
 */
export function roundedInteger(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') {
    const isLong = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
    return isLong && String(value) !== String(BigInt(value)) ? value : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.values(value)
    .map(roundedInteger)
    .find((found) => found !== undefined);
}

/** Copies the extensions of Kubernetes to a node. */
export function copyExtensions(node: Node, raw: JsonObject): void {
  for (const [name, value] of Object.entries(raw)) {
    if (name.startsWith('x-kubernetes-'))
      Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

/** Maps a shared schema to its name in `$defs` or `definitions`. Generators use this name as the name of a type. */
export const names = new WeakMap<Schema, string>();

/** The name of a schema in `$defs`; undefined for a schema without a name. */
export const definitionNameOf = (schema: Schema): string | undefined => names.get(schema);

/** The functions of the checks of a schema. */
export const checksOf = new WeakMap<Schema, readonly SchemaCheck[]>();

/** The checks of a schema that its author wrote as functions in a type of a library. */
export const schemaChecks = (schema: Schema): readonly SchemaCheck[] => checksOf.get(schema) ?? [];

/**
 * Resolves a reference into the document: `#`, `#/$defs/X`, `#/definitions/X`, or any other JSON pointer. Names may
 * have percent escapes.
 */
export function resolvePointer(root: JsonObject, reference: string): JsonObject | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let current: JsonValue | undefined = root;
  for (const part of reference.split('/').slice(1)) {
    const name = percentDecoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = current[Number(name)];
    else if (isJsonObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return undefined;
  }
  return isJsonObject(current) ? current : undefined;
}

/** Collects the schemas that a reference can denote by `$id` or `$anchor`. Objects may be shared and cyclic. */
export function collectIds(root: JsonObject, ids: Map<string, JsonObject>): void {
  const seen = new Set<object>();
  const open: JsonValue[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (!Array.isArray(value)) {
      if (typeof value['$id'] === 'string') ids.set(value['$id'], value);
      if (typeof value['$anchor'] === 'string') ids.set(`#${value['$anchor']}`, value);
    }
    for (const inner of Array.isArray(value) ? value : Object.values(value)) if (inner !== undefined) open.push(inner);
  }
}
