import * as ir from './build.ts';
import { type ListFold, mapped } from './list-fold.ts';
import { type Node, type Variable, isLiteral, isVariable, mentions, substitute } from './node.ts';
import { INTEGER, listOf, STRING } from './types.ts';

/**
 * Translates `s = s ? s + ',' + e : e` and `if (s) s += ','; s += e`: strings with a separator between them. As in
 * JavaScript, the separator follows only after the first string that is not empty. `undefined` when an iteration does
 * anything else.
 */
export function separated(fold: ListFold): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (!isLiteral(initial, '')) return undefined;
  const carried = (node: Node) => mentions(node, (of) => of === accumulator);
  const first = substitute(whereEmpty(next, accumulator, true), accumulator, ir.literal(''));
  const [own, ...added] = textsOf(whereEmpty(next, accumulator, false));
  if (own === undefined || !isVariable(own, accumulator) || added.some(carried) || first.type.kind !== 'string')
    return undefined;
  const later = ir.concat(added);
  const between = separator(added, first);
  if (between !== undefined && isNeverEmpty(first) && !mentions(between, (of) => of === fold.loop))
    return ir.method('join', mapped(fold, first), [between], STRING);
  return fromFirst(fold, first, later);
}

/** The first string that is not empty, followed by the strings that the later iterations add. */
function fromFirst(fold: ListFold, first: Node, later: Node): Node {
  const { list, loop, element } = fold;
  const count = ir.size(list, INTEGER);
  const position = ir.macroVariable('i');
  const elementAtPosition = ir.index(list, ir.variable(position, INTEGER), element);
  const filled = ir.not(ir.eq(substitute(first, loop, elementAtPosition), ir.literal('')));
  const positions = ir.call('lists.range', [count], listOf(INTEGER));
  const found = ir.macro('filter', positions, [position], [filled], listOf(INTEGER));
  const at = ir.index(found, ir.literal(0), INTEGER);
  const rest = ir.method('slice', list, [ir.subtract(at, ir.literal(-1)), count], list.type);
  const start = substitute(first, loop, ir.index(list, at, element));
  const some = ir.macro('exists', list, [loop], [ir.not(ir.eq(first, ir.literal('')))], { kind: 'bool' });
  return ir.cond(
    some,
    ir.concat([start, ir.method('join', mapped({ ...fold, list: rest }, later), [], STRING)]),
    ir.literal(''),
  );
}

const textsOf = (node: Node): readonly Node[] => (node.kind === 'concat' ? node.args : [node]);

/**
 * The separator: the prefix by which the strings that a later iteration adds differ from those that the first iteration
 * adds. `undefined` when they differ in another way.
 */
function separator(added: readonly Node[], first: Node): Node | undefined {
  const own = textsOf(first);
  const before = added.slice(0, added.length - own.length);
  const after = added.slice(before.length);
  return before.length > 0 && after.every((part, at) => part === own[at]) ? ir.concat(before) : undefined;
}

const isNeverEmpty = (node: Node): boolean => textsOf(node).some((part) => part.kind === 'lit' && part.value !== '');

/**
 * The node, where each conditional that tests the accumulator is replaced by one of its branches: by the branch for an
 * empty accumulator if `empty` is true, and by the other branch if not.
 */
function whereEmpty(node: Node, accumulator: Variable, empty: boolean): Node {
  if (node.kind === 'concat') return ir.concat(node.args.map((part) => whereEmpty(part, accumulator, empty)));
  if (node.kind !== 'cond') return node;
  const [test, then, otherwise] = node.args;
  const tested = emptiness(test, accumulator);
  if (tested === undefined) return node;
  return whereEmpty(tested === empty ? then : otherwise, accumulator, empty);
}

/**
 * Is the test true exactly when the accumulator is empty (`true`), or exactly when it is not (`false`)? Undefined for
 * other tests.
 */
function emptiness(test: Node, accumulator: Variable): boolean | undefined {
  const [inner] = test.args;
  if (test.kind === 'not' && inner !== undefined) {
    const found = emptiness(inner, accumulator);
    return found === undefined ? undefined : !found;
  }
  const own = ir.variable(accumulator, STRING);
  const length = ir.size(own, INTEGER);
  if (test === ir.eq(own, ir.literal('')) || test === ir.eq(length, ir.literal(0))) return true;
  return test === ir.compare('gt', length, ir.literal(0)) ? false : undefined;
}
