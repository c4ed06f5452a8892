import type { Schema } from '@typekro/engine/schema';
import { literalEntries } from '../ir/build.ts';
import { requireInteger } from '../ir/lower.ts';
import { type Node, bodyOf } from '../ir/node.ts';
import { type Site, Refusal } from '../refusal/refusal.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic } from '../value/proxy.ts';
import { misplacedType } from './field-types.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';

/** The refusal of a number in an integer field, because the number may have a fraction. */
class MisplacedFraction extends Refusal {
  readonly keys: readonly string[];

  constructor(path: readonly string[], { code, message, hint, site }: Refusal) {
    super(code, `${path.join('.')}: ${message}`, hint);
    this.keys = path;
    this.site = site;
  }
}

/** The keys from the root to a value, as a linked list that begins with the last key; undefined at the root. */
type Way = { readonly key: string; readonly above: Way } | undefined;

/**
 * Finds the numbers of the spec that flow into integer fields of a resource, and marks these numbers as integers.
 * Refuses values whose type their field does not accept.
 */
export function settleNumbers(record: ResourceRecord, schema: Schema | undefined): void {
  try {
    settleValue(record.manifest, schema, undefined, true);
  } catch (error) {
    if (error instanceof Refusal) error.site ??= record.site;
    throw error;
  }
}

/**
 * Finds the numbers of the spec that flow into integer fields of the declared status, and marks these numbers as
 * integers. `placeOf` returns the position in code at which a field is written.
 */
export function settleStatus(
  status: unknown,
  declared: Schema,
  placeOf: (path: readonly string[]) => Site | undefined,
): void {
  try {
    settleValue(resolveMerged(status), declared, undefined, false);
  } catch (error) {
    if (error instanceof MisplacedFraction) error.site ??= placeOf(error.keys);
    throw error;
  }
}

/** Follows a value to the expressions in it. With `typed`, compares the type of each expression with the schema. */
function settleValue(value: unknown, schema: Schema | undefined, path: Way, typed: boolean): void {
  if (schema === undefined || value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
  const inner = symbolic(value);
  if (inner instanceof Sym) {
    if (typed) refuseMisplaced(inner, schema, path);
    return settleNode(inner.node, schema, path);
  }
  if (inner instanceof Phi) {
    settleValue(inner.then, schema, path, typed);
    settleValue(inner.otherwise, schema, path, typed);
  } else if (Array.isArray(value)) {
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (typed && (item ?? null) === null) refuseEmpty(item, schema.items, path, 'an element of ');
      if (item instanceof Splice) {
        if (typed) refuseMisplaced(new Sym(item.list), schema, path);
        settleElements(item.list, schema.items, path);
      } else settleValue(item, schema.items, path, typed);
    }
  } else if (value instanceof Maybe) settleValue(value.value, schema, path, typed);
  else if (value instanceof Splice) settleElements(value.list, schema, path);
  else {
    const keys = Object.keys(value);
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const item = (value as Record<string, unknown>)[key];
      if (typeof item !== 'object') continue;
      const [member, way] = [declaredMemberSchema(schema, key), { key, above: path }];
      if (item === null && typed && member !== schema.properties?.[key]) refuseEmpty(item, member, way);
      settleValue(item, member, way, typed);
    }
  }
}

/**
 * Refuses undefined, and null as a string of a map or list, such as `data`: the API server stores an empty string. A
 * key that is undefined is left out.
 */
function refuseEmpty(value: unknown, schema: Schema | undefined, way: Way, what = ''): void {
  if (value === null && schema?.type !== 'string') return;
  const path = keysOf(way).join('.');
  const stored = value === null ? 'null, which the API server stores as an empty string' : 'undefined';
  const remedy = what === '' ? 'leave the key out; undefined leaves it out, too' : 'leave the element out';
  const refusal = new Refusal('types', `${what}${path} is ${stored}`, `write a value, or ${remedy}`);
  refusal.path = path;
  throw refusal;
}

function refuseMisplaced(value: Sym, schema: Schema, path: Way): void {
  const misplaced = misplacedType(value, schema, keysOf(path).join('.'));
  if (misplaced !== undefined) throw misplaced;
}

/** The schema of a member of an object. */
export function declaredMemberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const { properties, additionalProperties } = schema ?? {};
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** Follows an expression to the parts that become the field's value. */
function settleNode(node: Node, schema: Schema | undefined, path: Way): void {
  if (schema === undefined) return;
  if (schema.type === 'integer') return withPath(path, () => requireInteger(node));
  const { items } = schema;
  if (items !== undefined) settleElements(node, items, path);
  else if (node.kind === 'object') {
    for (const { key, value } of literalEntries(node))
      if (key.kind === 'lit') settleNode(optionalBody(value), declaredMemberSchema(schema, String(key.value)), path);
  } else if (node.kind === 'cond') {
    settleNode(node.args[1], schema, path);
    settleNode(node.args[2], schema, path);
  }
}

/** Returns the value inside `optional.of(…)`. Returns any other expression unchanged. */
function optionalBody(node: Node): Node {
  return (node.kind === 'call' && node.name === 'optional.of' ? node.args[0] : undefined) ?? node;
}

function settleElements(node: Node, items: Schema | undefined, path: Way): void {
  if (items === undefined) return;
  switch (node.kind) {
    case 'list':
      for (const item of node.args) settleNode(item, items, path);
      return;
    case 'append':
      for (const part of node.args) settleElements(part, items, path);
      return;
    case 'cond':
      settleElements(node.args[1], items, path);
      return settleElements(node.args[2], items, path);
    case 'macro':
      if (node.name === 'map') return settleNode(bodyOf(node), items, path);
      if (node.name === 'filter') return settleElements(node.args[0], items, path);
      return;
    default:
      if (items.type === 'integer' && node.type.kind === 'list' && node.type.element.kind === 'number') {
        const { number } = node.type.element;
        if (number.state === 'open') number.state = 'int';
      }
  }
}

function keysOf(path: Way): string[] {
  const keys: string[] = [];
  for (let at: Way = path; at !== undefined; at = at.above) keys.unshift(at.key);
  return keys;
}

function withPath(path: Way, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal && path !== undefined) throw new MisplacedFraction(keysOf(path), error);
    throw error;
  }
}
