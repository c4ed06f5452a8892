import { closureOf } from './env.ts';
import { assignedNames } from './names.ts';
import { parameterName, usesIndex } from '../library/callbacks.ts';
import { hooksCall } from '../library/hooks.ts';
import { elements, indexed, viewOf } from '../library/view.ts';
import { activeTrace } from '../trace/trace.ts';
import { resolve } from '../value/merge.ts';
import { freshList } from '../value/nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Splice, Sym } from '../value/symbolic.ts';
import type { Completion } from './completion.ts';
import { NORMAL } from './completion.ts';
import { bindingsFor, symbolicLoop } from './symbolic-loop.ts';
import { spreadItems } from '../library/spread.ts';

/** `list.map(f)`, `flatMap` and `forEach` over a symbolic list: a loop whose results are collected. */
export function symbolicMap(list: unknown, fn: unknown, mode: 'map' | 'flatMap' | 'forEach'): unknown {
  const given = viewOf(list);
  const positions = usesIndex(fn) ? indexed(given) : undefined;
  const view = positions?.view ?? given;
  const closure = closureOf(fn);
  const whole = positions === undefined ? undefined : wrap(elements(given));
  const results: unknown[] = activeTrace().born([]);
  const name = positions === undefined ? parameterName(fn, 'x') : 'i';
  symbolicLoop({
    view,
    name,
    bindings: closure === undefined ? [] : bindingsFor(assignedNames(closure.node), closure.scope),
    turn: (value): Completion => {
      const position = symbolic(value);
      const args =
        positions !== undefined && position instanceof Sym ? [positions.at(position), value, whole] : [value];
      const result = resolve(hooksCall().call(fn, undefined, args, 'the callback'));
      if (mode === 'forEach') return NORMAL;
      activeTrace().touch(results);
      results.push(...(mode === 'flatMap' ? spreadItems(result) : [result]));
      return NORMAL;
    },
  });
  if (mode === 'forEach') return undefined;
  const [only] = results;
  return only instanceof Splice ? freshList(only.list, only.waits || given.list.waits) : results;
}
