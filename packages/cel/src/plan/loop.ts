import type { Comprehension } from '../ast.ts';
import type { Frame } from '../eval/frame.ts';
import { raise } from '../eval/shaped.ts';
import { type CelType, DYN, INT, STRING, paramOf } from '../types.ts';
import { type Value, CelErrorValue, elementsOf, entriesOf, fail } from '../values.ts';
import { rootPlan } from './chain.ts';
import { describing, part } from './coerce.ts';
import { goValueName } from './go-value-name.ts';
import type { PlannedNode } from './planned-node.ts';
import type { PlanScope } from './scope.ts';

type Run = (frame: Frame) => Value;

/**
 * The loop of a comprehension. `each` binds the loop variables to each element and calls `runIteration`, until
 * `runIteration` returns true.
 */
export interface Loop {
  readonly each: (frame: Frame, runIteration: (frame: Frame) => boolean) => void;
  /**
   * Evaluates to the list. Present only for a loop over a list with one variable; `slot` is the slot of this variable.
   */
  readonly list?: Run;
  readonly slot: number;
}

function local(slot: number, type: CelType): PlannedNode {
  if (type.kind === 'double') return part((frame) => frame.locals[slot] as Value, type);
  return { type, run: (frame) => frame.locals[slot] as Value };
}

/** Plans the loop over a range. Returns the loop and the names of its variables. */
export function planLoop(
  { variable, variable2 }: Comprehension,
  range: PlannedNode,
  scope: PlanScope,
): { loop: Loop; names: (readonly [string, PlannedNode])[] } {
  const first = scope.slot();
  const second = scope.slot();
  const { shape, run } = range;
  if (shape?.kind === 'list') {
    // The variable contains data from outside CEL, and each use reads the data through its shape (its schema).
    const slot = variable2 === undefined ? first : second;
    const element = rootPlan({ local: true, slot, name: variable2 ?? variable }, shape.element?.());
    const loop: Loop = variable2 === undefined ? listLoop(run, first) : indexedLoop(run, first, second);
    if (variable2 === undefined) return { loop, names: [[variable, element]] };
    return {
      loop,
      names: [
        [variable, local(first, INT)],
        [variable2, element],
      ],
    };
  }
  const { run: described } = describing(range);
  const { kind } = range.type;
  if (kind === 'list') {
    const type = paramOf(range.type, 0);
    const list: Run = (frame) => elementsOf(raise(described(frame))) ?? notIterable(described(frame));
    if (variable2 === undefined) return { loop: listLoop(list, first), names: [[variable, local(first, type)]] };
    const loop = indexedLoop(list, first, second);
    return {
      loop,
      names: [
        [variable, local(first, INT)],
        [variable2, local(second, type)],
      ],
    };
  }
  const key = kind === 'map' && shape === undefined ? paramOf(range.type, 0) : shape === undefined ? DYN : STRING;
  const value = kind === 'map' && shape === undefined ? paramOf(range.type, 1) : DYN;
  const loop = anyLoop(described, first, variable2 === undefined ? undefined : second);
  const names: (readonly [string, PlannedNode])[] = [[variable, unraised(first, key)]];
  if (variable2 !== undefined) names.push([variable2, unraised(second, value)]);
  return { loop, names };
}

/** Plans a use of a loop variable whose value may be an error value. The use then throws the error. */
function unraised(slot: number, type: CelType): PlannedNode {
  return part((frame) => frame.locals[slot] as Value, type);
}

function listLoop(list: Run, slot: number): Loop {
  const each: Loop['each'] = (frame, runIteration) => {
    const elements = list(frame) as readonly Value[];
    const { locals } = frame;
    for (let index = 0; index < elements.length; index++) {
      frame.charge(1);
      locals[slot] = checked(elements[index] as Value);
      if (runIteration(frame)) return;
    }
  };
  return { each, list, slot };
}

function indexedLoop(list: Run, indexSlot: number, slot: number): Loop {
  const each: Loop['each'] = (frame, runIteration) => {
    const elements = list(frame) as readonly Value[];
    const { locals } = frame;
    for (let index = 0; index < elements.length; index++) {
      frame.charge(1);
      locals[indexSlot] = index;
      locals[slot] = checked(elements[index] as Value);
      if (runIteration(frame)) return;
    }
  };
  return { each, slot };
}

/** Returns the value. If it is an error value, throws its failure instead. */
export function checked(value: Value): Value {
  return typeof value === 'object' && value instanceof CelErrorValue ? raise(value) : value;
}

/** The work for an entry of a map over which a loop runs, in addition to the cost of an iteration. */
const COLLECTED_ENTRY_WORK = 3;

/** Plans the loop over a range that may be a list or a map. The kind is known only at run time. */
function anyLoop(range: Run, first: number, second: number | undefined): Loop {
  const each: Loop['each'] = (frame, runIteration) => {
    const value = raise(range(frame));
    const elements = elementsOf(value);
    const { locals } = frame;
    if (elements !== undefined) {
      for (let index = 0; index < elements.length; index++) {
        const element = elements[index] as Value;
        frame.charge(1);
        locals[first] = second === undefined ? element : index;
        if (second !== undefined) locals[second] = element;
        if (runIteration(frame)) return;
      }
      return;
    }
    const entries = entriesOf(value) ?? notIterable(value);
    // The entries are collected before the first iteration, which may be the last.
    frame.work(COLLECTED_ENTRY_WORK * entries.length);
    for (const [key, entry] of entries) {
      frame.charge(1);
      locals[first] = key;
      if (second !== undefined) locals[second] = entry;
      if (runIteration(frame)) return;
    }
  };
  return { each, slot: first };
}

function notIterable(value: Value): never {
  return fail(`got '${goValueName(value)}', expected iterable type`);
}
