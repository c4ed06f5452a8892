import { allOf, call, cond, conjuncts, index, macro, macroVariable, not, size, variable } from '../ir/build.ts';
import { overPositions } from '../ir/fused.ts';
import { type Node, type Variable, bodyOf, mentions, walk, rewrite, substitute } from '../ir/node.ts';
import { BOOL, DYN, INTEGER, listOf } from '../ir/types.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { specialiseNode } from '../value/specialise.ts';

/** Macros that evaluate an expression for each element, and whose results contain no element of the list. */
const OF_EACH = ['map', 'all', 'exists'] as const;

/**
 * Rewrites expressions over the iterations of a loop as expressions over the collections that the loop created:
 * `ws.map(w => d)` becomes the collection `d`, `ws.map(w => d.status.x)` becomes `d.map(x, x.status.x)`. A body that
 * reads several collections, or a collection and the element of the loop, becomes an expression over indices. This is
 * possible because kro keeps the objects of a collection in the order of its list. An expression waits for an index
 * that has no object yet. When a condition that does not depend on the elements excludes a collection, the expression
 * ranges over the loop's own list. Other expressions stay as they are, and are refused where they are used.
 */
export function collections(node: Node, records: readonly ResourceRecord[]): Node {
  return rewrite(node, (part) => {
    if (part.kind !== 'macro' || part.args.length !== 2 || part.vars.length !== 1) return undefined;
    const name = OF_EACH.find((each) => each === part.name);
    const [target, body] = part.args;
    const [loop] = part.vars;
    if (name === undefined || body === undefined || loop === undefined) return undefined;
    const made = elementsIn(body, records);
    if (made.length === 0 || !made.every((record) => isOnly(loop, record) && isListOf(record, target)))
      return undefined;
    const chosen = whereMade(part, made, records);
    if (chosen !== undefined) return chosen;
    const [first] = made as [ResourceRecord];
    if (made.length === 1 && !mentions(body, (of) => of === loop)) {
      const all = variable(first.variable, listOf(first.type));
      if (body.kind === 'var') return name === 'map' ? all : undefined;
      const item = macroVariable('x');
      const replaced = substitute(body, first.element as Variable, variable(item, first.type));
      return macro(name, all, [item], [replaced], name === 'map' ? listOf(replaced.type) : BOOL);
    }
    const position = macroVariable('i');
    const at = variable(position, INTEGER);
    const values = new Map<unknown, Node>(
      made.map((record) => [record.element, index(variable(record.variable, listOf(record.type)), at, record.type)]),
    );
    const isRange = target.kind === 'call' && target.name === 'lists.range';
    const element = target.type.kind === 'list' ? target.type.element : DYN;
    values.set(loop, isRange ? at : index(target, at, element));
    const positions = isRange ? target : call('lists.range', [size(target, INTEGER)], listOf(INTEGER));
    const replaced = rewrite(body, (inner) => (inner.kind === 'var' ? values.get(inner.variable) : undefined));
    return overPositions(name, positions, position, replaced);
  });
}

/**
 * The expression as a choice of two forms: one for the case that the objects of a collection exist, and one for the
 * case that they do not. Returns `undefined` when the objects always exist. Also returns `undefined` when the second
 * form would still read single objects of the collection.
 */
function whereMade(part: Node, made: readonly ResourceRecord[], records: readonly ResourceRecord[]): Node | undefined {
  const trace = activeTrace();
  const test = made.map((record) => trace.facts.simplify(commonTest(record))).find(({ kind }) => kind !== 'lit');
  if (test === undefined) return undefined;
  const where = (known: Node) =>
    trace.under(known, () => collections(specialiseNode(part, trace.facts, new Map()), records));
  const without = where(not(test));
  // If the second form still reads an excluded object, no choice is needed: what reads an excluded object is itself
  // excluded.
  return elementsIn(without, made).length > 0 ? undefined : cond(test, where(test), without);
}

/** The conditions of a collection that do not depend on the elements of its loops. */
function commonTest({ guards, loops }: ResourceRecord): Node {
  const ofElement = (guard: Node) => loops.some(({ variable: loop }) => mentions(guard, (of) => of === loop));
  return allOf(guards.filter((guard) => !ofElement(guard)));
}

/** The collections whose single objects an expression reads. */
function elementsIn(body: Node, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const found = new Set<Variable>();
  walk(body, (node) => {
    if (node.kind === 'var' && node.variable.role === 'element') found.add(node.variable);
  });
  return records.filter((record) => record.element !== undefined && found.has(record.element));
}

const isOnly = (loop: Variable, record: ResourceRecord): boolean =>
  record.loops.length === 1 && record.loops[0]?.variable === loop;

/** Is the list equal to the list of the collection's loop, filtered by the guards in the loop? */
function isListOf(record: ResourceRecord, target: Node): boolean {
  const [loop] = record.loops;
  if (loop === undefined) return false;
  const guards = new Set(record.guards.filter((guard) => mentions(guard, (of) => of === loop.variable)));
  if (target === loop.list) return guards.size === 0;
  if (target.kind !== 'macro' || target.name !== 'filter' || target.args[0] !== loop.list) return false;
  const tests = conjuncts(bodyOf(target));
  return tests.length === guards.size && tests.every((test) => guards.has(test));
}
