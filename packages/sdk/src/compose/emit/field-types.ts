import type { Schema } from '@typekro/engine/schema';
import { type StaticType, describeType } from '../ir/types.ts';
import { Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { labelOf } from '../value/proxy.ts';
import type { Sym } from '../value/symbolic.ts';

/** The maximum depth to which types are compared, because schemas may be recursive. */
const MAX_DEPTH = 6;

/** Maps a type name of a schema to a kind of `StaticType`. */
const KIND_OF_SCHEMA_TYPE: ReadonlyMap<string, StaticType['kind']> = new Map([
  ['string', 'string'],
  ['integer', 'number'],
  ['number', 'number'],
  ['boolean', 'bool'],
  ['array', 'list'],
  ['object', 'map'],
]);

/**
 * The kinds that are compared here. The compiler of the graph checks values of other kinds, such as `dyn` and
 * `timestamp`.
 */
const COMPARED_KINDS: ReadonlySet<string> = new Set(['string', 'number', 'bool', 'list', 'map', 'object']);

/**
 * The refusal of a value whose type the field does not take, with the place where the value is written; undefined when
 * the type fits or is not compared. For a value at several places, the refusal has its path instead.
 */
export function misplacedType(value: Sym, schema: Schema, path: string): Refusal | undefined {
  if (value.resource !== undefined || value.node.kind === 'raw') return undefined;
  const wrong = mismatch(value.type, schema, 0);
  if (wrong === undefined) return undefined;
  const label = labelOf(value);
  const { given, wanted, inside } = wrong;
  const expected = `${path === '' ? 'the field' : path} takes ${withArticle(nameOf(wanted, schema))}`;
  const message =
    inside === ''
      ? `${expected}, but ${label} is ${withArticle(describeType(given))}`
      : `${path}${inside} takes ${withArticle(wordOf(wanted))}, but ${label}${inside} is ${withArticle(describeType(given))}`;
  const remedyText =
    inside === '' ? remedy(given, wanted, label) : `${remedy(given, wanted, 'x')} for each such value x`;
  const refusal = new Refusal('types', message, remedyText);
  const { written, origins, repeated } = activeTrace();
  if (repeated.has(value.node)) refusal.path = path;
  else refusal.site = written.get(value.node) ?? origins.get(value.node);
  return refusal;
}

interface Mismatch {
  readonly given: StaticType;
  readonly wanted: StaticType['kind'];
  /** The path of the wrong part below the value, such as `[0].name` or `[key]`; empty for the value itself. */
  readonly inside: string;
}

function mismatch(given: StaticType, schema: Schema | undefined, depth: number): Mismatch | undefined {
  if (schema === undefined || depth > MAX_DEPTH || !COMPARED_KINDS.has(given.kind)) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true)
    return undefined;
  const wanted = KIND_OF_SCHEMA_TYPE.get(schema.type ?? '');
  if (wanted === undefined) return undefined;
  const kind = given.kind === 'object' ? 'map' : given.kind;
  if (kind !== wanted) return { given, wanted, inside: '' };
  const below = (found: Mismatch | undefined, step: string) => found && { ...found, inside: step + found.inside };
  if (given.kind === 'list') return below(mismatch(given.element, schema.items, depth + 1), '[0]');
  const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  if (given.kind === 'map') return below(mismatch(given.value, values, depth + 1), '[key]');
  if (given.kind !== 'object') return undefined;
  for (const name of given.names()) {
    const field = given.field(name);
    const { properties } = schema;
    const member = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : values;
    const found = field && below(mismatch(field.type, member, depth + 1), `.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const WORDS: Partial<Record<StaticType['kind'], string>> = { bool: 'boolean', map: 'object' };

const wordOf = (kind: StaticType['kind']): string => WORDS[kind] ?? kind;

const nameOf = (kind: StaticType['kind'], { items }: Schema): string => {
  const item = kind === 'list' ? KIND_OF_SCHEMA_TYPE.get(items?.type ?? '') : undefined;
  return item === undefined ? wordOf(kind) : `list of ${wordOf(item)}`;
};

const withArticle = (words: string): string => `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

/** The remedy for a value, named `label`, of type `given` in a field that takes the type `wanted`. */
function remedy(given: StaticType, wanted: StaticType['kind'], label: string): string {
  const isObject = given.kind === 'map' || given.kind === 'object';
  switch (wanted) {
    case 'string':
      if (given.kind === 'list') return `join its elements: ${label}.join(',')`;
      return isObject ? `write one of its fields, or JSON.stringify(${label})` : `write String(${label})`;
    case 'number':
      if (given.kind === 'list') return `write ${label}.length, or one of its elements`;
      return isObject ? 'write one of its fields' : `write Number(${label})`;
    case 'bool':
      if (given.kind === 'string') return `compare it: ${label} === 'true'`;
      if (given.kind === 'number') return `compare it: ${label} > 0`;
      return given.kind === 'list' ? `compare it: ${label}.length > 0` : 'write one of its fields';
    case 'list':
      return isObject ? `list it: Object.values(${label})` : `write [${label}]`;
    default:
      return given.kind === 'list'
        ? `make an object of it: Object.fromEntries(${label}.map((x) => [key, value]))`
        : `write an object: { key: ${label} }`;
  }
}
