import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject, setOwn } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { ABSENT, UNSUPPORTED } from './json-schema-members.ts';
import { addNote, readMember } from './library-type.ts';
import { withFlags } from './regex-flags.ts';

/**
 * The JSON Schema of a valibot schema. valibot itself cannot print JSON Schema, so this function reads the schema's
 * structure (`kind`, `type`, `entries`, `pipe`, …). Actions after a transformation are skipped, because they check the
 * transformed value and not the input.
 */
export function valibotJsonSchema(schema: unknown): JsonObject {
  const definitions: JsonObject = {};
  const open = new Map<unknown, string>();
  const printed = print(schema, { definitions, open, depth: 0 });
  return Object.keys(definitions).length === 0 ? printed : { ...printed, $defs: definitions };
}

interface Printing {
  readonly definitions: JsonObject;
  /**
   * The lazy schemas that printing has reached. The key is the target of a lazy schema, and the value is the name of
   * its definition. Recursive parts refer to this name.
   */
  readonly open: Map<unknown, string>;
  readonly depth: number;
}

const MAX_DEPTH = 100;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

function print(schema: unknown, state: Printing): JsonObject {
  if (state.depth > MAX_DEPTH) return { [UNSUPPORTED]: `the type is nested deeper than ${MAX_DEPTH} levels` };
  const inner = { ...state, depth: state.depth + 1 };
  const [first, ...actions] = list(readMember(schema, 'pipe'));
  if (first === undefined || first === schema) return amend(printType(schema, inner), actions);
  return amend(print(first, inner), actions);
}

const SCALARS: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['string', { type: 'string' }],
  ['number', { type: 'number' }],
  ['bigint', { type: 'integer' }],
  ['boolean', { type: 'boolean' }],
  ['date', { type: 'string', format: 'date-time' }],
  ['any', {}],
  ['unknown', {}],
  ['null', { type: 'null' }],
  ['undefined', { [ABSENT]: true }],
  ['void', { [ABSENT]: true }],
  ['never', { not: {} }],
]);

const ABSENT_SCHEMA: JsonObject = { [ABSENT]: true };
const NULL: JsonObject = { type: 'null' };

function printType(schema: unknown, state: Printing): JsonObject {
  const type = String(readMember(schema, 'type'));
  const scalar = SCALARS.get(type);
  if (scalar !== undefined) return { ...scalar };
  const wrapped = () => print(readMember(schema, 'wrapped'), state);
  const options = () => list(readMember(schema, 'options')).map((option) => print(option, state));
  switch (type) {
    case 'literal':
      return { const: json(readMember(schema, 'literal')) ?? null };
    case 'picklist':
    case 'enum':
      return { enum: list(readMember(schema, 'options')).map((option) => json(option) ?? null) };
    case 'array':
      return { type: 'array', items: print(readMember(schema, 'item'), state) };
    case 'tuple':
    case 'strict_tuple':
    case 'loose_tuple':
      return {
        type: 'array',
        prefixItems: list(readMember(schema, 'items')).map((item) => print(item, state)),
        items: false,
      };
    case 'object':
    case 'strict_object':
    case 'loose_object':
    case 'object_with_rest':
      return printObject(schema, type, state);
    case 'record':
      return {
        type: 'object',
        propertyNames: print(readMember(schema, 'key'), state),
        additionalProperties: print(readMember(schema, 'value'), state),
      };
    case 'optional':
    case 'exact_optional':
    case 'undefinedable':
      return withDefault({ anyOf: [wrapped(), ABSENT_SCHEMA] }, schema);
    case 'nullable':
      return withDefault({ anyOf: [wrapped(), NULL] }, schema);
    case 'nullish':
      return withDefault({ anyOf: [wrapped(), NULL, ABSENT_SCHEMA] }, schema);
    case 'non_optional':
      return without(wrapped(), isAbsent);
    case 'non_nullable':
      return without(wrapped(), isNull);
    case 'non_nullish':
      return without(without(wrapped(), isAbsent), isNull);
    case 'union':
    case 'variant':
      return { anyOf: options() };
    case 'intersect':
      return { allOf: options() };
    case 'lazy':
      return printLazy(schema, state);
    default:
      return { [UNSUPPORTED]: `a ${type === 'custom' ? 'custom type' : type} cannot be written as JSON` };
  }
}

const isAbsent = (entry: JsonObject): boolean => entry[ABSENT] === true;
const isNull = (entry: JsonObject): boolean => entry['type'] === 'null';

/** Removes alternatives from a printed union. */
function without(printed: JsonObject, excluded: (entry: JsonObject) => boolean): JsonObject {
  const { anyOf } = printed;
  if (!Array.isArray(anyOf)) return printed;
  return { ...printed, anyOf: anyOf.filter((entry) => !isJsonObject(entry) || !excluded(entry)) };
}

function printObject(schema: unknown, type: string, state: Printing): JsonObject {
  const entries = readMember(schema, 'entries');
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const [name, entry] of Object.entries(typeof entries === 'object' && entries !== null ? entries : {})) {
    setOwn(properties, name, print(entry, state));
    if (!OPTIONAL.has(String(readMember(entry, 'type')))) required.push(name);
  }
  const rest =
    type === 'object_with_rest' ? print(readMember(schema, 'rest'), state) : type === 'loose_object' ? {} : undefined;
  return { type: 'object', properties, required, ...(rest === undefined ? {} : { additionalProperties: rest }) };
}

const OPTIONAL = new Set(['optional', 'exact_optional', 'undefinedable', 'nullish']);

function withDefault(printed: JsonObject, schema: unknown): JsonObject {
  const declared = readMember(schema, 'default');
  const value = json(typeof declared === 'function' ? (declared as () => unknown)() : declared);
  return value === undefined || value === null ? printed : { ...printed, default: value };
}

/** Prints a lazy schema. A recursive part becomes a definition that refers to itself. */
function printLazy(schema: unknown, state: Printing): JsonObject {
  const getter = readMember(schema, 'getter');
  const target: unknown = typeof getter === 'function' ? (getter as (input: unknown) => unknown)(undefined) : undefined;
  const known = state.open.get(target);
  if (known !== undefined) return { $ref: `#/$defs/${known}` };
  const name = `lazy${state.open.size + 1}`;
  state.open.set(target, name);
  state.definitions[name] = {};
  state.definitions[name] = print(target, state);
  return { $ref: `#/$defs/${name}` };
}

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['email', 'email'],
  ['url', 'uri'],
  ['uuid', 'uuid'],
  ['ipv4', 'ipv4'],
  ['ipv6', 'ipv6'],
  ['base64', 'byte'],
  ['iso_date', 'date'],
  ['iso_timestamp', 'date-time'],
  ['mac', 'mac'],
]);

/**
 * Maps each length action to the prefix and the suffix of the keyword that the action sets. If the suffix is undefined,
 * it depends on the type of the value.
 */
const LENGTHS: ReadonlyMap<string, readonly ['min' | 'max', 'Length' | 'Items' | 'Properties' | undefined]> = new Map<
  string,
  readonly ['min' | 'max', 'Length' | 'Items' | 'Properties' | undefined]
>([
  ['min_length', ['min', undefined]],
  ['max_length', ['max', undefined]],
  ['min_graphemes', ['min', 'Length']],
  ['max_graphemes', ['max', 'Length']],
  ['min_entries', ['min', 'Properties']],
  ['max_entries', ['max', 'Properties']],
]);

const VALUES: ReadonlyMap<string, string> = new Map([
  ['min_value', 'minimum'],
  ['max_value', 'maximum'],
  ['gt_value', 'exclusiveMinimum'],
  ['lt_value', 'exclusiveMaximum'],
  ['multiple_of', 'multipleOf'],
]);

function amend(printed: JsonObject, actions: readonly unknown[]): JsonObject {
  const result = { ...printed };
  for (const action of actions) {
    const kind = readMember(action, 'kind');
    if (kind === 'transformation') break;
    if (kind === 'schema') continue;
    amendOne(result, String(readMember(action, 'type')), action, kind === 'metadata');
  }
  return result;
}

function amendOne(result: JsonObject, type: string, action: unknown, metadata: boolean): void {
  const requirement = readMember(action, 'requirement');
  const number = typeof requirement === 'number' || typeof requirement === 'bigint' ? json(requirement) : undefined;
  const unit = result['type'] === 'array' ? 'Items' : 'Length';
  const length = LENGTHS.get(type);
  const value = VALUES.get(type);
  const format = FORMATS.get(type);
  if (type === 'description' || type === 'title') result[type] = String(readMember(action, type));
  else if (metadata) return;
  else if (type === 'integer' || type === 'safe_integer') result['type'] = 'integer';
  else if (type === 'non_empty') restrict(result, `min${unit}`, 1);
  else if (length !== undefined && number !== undefined) restrict(result, length[0] + (length[1] ?? unit), number);
  else if (type === 'length' && number !== undefined) {
    restrict(result, `min${unit}`, number);
    restrict(result, `max${unit}`, number);
  } else if (value !== undefined && number !== undefined) restrict(result, value, number);
  else if (format !== undefined) result['format'] = format;
  else if (requirement instanceof RegExp) restrict(result, 'pattern', withFlags(requirement.source, requirement.flags));
  else if (type !== 'brand' && type !== 'readonly' && type !== 'finite') {
    addNote(result, `the check ${type} of its type is run by the program only, not by the cluster`);
  }
}

/** Sets a keyword. If the keyword already has a value, the new value becomes a part of an intersection. */
function restrict(result: JsonObject, keyword: string, value: JsonValue): void {
  if (result[keyword] === undefined) result[keyword] = value;
  else result['allOf'] = [...asList(result['allOf']), { [keyword]: value }];
}

/** Converts a constant to JSON. A `bigint` stays a `bigint`. Undefined for a value that JSON cannot represent. */
function json(value: unknown): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object') return undefined;
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
