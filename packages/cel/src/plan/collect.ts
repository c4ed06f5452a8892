import type { Frame } from '../eval/frame.ts';
import { raise } from '../eval/shaped.ts';
import { BOOL, DYN, listType, mapType } from '../types.ts';
import { type Value, EvalFailure, entriesOf, fail, mapKeyText } from '../values.ts';
import { describing } from './coerce.ts';
import { ENTRY_WORK } from '../lib/define.ts';
import { makeMap } from './literals.ts';
import { absorbable, attempt } from './logic.ts';
import { type Loop, checked } from './loop.ts';
import type { PlannedNode } from './planned-node.ts';
import { showValue } from '../lib/show.ts';

type Run = (frame: Frame) => Value;

/**
 * The error of a fold that collects elements. After an error the fold continues, because the error of a later condition
 * replaces the first error. The fold fails with the error of the last failed condition. If no condition failed, it
 * fails with the error of the first failed element.
 */
class Failed {
  failure: EvalFailure | undefined = undefined;

  /**
   * Is the condition true, and has the fold no error yet? An error of the condition counts as false, and is recorded.
   */
  holds(condition: Run | undefined, frame: Frame): boolean {
    if (condition === undefined) return this.failure === undefined;
    const value = attempt(condition, frame);
    if (typeof value === 'boolean') return value && this.failure === undefined;
    this.failure = value instanceof EvalFailure ? value : new EvalFailure('no such overload');
    return false;
  }

  /** Returns the value of a part; undefined if its evaluation fails. */
  part(run: Run, frame: Frame): Value | undefined {
    const value = attempt(run, frame);
    if (!(value instanceof EvalFailure)) return value;
    this.failure = value;
    return undefined;
  }

  /** Throws the error of the fold, if there is one. */
  raise(): void {
    // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
    if (this.failure !== undefined) throw this.failure;
  }
}

/** `exists_one`. */
export function planExistsOne(loop: Loop, { run }: PlannedNode): PlannedNode {
  return {
    type: BOOL,
    run: (frame) => {
      const failed = new Failed();
      let count = 0;
      loop.each(frame, () => {
        if (failed.holds(run, frame)) count++;
        return false;
      });
      failed.raise();
      return count === 1;
    },
  };
}

/** `map`, `filter` and `transformList`. */
export function planCollect(loop: Loop, filter: PlannedNode | undefined, body: PlannedNode): PlannedNode {
  const { run, type } = describing(body);
  const keep = filter?.run;
  const { list, slot } = loop;
  const collect: Run = (frame) => {
    const collected: Value[] = [];
    const failed = new Failed();
    loop.each(frame, () => {
      if (failed.holds(keep, frame)) {
        const value = failed.part(run, frame);
        if (value !== undefined) collected.push(value);
      }
      // Only the error of a condition can replace the first error, so without a condition the fold ends here.
      return keep === undefined && failed.failure !== undefined;
    });
    failed.raise();
    return collected;
  };
  return {
    type: listType(body.type.kind === 'double' ? body.type : type),
    run: list === undefined ? collect : listCollect(list, slot, keep, run),
  };
}

/** Like `planCollect`, but only for lists. It is faster, because it needs no closure per evaluation. */
function listCollect(list: Run, slot: number, keep: Run | undefined, run: Run): Run {
  if (keep === undefined) {
    return (frame) => {
      const elements = list(frame) as readonly Value[];
      const collected: Value[] = [];
      for (let index = 0; index < elements.length; index++) {
        frame.charge(1);
        frame.locals[slot] = checked(elements[index] as Value);
        collected.push(run(frame));
      }
      return collected;
    };
  }
  return (frame) => {
    const elements = list(frame) as readonly Value[];
    const { locals } = frame;
    const collected: Value[] = [];
    let failure: EvalFailure | undefined;
    // One `try` covers all elements up to the next error, because errors are rare and a `try` for each element is
    // slower.
    for (let index = 0; index < elements.length; index++) {
      let absorbing = false;
      try {
        for (; index < elements.length; index++) {
          absorbing = false;
          frame.charge(1);
          locals[slot] = checked(elements[index] as Value);
          absorbing = true;
          const holds = keep(frame);
          if (holds === true) {
            if (failure === undefined) collected.push(run(frame));
          } else if (holds !== false) failure = new EvalFailure('no such overload');
        }
      } catch (thrown) {
        if (!absorbing) throw thrown;
        failure = absorbable(thrown);
      }
    }
    // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
    if (failure !== undefined) throw failure;
    return collected;
  };
}

/** `transformMap`, which keeps the keys of its range. */
export function planTransform(
  loop: Loop,
  filter: PlannedNode | undefined,
  key: PlannedNode,
  body: PlannedNode,
): PlannedNode {
  const { run: keyOf } = describing(key);
  const { run, type } = describing(body);
  const keep = filter?.run;
  return {
    type: mapType(key.type, body.type.kind === 'double' ? body.type : type),
    run: (frame) => {
      const entries: [Value, Value][] = [];
      const failed = new Failed();
      loop.each(frame, () => {
        if (!failed.holds(keep, frame)) return false;
        const value = failed.part(run, frame);
        frame.work(ENTRY_WORK);
        if (value !== undefined) entries.push([keyOf(frame), value]);
        return false;
      });
      failed.raise();
      return makeMap(entries);
    },
  };
}

/** `transformMapEntry`. Each iteration adds the entries of a map. A repeated key is an error. */
export function planTransformEntries(loop: Loop, filter: PlannedNode | undefined, body: PlannedNode): PlannedNode {
  const { run } = describing(body);
  const keep = filter?.run;
  return {
    type: body.type.kind === 'map' ? body.type : DYN,
    run: (frame) => {
      const keys = new Set<string>();
      const entries: (readonly [Value, Value])[] = [];
      const failed = new Failed();
      const add: Run = (at) => {
        for (const entry of entriesOf(raise(run(at))) ?? fail('no such overload')) {
          at.charge(1);
          at.work(ENTRY_WORK);
          const text = mapKeyText(entry[0]);
          if (keys.has(text)) return fail(`insert failed: key ${showValue(entry[0])} already exists`);
          keys.add(text);
          entries.push(entry);
        }
        return null;
      };
      loop.each(frame, () => {
        if (failed.holds(keep, frame)) failed.part(add, frame);
        return false;
      });
      failed.raise();
      return makeMap(entries);
    },
  };
}
