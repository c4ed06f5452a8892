import { interpreter } from '../trace/current-trace.ts';
import { describeType, DYN, STRING, type StaticType } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { distribute, phi, resolveMerged } from '../value/merge.ts';
import { equals, textNode, textValue } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { isSymbolicDeep } from '../value/symbolic-deep.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { makeTyped } from './member-access.ts';
import { refuseNativeChange } from './side-effects.ts';
import { isOpen } from '../value/open.ts';
import { arrayMethod, asCondition } from './arrays.ts';
import { hasKey } from './has-key.ts';
import type { Key } from './key.ts';
import { listMethod, viewMethod } from './list-methods.ts';
import { regexMethod } from './regex-methods.ts';
import { getMember, memberOfSide } from './member.ts';
import { resourceMember } from './resources.ts';
import { spreadItems } from './spread.ts';
import { stringMethod } from './string-methods.ts';
import { View } from './view.ts';
import { makeNode } from '../ir/node.ts';

/** Calls `object.key(…)`. */
export function callMethod(object: unknown, key: Key, args: readonly unknown[]): unknown {
  const value = resolveMerged(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    return distribute(inner, (side) => {
      const found = resolveMerged(side);
      if (found === undefined || found === null) return memberOfSide(inner, found, key, false);
      return callMethod(found, key, args);
    });
  }
  if (inner instanceof Sym) return symMethod(inner, key, args);
  if (value instanceof View && typeof key === 'string') return viewMethod(value, key, args);
  if (typeof value === 'string' && typeof key === 'string' && (hasTokens(value) || isSymbolicDeep(args))) {
    return stringMethod(new Sym(textNode(value)), key, args);
  }
  if (Array.isArray(value) && typeof key === 'string') {
    const found = arrayMethod(value as unknown[], key, args);
    if (found !== undefined) return found.value;
  }
  if (value instanceof RegExp && typeof key === 'string' && isSymbolicDeep(args)) return regexMethod(value, key, args);
  const known = tableMethod(value, key, args) ?? functionMethod(value, key, args) ?? ownKeyMethod(value, key, args);
  if (known !== undefined) return known.value;
  const fn = getMember(value, key);
  return interpreter.call(fn, value, args, methodLabel(object, key));
}

/** The methods of a Map or Set that inspect only keys, so that the values may be symbolic. */
const TABLE_METHODS = new Set(['get', 'has', 'set', 'add', 'delete', 'clear', 'keys', 'values', 'entries', 'forEach']);

const isKnownKey = (key: unknown): boolean => typeof key === 'function' || (!isOpen(key) && !isSymbolicDeep(key));

/** Calls a method of a Map or Set with known keys; its values may be symbolic. */
function knownTableMethod(table: object, key: string, args: readonly unknown[]): unknown {
  refuseNativeChange(table, key);
  const method = Reflect.get(table, key) as ((...values: unknown[]) => unknown) | undefined;
  if (typeof method !== 'function') throw new TypeError(`${key} is not a function`);
  return Reflect.apply(method, table, [...args]);
}

/**
 * Calls a method of the author's Map or Set: any of `TABLE_METHODS` with a known key, and `get` or `has` with a
 * symbolic key. Returns `undefined` for any other call.
 */
function tableMethod(table: unknown, key: Key, args: readonly unknown[]): { readonly value: unknown } | undefined {
  const wanted = resolveMerged(args[0]);
  const isTable = table instanceof Map || table instanceof Set;
  if (isTable && typeof key === 'string' && TABLE_METHODS.has(key) && isKnownKey(wanted))
    return { value: knownTableMethod(table, key, args) };
  if (!isTable || (key !== 'get' && key !== 'has') || symbolic(wanted) === undefined) return undefined;
  const keys: unknown[] = [...table.keys()];
  if (key === 'has') return { value: arrayMethod(keys, 'includes', [wanted])?.value };
  if (table instanceof Set) return undefined;
  if (keys.every((each) => typeof each === 'string')) {
    return { value: getMember(Object.fromEntries(table as Map<string, unknown>), asKey(wanted)) };
  }
  const found = keys.reduceRight(
    (rest: unknown, each) => phi(asCondition(equals(wanted, each, false)), table.get(each), rest),
    undefined,
  );
  return { value: found };
}

/** `f.call(self, …)` and `f.apply(self, list)`, also of methods such as `Array.prototype.map`. */
function functionMethod(fn: unknown, key: Key, args: readonly unknown[]): { readonly value: unknown } | undefined {
  const isCall = key === 'call' && (fn as { call?: unknown }).call === Function.prototype.call;
  const isApply = key === 'apply' && (fn as { apply?: unknown }).apply === Function.prototype.apply;
  if (typeof fn !== 'function' || !(isCall || isApply)) return undefined;
  const [self, list] = args;
  const given = isCall ? args.slice(1) : resolveMerged(list) === undefined ? [] : spreadItems(list);
  const { name } = fn;
  if (fn === Object.prototype.hasOwnProperty) return { value: hasKey(given[0], self, true) };
  const isMethod = [Array.prototype, String.prototype].some((prototype) => Reflect.get(prototype, name) === fn);
  if (isMethod && isSymbolicDeep([self, given])) return { value: callMethod(self, name, given) };
  return { value: interpreter.call(fn, self, given, name) };
}

/** `object.hasOwnProperty(key)`, where the object has keys under conditions, or where `key` comes from the spec. */
function ownKeyMethod(object: unknown, key: Key, args: readonly unknown[]): { readonly value: unknown } | undefined {
  if (key !== 'hasOwnProperty' || !isSymbolicDeep([object, ...args])) return undefined;
  const own = Reflect.get(object as object, 'hasOwnProperty') === Object.prototype.hasOwnProperty;
  return own ? { value: hasKey(args[0], object, true) } : undefined;
}

function asKey(value: unknown): Key {
  const inner = symbolic(value);
  return inner instanceof Sym ? inner : new Sym(textNode(value));
}

function methodLabel(object: unknown, key: Key): string {
  const owner = typeof object === 'function' ? object.name : '';
  return `${owner === '' ? '' : `${owner}.`}${key instanceof Sym ? labelOf(key) : String(key)}`;
}

function symMethod(value: Sym, key: Key, args: readonly unknown[]): unknown {
  if (value.resource !== undefined && typeof key === 'string') {
    const found = resourceMember(value.resource, value, key);
    if (found !== undefined) return interpreter.call(found.value, wrap(value), args, key);
  }
  if (typeof key !== 'string') {
    return interpreter.call(getMember(wrap(value), key), wrap(value), args, 'a method');
  }
  if (
    value.absence !== undefined &&
    !value.absence.waits &&
    !value.waits &&
    value.absence.chain !== value.absence.has
  ) {
    refuse(
      'maybe-undefined',
      `${labelOf(value)} may be undefined here, so .${key}() may fail`,
      'test it first or use ?.',
    );
  }
  const receiver = value.absence === undefined ? value : value.present();
  switch (receiver.type.kind) {
    case 'string':
      return stringMethod(receiver, key, args);
    case 'number':
    case 'bool':
      return numberMethod(receiver, key, args);
    case 'list':
      return listMethod(receiver, key, args);
    case 'dyn':
      return dynMethod(receiver, key, args);
    default:
      if (key === 'hasOwnProperty') return hasKey(args[0], wrap(receiver), true);
      if (key === 'toString') return textNode(wrap(receiver));
      return refuse('member', `${labelOf(receiver)} is a ${describeType(receiver.type)}; it has no member "${key}"`);
  }
}

/** Calls `toString`, or a method that only lists have, of a value of unknown type. Refuses all other methods. */
function dynMethod(value: Sym, key: string, args: readonly unknown[]): unknown {
  const LISTS = new Set(['map', 'filter', 'some', 'every', 'find', 'forEach', 'flatMap', 'join', 'reduce']);
  const list: StaticType = { kind: 'list', element: DYN };
  if (LISTS.has(key))
    return listMethod(new Sym(makeTyped(value.node, list), { waits: value.waits, label: value.label }), key, args);
  if (key === 'toString') return wrap(new Sym(textNode(wrap(value))));
  return refuse(
    'member',
    `${labelOf(value)} is of unknown type; .${key}() cannot be translated`,
    'declare its type in the schema',
  );
}

/** Calls a method of a number or boolean. */
function numberMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
  switch (name) {
    case 'toString':
      if (args.length > 0 && resolveMerged(args[0]) !== 10)
        return refuse('no-cel', '.toString() with a base has no CEL form');
      return textValue(textNode(wrap(value)), value.waits);
    case 'valueOf':
      return wrap(value);
    case 'toFixed':
      return toFixed(value, resolveMerged(args[0]) ?? 0);
    case 'toLocaleString':
    case 'toPrecision':
    case 'toExponential':
      return refuse('no-cel', `.${name}() of a number has no CEL form`, 'use .toFixed()');
    default:
      return refuse(
        'member',
        `${labelOf(value)} is a ${value.type.kind === 'bool' ? 'boolean' : 'number'}; it has no member "${name}"`,
      );
  }
}

function toFixed(value: Sym, digits: unknown): unknown {
  if (typeof digits !== 'number' || !Number.isInteger(digits) || digits < 0 || digits > 20) {
    return refuse('no-cel', '.toFixed() needs a constant number of digits, from 0 to 20');
  }
  if (value.type.kind !== 'number')
    return refuse('types', `.toFixed() of ${labelOf(value)} (${describeType(value.type)}) has no CEL form`);
  return textValue(makeNode({ kind: 'tofixed', args: [value.node], digits, type: STRING }), value.waits);
}
