import { and, compare, eq, index, macro, macroVariable, method, not, object, variable } from './build.ts';
import { type Node, type Variable, bodyOf, isVariable, mentions, walk, substitute } from './node.ts';
import { DYN, INTEGER, listOf, mapOf } from './types.ts';

/**
 * The map to which every element of a list adds the members of `entry`. If several elements have the same key, the last
 * one wins, as in JavaScript. CEL's `transformMapEntry` refuses a repeated key. Therefore an element adds its entry
 * only when no later element has the same key. A list whose keys are certainly distinct needs no such test. An `entry`
 * that is not an object with one member gets no such test, and fails at a repeated key.
 */
export function entryMap(list: Node, loop: Variable, entry: Node): Node {
  const [key, value] = entry.args;
  const type = mapOf(entry.type.kind === 'map' ? entry.type.value : (value?.type ?? DYN));
  const position = macroVariable('i');
  const made = (over: Node, of: Variable, bodies: readonly Node[]) =>
    macro('transformMapEntry', over, [position, of], bodies, type);
  if (entry.kind !== 'object' || entry.args.length !== 2 || key === undefined || value === undefined)
    return made(list, loop, [entry]);
  if (makesObjects(list) || mentions(entry, (each) => each.role === 'element'))
    return ofObjects(list, loop, key, value);
  const isOfLoop = (node: Node) => mentions(node, (each) => each === loop);
  if (isVariable(key, loop)) return made(isDistinct(list) ? list : distinct(list), loop, [entry]);
  if (isOfLoop(key) && !isOfLoop(value)) {
    const each = macroVariable('k');
    const keys = macro('map', list, [loop], [key], listOf(key.type));
    return made(distinct(keys), each, [object([{ key: variable(each, key.type), value }])]);
  }
  const element = list.type.kind === 'list' ? list.type.element : DYN;
  const [later, other] = [macroVariable('j'), macroVariable('f')];
  const isLater = compare('gt', variable(later, INTEGER), variable(position, INTEGER));
  const same = eq(substitute(key, loop, variable(other, element)), key);
  const again = macro('exists', list, [later, other], [and(isLater, same)], { kind: 'bool' });
  return made(list, loop, [not(again), entry]);
}

/** Does the composition make the list's elements as JavaScript objects that contain resources? */
function makesObjects(list: Node): boolean {
  let found = false;
  walk(list, (node) => {
    if (node.kind !== 'macro' || node.name !== 'map') return;
    const body = bodyOf(node);
    if (body.kind === 'object' && mentions(body, ({ role }) => role === 'resource' || role === 'element')) found = true;
  });
  return found;
}

/**
 * The map of `entryMap` for elements that contain resources. Keys and values are separate lists, which become
 * expressions over the collections; the value of a key is at the position of the key.
 */
function ofObjects(list: Node, loop: Variable, key: Node, value: Node): Node {
  const keys = macro('map', list, [loop], [key], listOf(key.type));
  const values = macro('map', list, [loop], [value], listOf(value.type));
  const [position, later] = [macroVariable('i'), macroVariable('j')];
  const [one, other] = [macroVariable('k'), macroVariable('f')];
  const [at, of] = [variable(position, INTEGER), variable(one, key.type)];
  const isLater = compare('gt', variable(later, INTEGER), at);
  const isSame = eq(variable(other, key.type), of);
  const again = macro('exists', keys, [later, other], [and(isLater, isSame)], { kind: 'bool' });
  const entry = object([{ key: of, value: index(values, at, value.type) }]);
  return macro('transformMapEntry', keys, [position, one], [not(again), entry], mapOf(value.type));
}

/** The list without repeated elements. Nothing is lost, because equal elements make equal entries. */
const distinct = (list: Node): Node => method('distinct', list, [], list.type);

/**
 * Are the elements of the list certainly distinct? True for the keys of a map, for `distinct()` and ranges, and for
 * parts of such lists.
 */
function isDistinct(list: Node): boolean {
  const [of] = list.args;
  if (of === undefined) return false;
  if (list.kind === 'call') return list.name === 'lists.range';
  if (list.kind === 'method') {
    if (list.name === 'distinct') return true;
    return ['sort', 'slice', 'reverse'].includes(list.name) && isDistinct(of);
  }
  if (list.kind !== 'macro') return false;
  if (list.name === 'filter') return of.type.kind === 'map' || isDistinct(of);
  const [loop] = list.vars;
  return list.name === 'map' && of.type.kind === 'map' && loop !== undefined && isVariable(bodyOf(list), loop);
}
