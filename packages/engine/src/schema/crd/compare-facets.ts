import { type JsonValue, jsonEquals, stringifyJson } from '@typekro/kit/core';
import type { Schema } from '../model.ts';

/**
 * The keywords that a comparison of schemas covers in addition to those of kro 0.9. `none`: no additional keywords.
 * `engine`: the keywords that kro 0.10 adds. `conservative`: also the keywords of kro's feature gate
 * `ConservativeCRDComparison`, with which an unknown change counts as breaking.
 */
export type ComparedFacets = 'none' | 'engine' | 'conservative';

/** Kinds of changes of keywords. */
export type FacetChangeType =
  | `${'ENUM' | 'NULLABLE' | 'PRESERVE_UNKNOWN_FIELDS'}_${'ADDED' | 'REMOVED'}`
  | `${'FORMAT' | 'VALIDATION_RULES'}_${'CHANGED' | 'REMOVED'}`
  | 'ADDITIONAL_PROPERTIES_CHANGED'
  | 'TOPOLOGY_CHANGED'
  | 'UNCLASSIFIED_SCHEMA_CHANGE';

/** A changed keyword of one schema. `at` is the path below the schema and begins with a dot. */
export interface FacetChange {
  readonly type: FacetChangeType;
  readonly breaking: boolean;
  readonly at: string;
  readonly old: string;
  readonly new: string;
  readonly description: string;
}

/** Keywords that other functions compare, and `title`, which does not restrict values. */
const COMPARED_ELSEWHERE: ReadonlySet<string> = new Set(
  `type description title default enum nullable format properties additionalProperties required items pattern minimum
  maximum minLength maxLength minItems maxItems x-kubernetes-preserve-unknown-fields x-kubernetes-list-type
  x-kubernetes-list-map-keys x-kubernetes-map-type x-kubernetes-validations`.split(/\s+/),
);

/** The keyword changes between two schemas of a field. The caller compares nested schemas. */
export function changedFacets(old: Schema, next: Schema, facets: ComparedFacets): FacetChange[] {
  if (facets === 'none') return [];
  const engine = [...enumFacet(old, next), ...nullability(old, next), ...unknownFields(old, next)];
  if (facets === 'engine') return engine;
  return [...engine, ...format(old, next), ...topology(old, next), ...rules(old, next), ...unclassified(old, next)];
}

function enumFacet(old: Schema, next: Schema): FacetChange[] {
  const [before, after] = [(old.enum?.length ?? 0) > 0, (next.enum?.length ?? 0) > 0];
  return appearance('ENUM', '.enum', 'Enum constraint', { before, after, breakingWhen: 'added' });
}

function nullability(old: Schema, next: Schema): FacetChange[] {
  const [before, after] = [old.nullable === true, next.nullable === true];
  return appearance('NULLABLE', '.nullable', 'Nullable', { before, after, breakingWhen: 'removed' });
}

function unknownFields(old: Schema, next: Schema): FacetChange[] {
  const keyword = 'x-kubernetes-preserve-unknown-fields';
  const [before, after] = [old[keyword] === true, next[keyword] === true];
  const type = 'PRESERVE_UNKNOWN_FIELDS';
  return appearance(type, `.${keyword}`, 'Preservation of unknown fields', { before, after, breakingWhen: 'removed' });
}

/**
 * The change of a keyword that was added or removed. `breakingWhen` states whether the addition or the removal is
 * breaking.
 */
function appearance(
  name: 'ENUM' | 'NULLABLE' | 'PRESERVE_UNKNOWN_FIELDS',
  at: string,
  label: string,
  { before, after, breakingWhen }: { before: boolean; after: boolean; breakingWhen: 'added' | 'removed' },
): FacetChange[] {
  if (before === after) return [];
  const what = after ? 'added' : 'removed';
  const type = after ? (`${name}_ADDED` as const) : (`${name}_REMOVED` as const);
  const breaking = what === breakingWhen;
  return [{ type, breaking, at, old: String(before), new: String(after), description: `${label} was ${what}` }];
}

function format({ format: old = '' }: Schema, { format: next = '' }: Schema): FacetChange[] {
  if (old === next) return [];
  const removed = next === '';
  const type = removed ? 'FORMAT_REMOVED' : 'FORMAT_CHANGED';
  const description = removed ? `Format ${old} was removed` : `Format changed from ${quoted(old)} to ${quoted(next)}`;
  return [{ type, breaking: !removed, at: '.format', old, new: next, description }];
}

const quoted = (text: string): string => (text === '' ? 'none' : text);

/**
 * Changes of the keywords that determine how server-side apply merges a list or a map. An explicit default equals an
 * absent keyword, and the order of map keys is ignored.
 */
function topology(old: Schema, next: Schema): FacetChange[] {
  const rows: readonly (readonly [string, string, string])[] = [
    ['list-type', old['x-kubernetes-list-type'] ?? 'atomic', next['x-kubernetes-list-type'] ?? 'atomic'],
    ['list-map-keys', keysOf(old), keysOf(next)],
    ['map-type', old['x-kubernetes-map-type'] ?? 'granular', next['x-kubernetes-map-type'] ?? 'granular'],
  ];
  return rows
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => ({
      type: 'TOPOLOGY_CHANGED',
      breaking: true,
      at: `.x-kubernetes-${name}`,
      old: before,
      new: after,
      description: `${name} changed from ${quoted(before)} to ${quoted(after)}`,
    }));
}

function keysOf(schema: Schema): string {
  return [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort().join(',');
}

/** Changes of CEL rules. A new or changed rule is breaking, because it may refuse stored objects. */
function rules(old: Schema, next: Schema): FacetChange[] {
  const keyword = 'x-kubernetes-validations';
  const [before, after] = [old[keyword] ?? [], next[keyword] ?? []].map((list) => list.map(({ rule }) => rule));
  const [gone, fresh] = [missing(before, after), missing(after, before)];
  if (gone.length === 0 && fresh.length === 0) return [];
  const breaking = fresh.length > 0;
  const text = (breaking ? fresh : gone).join('; ');
  const description = `Validation rule ${text} was ${breaking ? 'added' : 'removed'}`;
  const type = breaking ? 'VALIDATION_RULES_CHANGED' : 'VALIDATION_RULES_REMOVED';
  return [{ type, breaking, at: `.${keyword}`, old: gone.join('; '), new: fresh.join('; '), description }];
}

const missing = (from: readonly string[] = [], others: readonly string[] = []): string[] =>
  from.filter((entry) => !others.includes(entry));

function unclassified(old: Schema, next: Schema): FacetChange[] {
  const [before, after] = [membersOf(old), membersOf(next)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was = null, is = null] = [before.get(name), after.get(name)];
    if (jsonEquals(was, is)) return [];
    const description = `${name} changed from ${stringifyJson(was)} to ${stringifyJson(is)}`;
    const type = 'UNCLASSIFIED_SCHEMA_CHANGE';
    return [{ type, breaking: true, at: `.${name}`, old: stringifyJson(was), new: stringifyJson(is), description }];
  });
}

/** The keywords that no other function compares. A keyword with the value false counts as absent. */
function membersOf(schema: Schema): Map<string, JsonValue> {
  const members = Object.entries(schema as Readonly<Record<string, JsonValue | undefined>>);
  return new Map(
    members.flatMap(([name, value]): [string, JsonValue][] =>
      value === undefined || value === false || COMPARED_ELSEWHERE.has(name) ? [] : [[name, value]],
    ),
  );
}

/**
 * The change of the kind of `additionalProperties` (absent, free, closed or a schema); undefined if the kind does not
 * change. Every change is breaking, except a change from absent to free or to a schema.
 */
export function mapValuesChange(old: Schema, next: Schema): FacetChange | undefined {
  const [before, after] = [old.additionalProperties, next.additionalProperties];
  const [was, is] = [kindOf(before), kindOf(after)];
  if (was === is) return undefined;
  // Without `additionalProperties`, a server prunes undeclared members, so no stored object has such members.
  const breaking = !(was === 'absent' && is !== 'closed');
  const description = `Values of the map changed from ${was} to ${is}`;
  return {
    type: 'ADDITIONAL_PROPERTIES_CHANGED',
    breaking,
    at: '.additionalProperties',
    old: was,
    new: is,
    description,
  };
}

function kindOf(values: boolean | Schema | undefined): 'absent' | 'free' | 'closed' | 'schema' {
  if (values === undefined) return 'absent';
  return typeof values === 'boolean' ? (values ? 'free' : 'closed') : 'schema';
}
