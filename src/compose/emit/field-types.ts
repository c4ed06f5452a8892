import type { Schema } from '../../schema/index.ts';
import type { StaticType } from '../ir/types.ts';
import { describeType } from '../ir/types.ts';
import { Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current.ts';
import { labelOf } from '../value/proxy.ts';
import type { Sym } from '../value/symbolic.ts';

/** Deepest type that is compared: schemas may be recursive. */
const MAX_DEPTH = 6;

/** The types of JavaScript by their names in a schema. */
const NAMES: ReadonlyMap<string, StaticType['kind']> = new Map([
  ['string', 'string'],
  ['integer', 'number'],
  ['number', 'number'],
  ['boolean', 'bool'],
  ['array', 'list'],
  ['object', 'map'],
]);

/** Types that JavaScript distinguishes; the compiler of the graph checks values of other types. */
const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'bool', 'list', 'map', 'object']);

/** A value of another type than the field takes, as a refusal at the place where the value is written. */
export function misplacedType(value: Sym, schema: Schema, path: string): Refusal | undefined {
  if (value.resource !== undefined || value.node.kind === 'raw') return undefined;
  const wrong = mismatch(value.type, schema, 0);
  if (wrong === undefined) return undefined;
  const label = labelOf(value);
  const { given, wanted, inside } = wrong;
  const taken = `${path === '' ? 'the field' : path} takes ${withArticle(nameOf(wanted, schema))}`;
  const message =
    inside === ''
      ? `${taken}, and ${label} is ${withArticle(describeType(given))}`
      : `${path}${inside} takes ${withArticle(wordOf(wanted))}, and ${label}${inside} is ${withArticle(describeType(given))}`;
  const refusal = new Refusal('types', message, remedy(given, wanted, inside === '' ? label : 'x'));
  const { written, origins } = activeTrace();
  refusal.site = written.get(value.node) ?? origins.get(value.node);
  return refusal;
}

interface Mismatch {
  readonly given: StaticType;
  readonly wanted: StaticType['kind'];
  /** The path of the wrong part, such as `[].name`. */
  readonly inside: string;
}

function mismatch(given: StaticType, schema: Schema | undefined, depth: number): Mismatch | undefined {
  if (schema === undefined || depth > MAX_DEPTH || !PLAIN.has(given.kind)) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true)
    return undefined;
  const wanted = NAMES.get(schema.type ?? '');
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
  const item = kind === 'list' ? NAMES.get(items?.type ?? '') : undefined;
  return item === undefined ? wordOf(kind) : `list of ${wordOf(item)}`;
};

const withArticle = (words: string): string => `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

/** The remedy for a value of the wrong type. */
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
