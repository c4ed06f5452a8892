import { eq, macro, macroVariable, method, object, variable } from '../ir/build.ts';
import { type Node, isLiteral, mentions } from '../ir/node.ts';
import { BOOL, listOf, mapOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { mayBeUndefined, mergedPieces, toNode } from '../value/value-nodes.ts';
import { textNode } from '../value/ops.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { isOpen } from '../value/open.ts';
import { type Sym, Phi, Splice } from '../value/symbolic.ts';
import { type Carried, type Pass, optionalFold, seenInIteration, takesOf } from './carried.ts';
import { knowing } from './view.ts';

/**
 * A value that a loop carries from iteration to iteration, separately for each key of an object:
 * `counts[k] = (counts[k] ?? 0) + 1`. The object is empty at the start of the loop.
 */
export type CarriedByKey = Carried & { readonly kind: 'optional' };

/** The value under the key that one iteration uses. The iteration reads and writes it here. */
export interface KeyedSlot {
  readonly holder: { value: unknown };
  /** The key of the iteration. All reads and writes of an iteration must use one key. */
  key: Node | undefined;
}

const MANY_KEYS = 'one iteration of a loop reads and writes an object by more than one key';

/** The slot of an object in the current iteration, if a loop fills this object by keys. */
export function keyedSlot(value: unknown, key: Sym): KeyedSlot | undefined {
  const slot = typeof value === 'object' && value !== null ? activeTrace().keyed.get(value) : undefined;
  if (slot === undefined) return undefined;
  const text = textNode(wrap(key));
  slot.key ??= text;
  if (slot.key !== text) refuse('loop-carried', MANY_KEYS, 'use one key in an iteration, or one loop for each key');
  return slot;
}

/** Writes under the key of the iteration. */
export function writeSlot(slot: KeyedSlot, value: unknown): void {
  if (mayBeUndefined(value))
    refuse(
      'absent',
      'a value that may be absent is written under a key',
      'give it a default with ??, or test it first',
    );
  refuseShared(slot, value);
  activeTrace().recordUndo(slot.holder);
  slot.holder.value = value;
}

/** Refuses a list or object that was made before the iteration, because JavaScript would share it between keys. */
function refuseShared(slot: KeyedSlot, raw: unknown): void {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    refuseShared(slot, inner.then);
    refuseShared(slot, inner.otherwise);
  } else if (inner === undefined && typeof value === 'object' && value !== null) {
    const trace = activeTrace();
    if (trace.isTracked(value) && !trace.isNewer(value, slot.holder))
      refuse(
        'loop-carried',
        'one list or object is written under several keys',
        'write a copy: [...list], { ...object }',
      );
    for (const item of Object.values(value)) if (!isOpen(item)) refuseShared(slot, item);
  }
}

/**
 * The value that an iteration reads under its key: absent, or the value that earlier iterations with this key have
 * computed. If the value is a list, the iteration may append to it.
 */
export function seenByKey(of: CarriedByKey): unknown {
  if (of.type.kind !== 'list') return seenInIteration(of);
  const list = activeTrace().track([new Splice(variable(of.variable, of.type), false)]);
  return phi(variable(of.present, BOOL), list, undefined);
}

/** Is the value an object of the composition that has no keys yet? */
export function isUnfilled(value: object): boolean {
  const isOwn = activeTrace().isTracked(value) && !Array.isArray(value) && symbolic(value) === undefined;
  return isOwn && Reflect.ownKeys(value).length === 0 && mergedPieces(value) === undefined;
}

/**
 * The map that the loop fills. The iterations with the same key compute the value of this key, in their order.
 * `undefined` when the value has no expression; `empty` when no iteration sets a key.
 */
export function keyedMap(pass: Pass, slot: KeyedSlot, of: CarriedByKey, next: unknown): Node | 'empty' | undefined {
  const takes = takesOf(of, next);
  if (isLiteral(takes, false) || slot.key === undefined) return 'empty';
  const isCarried = (node: Node) => mentions(node, (each) => each === of.variable || each === of.present);
  if (isCarried(takes) || isCarried(slot.key)) return undefined;
  const type = listOf(pass.element);
  const kept = isLiteral(takes, true) ? pass.list : macro('filter', pass.list, [pass.loop], [takes], type);
  const keys = method('distinct', macro('map', kept, [pass.loop], [slot.key], listOf(STRING)), [], listOf(STRING));
  const key = macroVariable('k');
  const isOwn = eq(slot.key, variable(key, STRING));
  // An iteration that does not write leaves the value of its key as it is. The fold therefore has only the iterations
  // that write this key.
  const own = { ...pass, list: macro('filter', kept, [pass.loop], [isOwn], type) };
  const after = knowing(takes, () => optionalFold(own, of, next));
  if (after === undefined) return undefined;
  const value = toNode(resolveMerged(after.value));
  if (isCarried(value) || mentions(value, ({ role }) => role === 'element' || role === 'resource')) return undefined;
  const entry = object([{ key: variable(key, STRING), value }]);
  return macro('transformMapEntry', keys, [macroVariable('i'), key], [entry], mapOf(value.type));
}
