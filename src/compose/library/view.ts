import { call, index, macro, macroVariable, method, size, variable } from '../ir/build.ts';
import type { Variable } from '../ir/node.ts';
import { INTEGER, listOf } from '../ir/types.ts';
import type { StaticType } from '../ir/types.ts';
import { activeTrace } from '../trace/trace.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { asList, toNode } from '../value/nodes.ts';

/**
 * A symbolic list as the author iterates it: an expression for the list of loop values, and what the
 * author sees for each of them (`Object.entries(m)` runs over keys and shows pairs).
 */
export class View {
  readonly list: Sym;
  readonly show: (loop: Sym) => unknown;

  constructor(list: Sym, show?: (loop: Sym) => unknown) {
    this.list = list;
    this.show = show ?? plainShow;
  }

  /** Type of the loop values. */
  get element(): StaticType {
    return this.list.type.kind === 'list' ? this.list.type.element : { kind: 'dyn' };
  }

  /** Shows each value its own elements? Then the list expression is the list the author sees. */
  get plain(): boolean {
    return this.show === plainShow;
  }
}

const plainShow = (loop: Sym): unknown => wrap(loop);

/** The view of a list value. */
export function viewOf(value: unknown): View {
  return value instanceof View ? value : new View(asList(value), plainShow);
}

/** The loop value of a fresh variable. */
export function loopValue(view: View, of: Variable): Sym {
  return new Sym(variable(of, view.element), { waits: view.list.waits, label: of.name });
}

/** The same list by position: the author sees the pair of element and index. */
export function indexed(view: View): { readonly view: View; readonly at: (position: Sym) => unknown } {
  const positions = call('lists.range', [size(view.list.node, INTEGER)], listOf(INTEGER));
  const at = (position: Sym) =>
    view.show(new Sym(index(view.list.node, position.node, view.element), { waits: view.list.waits }));
  return { view: new View(new Sym(positions)), at };
}

/** `Object.entries(map)`: keys in order of the alphabet, shown as pairs. */
export function entriesView(map: Sym): View {
  const key = macroVariable('k');
  const type = listOf({ kind: 'string' });
  const keys = method('sort', macro('map', map.node, [key], [variable(key, { kind: 'string' })], type), [], type);
  const value = map.type.kind === 'map' ? map.type.value : ({ kind: 'dyn' } as const);
  return new View(new Sym(keys), (loop) =>
    activeTrace().born([wrap(loop), wrap(new Sym(index(map.node, loop.node, value), { waits: map.waits }))]),
  );
}

/** Is the value a list that is iterated symbolically? */
export function isSymbolicList(value: unknown): boolean {
  if (value instanceof View) return true;
  const inner = symbolic(value);
  return inner instanceof Sym && inner.type.kind === 'list';
}

/** The list that the author sees, as an expression. */
export function elements(view: View): Sym {
  if (view.plain) return view.list;
  const loop = macroVariable('x');
  const shown = toNode(view.show(loopValue(view, loop)));
  return new Sym(macro('map', view.list.node, [loop], [shown], listOf(shown.type)), { waits: view.list.waits });
}
