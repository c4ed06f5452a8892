import { refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { resolve } from '../value/merge.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { plainList, toNode } from '../value/nodes.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { literal, not } from '../ir/build.ts';
import { elementAt } from './access.ts';
import { stringMethod } from './strings.ts';
import { listMethod } from './lists.ts';
import { elements } from './view.ts';
import { View } from './view.ts';

/** The elements that `...value` puts into a list. */
export function spreadItems(raw: unknown): unknown[] {
  const value = resolve(raw);
  activeTrace().noteRead(value);
  if (value instanceof View) return [new Splice(plainList(elements(value).node), value.list.waits)];
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const trace = activeTrace();
    const a = trace.under(inner.test, () => spreadItems(inner.then));
    const b = trace.under(not(inner.test), () => spreadItems(inner.otherwise));
    const plain = [...a, ...b].every((item) => !(item instanceof Maybe) && !(item instanceof Splice));
    if (plain)
      return [...a.map((item) => new Maybe(inner.test, item)), ...b.map((item) => new Maybe(not(inner.test), item))];
    return [new Splice(toNode(value), false)];
  }
  if (inner instanceof Sym) {
    if (inner.type.kind === 'string') return spreadItems(stringMethod(inner, 'split', ['']));
    if (inner.type.kind !== 'list')
      return refuse('types', `${labelOf(inner)} is not a list and cannot be spread`, 'spread a list');
    const sure = needPresent(inner, 'spread into a list');
    return [new Splice(plainList(sure.node), sure.waits)];
  }
  if (Array.isArray(value)) return [...(value as unknown[])];
  if (typeof value === 'string' && hasTokens(value)) return spreadItems(wrap(new Sym(textNode(value))));
  return [...(value as Iterable<unknown>)];
}

/** A list taken apart by an array pattern. */
export function elementsOf(
  raw: unknown,
  count: number,
): { at(position: number): unknown; rest(from: number): unknown } {
  const value = resolve(raw);
  activeTrace().noteRead(value);
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.type.kind === 'list') {
    const sure = needPresent(inner, 'taken apart');
    return {
      at: (position) => elementAt(sure, new Sym(literal(position))),
      rest: (from) => listMethod(sure, 'slice', [from]),
    };
  }
  if (inner !== undefined) {
    return {
      at: (position) =>
        inner instanceof Sym
          ? elementAt(inner, new Sym(literal(position)))
          : elementAt(new Sym(toNode(value)), new Sym(literal(position))),
      rest: (from) => listMethod(new Sym(toNode(value)), 'slice', [from]),
    };
  }
  const items = Array.isArray(value) ? (value as unknown[]) : [...takeFirst(value as Iterable<unknown>, count)];
  if (items.some((item) => item instanceof Maybe || item instanceof Splice)) {
    const list = new Sym(toNode(items));
    return {
      at: (position) => elementAt(list, new Sym(literal(position))),
      rest: (from) => listMethod(list, 'slice', [from]),
    };
  }
  return { at: (position) => items[position], rest: (from) => activeTrace().born(items.slice(from)) };
}

function* takeFirst(iterable: Iterable<unknown>, count: number): Iterable<unknown> {
  let taken = 0;
  for (const item of iterable) {
    if (taken++ > Math.max(count, 100_000)) return;
    yield item;
  }
}
