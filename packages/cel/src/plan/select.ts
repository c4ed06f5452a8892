import { adopt, adoptAny } from '../eval/adopt.ts';
import { unescapeFieldName } from '../eval/field-names.ts';
import type { Frame } from '../eval/frame.ts';
import { propertyReader } from '../eval/safe-data.ts';
import { selfDescribing, raise } from '../eval/shaped.ts';
import type { DataShape } from '../shape.ts';
import { type CelType, BOOL, DYN, isOptional, optionalType, paramOf } from '../types.ts';
import type { Value } from '../values.ts';
import {
  CelMap,
  CelOptional,
  CelValue,
  EvalFailure,
  ListView,
  MapView,
  OPTIONAL_NONE,
  OpaqueValue,
  fail,
} from '../values.ts';
import { chainPlan, chainReader, extended } from './chain.ts';
import { adopting, describing, part } from './coerce.ts';
import type { PlannedNode } from './planned-node.ts';

/** Throws a failure that the planner created. */
function raiseFailure(failure: EvalFailure): never {
  // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
  throw failure;
}

/** Plans `operand.field`. */
export function planSelect(operand: PlannedNode, field: string): PlannedNode {
  const chained = planChained(operand, field);
  if (chained !== undefined) return chained;
  const missing = new EvalFailure(`no such key: ${field}`);
  const shaped = shapedField(operand, field);
  if (shaped !== undefined) {
    const { read, shape } = shaped;
    const present = (frame: Frame) => {
      const data = read(frame);
      return data === undefined ? raiseFailure(missing) : data;
    };
    return shape === undefined ? { type: DYN, run: (frame) => adoptAny(present(frame)) } : adopting(present, shape);
  }
  const { run } = operand;
  if (isOptional(operand.type)) return optionalField(operand, field, false);
  return part((frame) => {
    const found = readField(run(frame), field, false);
    return found === undefined ? raiseFailure(missing) : found;
  }, fieldType(operand.type));
}

/** Adds a step to a chain of declared fields. */
function planChained({ chain, shape }: PlannedNode, field: string): PlannedNode | undefined {
  if (chain === undefined || shape?.kind !== 'object') return undefined;
  const name = unescapeFieldName(field);
  if (name === undefined) return undefined;
  return chainPlan(extended(chain, shape, name, field), shape.property?.(name));
}

/** Returns the type of a field: the value type of a map, and `dyn` for any other operand. */
function fieldType(type: CelType): CelType {
  return type.kind === 'map' ? paramOf(type, 1) : DYN;
}

/**
 * Plans the read of a field of foreign data. `read` returns undefined for an absent field. `shape` is undefined for a
 * field that is not declared.
 */
function shapedField(
  { run, shape, chain }: PlannedNode,
  field: string,
): { read: (frame: Frame) => unknown; shape: DataShape | undefined } | undefined {
  if (shape?.kind === 'map') {
    const get = propertyReader(field);
    const read = (frame: Frame) => get(run(frame) as Record<string, unknown>);
    return { read, shape: shape.element?.() };
  }
  if (shape?.kind !== 'object') return undefined;
  const name = unescapeFieldName(field);
  if (name === undefined) return { read: () => undefined, shape: undefined };
  const property = shape.property?.(name);
  if (chain !== undefined) return { read: chainReader(extended(chain, shape, name, field)), shape: property };
  const get = propertyReader(name);
  // A null in an object counts as absent.
  const read = (frame: Frame) => get(run(frame) as Record<string, unknown>) ?? undefined;
  return { read, shape: property };
}

/**
 * Plans `has(operand.field)`.
 *
 * @param options.strict throws an error for a value of a type without fields
 * @param options.stored is the operand itself a field or element? If so, an optional that it contains is not opened: it
 *   has no fields, so `has` returns false (with `strict`: fails)
 */
export function planHas(
  operand: PlannedNode,
  field: string,
  options: { strict: boolean; stored: boolean },
): PlannedNode {
  const shaped = shapedField(operand, field);
  if (shaped !== undefined) {
    const { read, shape } = shaped;
    return {
      type: BOOL,
      run: (frame) => {
        const data = read(frame);
        // Data of the wrong kind is an error even for `has`.
        if (data !== undefined && shape !== undefined) adopt(data, shape);
        return data !== undefined;
      },
    };
  }
  const { run } = describing(operand);
  return {
    type: BOOL,
    run: (frame) => {
      const value = run(frame);
      if (options.strict && !hasFields(value, options.stored)) return fail(`no such key: ${field}`);
      if (options.stored && value instanceof CelOptional) return false;
      const inner = value instanceof CelOptional ? value.value : value;
      return inner !== undefined && readField(inner, field, true) !== undefined;
    },
  };
}

/**
 * Can `has` test this value for fields? For a list, the result is true, so that `readField` throws the error about it.
 */
export function hasFields(value: Value, stored: boolean): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (value instanceof CelOptional) return !stored;
  const knows = value instanceof MapView || value instanceof CelMap || value instanceof OpaqueValue;
  return knows || value instanceof ListView || !(value instanceof CelValue);
}

/**
 * Plans `operand.?field`, and `operand.field` where the operand is an optional. The result is an empty optional when a
 * step is missing.
 *
 * @param strict throws an error for a value of a type without fields
 */
export function optionalField(operand: PlannedNode, field: string, strict: boolean): PlannedNode {
  const shaped = shapedField(operand, field);
  if (shaped !== undefined) {
    const { read, shape } = shaped;
    if (shape === undefined) return optionalPlan(DYN, (frame) => adopted(read(frame)));
    const { type } = describing(adopting(read, shape));
    return optionalPlan(type, (frame) => {
      const data = read(frame);
      return data === undefined ? undefined : selfDescribing(adopt(data, shape), shape);
    });
  }
  const { run } = describing(operand);
  const known = isOptional(operand.type) ? paramOf(operand.type, 0) : operand.type;
  return optionalPlan(fieldType(known), (frame) => {
    const value = run(frame);
    const inner = value instanceof CelOptional ? value.value : value;
    if (inner === undefined) return undefined;
    if (strict && !hasFields(inner, true)) return fail(`no such key: ${field}`);
    return readField(inner, field, true);
  });
}

function adopted(data: unknown): Value | undefined {
  return data === undefined ? undefined : adoptAny(data);
}

/** Plans an optional. It contains the value that `find` returns, and is empty if `find` returns undefined. */
function optionalPlan(type: CelType, find: (frame: Frame) => Value | undefined): PlannedNode {
  return {
    type: optionalType(type),
    run: (frame) => {
      const found = find(frame);
      return found === undefined ? OPTIONAL_NONE : new CelOptional(raise(found));
    },
  };
}

/**
 * Returns a field of a self-describing value; undefined when the value has no field of that name. Throws for a list.
 *
 * @param presence the caller is `has` or `.?`: for an optional, the result is the field of its value, not an optional
 */
export function readField(value: Value, field: string, presence: boolean): Value | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) || value instanceof ListView) return fail("unsupported index type 'string' in list");
  if (value instanceof MapView || value instanceof CelMap) return value.get(field);
  if (value instanceof OpaqueValue) return value.field(field);
  if (value instanceof CelOptional) {
    const inner = value.value === undefined ? undefined : readField(value.value, field, true);
    if (presence) return inner;
    return inner === undefined ? OPTIONAL_NONE : new CelOptional(inner);
  }
  if (value instanceof CelValue || value instanceof Uint8Array) return undefined;
  const data = value as Readonly<Record<string, unknown>>;
  return Object.hasOwn(data, field) ? adopted(data[field]) : undefined;
}
