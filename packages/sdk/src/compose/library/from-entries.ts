import * as ir from '../ir/build.ts';
import { entryMap } from '../ir/entry-map.ts';
import type { Node } from '../ir/node.ts';
import { DYN, INTEGER, listOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
import { distribute } from '../value/merge.ts';
import { toNode } from '../value/value-nodes.ts';
import { textNode } from '../value/ops.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { memberKeyOf } from './key.ts';
import { viewMethod } from './list-methods.ts';
import { getMember } from './member.ts';
import { mergeKey, mergeSpread } from './objects.ts';
import { keysOf, View } from './view.ts';

/** `Object.fromEntries(pairs)`; `undefined` leaves the call to native code. */
export function fromEntries(value: unknown): { readonly value: unknown } | undefined {
  const inner = symbolic(value);
  const again = (side: unknown) => interpreter.call(Object.fromEntries, Object, [side], 'Object.fromEntries');
  if (inner instanceof Phi) return { value: distribute(inner, again) };
  if (inner === undefined && (Array.isArray(value) || value instanceof Map))
    return { value: fromPairsWritten([...(value as Iterable<unknown>)]) };
  if (inner === undefined && !(value instanceof View)) return undefined;
  return { value: wrap(new Sym(fromPairs(value))) };
}

/**
 * `Object.fromEntries()` of a list of the author, which may contain known pairs, conditional pairs and elements of
 * other lists.
 */
function fromPairsWritten(pairs: readonly unknown[]): Record<string, unknown> {
  const made: Record<string, unknown> = activeTrace().track({});
  activeTrace().noteRead(pairs);
  const entry = (pair: unknown) => {
    const single: Record<string, unknown> = activeTrace().track({});
    mergeKey(single, memberKeyOf(getMember(pair, '0')), getMember(pair, '1'));
    return single;
  };
  for (const item of pairs) {
    if (item instanceof Splice) mergeSpread(made, wrap(new Sym(fromPairs(wrap(new Sym(item.list))))));
    else if (item instanceof Maybe) {
      const kept = activeTrace().under(item.test, () => entry(item.value));
      mergeSpread(made, wrap(new Phi(item.test, kept, {})));
    } else mergeSpread(made, entry(item));
  }
  return made;
}

/** Translates `Object.fromEntries(list.map(x => [k, v]))` as a map made entry by entry. */
function fromPairs(raw: unknown): Node {
  const pairs = raw instanceof View ? viewMethod(raw, 'map', [(x: unknown) => x]) : raw;
  return fromPairsNode(toNode(pairs));
}

function fromPairsNode(node: Node): Node {
  if (node.kind === 'list' && node.args.length === 0) return ir.object([]);
  if (node.kind === 'cond') {
    const [test, then, otherwise] = node.args;
    return ir.cond(test, fromPairsNode(then), fromPairsNode(otherwise));
  }
  if (node.kind === 'macro' && node.name === 'map' && node.args.length === 2) {
    const [over, pair] = node.args;
    const [written, value] = pair?.args ?? [];
    const [loop] = node.vars;
    if (pair?.kind === 'list' && pair.args.length === 2 && written !== undefined && value !== undefined) {
      // JavaScript converts every key to a string.
      const key = written.type.kind === 'number' ? textNode(wrap(new Sym(written))) : written;
      if (loop !== undefined) return entryMap(over, loop, ir.object([{ key, value }]));
    }
  }
  return refuse(
    'no-cel',
    'Object.fromEntries() of this list has no CEL form',
    'build it with list.map((x) => [key, value])',
  );
}

/** `Object.assign(target, ...list)`: adds the members of every element; the last value of a key wins. */
export function mergeEach(target: Record<string, unknown>, { list: all, waits }: Splice): void {
  const type = all.type.kind === 'list' ? all.type.element : DYN;
  if (type.kind !== 'map') {
    return refuse(
      'no-cel',
      'the objects of this list cannot be merged into one',
      'build it with Object.fromEntries(list.map((x) => [key, value]))',
    );
  }
  const [x, k] = [ir.macroVariable('x'), ir.macroVariable('k')];
  const ofX = ir.variable(x, type);
  const keyLists = ir.macro('map', all, [x], [keysOf(ofX)], listOf(listOf(STRING)));
  const names = ir.method('distinct', ir.method('flatten', keyLists, [], listOf(STRING)), [], listOf(STRING));
  const key = ir.variable(k, STRING);
  const having = ir.macro('filter', all, [x], [ir.isIn(key, ofX)], all.type);
  const last = ir.index(having, ir.subtract(ir.size(having, INTEGER), ir.literal(1)), type);
  const entry = ir.object([{ key, value: ir.index(last, key, type.value) }]);
  mergeSpread(target, wrap(new Sym(entryMap(names, k, entry), { waits })));
}
