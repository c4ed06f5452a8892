import type { Frame } from '../eval/frame.ts';
import { equal } from '../lib/equal.ts';
import { raise } from '../eval/shaped.ts';
import { BOOL } from '../types.ts';
import { type Value, CelMap, EvalFailure, ListView, MapView, elementsOf, fail, isObject } from '../values.ts';
import { describing } from './coerce.ts';
import { mapEntry } from './index-access.ts';
import type { PlannedNode } from './planned-node.ts';

/** Plans `element in container`. */
export function planIn(element: PlannedNode, container: PlannedNode): PlannedNode {
  const list = container.constant;
  if (element.type.kind === 'string' && Array.isArray(list) && list.every((entry) => typeof entry === 'string')) {
    const set = new Set<Value>(list as readonly Value[]);
    const { run } = element;
    return { type: BOOL, run: (frame) => set.has(run(frame)) };
  }
  const { run: find } = describing(element);
  const { run } = describing(container);
  return {
    type: BOOL,
    run: (frame) => {
      const wanted = raise(find(frame));
      return contains(raise(run(frame)), wanted, frame);
    },
  };
}

function contains(container: Value, wanted: Value, frame: Frame): boolean {
  const elements = elementsOf(container);
  if (elements !== undefined) return listContains(elements, wanted, container instanceof ListView, frame);
  if (container instanceof CelMap || container instanceof MapView || isObject(container)) {
    return mapEntry(container, wanted) !== undefined;
  }
  return fail('no such overload');
}

/**
 * Does the list contain the value? An element whose comparison fails counts as different. With `reports`, which is set
 * for lists of foreign data (data from outside CEL), the first such failure is thrown if no element is equal.
 */
function listContains(elements: readonly Value[], wanted: Value, reports: boolean, frame: Frame): boolean {
  frame.charge(elements.length >> 2);
  frame.work(elements.length);
  let failure: EvalFailure | undefined;
  for (const element of elements) {
    try {
      if (equal(raise(element), wanted, frame)) return true;
    } catch (thrown) {
      if (!(thrown instanceof EvalFailure) || thrown.fatal) throw thrown;
      failure ??= thrown;
    }
  }
  // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
  if (reports && failure !== undefined) throw failure;
  return false;
}
