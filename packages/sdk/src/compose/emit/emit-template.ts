import { type JsonObject, type JsonValue, refuseMovedName, setOwn } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { isOpen } from '../value/open.ts';
import { call, cond, literal, not, object, orValue } from '../ir/build.ts';
import { refuseIterable } from '../library/marked-sets.ts';
import { DYN } from '../ir/types.ts';
import type { Target } from '../public-types.ts';
import type { Node } from '../ir/node.ts';
import type { FunctionLike } from '../source/function-source.ts';
import { Refusal, refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { listNode, mergedPieces, objectNode, optionalNode, optionalPhi, toNode } from '../value/value-nodes.ts';
import { textNode } from '../value/ops.ts';
import { hasTokens, symbolic, wrap } from '../value/proxy.ts';
import { Phi, SeenList, Sym } from '../value/symbolic.ts';
import { type ExpressionWriter, escapeText } from './expression-writer.ts';
import { declaredMemberSchema } from './flows.ts';

/** The result that stands for an absent field. */
export const LEFT_OUT = Symbol('left out');

/** Options for writing a template. */
export interface TemplateOptions {
  readonly writer: ExpressionWriter;
  readonly target: Target;
}

/**
 * The map fields for which absent and empty mean the same to the API server. For stock kro, which has no `omit()`, an
 * absent map is written as an empty one.
 */
const EMPTY_IS_ABSENT = new Set([
  'labels',
  'annotations',
  'data',
  'stringData',
  'binaryData',
  'nodeSelector',
  'matchLabels',
]);

/** Writes an expression as a field. A refusal or warning names the origin of the expression. */
function writeField(options: TemplateOptions, node: Node, schema: Schema | undefined): JsonValue {
  const trace = activeTrace();
  const origin = trace.origins.get(node);
  if (isQuantity(schema) && (node.kind === 'concat' || node.kind === 'raw')) {
    trace.warn(
      'quantity',
      'the field is a quantity; a joined string might not be one, as "100m00m" is not',
      'take the whole quantity from the spec',
      origin,
    );
  }
  try {
    return options.writer.field(node, schema);
  } catch (error) {
    if (error instanceof Refusal) error.site ??= origin;
    throw error;
  }
}

/** Does the schema describe a quantity? Published schemas declare a quantity as a string or a number. */
function isQuantity(schema: Schema | undefined): boolean {
  const kinds = schema?.oneOf?.map((each) => each.type);
  return schema?.type === undefined && kinds?.length === 2 && kinds.includes('string') && kinds.includes('number');
}

/** The position of a value: its key, and whether it is a field of the template or its metadata. */
interface Place {
  readonly key: string;
  /**
   * Is the value a field of the template or its metadata? kro does not accept the template or the metadata as one
   * expression. Without `omit()`, an absent field is therefore written as null, which the API server treats as absent.
   */
  readonly field: boolean;
}

const ELSEWHERE: Place = { key: '', field: false };

/** Writes a whole template. */
export function templateOf(
  manifest: unknown,
  schema: Schema | undefined,
  options: TemplateOptions,
): JsonValue | typeof LEFT_OUT {
  const value = resolveMerged(manifest);
  const isPlain = symbolic(value) === undefined && typeof value === 'object' && value !== null;
  return isPlain
    ? objectValue(value as Record<string, unknown>, schema, options, 'template')
    : templateValue(value, schema, options);
}

/** Writes a value of a template: as plain data where the value is known, and as `${…}` where it is symbolic. */
function templateValue(
  raw: unknown,
  schema: Schema | undefined,
  options: TemplateOptions,
  place: Place = ELSEWHERE,
): JsonValue | typeof LEFT_OUT {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return symValue(inner, schema, options, place);
  if (inner instanceof Phi) return phiValue(inner, schema, options, place);
  if (value instanceof SeenList) {
    refuseIterable(value, 'a value of a resource');
    return symValue(value.elements(), schema, options, place);
  }
  switch (typeof value) {
    case 'string':
      return hasTokens(value) ? writeField(options, textNode(value), schema) : escapeText(value);
    case 'number':
      if (!Number.isFinite(value)) return refuse('types', `${String(value)} cannot be a value of a resource`);
      return value;
    case 'boolean':
      return value;
    case 'bigint':
      return refuse('types', `the BigInt ${value}n cannot be a value of a resource`, 'pass a number: Number(value)');
    case 'undefined':
      return LEFT_OUT;
    case 'object':
      if (value === null) return null;
      return Array.isArray(value)
        ? listValue(value as unknown[], schema, options)
        : objectValue(value as Record<string, unknown>, schema, options, roleOf(place));
    default:
      return typeof value === 'function'
        ? refuseFunction(value as FunctionLike, place.key)
        : refuse('types', `a ${typeof value} cannot be a value of a resource`, 'pass plain data');
  }
}

/** Refuses a function as a value; the remedy is the call that the author forgot. */
function refuseFunction(fn: FunctionLike, key: string): never {
  refuseMovedName(fn);
  const name = fn.name === key ? '' : fn.name;
  const what = name === '' ? 'a function' : `the function ${name}`;
  return refuse(
    'types',
    key === '' ? `${what} cannot be a value of a resource` : `${key} is ${what}, which cannot be a value of a resource`,
    name === '' ? 'pass the value that it returns' : `call it: ${name}(${fn.length === 0 ? '' : '…'})`,
  );
}

const roleOf = ({ key, field }: Place): Role => (field && key === 'metadata' ? 'metadata' : 'part');

function symValue(value: Sym, schema: Schema | undefined, options: TemplateOptions, place: Place): JsonValue {
  if (value.resource !== undefined)
    return refuse('types', `the whole resource ${value.resource.id} is a value here`, 'name one of its fields');
  refuseIterable(value, 'a value of a resource');
  const { absence } = value;
  if (absence === undefined || absence.waits) return writeField(options, value.node, schema);
  if (options.target === 'stock' && isEmptyMap(value, place.key)) {
    const { kind } = value.type;
    const written =
      kind === 'map' ? orValue(optionalNode(value), object([])) : cond(absence.has, value.node, object([]));
    return writeField(options, written, schema);
  }
  if (place.field && options.target === 'stock')
    return writeField(options, absentField(optionalNode(value), place), schema);
  // Stock kro has no `omit()`: for stock kro, `objectValue` has already written the object around the field as one
  // expression.
  return writeField(options, cond(absence.has, value.node, call('omit', [], DYN)), schema);
}

/**
 * Writes an optional as a field of the template or its metadata. An absent namespace is written as an empty string, for
 * which kro uses the namespace of the instance.
 */
const absentField = (optional: Node, place: Place): Node =>
  place.key === 'namespace' ? orValue(optional, literal('')) : optional;

function isEmptyMap(value: Sym, key: string): boolean {
  return (value.type.kind === 'map' || value.type.kind === 'object') && EMPTY_IS_ABSENT.has(key);
}

function phiValue(
  value: Phi,
  schema: Schema | undefined,
  options: TemplateOptions,
  place: Place,
): JsonValue | typeof LEFT_OUT {
  const merged = mergeSides(value);
  if (merged !== undefined) return objectValue(merged, schema, options, roleOf(place));
  const optional = optionalPhi(value);
  if (optional === undefined) return writeField(options, toNode(wrap(value)), schema);
  if (options.target === 'stock' && EMPTY_IS_ABSENT.has(place.key))
    return writeField(options, orValue(optional, object([])), schema);
  if (place.field && options.target === 'stock') return writeField(options, absentField(optional, place), schema);
  return writeField(options, orValue(optional, call('omit', [], DYN)), schema);
}

/**
 * Merges the two objects of a condition into one object with conditional values. Undefined unless both sides are plain
 * objects.
 */
export function mergeSides(value: Phi): Record<string, unknown> | undefined {
  const trace = activeTrace();
  const plain = (side: unknown): Record<string, unknown> | undefined => {
    const found = resolveMerged(side);
    const inner = symbolic(found);
    if (inner instanceof Phi) return mergeSides(inner);
    if (inner !== undefined || typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    return mergedPieces(found) === undefined ? (found as Record<string, unknown>) : undefined;
  };
  const a = trace.under(value.test, () => plain(value.then));
  const b = a === undefined ? undefined : trace.under(not(value.test), () => plain(value.otherwise));
  if (a === undefined || b === undefined) return undefined;
  const result: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const then = Object.hasOwn(a, name) ? a[name] : undefined;
    const otherwise = Object.hasOwn(b, name) ? b[name] : undefined;
    setOwn(result, name, phi(value.test, then, otherwise));
  }
  return result;
}

/** May the value be absent at run time? */
function mayBeMissing(raw: unknown, key: string): boolean {
  if (symbolic(raw) === undefined) return false;
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return inner.absence !== undefined && !inner.absence.waits && !isEmptyMap(inner, key);
  return inner instanceof Phi && !EMPTY_IS_ABSENT.has(key) && optionalPhi(inner) !== undefined;
}

function listValue(items: readonly unknown[], schema: Schema | undefined, options: TemplateOptions): JsonValue {
  if (items.some((item) => !isOpen(item) && mayBeMissing(item, '')))
    refuse('absent', 'an element of a list may be absent', 'filter it out: .filter((x) => x !== undefined)');
  if (items.some(isOpen)) return writeField(options, listNode(items), schema);
  return items.map((item) => {
    const written = templateValue(item, schema?.items, options);
    return written === LEFT_OUT ? refuse('absent', 'an element of a list is undefined', 'leave it out') : written;
  });
}

/** Can a path of kro name the member? kro does not escape keys in paths, and skips empty keys. */
const isPathStep = (key: string): boolean => key !== '' && !/["[\]]/.test(key);

const mayHoldExpression = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) ||
  typeof value === 'function' ||
  (typeof value === 'string' && hasTokens(value));

/** The role of the object that is written: the template, its metadata, or another part. */
type Role = 'template' | 'metadata' | 'part';

function objectValue(
  value: Record<string, unknown>,
  schema: Schema | undefined,
  options: TemplateOptions,
  role: Role,
): JsonValue {
  const keys = Object.keys(value);
  const merged = mergedPieces(value) !== undefined;
  const isOptional = options.target === 'stock' && role === 'part';
  const asOne =
    merged ||
    (isOptional && keys.some((key) => mayBeMissing(value[key], key))) ||
    (role === 'part' && keys.some((key) => !isPathStep(key) && mayHoldExpression(value[key])));
  if (asOne) return writeField(options, objectNode(value), schema);
  const result: JsonObject = {};
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    const place = { key, field: role === 'metadata' || role === 'template' };
    const written = templateValue(value[key], declaredMemberSchema(schema, key), options, place);
    // Keys are data: no expression in them is evaluated.
    if (written !== LEFT_OUT) setOwn(result, key, written);
  }
  return result;
}
