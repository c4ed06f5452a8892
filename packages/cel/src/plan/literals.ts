import { raise } from '../eval/shaped.ts';
import { setOwn } from '@typekro/kit/core';
import { SemverValue } from '../lib/opaque.ts';
import { showValue } from '../lib/show.ts';
import { showKey } from './index-access.ts';
import type { CelType } from '../types.ts';
import { BOOL, BYTES, DOUBLE, DYN, INT, NULL, STRING, UINT, listType, mapType, sameType } from '../types.ts';
import type { Literal } from '../ast.ts';
import { type Value, type ValueObject, CelMap, CelOptional, fail } from '../values.ts';
import { constantPlan, describing } from './coerce.ts';
import type { PlannedNode } from './planned-node.ts';

const TYPES = { bool: BOOL, bytes: BYTES, double: DOUBLE, int: INT, null: NULL, string: STRING, uint: UINT };

export function planLiteral({ type, value }: Literal): PlannedNode {
  return constantPlan(value, TYPES[type]);
}

/** The type, if all types are the same; otherwise `dyn`. */
function common(types: readonly CelType[]): CelType {
  const [first = DYN] = types;
  return types.every((type) => sameType(type, first)) ? first : DYN;
}

/**
 * The element type that a plan contributes to its container; `dyn` for a plan whose value is data from outside CEL (a
 * plan with a `shape`).
 */
function partType(plan: PlannedNode): CelType {
  return plan.shape === undefined ? plan.type : DYN;
}

/** `[a, ?b]`. */
export function planList(elements: readonly PlannedNode[], optionals: ReadonlySet<number>): PlannedNode {
  const parts = elements.map(describing);
  if (optionals.size > 0) return planOptionalList(parts, optionals);
  const type = listType(common(elements.map(partType)));
  if (parts.every((part) => part.constant !== undefined)) {
    return constantPlan(Object.freeze(parts.map((part) => part.constant as Value)), type);
  }
  const runs = parts.map((part) => part.run);
  return {
    type,
    run: (frame) => {
      frame.charge(runs.length);
      return runs.map((run) => raise(run(frame)));
    },
  };
}

function planOptionalList(parts: readonly PlannedNode[], optionals: ReadonlySet<number>): PlannedNode {
  return {
    type: listType(DYN),
    run: (frame) => {
      frame.charge(parts.length);
      const list: Value[] = [];
      for (const [index, part] of parts.entries()) {
        const value = raise(part.run(frame));
        if (!optionals.has(index)) list.push(value);
        else if (!(value instanceof CelOptional))
          return fail(`cannot initialize optional list element from non-optional value ${showValue(value)}`);
        else if (value.value !== undefined) list.push(value.value);
      }
      return list;
    },
  };
}

/** The plans of a map entry; `optional` for `?key: value`. */
export interface EntryPlan {
  readonly key: PlannedNode;
  readonly value: PlannedNode;
  readonly optional: boolean;
}

/** `{a: b, ?c: d}`. */
export function planMap(entries: readonly EntryPlan[]): PlannedNode {
  const type = mapType(
    common(entries.map((entry) => partType(entry.key))),
    common(entries.map((entry) => (entry.optional ? DYN : partType(entry.value)))),
  );
  const keys = entries.map((entry) => describing(entry.key));
  const values = entries.map((entry) => describing(entry.value));
  const plain = keys.every((key) => typeof key.constant === 'string') && entries.every((entry) => !entry.optional);
  if (plain)
    return planRecord(
      keys.map((key) => key.constant as string),
      values,
      type,
    );
  return {
    type,
    run: (frame) => {
      frame.charge(entries.length);
      const made: [Value, Value][] = [];
      for (const [index, entry] of entries.entries()) {
        const key = raise((keys[index] as PlannedNode).run(frame));
        const value = raise((values[index] as PlannedNode).run(frame));
        if (!entry.optional) made.push([key, value]);
        else if (!(value instanceof CelOptional)) {
          return fail(`cannot initialize optional entry '${showKey(key)}' from non-optional value ${showValue(value)}`);
        } else if (value.value !== undefined) made.push([key, value.value]);
      }
      return makeMap(made);
    },
  };
}

/** Plans a map whose keys are all known strings. */
function planRecord(keys: readonly string[], values: readonly PlannedNode[], type: CelType): PlannedNode {
  const build = (valueAt: (index: number) => Value): ValueObject => {
    const object: Record<string, Value> = {};
    for (let index = 0; index < keys.length; index++) setOwn(object, keys[index] as string, valueAt(index));
    return object;
  };
  if (values.every((value) => value.constant !== undefined)) {
    return constantPlan(Object.freeze(build((index) => (values[index] as PlannedNode).constant as Value)), type);
  }
  return {
    type,
    run: (frame) => {
      frame.charge(keys.length);
      return build((index) => raise((values[index] as PlannedNode).run(frame)));
    },
  };
}

/** Makes a map from entries. The result is an object if all keys are strings. The last of equal keys wins. */
export function makeMap(entries: readonly (readonly [Value, Value])[]): Value {
  const strings = entries.every(([key]) => typeof key === 'string');
  if (!strings) {
    for (const [key] of entries) checkKey(key);
    return CelMap.from(entries);
  }
  const object: Record<string, Value> = {};
  for (const [key, value] of entries) setOwn(object, key as string, value);
  return object;
}

/** Refuses a key that Go cannot hash. */
function checkKey(key: Value): void {
  const name = key instanceof Uint8Array ? 'types.Bytes' : key instanceof SemverValue ? 'cel.Semver' : undefined;
  if (name !== undefined) fail(`internal error: runtime error: hash of unhashable type ${name}`);
}
