import { variable } from '../ir/build.ts';
import { foldLoop } from '../ir/fold.ts';
import { Variable } from '../ir/node.ts';
import { DYN, INTEGER, mapOf } from '../ir/types.ts';
import { refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { asSym, resolve } from '../value/merge.ts';
import { toNode } from '../value/nodes.ts';
import { wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { closureOf } from '../interp/env.ts';
import { argumentCount, parameterName } from './callbacks.ts';
import { boundNames } from '../interp/names.ts';
import { hooksCall } from './hooks.ts';
import { macroVariable } from '../ir/build.ts';
import { elements, indexed, loopValue } from './view.ts';
import type { View } from './view.ts';

/** `list.reduce(f, initial)`: a loop with one accumulator. */
export function reduceList(view: View, args: readonly unknown[]): unknown {
  const [fn, rawInitial] = args;
  if (args.length < 2)
    return refuse('loop-carried', '.reduce() without an initial value has no CEL form', 'pass the initial value');
  const initial = resolve(rawInitial);
  const start = asSym(initial)?.node ?? toNode(initial);
  const accumulator = new Variable(parameterName(fn, 'acc'), 'accumulator');
  const params = closureOf(fn)?.node.params ?? [];
  const loopName = params[1] === undefined ? 'x' : (boundNames(params[1])[0] ?? 'x');
  const count = argumentCount(fn);
  const positions = count >= 3 ? indexed(view) : undefined;
  const loop = macroVariable(positions === undefined ? loopName : 'i');
  const over = positions?.view ?? view;
  const position = positions === undefined ? undefined : new Sym(variable(loop, INTEGER));
  const element = position === undefined ? view.show(loopValue(view, loop)) : positions?.at(position);
  const at = position === undefined ? undefined : wrap(position);
  const trace = activeTrace();
  trace.predicates++;
  try {
    // An empty object grows by the keys that the turns add.
    const type = start.op === 'object' && start.args.length === 0 ? mapOf(DYN) : start.type;
    const running = wrap(new Sym(variable(accumulator, type)));
    const { result, writes } = trace.isolate(() =>
      hooksCall().call(fn, undefined, [running, element, at, ...(count > 3 ? [whole(view)] : [])], 'the callback'),
    );
    if (writes.size > 0)
      refuse('loop-carried', 'the callback of .reduce() changes a variable', 'return the new value instead');
    const folded = foldLoop({
      list: over.list.node,
      loop,
      element: over.element,
      accumulator,
      initial: start,
      next: toNode(result),
    });
    if (folded === undefined) return refuseCarried(parameterName(fn, 'the accumulator'));
    return wrap(new Sym(folded, { waits: view.list.waits }));
  } finally {
    trace.predicates--;
  }
}

const whole = (view: View): unknown => wrap(elements(view));

/** Refuses a loop whose turns depend on each other in an unknown way. */
export function refuseCarried(name: string): never {
  return refuse(
    'loop-carried',
    `${name} depends on its own earlier value in a loop over a symbolic list`,
    'sums, string joins, counts, min/max, any/all, push and first match are supported',
  );
}
