import type { CallContext, Library } from '../../library.ts';
import { setOwn } from '@typekro/kit/core';
import { DYN, mapType, typeParam } from '../../types.ts';
import { CelMap, entriesOf, fail, type Value } from '../../values.ts';
import { ENTRY_WORK, member, declare } from '../define.ts';

const MAP = mapType(typeParam('K'), typeParam('V'));
/** The maximum depth to which maps are merged. Deeper data is replaced. */
const MAX_DEPTH = 1_000;

/** kro's `merge` and `deepMerge`. */
export const kroMaps: Library = {
  name: 'cel.lib.ext.maps',
  functions: [
    declare(
      'merge',
      member('map_merge', [MAP, MAP], MAP, (left: Value, right: Value, context: CallContext) =>
        union(entriesOf(left) ?? [], entriesOf(right) ?? [], context, (_, value) => value),
      ),
    ),
    declare(
      'deepMerge',
      member('dyn_deepmerge_dyn', [DYN, DYN], DYN, (left: Value, right: Value, context: CallContext) => {
        if (!entriesOf(left) || !entriesOf(right)) return fail('no such overload');
        return deepMerge(left, right, context, 0);
      }),
    ),
  ],
};

type Entries = readonly (readonly [Value, Value])[];

/** Returns a map with all keys of both maps. For a key that both maps have, `both` computes the value. */
function union(left: Entries, right: Entries, context: CallContext, both: (a: Value, b: Value) => Value): Value {
  context.charge(left.length + right.length);
  context.work(ENTRY_WORK * (left.length + right.length));
  if ([...left, ...right].every(([key]) => typeof key === 'string')) {
    const merged = new Map(left as readonly (readonly [string, Value])[]);
    for (const [key, value] of right as readonly (readonly [string, Value])[]) {
      const before = merged.get(key);
      merged.set(key, before === undefined ? value : both(before, value));
    }
    const object: Record<string, Value> = {};
    for (const [key, value] of merged) setOwn(object, key, value);
    return object;
  }
  const before = CelMap.from(left);
  const changed = right.map(([key, value]) => {
    const old = before.get(key);
    return [key, old === undefined ? value : both(old, value)] as const;
  });
  return CelMap.from([...left, ...changed]);
}

/**
 * Merges maps recursively. When one map is empty, the result is the other map. When an operand is not a map, or the
 * maps are nested too deeply, the result is the right operand.
 */
function deepMerge(left: Value, right: Value, context: CallContext, depth: number): Value {
  const a = entriesOf(left);
  const b = entriesOf(right);
  if (!a || !b || depth > MAX_DEPTH) return right;
  if (b.length === 0) return left;
  if (a.length === 0) return right;
  return union(a, b, context, (x, y) => deepMerge(x, y, context, depth + 1));
}
