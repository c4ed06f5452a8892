import { type JsonObject, setOwn } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { ABSENT, CLOSED, REFUSED, UNSUPPORTED } from './json-schema-members.ts';
import { divisorKeywords, restrictNumber, restrictSize } from './library-keywords.ts';
import { type FoundChecks, type Printing, readMember, unknownList } from './library-type.ts';
import * as library from './library-type.ts';
import { printTuple, printUnion } from './library-union.ts';

/**
 * The JSON Schema of an arktype type, read from the nodes of the type. arktype's own JSON Schema leaves out morphs,
 * conditions, defaults and the flags of patterns. A node that this reader does not know is refused.
 */
export function arktypeJsonSchema(type: unknown, found: FoundChecks): JsonObject {
  return print(readMember(type, 'internal'), { found, open: new Set(), parts: new library.PrintedParts() });
}

const kindOf = (node: unknown): string => String(readMember(node, 'kind'));

const print = (node: unknown, state: Printing): JsonObject =>
  state.parts.of(node, state.open, () => printPart(node, state));

function printPart(node: unknown, state: Printing): JsonObject {
  const inner: Printing = { ...state, open: new Set([...state.open, node]) };
  const kind = kindOf(node);
  const printed = ARKTYPE_NODES.get(kind)?.(node, inner) ?? {
    [UNSUPPORTED]: `the node ${kind} of arktype is not known`,
  };
  const meta = readMember(node, 'meta');
  return library.withTexts(printed, readMember(meta, 'description'), readMember(meta, 'title'));
}

type Handler = (node: unknown, state: Printing) => JsonObject;

/** How each type of arktype is translated, by the kind of its node. Any other node is refused. */
export const ARKTYPE_NODES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['domain', domain],
  ['proto', proto],
  ['unit', unit],
  ['union', union],
  ['intersection', intersection],
  ['morph', morph],
  ['alias', (node, state) => print(readMember(node, 'resolution'), state)],
]);

function domain(node: unknown): JsonObject {
  const name = String(readMember(node, 'domain'));
  if (name === 'string' || name === 'number' || name === 'boolean' || name === 'object') return { type: name };
  return { [UNSUPPORTED]: `a ${name} cannot be written as JSON` };
}

function proto(node: unknown): JsonObject {
  const name = readMember(readMember(node, 'proto'), 'name');
  return name === 'Array' ? { type: 'array' } : { [UNSUPPORTED]: `a ${String(name)} cannot be written as JSON` };
}

function unit(node: unknown): JsonObject {
  const value = readMember(node, 'unit');
  if (value === undefined) return { [ABSENT]: true };
  if (value === null) return { type: 'null' };
  const constant = library.constantOf(value);
  return constant === undefined ? { [UNSUPPORTED]: 'this value cannot be written as JSON' } : { const: constant };
}

function union(node: unknown, state: Printing): JsonObject {
  const branches = unknownList(node, 'branches');
  const isTransforming = branches.length > 1 && branches.some((branch) => kindOf(branch) === 'morph');
  if (isTransforming) return library.refused('an alternative of a union has a morph', library.IN_COMPOSITION);
  return branches.length === 0 ? { not: {} } : printUnion(branches.map((branch) => print(branch, state)));
}

function morph(node: unknown, state: Printing): JsonObject {
  return unknownList(node, 'morphs').reduce<JsonObject>(
    (printed, step) => {
      if (printed[REFUSED] !== undefined || printed[UNSUPPORTED] !== undefined) return printed;
      const name = library.methodOf(step);
      const isType = typeof readMember(step, 'kind') === 'string';
      if (isType && printed['type'] === 'string')
        return { ...printed, allOf: [...asList(printed['allOf']), print(step, state)] };
      return library.transformed(printed, name, name === undefined ? 'a morph' : `${name}()`);
    },
    print(readMember(node, 'rawIn'), state),
  );
}

function intersection(node: unknown, state: Printing): JsonObject {
  return unknownList(node, 'children').reduce<JsonObject>((printed, child) => {
    const constraint = CONSTRAINTS.get(kindOf(child));
    return constraint === undefined ? { ...printed, ...print(child, state) } : constraint(printed, child, state);
  }, {});
}

type Constraint = (printed: JsonObject, node: unknown, state: Printing) => JsonObject;

const bound =
  (inclusive: string, exclusive: string): Constraint =>
  (printed, node) =>
    restrictNumber(printed, readMember(node, 'exclusive') === true ? exclusive : inclusive, rule(node));

const size =
  (...limits: readonly ('min' | 'max')[]): Constraint =>
  (printed, node) =>
    restrictSize(printed, limits, rule(node));

const rule = (node: unknown): unknown => readMember(node, 'rule');

/** How each constraint of arktype is translated, by the kind of its node. */
export const CONSTRAINTS: ReadonlyMap<string, Constraint> = new Map<string, Constraint>([
  ['min', bound('minimum', 'exclusiveMinimum')],
  ['max', bound('maximum', 'exclusiveMaximum')],
  ['divisor', (printed, node) => ({ ...library.restrict(printed, divisorKeywords(rule(node))), type: 'integer' })],
  ['minLength', size('min')],
  ['maxLength', size('max')],
  ['exactLength', size('min', 'max')],
  ['pattern', pattern],
  [
    'predicate',
    (printed, node, { found }) => library.addCheck(printed, readMember(node, 'predicate'), { absent: [], found }),
  ],
  ['structure', structure],
]);

function pattern(printed: JsonObject, node: unknown): JsonObject {
  const flags = readMember(node, 'flags');
  const source = new RegExp(String(rule(node)), typeof flags === 'string' ? flags : '');
  return library.restrict(printed, library.patternKeywords(source));
}

function structure(printed: JsonObject, node: unknown, state: Printing): JsonObject {
  const sequence = readMember(node, 'sequence');
  if (sequence !== undefined) return { ...printed, ...printSequence(sequence, state) };
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const prop of unknownList(node, 'props')) {
    const key = readMember(prop, 'key');
    if (typeof key !== 'string') return { [UNSUPPORTED]: 'a key that is a symbol cannot be written as JSON' };
    setOwn(properties, key, printProperty(prop, state));
    if (kindOf(prop) === 'required') required.push(key);
  }
  const [index, ...more] = unknownList(node, 'index');
  const isOfText = index === undefined || kindOf(readMember(index, 'signature')) === 'domain';
  if (more.length > 0 || !isOfText)
    return library.refused('the names of the members of a map are restricted', 'use plain strings as keys');
  const closed = CLOSINGS.get(readMember(node, 'undeclared'));
  return {
    ...printed,
    ...(closed === undefined ? {} : { [CLOSED]: closed }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
    ...(index === undefined ? {} : { additionalProperties: print(readMember(index, 'value'), state) }),
  };
}

/** How a library treats undeclared members, by arktype's word for it. */
const CLOSINGS: ReadonlyMap<unknown, string> = new Map([
  ['reject', 'strict'],
  ['delete', 'strip'],
]);

function printProperty(prop: unknown, state: Printing): JsonObject {
  const printed = print(readMember(prop, 'value'), state);
  const value = readMember(prop, 'default');
  if (value === undefined) return printed;
  const make = typeof value === 'function' ? (value as () => unknown) : () => value;
  const type = readMember(prop, 'value');
  return library.constantDefault(printed, () => library.parsedBy(type, make()), type);
}

function printSequence(sequence: unknown, state: Printing): JsonObject {
  const variadic = readMember(sequence, 'variadic');
  const prefix = unknownList(sequence, 'prefix');
  const others = ['postfix', 'optionals', 'defaultables'].some((name) => unknownList(sequence, name).length > 0);
  if (others) return library.refused('a list with optional items or items at its end has no schema', 'use an object');
  const rest = variadic === undefined || variadic === null ? undefined : print(variadic, state);
  if (prefix.length === 0 && rest !== undefined) return { items: rest };
  const items = prefix.map((item) => print(item, state));
  return printTuple(items, items.length, rest);
}
