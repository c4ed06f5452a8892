import type { TreeInterpreter } from './env.ts';
import { closureOf } from '../value/closure.ts';
import { assignedNames } from '../../javascript/index.ts';
import { parameterName, usesIndex } from '../library/callbacks.ts';
import { TRUE } from '../ir/build.ts';
import { type Node, type Variable, substitute } from '../ir/node.ts';
import { elements, indexed, loopView, noteGaps, View } from '../library/view.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { freshList } from '../value/value-nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Splice, Sym } from '../value/symbolic.ts';
import { type Completion, NORMAL } from './completion.ts';
import { type AssignedMember, assignedMembers } from './assigned-members.ts';
import { bindingsFor, symbolicLoop } from './symbolic-loop.ts';
import { asItems } from '../library/arrays.ts';

/** Translates `list.map(f)`, `flatMap` and `forEach` over a symbolic list as a loop whose results are collected. */
export function symbolicMap(
  interpreter: TreeInterpreter,
  list: unknown,
  fn: unknown,
  mode: 'map' | 'flatMap' | 'forEach',
  filled?: { readonly by: unknown; readonly object: object },
): unknown {
  const given = loopView(list);
  const positions = usesIndex(fn) ? indexed(given) : undefined;
  const view = positions?.view ?? given;
  const closure = closureOf(fn);
  const whole = positions === undefined ? undefined : wrap(elements(given));
  const results: unknown[] = activeTrace().track([]);
  const name = positions === undefined ? parameterName(fn, 'x') : 'i';
  let doubtful: { readonly value: Sym; readonly of: Variable } | undefined;
  symbolicLoop({
    view,
    name,
    bindings: closure === undefined ? [] : bindingsFor(assignedNames(closure.node), closure.scope),
    members: membersOf(filled?.by ?? fn, filled?.object),
    fact: (loop) => positions?.factAt(loop.node),
    runIteration: (value): Completion => {
      const position = symbolic(value);
      const args =
        positions !== undefined && position instanceof Sym ? [positions.at(position), value, whole] : [value];
      const result = resolveMerged(interpreter.call(fn, undefined, args, 'the callback'));
      if (mode === 'forEach') return NORMAL;
      if (mode === 'map') refuseGaps(result);
      const inner = symbolic(result);
      const of = activeTrace().loops.at(-1)?.variable;
      if (mode === 'map' && positions === undefined && of !== undefined && mayBeMissing(inner)) {
        doubtful = { value: inner, of };
        // A result that may be missing is not collected, except a plain read of a resource: the graph waits for such a
        // value. A later filter can still test whether the value is present.
        if (inner.absence?.waits !== true) return NORMAL;
      }
      activeTrace().recordUndo(results);
      results.push(...(mode === 'flatMap' ? asItems(result) : [result]));
      return NORMAL;
    },
  });
  if (mode === 'forEach') return undefined;
  const doubtfulView = doubtful === undefined ? undefined : viewOfDoubtful(given, doubtful.value, doubtful.of);
  const [only] = results;
  if (doubtfulView !== undefined && results.length === 0) return doubtfulView;
  if (doubtfulView !== undefined && only instanceof Splice) noteGaps(only.list, doubtfulView);
  return only instanceof Splice ? freshList(only.list, only.waits || given.list.waits) : results;
}

/**
 * The members that a callback assigns. `first` is the object that every iteration passes as the first parameter;
 * `undefined` when there is none.
 */
function membersOf(fn: unknown, first: object | undefined): AssignedMember[] {
  const closure = closureOf(fn);
  if (closure === undefined) return [];
  const name = first === undefined ? undefined : parameterName(fn, '');
  return assignedMembers(closure.node, (of) => (of === name ? first : closure.scope?.find(of)?.value));
}

/**
 * Refuses a resource, object or list that only some iterations return, because a list with such gaps has no expression.
 */
function refuseGaps(result: unknown): void {
  const inner = symbolic(result);
  const sides = inner instanceof Phi ? [inner.then, inner.otherwise].map((side) => resolveMerged(side)) : [];
  const gap = sides.find((side) => side === undefined || side === null || side === false);
  if (sides.length === 0 || !(gap === undefined ? sides.includes(undefined) : true)) return;
  refuse(
    'absent',
    `.map() returns ${String(gap)} for some elements, and a list in a graph cannot hold ${String(gap)}`,
    'remove these elements first: list.filter((x) => …).map((x) => …)',
  );
}

/** May the value be missing? */
function mayBeMissing(value: Sym | Phi | undefined): value is Sym {
  return value instanceof Sym && value.absence !== undefined && value.resource === undefined;
}

/**
 * A view of results that may be missing. CEL can express their list only after a filter that keeps the present results.
 */
function viewOfDoubtful(view: View, { node, absence, waits, label }: Sym, of: Variable): View {
  const { has = TRUE(), waits: waiting = false } = absence ?? {};
  return new View(view.list, (loop) => {
    const at = (part: Node) => substitute(part, of, loop.node);
    return wrap(new Sym(at(node), { absence: { has: at(has), plain: false, waits: waiting }, waits, label }));
  });
}
