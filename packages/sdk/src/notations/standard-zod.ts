import { type JsonObject, setOwn } from '@typekro/kit/core';
import { ABSENT, CLOSED, REFUSED, UNSUPPORTED } from './json-schema-members.ts';
import { type FoundChecks, type Printing, readMember, unknownList } from './library-type.ts';
import * as library from './library-type.ts';
import { printIntersection, printRecord, printTuple, printUnion } from './library-union.ts';
import { addZodChecks, zodDefinition } from './standard-zod-checks.ts';

/**
 * The JSON Schema of a zod type, read from the definitions of its parts. zod's own JSON Schema leaves out transforms,
 * refinements, and all that only the result of a pipe has. A type or check that this reader does not know is refused.
 */
export function zodJsonSchema(type: unknown, found: FoundChecks): JsonObject {
  return print(type, { found, open: new Set(), parts: new library.PrintedParts() });
}

const NULL: JsonObject = { type: 'null' };

const print = (schema: unknown, state: Printing): JsonObject =>
  state.parts.of(schema, state.open, () => printPart(schema, state));

function printPart(schema: unknown, state: Printing): JsonObject {
  const definition = zodDefinition(schema);
  const kind = String(readMember(definition, 'type'));
  const inner: Printing = { ...state, open: new Set([...state.open, schema]) };
  const printed = ZOD_TYPES.get(kind)?.(definition, inner, schema);
  if (printed === undefined) return { [UNSUPPORTED]: `the type ${kind} of zod is not known` };
  if (printed[REFUSED] !== undefined) return printed;
  if (readMember(definition, 'coerce') === true) {
    const message = `z.coerce.${kind}() converts the value, and Kubernetes stores the value as it was written`;
    return library.refused(message, 'use the type itself, and convert the value in the function of the composition');
  }
  // A check of such a type could only hide the reason.
  if (printed[UNSUPPORTED] !== undefined) return printed;
  // A format such as z.email() is its own first check.
  const own = readMember(definition, 'check') === undefined || kind === 'custom' ? [] : [schema];
  const checks = [...own, ...unknownList(definition, 'checks')];
  const checked = addZodChecks(printed, checks, {
    found: state.found,
    absent: [
      ...(isOptional(schema) && printed['default'] === undefined ? [undefined] : []),
      ...(library.allowsNull(printed) ? [null] : []),
    ],
  });
  // A check, or the second part of a pipe, may refuse the default of the type before it.
  const isRestricted = checked['default'] !== undefined && (checks.length > 0 || kind === 'pipe');
  return described(isRestricted ? library.withLibraryDefault(checked, schema) : checked, schema);
}

/** Adds the description and the name of a type. */
function described(printed: JsonObject, schema: unknown): JsonObject {
  const read = readMember(schema, 'meta');
  const meta: unknown = typeof read === 'function' ? (read as () => unknown).call(schema) : undefined;
  return library.withTexts(
    printed,
    readMember(meta, 'description'),
    readMember(meta, 'title') ?? readMember(meta, 'id'),
  );
}

type Handler = (definition: unknown, state: Printing, schema: unknown) => JsonObject;

const converts =
  (what: string): Handler =>
  () =>
    library.refused(
      `${what} changes the value, and Kubernetes stores the value as it was written`,
      library.IN_COMPOSITION,
    );

const wrapped = (definition: unknown, state: Printing): JsonObject => print(readMember(definition, 'innerType'), state);

/** How each type of zod is translated, by the name of the type. Any other type is refused. */
export const ZOD_TYPES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['string', () => ({ type: 'string' })],
  ['number', () => ({ type: 'number' })],
  ['boolean', () => ({ type: 'boolean' })],
  ['null', () => NULL],
  ['undefined', () => ({ [ABSENT]: true })],
  ['void', () => ({ [ABSENT]: true })],
  ['any', () => ({})],
  ['unknown', () => ({})],
  ['never', () => ({ not: {} })],
  ['literal', (definition) => library.constants(unknownList(definition, 'values'))],
  ['enum', (definition) => library.constants(enumValues(readMember(definition, 'entries')))],
  ['template_literal', (_definition, _state, schema) => templateLiteral(schema)],
  ['array', (definition, state) => ({ type: 'array', items: print(readMember(definition, 'element'), state) })],
  ['object', printObject],
  ['tuple', tuple],
  ['record', record],
  ['union', union],
  ['intersection', intersection],
  ['optional', (definition, state, schema) => library.withAppliedDefault(wrapped(definition, state), schema)],
  ['nullable', nullable],
  ['default', (definition, state, schema) => library.withLibraryDefault(wrapped(definition, state), schema)],
  ['prefault', (definition, state, schema) => library.withLibraryDefault(wrapped(definition, state), schema)],
  ['nonoptional', wrapped],
  ['readonly', wrapped],
  ['lazy', (definition, state) => print((readMember(definition, 'getter') as () => unknown)(), state)],
  ['pipe', pipe],
  ['transform', converts('a transform')],
  ['catch', converts('catch()')],
  ['success', converts('success()')],
  ...library.UNSUPPORTED_TYPES,
]);

/** The values of an enum. An enum of TypeScript with numbers also maps the numbers to the names. */
function enumValues(entries: unknown): unknown[] {
  const all = Object.entries(typeof entries === 'object' && entries !== null ? entries : {}) as [string, unknown][];
  const numbers = new Set(all.map(([, value]) => value).filter((value) => typeof value === 'number'));
  return all.filter(([name]) => !numbers.has(Number(name))).map(([, value]) => value);
}

function templateLiteral(schema: unknown): JsonObject {
  const pattern = readMember(readMember(schema, '_zod'), 'pattern');
  return pattern instanceof RegExp
    ? { type: 'string', ...library.patternKeywords(pattern) }
    : { [UNSUPPORTED]: 'no pattern' };
}

/** May a member of an object be left out? */
const isOptional = (schema: unknown): boolean => readMember(readMember(schema, '_zod'), 'optin') !== undefined;

function printObject(definition: unknown, state: Printing): JsonObject {
  const shape = readMember(definition, 'shape');
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const [name, entry] of Object.entries(typeof shape === 'object' && shape !== null ? shape : {})) {
    const printed = print(entry, state);
    setOwn(properties, name, isOptional(entry) ? printed : library.requiredMember(printed));
    if (!isOptional(entry)) required.push(name);
  }
  const rest = readMember(definition, 'catchall');
  const isStrict = readMember(zodDefinition(rest), 'type') === 'never';
  return {
    type: 'object',
    properties,
    required,
    ...(rest === undefined || isStrict
      ? { [CLOSED]: isStrict ? 'strict' : 'strip' }
      : { additionalProperties: print(rest, state) }),
  };
}

function tuple(definition: unknown, state: Printing): JsonObject {
  const items = unknownList(definition, 'items');
  const rest = readMember(definition, 'rest');
  const required = items.findIndex(isOptional);
  return printTuple(
    items.map((item) => print(item, state)),
    required < 0 ? items.length : required,
    rest === undefined || rest === null ? undefined : print(rest, state),
  );
}

function record(definition: unknown, state: Printing): JsonObject {
  const mode = readMember(definition, 'mode');
  if (mode !== undefined && mode !== 'strict')
    return library.refused('a loose record also takes other keys', 'use z.record()');
  const keys = print(readMember(definition, 'keyType'), state);
  const type = readMember(definition, 'valueType');
  const values = print(type, state);
  const isPartial = readMember(definition, 'partial') === true;
  return printRecord(keys, values, !isPartial && (!isOptional(type) || values['default'] !== undefined));
}

function union(definition: unknown, state: Printing): JsonObject {
  if (readMember(definition, 'inclusive') === false && readMember(definition, 'discriminator') === undefined)
    return library.refused('xor() accepts a value of exactly one alternative', 'use z.union()');
  return printUnion(unknownList(definition, 'options').map((option) => print(option, state)));
}

function intersection(definition: unknown, state: Printing, schema: unknown): JsonObject {
  return printIntersection(printedMembers(definition, ['left', 'right'], state), schema);
}

const printedMembers = (definition: unknown, names: readonly string[], state: Printing): JsonObject[] =>
  names.map((name) => print(readMember(definition, name), state));

function nullable(definition: unknown, state: Printing): JsonObject {
  const inner = wrapped(definition, state);
  if (inner['default'] === undefined || inner['default'] === null) return { anyOf: [inner, NULL] };
  const message = 'a type with a default also allows null, which the API server replaces by the default';
  return library.refused(message, 'leave out null or the default', 'default');
}

/** A pipe of scalars whose parts only check the value is an intersection. */
function pipe(definition: unknown, state: Printing): JsonObject {
  if (typeof readMember(definition, 'transform') === 'function')
    return converts('a codec')(definition, state, undefined);
  const parts = printedMembers(definition, ['in', 'out'], state);
  const refusal = parts.find((part) => part[REFUSED] !== undefined);
  if (refusal !== undefined) return refusal;
  const [first = {}, second = {}] = parts;
  const isChecked = library.isChangedByLibrary(second) && !library.isUncheckedText(first);
  if (isChecked || !parts.every(library.isPrintedScalar)) return converts('a pipe')(definition, state, undefined);
  const value = first['default'] ?? second['default'];
  return { allOf: parts.map(library.withoutDefault), ...(value === undefined ? {} : { default: value }) };
}
