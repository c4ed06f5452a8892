import type { Frame } from '../eval/frame.ts';
import { adoptAny } from '../eval/adopt.ts';
import { raise } from '../eval/shaped.ts';
import { DYN, isOptional, optionalType, paramOf } from '../types.ts';
import type { Value } from '../values.ts';
import {
  CelDouble,
  CelMap,
  CelOptional,
  CelUint,
  CelValue,
  ListView,
  MapView,
  OPTIONAL_NONE,
  doubleOf,
  fail,
  getProperty,
  isInt,
  isList,
  isObject,
  typeNameOf,
} from '../values.ts';
import { adopting, describing, part } from './coerce.ts';
import { goValueName } from './go-value-name.ts';
import { type PlannedNode, throwPlanError } from './planned-node.ts';
import { hasFields } from './select.ts';
import { showValue } from '../lib/show.ts';

/** `operand[index]`. */
export function planIndex(operand: PlannedNode, index: PlannedNode): PlannedNode {
  const shape = operand.shape;
  if (shape?.kind === 'list' && index.type.kind === 'int') {
    const element = shape.element?.();
    const { run } = operand;
    const at = index.run;
    const read = (frame: Frame): unknown => {
      const data = run(frame) as readonly unknown[];
      const key = at(frame) as number | bigint;
      const found = typeof key === 'number' ? data[key] : undefined;
      if (found === undefined && !(typeof key === 'number' && key >= 0 && key < data.length)) outOfBounds(key);
      return found;
    };
    return element === undefined ? { type: DYN, run: (frame) => adoptAny(read(frame)) } : adopting(read, element);
  }
  if (shape?.kind === 'map' && index.type.kind === 'string') {
    const element = shape.element?.();
    const { run } = operand;
    const at = index.run;
    const read = (frame: Frame): unknown => {
      const data = run(frame) as Record<string, unknown>;
      const key = at(frame) as string;
      return Object.hasOwn(data, key) && data[key] !== undefined ? data[key] : noSuchKey(key);
    };
    return element === undefined ? { type: DYN, run: (frame) => adoptAny(read(frame)) } : adopting(read, element);
  }
  checkConstantKey(index);
  if (isOptional(operand.type)) return planOptionalIndex(operand, index, false);
  const { run } = describing(operand);
  const { run: at } = describing(index);
  const { kind } = operand.type;
  const type = kind === 'list' ? paramOf(operand.type, 0) : kind === 'map' ? paramOf(operand.type, 1) : DYN;
  if (kind === 'list' && index.type.kind === 'int') {
    return part((frame) => {
      const list = run(frame) as readonly Value[];
      const key = at(frame) as number | bigint;
      const found = typeof key === 'number' ? list[key] : undefined;
      return found === undefined ? outOfBounds(key) : found;
    }, type);
  }
  return part((frame) => {
    const value = run(frame);
    const key = at(frame);
    const found = findIndex(value, checkKey(key), false);
    return found === undefined ? missing(value, key) : found;
  }, type);
}

/** `operand[?index]`, and `operand[index]` where the operand is an optional. */
export function planOptionalIndex(operand: PlannedNode, index: PlannedNode, strict: boolean): PlannedNode {
  checkConstantKey(index);
  const { run } = describing(operand);
  const { run: at } = describing(index);
  const shape = operand.shape;
  const known = isOptional(operand.type) ? paramOf(operand.type, 0) : operand.type;
  const element = shape?.element?.();
  const type =
    element !== undefined
      ? describing(adopting(() => undefined, element)).type
      : known.kind === 'list'
        ? paramOf(known, 0)
        : known.kind === 'map'
          ? paramOf(known, 1)
          : DYN;
  return {
    type: optionalType(type),
    run: (frame) => {
      const value = run(frame);
      const inner = value instanceof CelOptional ? value.value : value;
      // An empty optional has no parts, so the index is not evaluated.
      if (inner === undefined) return OPTIONAL_NONE;
      const key = at(frame);
      if (strict && !hasFields(inner, true)) return noSuchKey(key);
      const found = findIndex(inner, checkKey(key), true);
      return found === undefined ? OPTIONAL_NONE : new CelOptional(raise(found));
    },
  };
}

/** Can the value be a key? Only numbers, strings and bools can. */
function isKey(key: Value): boolean {
  return typeof key !== 'object' || key instanceof CelUint || key instanceof CelDouble;
}

function checkKey(key: Value): Value {
  return isKey(key) ? key : fail(`invalid qualifier type: ${goValueName(key)}`);
}

/** Refuses, when the program is planned, a constant that cannot be a key. */
function checkConstantKey({ constant }: PlannedNode): void {
  // In cel-go, a list or map is never a constant, even when all its elements are.
  if (constant !== null && !(constant instanceof Uint8Array)) return;
  if (!isKey(constant)) throwPlanError(`invalid qualifier type: ${goValueName(constant)}`);
}

function outOfBounds(index: Value): never {
  return fail(`index out of bounds: ${showKey(index)}`);
}

function noSuchKey(key: Value): never {
  return fail(`no such key: ${showKey(key)}`);
}

function missing(value: Value, key: Value): never {
  return isList(value) || value instanceof ListView ? outOfBounds(key) : noSuchKey(key);
}

/** Returns the element at a key or index of any type; undefined when it does not exist. */
export function findIndex(value: Value, key: Value, presence: boolean): Value | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isList(value)) return value[listIndex(key)];
  if (value instanceof ListView) return value.at(listIndex(key));
  if (value instanceof CelOptional) {
    const inner = value.value === undefined ? undefined : findIndex(value.value, key, true);
    if (presence) return inner;
    return inner === undefined ? OPTIONAL_NONE : new CelOptional(inner);
  }
  return mapEntry(value, key);
}

/** The list index of an int, or of a whole number of another type. */
function listIndex(key: Value): number {
  if (isInt(key)) return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  const double = doubleOf(key);
  if (double === undefined) return fail(`unsupported index type '${typeNameOf(key)}' in list`);
  return key instanceof CelDouble ? double : fail(`unsupported index value ${double} in list`);
}

/** Returns the value of a key in a map of any representation. */
export function mapEntry(map: Value, key: Value): Value | undefined {
  if (map instanceof CelMap) return map.get(key);
  if (map instanceof MapView) return map.get(typeof key === 'string' ? key : viewKey(key));
  if (!isObject(map)) return undefined;
  return typeof key === 'string' ? getProperty(map, key) : undefined;
}

/** Converts a scalar key to a string. The keys of views are strings, as in kro's maps. */
function viewKey(key: Value): string {
  if (typeof key === 'object' && key !== null && !(key instanceof CelValue)) return fail('no such overload');
  return showKey(key);
}

/** Prints a key or index for an error message. */
export function showKey(key: Value): string {
  return key === null ? 'null' : showValue(key);
}
