import { compare, index, literal, method, size, variable, macroVariable } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { INTEGER } from '../ir/types.ts';
import { Refusal, refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
import { asSym, phi, resolveMerged } from '../value/merge.ts';
import { toNode } from '../value/value-nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { closureOf } from '../value/closure.ts';
import { argumentCount, changesItsFirst, parameterName } from './callbacks.ts';
import { opaque } from '../value/native-functions.ts';
import { boundNames } from '../../javascript/index.ts';
import {
  afterIterations,
  carriedEndless,
  carriedMembers,
  carriedOptional,
  carriedValue,
  isEndless,
  isStruct,
  seenInIteration,
  typeOfSet,
} from './carried.ts';
import type { Carried } from './carried.ts';
import { type View, elements, factOf, indexed, isKnownEmpty, knowing, loopValue } from './view.ts';

/** `list.reduce(f, initial)`: a loop with one accumulator. */
export function reduceList(view: View, args: readonly unknown[]): unknown {
  const [fn, rawInitial] = args;
  if (args.length < 2) return withoutInitial(view, fn);
  if (isKnownEmpty(view)) return rawInitial;
  const initial = resolveMerged(rawInitial);
  if (isOwn(initial) && changesItsFirst(fn)) return fillInitial(view, fn, initial);
  if (isStruct(initial) && argumentCount(fn) < 3) {
    const best = fromObject(view, fn, initial);
    if (best !== undefined) return best;
  }
  const first = symbolic(initial);
  if (first instanceof Sym && first.absence !== undefined && first.node === elementNode(view, 0))
    return phi(first.absence.has, withoutInitial(view, fn), undefined);
  return folded(view, fn, initial, view.list.node);
}

/**
 * Translates `list.reduce((a, x) => (x.n > a.n ? x : a), { n: 0 })`, whose result is an element or the initial object.
 * The callback first chooses among the elements, and then between the chosen element and the initial object.
 */
function fromObject(view: View, fn: unknown, initial: object): unknown {
  let best: unknown;
  try {
    best = withoutInitial(view, fn);
  } catch (error) {
    // The result is not an element, but an object that the iterations build.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
  const some = compare('gt', size(view.list.node, INTEGER), literal(0));
  const trace = activeTrace();
  const choice = trace.under(some, () =>
    trace.isolate(() => interpreter.call(fn, undefined, [initial, best], 'the callback')),
  );
  return phi(some, choice.result, initial);
}

/**
 * `list.reduce(f)`, which starts with the first element. For an empty list JavaScript throws, and the expression fails.
 */
function withoutInitial(view: View, fn: unknown): unknown {
  if (!view.plain || argumentCount(fn) >= 3)
    return refuse('loop-carried', '.reduce() without an initial value has no CEL form here', 'pass the initial value');
  const { node } = view.list;
  const rest = method('slice', node, [literal(1), size(node, INTEGER)], view.list.type);
  return folded(view, fn, wrap(new Sym(elementNode(view, 0))), rest);
}

const elementNode = (view: View, position: number): Node => index(view.list.node, literal(position), view.element);

/** Is the value an object or list that the composition created? A callback may fill such a value. */
function isOwn(value: unknown): value is object {
  return typeof value === 'object' && value !== null && symbolic(value) === undefined && activeTrace().isTracked(value);
}

/** Translates `list.reduce((acc, x) => { acc[x.k] = x.v; return acc; }, {})` as a loop that fills `acc`. */
function fillInitial(view: View, fn: unknown, initial: object): unknown {
  const callWith = (element: unknown, ...position: unknown[]) => {
    const result = resolveMerged(interpreter.call(fn, undefined, [initial, element, ...position], 'the callback'));
    if (result === initial) return;
    refuse(
      'loop-carried',
      `the callback of .reduce() changes ${parameterName(fn, 'its accumulator')} and returns something else`,
      'change it and return it, or return a new value: [...acc, x], { ...acc, [key]: x }',
    );
  };
  // `symbolicMap` reads the number of arguments from the `length` of an opaque function, so `visit` declares one or two
  // parameters.
  const visit =
    argumentCount(fn) >= 3
      ? (element: unknown, position: unknown) => callWith(element, position)
      : (element: unknown) => callWith(element);
  interpreter.symbolicMap(view, opaque(visit), 'forEach', { by: fn, object: initial });
  return initial;
}

/** The accumulator after all iterations. `list` contains the elements over which the loop iterates. */
function folded(view: View, fn: unknown, start: unknown, list: Node): unknown {
  const params = closureOf(fn)?.node.params ?? [];
  const loopName = params[1] === undefined ? 'x' : (boundNames(params[1])[0] ?? 'x');
  const count = argumentCount(fn);
  const positions = count >= 3 ? indexed(view) : undefined;
  const loop = macroVariable(positions === undefined ? loopName : 'i');
  const iterated = positions?.view ?? view;
  const position = positions === undefined ? undefined : new Sym(variable(loop, INTEGER));
  const element = position === undefined ? view.show(loopValue(view, loop)) : positions?.at(position);
  const at = position === undefined ? undefined : wrap(position);
  const known =
    position === undefined ? factOf(list, variable(loop, iterated.element)) : positions?.factAt(position.node);
  const trace = activeTrace();
  trace.predicates++;
  const runIteration = (accumulator: unknown): unknown => {
    const { result, writes } = trace.isolate(() =>
      knowing(known, () =>
        interpreter.call(
          fn,
          undefined,
          [accumulator, element, at, ...(count > 3 ? [whole(view)] : [])],
          'the callback',
        ),
      ),
    );
    if (writes.size > 0)
      refuse('loop-carried', 'the callback of .reduce() changes a variable', 'return the new value instead');
    return result;
  };
  try {
    const carried = carriedFrom(fn, start, runIteration);
    if (carried === undefined) return start;
    const pass = { list: positions === undefined ? list : iterated.list.node, loop, element: iterated.element };
    const after = afterIterations(pass, carried, runIteration(seenInIteration(carried)));
    if (after === undefined) return refuseCarried(parameterName(fn, 'the accumulator'));
    const value = symbolic(after.value);
    return value instanceof Sym && view.list.waits
      ? wrap(new Sym(value.node, { absence: value.absence, waits: true }))
      : after.value;
  } finally {
    trace.predicates--;
  }
}

/** The carried value that begins with `start`; `undefined` when the iterations do not change `start`. */
function carriedFrom(
  fn: unknown,
  start: unknown,
  runIteration: (accumulator: unknown) => unknown,
): Carried | undefined {
  const name = parameterName(fn, 'acc');
  const takesApart = closureOf(fn)?.node.params[0]?.type === 'ArrayPattern';
  if (isStruct(start) || (takesApart && Array.isArray(start) && symbolic(start) === undefined))
    return carriedMembers(start);
  if (isEndless(start)) return carriedEndless(name, start);
  if (start !== undefined && start !== null) return carriedValue(name, asSym(start)?.node ?? toNode(start));
  const type = typeOfSet(runIteration(start));
  return type === undefined ? undefined : carriedOptional(name, start, type);
}

const whole = (view: View): unknown => wrap(elements(view));

/** Refuses a loop whose iterations depend on each other in an unknown way. */
export function refuseCarried(
  name: string,
  remedy = 'sums, string joins, counts, min/max, any/all, push and first match are supported',
): never {
  return refuse('loop-carried', `${name} depends on its own earlier value in a loop over a symbolic list`, remedy);
}
