import { call, index, macro, macroVariable, size, variable } from './build.ts';
import type { Node, VariableRead, Variable } from './node.ts';
import { memberOfLiteral, mentions, walk, withArgs, substitute } from './node.ts';
import { BOOL, DYN, INTEGER, listOf } from './types.ts';

/**
 * Joins loops over the results of other loops: `list.map(i, {"url": u, "ready": r}).all(a, a.ready)` becomes
 * `list.all(i, r)`. Only objects that contain values of resources are taken apart, because their unread members must
 * not delay the expression.
 */
export function fused(root: Node): Node {
  const done = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const args = node.args.map(visit);
    const same = args.every((arg, position) => arg === node.args[position]);
    const inner = same ? node : withArgs(node, args);
    const shorter = memberOf(inner) ?? sizeOf(inner) ?? joinedMacros(inner);
    const result = shorter === undefined ? inner : visit(shorter);
    done.set(node, result);
    return result;
  };
  return visit(root);
}

/** Simplifies `{"a": x}.a` to `x`. */
function memberOf(node: Node): Node | undefined {
  if (node.kind !== 'select') return undefined;
  const [from] = node.args;
  return from.kind === 'object' ? memberOfLiteral(from, node.field) : undefined;
}

/** The size of a list that another macro makes: the number of iterations of that macro. */
function sizeOf(node: Node): Node | undefined {
  const objects = node.kind === 'call' && node.name === 'size' ? objectsOf(node.args[0]) : undefined;
  return objects && size(objects.list, INTEGER);
}

/** A macro over the objects that another macro makes, rewritten as a macro over the list of the other macro. */
function joinedMacros(node: Node): Node | undefined {
  if (node.kind !== 'macro' || node.args.length !== 2) return undefined;
  const [from, body] = node.args;
  const [of, ...others] = node.vars;
  if (body === undefined || of === undefined || others.length > 0) return undefined;
  const objects = objectsOf(from);
  if (objects === undefined) return undefined;
  const newElement = () => {
    const item = macroVariable(objects.loop.name);
    return { item, object: substitute(objects.object, objects.loop, variable(item, objects.element)) };
  };
  const { item, object } = newElement();
  const result = fused(substitute(body, of, object));
  switch (node.name) {
    case 'map':
    case 'all':
    case 'exists':
      if (!isRange(objects.list) && inStep(objects.list, item, result) !== objects.list) return undefined;
      return overPositions(node.name, objects.list, item, result);
    case 'filter': {
      const positions = inStep(objects.list, item, result, object);
      if (!isRange(objects.list) && positions !== objects.list) return undefined;
      const kept = macro('filter', positions, [item], [result], objects.list.type);
      const each = newElement();
      return macro('map', kept, [each.item], [each.object], node.type);
    }
    default:
      return undefined;
  }
}

/**
 * A macro over the positions of collections. `all` and `exists` may ignore an error. A body that reads several lists is
 * therefore first computed for every position.
 */
export function overPositions(name: 'map' | 'all' | 'exists', list: Node, item: Variable, body: Node): Node {
  const positions = inStep(list, item, body);
  if (name === 'map') return macro(name, positions, [item], [body], listOf(body.type));
  if (listsAt(body, item).length <= 1) return macro(name, positions, [item], [body], BOOL);
  const each = macroVariable('x');
  return macro(name, macro('map', positions, [item], [body], listOf(BOOL)), [each], [variable(each, BOOL)], BOOL);
}

/**
 * The positions for a body that reads several lists at the same position. While objects of a collection are missing,
 * its other objects are at earlier positions, and would be combined with the wrong elements. The whole expression must
 * therefore fail until all objects exist. A body that always reads the collection fails by itself at a missing
 * position. For any other body, the list of positions is an expression that fails. `beside` is an expression that later
 * reads the same positions.
 */
function inStep(positions: Node, position: Variable, body: Node, beside = body): Node {
  const lists = [...new Set([...listsAt(body, position), ...listsAt(beside, position)])];
  if (lists.length <= 1) return positions;
  const objects = lists.filter((list) => isObject(list));
  const open = objects.filter((list) => !surelyReads(body, list, position));
  return open.reduce<Node>((all, list) => {
    const at = macroVariable('i');
    const type = list.type.kind === 'list' ? list.type.element : DYN;
    const object = index(list, variable(at, INTEGER), type);
    const found = macro('map', all, [at], [object], listOf(type));
    return call('lists.range', [size(found, INTEGER)], listOf(INTEGER));
  }, positions);
}

/** Does the body fail when the list has no element at the position? */
function surelyReads(body: Node, list: Node, position: Variable): boolean {
  const reads = new Set<Node>();
  walk(body, (node) => {
    const isRead = node.kind === 'index' && node.args[0] === list && isAt(node.args[1], position);
    if (isRead || partsSurelyRead(node).some((part) => reads.has(part))) reads.add(node);
  });
  return reads.has(body);
}

const isRange = (node: Node): boolean => node.kind === 'call' && node.name === 'lists.range';

const isAt = (node: Node | undefined, position: Variable): boolean =>
  node?.kind === 'var' && node.variable === position;

const isObject = (node: Node | undefined): node is VariableRead =>
  node?.kind === 'var' && node.variable.role === 'resource';

/** The parts of an expression that are always evaluated. An error of such a part is an error of the expression. */
function partsSurelyRead(node: Node): readonly Node[] {
  if (node.kind === 'and' || node.kind === 'or') return [];
  if (node.kind === 'cond' || node.kind === 'macro' || node.kind === 'orvalue') return node.args.slice(0, 1);
  return node.args;
}

/** The lists that are read at a position; `undefined` represents a use of the position as a number. */
function listsAt(body: Node, position: Variable): readonly (Node | undefined)[] {
  const lists = new Set<Node | undefined>();
  walk(body, (node) => {
    for (const [place, arg] of node.args.entries())
      if (isAt(arg, position)) lists.add(node.kind === 'index' && place === 1 ? node.args[0] : undefined);
  });
  return [...lists];
}

interface Objects {
  readonly list: Node;
  readonly element: Node['type'];
  readonly loop: Variable;
  readonly object: Node;
}

/** The parts of `list.map(loop, {…})` whose objects contain values of resources. */
function objectsOf(node: Node | undefined): Objects | undefined {
  if (node?.kind !== 'macro' || node.name !== 'map' || node.args.length !== 2) return undefined;
  const [list, object] = node.args;
  const [loop] = node.vars;
  if (loop === undefined || object?.kind !== 'object' || list.type.kind !== 'list') return undefined;
  if (!mentions(object, (of) => of.role === 'resource')) return undefined;
  return { list, element: list.type.element, loop, object };
}
