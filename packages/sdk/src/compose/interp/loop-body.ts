import { index, literal, object, variable } from '../ir/build.ts';
import { setOwn } from '@typekro/kit/core';
import { type Node, Variable } from '../ir/node.ts';
import { type StaticType, DYN, mapOf, STRING } from '../ir/types.ts';
import {
  carriedEndless,
  carriedMembers,
  carriedOptional,
  isEndless,
  isStruct,
  seenInIteration,
  typeOfSet,
} from '../library/carried.ts';
import type { Carried } from '../library/carried.ts';
import { type CarriedByKey, type KeyedSlot, isUnfilled, seenByKey } from '../library/keyed.ts';
import { type View, factOf } from '../library/view.ts';
import { Refusal, unlessRefused } from '../refusal/refusal.ts';
import type { ProgramVariable, Writes } from '../trace/trace.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { asSym, resolveMerged } from '../value/merge.ts';
import { listNode } from '../value/value-nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Earlier, Maybe, POISON, Splice, Sym } from '../value/symbolic.ts';
import type { AssignedMember } from './assigned-members.ts';
import { type Completion, DEAD_END } from './completion.ts';
import { unlessDead } from './branches.ts';

/** A loop over a symbolic list. */
export interface SymbolicLoop {
  readonly view: View;
  readonly name: string;
  /** Outer variables that the body assigns. */
  readonly bindings: readonly ProgramVariable[];
  /** Members of outer objects that the body assigns. */
  readonly members?: readonly AssignedMember[];
  /** A condition that is true in every iteration. */
  readonly fact?: (loop: Sym) => Node | undefined;
  readonly runIteration: (value: unknown) => Completion;
}

/** The results of one run of the body. */
export interface Run {
  readonly outcome: { readonly result: Completion; readonly writes: Writes };
  readonly reads: ReadonlySet<object>;
  readonly accumulators: ReadonlyMap<ProgramVariable, Variable>;
  readonly members: ReadonlyMap<AssignedMember, Variable>;
  readonly carried: ReadonlyMap<ProgramVariable, Carried>;
  /** Objects that the iterations fill by keys. */
  readonly keyed: ReadonlyMap<object, Keyed>;
}

interface Keyed {
  readonly slot: KeyedSlot;
  readonly carried: CarriedByKey;
}

/**
 * Objects that the iterations fill by keys, each with its loop-carried value; the value is `undefined` while its type
 * is not known.
 */
type ByKeys = ReadonlyMap<object, CarriedByKey | undefined>;

/**
 * Runs the body of a loop. When the body reads a variable that has no expression before the loop (`let best`, an
 * object), the first run is undone. The body then runs again with a loop-carried value in place of the variable. An
 * additional run finds the types of loop-carried values that are not set before the loop.
 */
export function runBody(loop: SymbolicLoop, value: Sym, of: Variable, byKeys: ByKeys = new Map()): Run {
  const trace = activeTrace();
  const undo = trace.checkpoint();
  const earlier = new Map<ProgramVariable, Earlier>();
  const attempt = (work: () => Run): Run | Refusal => {
    try {
      return work();
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };
  const uses = trace.keyUses.length;
  const first = attempt(() => runOnce(loop, value, of, new Map(), earlier, byKeys));
  const found = byKeys.size > 0 ? undefined : filledByKeys(trace.keyUses.splice(uses));
  if (found !== undefined && found.length > 0) {
    undo();
    const types = attempt(() =>
      runOnce(loop, value, of, new Map(), undefined, new Map(found.map((object) => [object, undefined]))),
    );
    undo();
    const typed = types instanceof Refusal ? undefined : carriedByKeys(types, found);
    if (typed !== undefined) return runBody(loop, value, of, typed);
    return runOnce(loop, value, of, new Map(), earlier, byKeys);
  }
  const readFirst = [...earlier].flatMap(([binding, was]) => (was.wasRead ? [binding] : []));
  const carried = new Map<ProgramVariable, Carried>();
  const unset = readFirst.filter((binding) => isUnset(binding.value));
  for (const binding of readFirst) {
    if (isStruct(binding.value)) carried.set(binding, carriedMembers(binding.value));
    if (isEndless(binding.value)) carried.set(binding, carriedEndless(binding.name, binding.value));
  }
  if (unset.length > 0) {
    undo();
    const set = attempt(() => runOnce(loop, value, of, carried, undefined, byKeys));
    for (const binding of unset) {
      const after = set instanceof Refusal ? undefined : set.outcome.writes.get(binding)?.after;
      const type = after?.kind === 'binding' && after.value !== POISON ? attemptType(after.value) : undefined;
      if (type !== undefined)
        carried.set(binding, carriedOptional(binding.name, binding.value as null | undefined, type));
    }
  }
  if (readFirst.length === 0 || carried.size < readFirst.length) {
    if (unset.length === 0 && !(first instanceof Refusal)) return first;
    undo();
    return runOnce(loop, value, of, new Map(), earlier, byKeys);
  }
  undo();
  return runOnce(loop, value, of, carried, earlier, byKeys);
}

const isUnset = (value: unknown): boolean => value === undefined || value === null;

const attemptType = (value: unknown): StaticType | undefined => unlessRefused(() => typeOfSet(value));

/** Runs the body once; without `earlier`, variables without an expression keep their value from before the loop. */
function runOnce(
  loop: SymbolicLoop,
  value: Sym,
  of: Variable,
  carried: ReadonlyMap<ProgramVariable, Carried>,
  earlier: Map<ProgramVariable, Earlier> | undefined,
  byKeys: ByKeys,
): Run {
  const trace = activeTrace();
  const accumulators = new Map<ProgramVariable, Variable>();
  const members = new Map<AssignedMember, Variable>();
  const slots = new Map<object, KeyedSlot>();
  for (const object of byKeys.keys()) slots.set(object, { holder: trace.track({ value: undefined }), key: undefined });
  for (const [object, slot] of slots) trace.keyed.set(object, slot);
  const checkpoint = trace.facts.checkpoint();
  trace.loops.push({ variable: of, list: loop.view.list.node, name: loop.name });
  try {
    const { result: outcome, reads } = trace.recordingReads(() =>
      trace.isolate(() => {
        for (const binding of loop.bindings) {
          if (binding.value === POISON) continue;
          trace.recordUndo(binding);
          const carriedValue = carried.get(binding);
          if (carriedValue !== undefined) {
            binding.value = seenInIteration(carriedValue);
            continue;
          }
          const start = startNode(binding.value) ?? firstElement(loop.view, binding.value);
          if (start === undefined) {
            if (earlier === undefined) continue;
            const earlierValue = new Earlier(binding.name);
            earlier.set(binding, earlierValue);
            binding.value = earlierValue;
            continue;
          }
          const accumulator = new Variable(binding.name, 'accumulator');
          accumulators.set(binding, accumulator);
          binding.value = wrap(new Sym(variable(accumulator, wider(start.type))));
        }
        for (const member of loop.members ?? []) startMember(member, members);
        for (const [object, { holder }] of slots) {
          trace.recordUndo(holder);
          const carriedValue = byKeys.get(object);
          if (carriedValue !== undefined) holder.value = seenByKey(carriedValue);
        }
        const known = [loop.fact?.(value), factOf(loop.view.list.node, value.node)];
        for (const fact of known) if (fact !== undefined) trace.facts.assume(fact);
        return trace.accumulating([...members.keys()], () =>
          unlessDead(() => loop.runIteration(loop.view.show(value)), DEAD_END),
        );
      }),
    );
    const keyed = new Map<object, Keyed>();
    for (const [object, slot] of slots)
      keyed.set(object, {
        slot,
        carried: byKeys.get(object) ?? (carriedOptional(UNDER_KEY, undefined, DYN) as CarriedByKey),
      });
    return { outcome, reads, accumulators, members, carried, keyed };
  } finally {
    for (const object of slots.keys()) trace.keyed.delete(object);
    trace.loops.pop();
    trace.facts.rollback(checkpoint);
  }
}

/** The words for a value under a key, in messages. */
const UNDER_KEY = 'the value under a key';

/** Objects that have no keys before the loop, and that an iteration reads and writes by symbolic keys. */
function filledByKeys(uses: readonly { readonly object: object; readonly writes: boolean }[]): object[] {
  const of = (writes: boolean) => new Set(uses.filter((use) => use.writes === writes).map(({ object }) => object));
  const [read, written] = [of(false), of(true)];
  return [...written].filter((object) => read.has(object) && isUnfilled(object));
}

/**
 * The carried value of each object, with the type of the value that the run sets under a key; the result is `undefined`
 * when the type of one of these values is not known.
 */
function carriedByKeys({ outcome, keyed }: Run, objects: readonly object[]): ByKeys | undefined {
  const carried = new Map<object, CarriedByKey>();
  for (const object of objects) {
    const written = outcome.writes.get((keyed.get(object) as Keyed).slot.holder)?.after;
    const value = written?.kind === 'object' ? written.keys.get('value') : undefined;
    const type = value === POISON ? undefined : attemptType(value);
    if (type === undefined) return undefined;
    carried.set(object, carriedOptional(UNDER_KEY, undefined, type) as CarriedByKey);
  }
  return carried;
}

/**
 * The node of the value if the value is the first element of the list, as after `let best = list[0]`. This element
 * exists in every iteration.
 */
export function firstElement(view: View, raw: unknown): Node | undefined {
  const value = raw instanceof Earlier ? undefined : symbolic(resolveMerged(raw));
  if (!(value instanceof Sym) || value.absence === undefined || value.waits || !view.plain) return undefined;
  return value.node === index(view.list.node, literal(0), view.element) ? value.node : undefined;
}

/** Makes a member an accumulator if its value has an expression that is not an object literal. */
function startMember(member: AssignedMember, accumulators: Map<AssignedMember, Variable>): void {
  const { object: of, key } = member;
  const start = startNode((of as Record<string, unknown>)[key]);
  if (start === undefined || start.kind === 'object') return;
  activeTrace().recordUndo(of);
  const accumulator = new Variable(key, 'accumulator');
  accumulators.set(member, accumulator);
  setOwn(of, key, wrap(new Sym(variable(accumulator, wider(start.type)))));
}

/** The expression of a variable's value before the loop; `undefined` where it has none. */
export function startNode(raw: unknown): Node | undefined {
  if (raw instanceof Earlier) return undefined;
  const value = resolveMerged(raw);
  if (Array.isArray(value) && symbolic(value) === undefined) {
    const plain = value.every(
      (item) => item instanceof Splice || asSym(resolveMerged(item instanceof Maybe ? item.value : item)) !== undefined,
    );
    return plain ? listNode(value) : undefined;
  }
  if (isEmptyObject(value)) return object([], mapOf(DYN));
  const start = asSym(value);
  return start === undefined || start.absence !== undefined ? undefined : start.node;
}

/**
 * Is the value an empty object of the composition? A loop may replace it with an object with more keys in each
 * iteration.
 */
function isEmptyObject(value: unknown): boolean {
  const isObject = typeof value === 'object' && value !== null && symbolic(value) === undefined;
  return isObject && activeTrace().isTracked(value) && Reflect.ownKeys(value).length === 0;
}

/**
 * The type of a variable or member that a loop assigns, for all iterations. A string type that is limited to the values
 * of an enumeration becomes the general string type.
 */
function wider(type: StaticType): StaticType {
  return type.kind === 'string' ? STRING : type;
}
