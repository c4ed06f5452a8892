import { kroEnvironment, STRING as CEL_STRING, toJson } from '@typekro/cel';
import { TypeKroError } from '@typekro/kit/core';
import { call, method, raw } from './ir/build.ts';
import type { Node } from './ir/node.ts';
import { quoteCel } from './ir/to-cel.ts';
import { type StaticType, BOOL, DYN, FLOAT, INTEGER } from './ir/types.ts';
import { defineFactory } from './value/native-functions.ts';
import { refuse } from './refusal/refusal.ts';
import { activeTrace } from './trace/current-trace.ts';
import { resolveMerged } from './value/merge.ts';
import { textNode } from './value/ops.ts';
import { hasTokens, symbolic, wrap } from './value/proxy.ts';
import { Sym } from './value/symbolic.ts';

/** A quantity of Kubernetes (`500m`, `1.5Gi`). Quantities are compared and added by value, not as strings. */
export interface Quantity {
  isGreaterThan(other: Quantity | string): boolean;
  isLessThan(other: Quantity | string): boolean;
  /** -1, 0 or 1. */
  compareTo(other: Quantity | string): number;
  add(other: Quantity | string): Quantity;
  sub(other: Quantity | string): Quantity;
  /** -1, 0 or 1. */
  sign(): number;
  /** Is the amount a whole number of 64 bits? */
  isInteger(): boolean;
  /** The amount as a whole number; fails where `isInteger()` is false. */
  asInteger(): number;
  /** The amount as a floating point number, for instance 0.5 for `500m`. */
  asApproximateFloat(): number;
}

/** The CEL text of a constant amount, or the node of a symbolic amount. */
type Amount = string | Node;

const amounts = new WeakMap<object, Amount>();

/**
 * Makes a quantity of Kubernetes: `quantity(spec.memory).isGreaterThan('1Gi')`. The operator `<` compares such strings
 * letter by letter.
 *
 * @throws TypeKroError `compose/quantity` for a constant string that is not a quantity. A symbolic string that is not a
 *   quantity lets its expression fail in the cluster; test the string with `isQuantity` first.
 */
export const quantity = defineFactory((text: string): Quantity => amountObject(amountOf(text)));

/** Is the string a quantity (`100m`, `2Gi`)? */
export const isQuantity = defineFactory((text: string): boolean => {
  const value: unknown = resolveMerged(text);
  if (typeof value === 'string' && !hasTokens(value)) return constant(`isQuantity(${quoteCel(value)})`) as boolean;
  return wrap(new Sym(call('isQuantity', [textNode(value)], BOOL))) as boolean;
});

function amountOf(given: unknown): Amount {
  const value = resolveMerged(given);
  if (typeof value === 'object' && value !== null) {
    const known = amounts.get(value);
    if (known !== undefined) return known;
  }
  if (typeof value === 'string' && !hasTokens(value)) {
    if (constant(`isQuantity(${quoteCel(value)})`) !== true) {
      throw new TypeKroError(`"${value}" is not a quantity`, {
        code: 'compose/quantity',
        remedy: 'write a number with or without a suffix: 250m, 2, 1.5Gi, 10M',
      });
    }
    return `quantity(${quoteCel(value)})`;
  }
  if (typeof value !== 'string' && symbolic(value) === undefined) {
    throw new TypeKroError(`${String(value)} is not a quantity string`, {
      code: 'compose/quantity',
      remedy: 'pass a string: "2", "500m", "1Gi"',
    });
  }
  return call('quantity', [textNode(value)], DYN);
}

function amountObject(amount: Amount): Quantity {
  const property = (name: string, type: StaticType) => defineFactory(() => result(amount, name, [], type));
  const compared = (name: string, type: StaticType) =>
    defineFactory((other: unknown) => result(amount, name, [amountOf(other)], type));
  const computed = (name: string) =>
    defineFactory((other: unknown) => amountObject(combined(amount, name, [amountOf(other)], DYN)));
  const object = {
    isGreaterThan: compared('isGreaterThan', BOOL),
    isLessThan: compared('isLessThan', BOOL),
    compareTo: compared('compareTo', INTEGER),
    add: computed('add'),
    sub: computed('sub'),
    sign: defineFactory(() =>
      settled(typeof amount === 'string' ? `sign(${amount})` : call('sign', [amount], INTEGER)),
    ),
    isInteger: property('isInteger', BOOL),
    asInteger: property('asInteger', INTEGER),
    asApproximateFloat: property('asApproximateFloat', FLOAT),
    toString: () =>
      refuse(
        'types',
        'a quantity cannot be converted to a string',
        'use the string that it was made from, or .asInteger()',
      ),
  };
  amounts.set(object, amount);
  return object as Quantity;
}

/** A method call on an amount: CEL text if the amount and all arguments are constants, otherwise an expression. */
function combined(of: Amount, name: string, args: readonly Amount[], type: StaticType): Amount {
  if (typeof of === 'string' && args.every((arg) => typeof arg === 'string'))
    return `${of}.${name}(${args.join(', ')})`;
  return method(name, nodeOf(of), args.map(nodeOf), type);
}

const nodeOf = (amount: Amount): Node => (typeof amount === 'string' ? raw([amount], [], DYN) : amount);

function result(of: Amount, name: string, args: readonly Amount[], type: StaticType): unknown {
  return settled(combined(of, name, args, type));
}

/** The value of a constant amount, or a symbolic value. */
function settled(found: Amount): unknown {
  return typeof found === 'string' ? constant(found) : wrap(new Sym(activeTrace().originate(found)));
}

/** The value of an expression without variables. */
function constant(cel: string): unknown {
  const compiled = kroEnvironment({ variables: { unused: CEL_STRING } }).compile(cel);
  if (!compiled.ok) throw new Error(`${cel}: ${compiled.text}`);
  const evaluated = compiled.program.evaluate({});
  if (!evaluated.ok) {
    throw new TypeKroError(evaluated.error.message, { code: 'compose/quantity', remedy: 'call isInteger() first' });
  }
  const json = toJson(evaluated.value);
  if (!json.ok) throw new Error(json.error);
  return typeof json.value === 'bigint' ? Number(json.value) : json.value;
}
