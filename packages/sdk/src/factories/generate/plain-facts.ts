import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

/** Schema keywords that constrain values. Descriptions and CEL rules are not among them. */
const KEPT: ReadonlySet<string> = new Set(
  `type format nullable default enum required pattern minimum maximum exclusiveMinimum exclusiveMaximum
multipleOf minLength maxLength minItems maxItems uniqueItems minProperties maxProperties
x-kubernetes-preserve-unknown-fields x-kubernetes-int-or-string x-kubernetes-embedded-resource
x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-map-type`.split(/\s/),
);

/** The depth below which all parts of a schema count as free-form. Schemas of real kinds are far less nested. */
const MAX_DEPTH = 200;

const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };

/** Reduces a schema to the members that the compiler uses, sorted by name. Descriptions and CEL rules are left out. */
export function plainFacts(schema: JsonObject, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) return ANYTHING;
  const entries: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (value === undefined) continue;
    if (KEPT.has(name)) entries.push([name, value]);
    else if (name === 'properties' && isJsonObject(value)) entries.push([name, membersOf(value, depth, depth === 0)]);
    else if ((name === 'items' || name === 'additionalProperties' || name === 'not') && isJsonObject(value)) {
      entries.push([name, plainFacts(value, depth + 1)]);
    } else if (name === 'additionalProperties' && typeof value === 'boolean') entries.push([name, value]);
    else if ((name === 'oneOf' || name === 'anyOf' || name === 'allOf') && Array.isArray(value)) {
      entries.push([name, value.filter(isJsonObject).map((entry) => plainFacts(entry, depth + 1))]);
    }
  }
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Members that every object has. The built-in schemas describe them. */
const COMMON = new Set(['apiVersion', 'kind', 'metadata']);

function membersOf(properties: JsonObject, depth: number, root: boolean): JsonObject {
  const members = Object.entries(properties).filter(([name]) => !root || !COMMON.has(name));
  return Object.fromEntries(
    members
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, child]) => [name, isJsonObject(child) ? plainFacts(child, depth + 1) : {}]),
  );
}
