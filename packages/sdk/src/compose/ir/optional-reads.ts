import { getOrInsert } from '@typekro/kit/core';
import { compare, conjuncts, has, isIn, isLiteralNumber, literal, optIndex, optSelect, size } from './build.ts';
import { type Node, makeNode, withArgs } from './node.ts';
import { INTEGER } from './types.ts';

/**
 * In a lowered expression (one whose operations and types are CEL's), replaces the tests for members, together with the
 * reads of these members, by optional reads: `has(a.b) && has(a.b.c) ? a.b.c : x` becomes `a.?b.?c.orValue(x)`, and for
 * booleans `has(a.b) && a.b` becomes `a.?b.orValue(false)`. Both forms test the presence of the same members, so that a
 * null member is null in both, and errors are the same.
 *
 * This is the last step of `a?.b ?? 'x'`: `interp/optional-chain.ts` makes the test and the read of `a?.b`,
 * `interp/logical-operators.ts` makes the choice of `??`, and `emit/expression-writer.ts` calls this function before it prints
 * the CEL.
 */
export function withOptionalReads(root: Node): Node {
  const done = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    return getOrInsert(done, node, () => {
      const args = node.args.map(visit);
      const same = args.every((arg, position) => arg === node.args[position]);
      const inner = same ? node : withArgs(node, args);
      return optionalRead(inner) ?? inner;
    });
  };
  return visit(root);
}

/** Rewrites a value with a fallback to its form with `orValue`; `undefined` for other expressions. */
function optionalRead(node: Node): Node | undefined {
  const choice = choiceOf(node);
  if (choice === undefined) return undefined;
  const tests = new Set(choice.tests);
  const optional = optionalOf(choice.value, tests);
  // If a test is not about a member of the value, it has another meaning. The expression is then not rewritten.
  if (optional === undefined || tests.size > 0) return undefined;
  return makeNode({ kind: 'orvalue', args: [optional, choice.otherwise], type: node.type });
}

interface Choice {
  readonly tests: readonly Node[];
  /** The value of the expression when all tests are true. */
  readonly value: Node;
  readonly otherwise: Node;
}

function choiceOf(node: Node): Choice | undefined {
  switch (node.kind) {
    case 'cond': {
      const [test, value, otherwise] = node.args;
      return { tests: conjuncts(test), value, otherwise };
    }
    case 'and': {
      const parts = conjuncts(node);
      const value = parts[parts.length - 1];
      if (value?.type.kind !== 'bool') return undefined;
      return { tests: parts.slice(0, -1), value, otherwise: literal(false) };
    }
    case 'or': {
      const [absent, value] = node.args;
      if (absent.kind !== 'not' || value.type.kind !== 'bool') return undefined;
      return { tests: conjuncts(absent.args[0]), value, otherwise: literal(true) };
    }
    default:
      return undefined;
  }
}

/**
 * Makes the tested members at the end of a path optional reads, and removes their tests from `tests`. Returns
 * `undefined` when the last member is not tested.
 */
function optionalOf(path: Node, tests: Set<Node>): Node | undefined {
  if (path.kind === 'select') {
    const [object] = path.args;
    if (!tests.delete(has(object, path.field))) return undefined;
    return optSelect(optionalOf(object, tests) ?? object, path.field, path.type);
  }
  if (path.kind !== 'index') return undefined;
  const [object, key] = path.args;
  const test = object.type.kind === 'map' ? isIn(key, object) : isLonger(object, key);
  if (test === undefined || !tests.delete(test)) return undefined;
  return optIndex(optionalOf(object, tests) ?? object, key, path.type);
}

/** The test that a list has a position; undefined when the position is not a literal of at least 0. */
function isLonger(list: Node, position: Node): Node | undefined {
  const isPosition = isLiteralNumber(position) && position.value >= 0;
  return list.type.kind === 'list' && isPosition ? compare('gt', size(list, INTEGER), position) : undefined;
}
