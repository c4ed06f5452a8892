import { cond, FALSE, TRUE } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { isLiteral } from '../ir/node.ts';
import { activeTrace } from '../trace/current.ts';
import { resolve } from '../value/merge.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { choose } from './branches.ts';

/** What a chain stopped with: the rest of it is not evaluated. */
export const STOPPED = Symbol('chain stopped');

/** Is the value `undefined` or null? */
export const nothing = (value: unknown): boolean => {
  const found = resolve(value);
  return found === undefined || found === null;
};

/** Values of a chain that are `undefined` where the chain stopped: its further members are fine. */
const stopping = new WeakSet<Phi>();

/** Notes that a value is one of these. */
export function stopsWithChain(value: unknown): unknown {
  const inner = symbolic(value);
  if (inner instanceof Phi) stopping.add(inner);
  return value;
}

/** Applies the rest of a chain to each side of a conditional value; missing sides stop there. */
export function overPhi(object: unknown, optional: boolean, apply: (side: unknown) => unknown): unknown {
  const inner = symbolic(resolve(object));
  if (!(inner instanceof Phi) || !(optional || stopping.has(inner))) return apply(object);
  const goesOn: [Node, Node] = [FALSE(), FALSE()];
  const side = (value: unknown, which: 0 | 1) => () => {
    if (nothing(value)) return undefined;
    const found = overPhi(resolve(value), optional, apply);
    if (found === STOPPED) return undefined;
    const own = symbolic(found);
    goesOn[which] = (own instanceof Sym ? own.absence?.chain : undefined) ?? TRUE();
    return found;
  };
  const result = choose(inner.test, side(inner.then, 0), side(inner.otherwise, 1));
  if (goesOn.every((each) => isLiteral(each, false))) return STOPPED;
  const made = symbolic(stopsWithChain(result));
  if (!(made instanceof Sym) || made.absence === undefined || goesOn.every((each) => isLiteral(each, true)))
    return result;
  // The chain stops where the object is missing; further members of it are fine.
  const there = cond(inner.test, ...goesOn);
  const has = activeTrace().facts.simplify(there);
  const absence = made.absence.has === there ? { ...made.absence, has, chain: has } : { ...made.absence, chain: has };
  return wrap(new Sym(made.node, { absence, waits: made.waits, label: made.label }));
}

/** The value of a whole chain: `undefined` where it stopped; further members are on their own. */
export function endChain(value: unknown): unknown {
  if (value === STOPPED) return undefined;
  const found = resolve(value);
  const inner = symbolic(found);
  // Members of what the chain gave are on their own.
  if (inner instanceof Phi && stopping.has(inner)) return wrap(new Phi(inner.test, inner.then, inner.otherwise));
  if (!(inner instanceof Sym) || inner.absence?.chain === undefined) return found;
  const { chain: _, ...absence } = inner.absence;
  return wrap(
    new Sym(inner.node, {
      absence,
      waits: inner.waits,
      label: inner.label,
      ...(inner.resource && { resource: inner.resource }),
    }),
  );
}
