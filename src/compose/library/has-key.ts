import { eq, has, isIn, literal, not, or } from '../ir/build.ts';
import { refuse } from '../trace/refusal.ts';
import { distribute, resolve } from '../value/merge.ts';
import { mergedPieces, objectNode } from '../value/nodes.ts';
import { bool, equals, needPresent, textNode, truthy } from '../value/ops.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { keyOf } from './key.ts';

/** `key in object`. */
export function hasKey(rawKey: unknown, object: unknown): unknown {
  const value = resolve(object);
  const key = keyOf(rawKey);
  const inner = symbolic(value);
  if (inner instanceof Phi) return distribute(inner, (side) => hasKey(rawKey, side));
  if (inner instanceof Sym) {
    const { type } = inner;
    const sure = needPresent(inner, 'searched with "in"');
    if (type.kind === 'object' && typeof key === 'string') {
      const field = type.field(key);
      if (field === undefined) return type.open ? bool(has(sure.node, key)) : false;
      return field.required ? true : bool(has(sure.node, key));
    }
    if (type.kind === 'list') return refuse('no-cel', '"in" on a list asks for an index', 'use .includes()');
    return bool(isIn(key instanceof Sym ? textNode(wrap(key)) : literal(String(key)), sure.node));
  }
  if (typeof value === 'object' && value !== null && mergedPieces(value) !== undefined) {
    return hasKey(rawKey, wrap(new Sym(objectNode(value as Record<string, unknown>))));
  }
  if (key instanceof Sym) {
    const keys = Object.keys(value as object).map((name) => literal(name));
    return bool(keys.map((name) => eq(textNode(wrap(key)), name)).reduce((a, b) => or(a, b), literal(false)));
  }
  return concreteHas(value, key);
}

function concreteHas(value: unknown, key: string | symbol): unknown {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`Cannot use 'in' operator to search for '${String(key)}' in ${String(value)}`);
  if (!(key in value)) return false;
  // A key that was set in one branch only.
  const member = (value as Record<PropertyKey, unknown>)[key];
  return symbolic(member) === undefined
    ? true
    : truthy(equals(member, undefined, false)) === false
      ? true
      : unless(member);
}

function unless(member: unknown): unknown {
  const missing = truthy(equals(member, undefined, false));
  return typeof missing === 'boolean' ? !missing : bool(not(missing));
}
