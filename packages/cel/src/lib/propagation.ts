import type { CallContext, Library } from '../library.ts';
import { BOOL, DYN, INT } from '../types.ts';
import { type Int, type Value, elementsOf, fail, rawData } from '../values.ts';
import { member, overload, declare } from './define.ts';

/** The progress of an object: the state that `ready()` and `updated()` report. */
export interface ObjectProgress {
  /** Does the object exist, and is it ready? `readyWhen` decides; without it, the rule of the object's kind decides. */
  readonly ready: boolean;
  /** Does the object have its desired state, so that no write is needed? */
  readonly updated: boolean;
}

const PROGRESS = new WeakMap<object, ObjectProgress>();

/**
 * Attaches the progress to a copy of a value, for the functions of {@link propagation}. The copy has the members of the
 * value, and expressions read them as before.
 */
export function withProgress<T extends object>(value: T, progress: ObjectProgress): T {
  const copy = (Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value }) as T;
  PROGRESS.set(copy, progress);
  return copy;
}

/** The progress of a value. If the value is a view of data with a schema, the progress is attached to that data. */
function progressOf(name: string, value: Value): ObjectProgress {
  const data = rawData(value);
  const found = typeof data === 'object' && data !== null ? PROGRESS.get(data) : undefined;
  return found ?? fail(`${name}() is only known for resources and their items`);
}

/**
 * Returns the position after the last item of the present batch. `done` is the number of items that are updated and
 * ready.
 */
type BatchEnd = (done: number) => number;

function inBatch(name: string, item: Value, collection: Value, end: BatchEnd, context: CallContext): boolean {
  const items = elementsOf(collection);
  if (items === undefined) return fail(`${name}() needs the collection as its second argument`);
  // Each read of a collection through its schema makes new values of the same data, so the cache is keyed by the data.
  const list = rawData(collection) as object;
  let known = BATCHES.get(list);
  if (known === undefined) {
    context.charge(items.length);
    const done = items.filter((each) => {
      const { ready, updated } = progressOf(name, each);
      return ready && updated;
    });
    known = { positions: new Map(items.map((each, index) => [rawData(each), index])), done: done.length };
    BATCHES.set(list, known);
  }
  const index = known.positions.get(rawData(item));
  if (index === undefined) return fail(`${name}() needs an item of the collection as its first argument`);
  return index < end(known.done);
}

/**
 * The positions of the items of a collection, and the number of items that are updated and ready. They are cached per
 * collection, because the condition is evaluated once per item.
 */
const BATCHES = new WeakMap<object, { readonly positions: ReadonlyMap<unknown, number>; readonly done: number }>();

/**
 * The functions of kro's proposal for `propagateWhen` (KREP-006). They read the progress that {@link withProgress}
 * attaches.
 *
 * - `x.ready()`, `x.updated()`: the state of a resource, a collection, or an item of a collection.
 * - `linearlyReady(item, collection, batch)`: the items are updated in batches of one size.
 * - `exponentiallyReady(item, collection)`: the batches have 1, 2, 4, 8, … items.
 *
 * The position of an item decides its batch. A batch begins when the number of items that are updated and ready is at
 * least the number of items in the batches before it.
 */
export const propagation: Library = {
  name: 'typekro.propagation',
  functions: [
    declare(
      'ready',
      member('propagation_ready', [DYN], BOOL, (value: Value) => progressOf('ready', value).ready),
    ),
    declare(
      'updated',
      member('propagation_updated', [DYN], BOOL, (value: Value) => progressOf('updated', value).updated),
    ),
    declare(
      'linearlyReady',
      overload(
        'propagation_linearly_ready',
        [DYN, DYN, INT],
        BOOL,
        (item: Value, collection: Value, batch: Int, context: CallContext) => {
          const size = Number(batch);
          if (size < 1) return fail(`linearlyReady() needs a batch of at least 1, got ${batch}`);
          return inBatch('linearlyReady', item, collection, (done) => (Math.floor(done / size) + 1) * size, context);
        },
      ),
    ),
    declare(
      'exponentiallyReady',
      overload(
        'propagation_exponentially_ready',
        [DYN, DYN],
        BOOL,
        (item: Value, collection: Value, context: CallContext) =>
          inBatch('exponentiallyReady', item, collection, endOfDoublingBatch, context),
      ),
    ),
  ],
};

/** Returns the position after the last item of the present batch, for batches of 1, 2, 4, … items. */
function endOfDoublingBatch(done: number): number {
  let end = 1;
  while (end <= done) end = end * 2 + 1;
  return end;
}
