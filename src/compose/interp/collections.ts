import { conjuncts, macro, variable } from '../ir/build.ts';
import type { Node, Variable } from '../ir/node.ts';
import { macroVariable } from '../ir/build.ts';
import { mentions, walk } from '../ir/node.ts';
import { rewrite, substitute } from '../ir/substitute.ts';
import { listOf } from '../ir/types.ts';
import type { ResourceRecord } from '../trace/records.ts';

/**
 * Lists made from what a loop created, as expressions over the collections: `ws.map(w => d)` is the
 * collection `d`, `ws.map(w => d.status.x)` is `d.map(x, x.status.x)`. What mixes the resource with the
 * element of the loop stays as it is, and is refused where it is used.
 */
export function collections(node: Node, records: readonly ResourceRecord[]): Node {
  return rewrite(node, (part) => {
    if (part.op !== 'macro' || part.attr !== 'map' || part.args.length !== 2) return undefined;
    const [target, body] = part.args as [Node, Node];
    const loop = part.vars[0] as Variable;
    const record = elementIn(body, records);
    if (record?.element === undefined || record.loops.length !== 1 || record.loops[0]?.variable !== loop)
      return undefined;
    if (mentions(body, (of) => of === loop) || !isListOf(record, target)) return undefined;
    const all = variable(record.variable, listOf(record.type));
    if (body.op === 'var') return all;
    const item = macroVariable('x');
    return macro(
      'map',
      all,
      [item],
      [substitute(body, record.element, variable(item, record.type))],
      listOf(body.type),
    );
  });
}

function elementIn(body: Node, records: readonly ResourceRecord[]): ResourceRecord | undefined {
  const found = new Set<Variable>();
  walk(body, (node) => {
    if (node.op === 'var' && (node.attr as Variable).role === 'element') found.add(node.attr as Variable);
  });
  const [only] = found;
  return found.size === 1 ? records.find((record) => record.element === only) : undefined;
}

/** Is the list the one over which the collection is made: the loop's, filtered by the guards in the loop? */
function isListOf(record: ResourceRecord, target: Node): boolean {
  const [loop] = record.loops;
  if (loop === undefined) return false;
  const guards = new Set(record.guards.filter((guard) => mentions(guard, (of) => of === loop.variable)));
  if (target === loop.list) return guards.size === 0;
  if (target.op !== 'macro' || target.attr !== 'filter' || target.args[0] !== loop.list) return false;
  const tests = conjuncts(target.args[1] as Node);
  return tests.length === guards.size && tests.every((test) => guards.has(test));
}
