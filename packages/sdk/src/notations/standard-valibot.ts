import { type JsonObject, setOwn } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { ABSENT, CLOSED, REFUSED, UNSUPPORTED } from './json-schema-members.ts';
import { type FoundChecks, type Printing, readMember, unknownList } from './library-type.ts';
import * as library from './library-type.ts';
import { printIntersection, printRecord, printTuple, printUnion } from './library-union.ts';
import { addValibotAction } from './standard-valibot-actions.ts';

/**
 * The JSON Schema of a valibot schema. valibot itself cannot print JSON Schema, so this function reads the schema's
 * structure (`kind`, `type`, `entries`, `pipe`, …). A schema or action that this reader does not know is refused.
 */
export function valibotJsonSchema(schema: unknown, found: FoundChecks): JsonObject {
  return print(schema, { found, open: new Set(), parts: new library.PrintedParts() });
}

const ASYNCHRONOUS = 'use the synchronous functions: v.object() for v.objectAsync(), v.check() for v.checkAsync()';

const print = (schema: unknown, state: Printing): JsonObject =>
  state.parts.of(schema, state.open, () => printPart(schema, state));

function printPart(schema: unknown, state: Printing): JsonObject {
  if (readMember(schema, 'async') === true) return library.refused('an asynchronous schema has no rule', ASYNCHRONOUS);
  if (readMember(schema, 'fallback') !== undefined) {
    const hint = 'use v.optional(schema, value) for a value that is left out';
    return library.refused('fallback() replaces invalid values, and the API server refuses them', hint);
  }
  const inner = { ...state, open: new Set([...state.open, schema]) };
  const [first, ...actions] = unknownList(schema, 'pipe');
  const base = first === undefined || first === schema ? printType(schema, inner) : print(first, inner);
  const piped = actions.reduce<JsonObject>((printed, action) => {
    if (printed[REFUSED] !== undefined) return printed;
    if (readMember(action, 'kind') === 'schema') return withNext(printed, print(action, inner));
    return addValibotAction(printed, action, state.found);
  }, base);
  // An action may refuse the default of the schema before it.
  return actions.length > 0 && piped['default'] !== undefined ? library.withLibraryDefault(piped, schema) : piped;
}

/** A schema after another schema in a pipe. */
function withNext(first: JsonObject, second: JsonObject): JsonObject {
  const isScalar = (part: JsonObject) => library.isPrintedScalar(part) || part[REFUSED] !== undefined;
  if (isScalar(first) && isScalar(second) && (library.isUncheckedText(first) || !library.isChangedByLibrary(second)))
    return { ...first, allOf: [...asList(first['allOf']), library.withoutDefault(second)] };
  return library.refused('a pipe of schemas that are not scalars cannot be translated', 'write one schema');
}

type Handler = (schema: unknown, state: Printing) => JsonObject;

const NULL: JsonObject = { type: 'null' };
const ABSENT_SCHEMA: JsonObject = { [ABSENT]: true };
const wrapped: Handler = (schema, state) => print(readMember(schema, 'wrapped'), state);
const isNull = (entry: JsonObject): boolean => entry['type'] === 'null';

/** How each schema of valibot is translated, by its `type`. Any other schema is refused. */
export const VALIBOT_TYPES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['string', () => ({ type: 'string' })],
  ['number', () => ({ type: 'number' })],
  ['boolean', () => ({ type: 'boolean' })],
  ['any', () => ({})],
  ['unknown', () => ({})],
  ['null', () => NULL],
  ['undefined', () => ABSENT_SCHEMA],
  ['void', () => ABSENT_SCHEMA],
  ['never', () => ({ not: {} })],
  ['literal', (schema) => library.constants([readMember(schema, 'literal')])],
  ['picklist', (schema) => library.constants(unknownList(schema, 'options'))],
  ['enum', (schema) => library.constants(unknownList(schema, 'options'))],
  ['array', (schema, state) => ({ type: 'array', items: print(readMember(schema, 'item'), state) })],
  ['tuple', (schema, state) => tuple(schema, state)],
  ['strict_tuple', (schema, state) => tuple(schema, state)],
  ['tuple_with_rest', (schema, state) => tuple(schema, state, print(readMember(schema, 'rest'), state))],
  ['loose_tuple', () => library.refused('a loose tuple also takes items of any type', 'use v.tuple()')],
  ['object', (schema, state) => printObject(schema, state, { [CLOSED]: 'strip' })],
  ['strict_object', (schema, state) => printObject(schema, state, { [CLOSED]: 'strict' })],
  ['loose_object', (schema, state) => printObject(schema, state, { additionalProperties: {} })],
  [
    'object_with_rest',
    (schema, state) => printObject(schema, state, { additionalProperties: print(readMember(schema, 'rest'), state) }),
  ],
  [
    'record',
    (schema, state) =>
      printRecord(print(readMember(schema, 'key'), state), print(readMember(schema, 'value'), state), false),
  ],
  ['optional', (schema, state) => absentable(schema, state)],
  ['exact_optional', (schema, state) => absentable(schema, state)],
  ['undefinedable', (schema, state) => absentable(schema, state)],
  ['nullable', nullable],
  ['nullish', nullish],
  ['non_optional', (schema, state) => library.withoutEntries(wrapped(schema, state), library.isAbsentEntry)],
  ['non_nullable', (schema, state) => library.withoutEntries(wrapped(schema, state), isNull)],
  [
    'non_nullish',
    (schema, state) =>
      library.withoutEntries(library.withoutEntries(wrapped(schema, state), library.isAbsentEntry), isNull),
  ],
  ['union', (schema, state) => printUnion(alternatives(schema, state))],
  ['variant', (schema, state) => printUnion(alternatives(schema, state))],
  ['intersect', intersect],
  ['lazy', (schema, state) => print((readMember(schema, 'getter') as (input: unknown) => unknown)(undefined), state)],
  ['blob', library.unsupported('a Blob')],
  ['instance', library.unsupported('an instance of a class')],
  ...library.UNSUPPORTED_TYPES,
]);

function printType(schema: unknown, state: Printing): JsonObject {
  const type = String(readMember(schema, 'type'));
  return VALIBOT_TYPES.get(type)?.(schema, state) ?? { [UNSUPPORTED]: `the type ${type} of valibot is not known` };
}

const hasDefault = (schema: unknown): boolean => readMember(schema, 'default') !== undefined;

function absentable(schema: unknown, state: Printing): JsonObject {
  const inner = wrapped(schema, state);
  // A default inside has no effect, because an absent value does not reach it.
  const printed = { anyOf: [library.withoutDefault(inner), ABSENT_SCHEMA] };
  return hasDefault(schema) ? library.withLibraryDefault(printed, schema) : printed;
}

function nullable(schema: unknown, state: Printing): JsonObject {
  const inner = wrapped(schema, state);
  if (!hasDefault(schema) && (inner['default'] ?? null) === null) return { anyOf: [inner, NULL] };
  const message = 'a type with a default also allows null, which the API server replaces by the default';
  return library.refused(message, 'use v.nullish(schema, value), which replaces null by the default, too', 'default');
}

function nullish(schema: unknown, state: Printing): JsonObject {
  if (!hasDefault(schema)) return { anyOf: [library.withoutDefault(wrapped(schema, state)), NULL, ABSENT_SCHEMA] };
  return library.withLibraryDefault(absentable({ ...Object(schema), default: undefined }, state), schema);
}

function printObject(schema: unknown, state: Printing, others: JsonObject): JsonObject {
  const entries = readMember(schema, 'entries');
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const [name, entry] of Object.entries(typeof entries === 'object' && entries !== null ? entries : {})) {
    const isRequired = !OPTIONAL.has(String(readMember(entry, 'type')));
    const printed = print(entry, state);
    setOwn(properties, name, isRequired ? library.requiredMember(printed) : printed);
    if (isRequired) required.push(name);
  }
  return { type: 'object', properties, required, ...others };
}

const OPTIONAL = new Set(['optional', 'exact_optional', 'nullish']);

function tuple(schema: unknown, state: Printing, rest?: JsonObject): JsonObject {
  const items = unknownList(schema, 'items').map((item) => print(item, state));
  return printTuple(items, items.length, rest);
}

const alternatives = (schema: unknown, state: Printing): JsonObject[] =>
  unknownList(schema, 'options').map((option) => print(option, state));

function intersect(schema: unknown, state: Printing): JsonObject {
  const options = unknownList(schema, 'options').map((option) => print(option, state));
  if (options.every((option) => option[CLOSED] !== 'strict')) return printIntersection(options, schema);
  return library.refused('a strict object in an intersection refuses the members of the other parts', 'use v.object()');
}
