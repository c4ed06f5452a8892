import { CHARACTERS } from '@typekro/kit/golang';
import { and, call, cond, conjuncts, eq, isLiteralNumber, literal, method, not, toText, TRUE } from './build.ts';

import { type Node, makeNode, rewrite } from './node.ts';
import { bindOnce, doubleLiteral } from './numeric.ts';
import { type StaticType, BOOL, FLOAT, INTEGER, NumberType, STRING } from './types.ts';

const DIGITS = '([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?';
const DECIMAL = `[+-]?(Infinity|${DIGITS})`;
const BASED = '0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+';
const NOT_BLANK = `[^${CHARACTERS.space}]`;
const begin = (inner: string): string => `^[${CHARACTERS.space}]*${inner}`;
const whole = (inner: string): string => `${begin(inner)}[${CHARACTERS.space}]*$`;

/** Matches strings that `Number()` converts to a number. */
const NUMERIC = whole(`(${DECIMAL}|${BASED})?`);
/** Strings that begin with an integer, as `parseInt()` reads them: with base 10, and without a base. */
const INTEGERS = {
  ten: { valid: begin('[+-]?[0-9]'), digits: begin('[+-]?[0-9]+') },
  any: {
    valid: begin('[+-]?(0[xX][0-9a-fA-F]|0([^xX]|$)|[1-9])'),
    // CEL cannot parse a prefix such as `0x`. Therefore a string with such a prefix has no value.
    digits: begin('[+-]?(0[xX][0-9a-fA-F]*|[0-9]+)'),
  },
} as const;

const matches = (text: Node, pattern: string): Node => method('matches', text, [literal(pattern)], BOOL);
const find = (text: Node, pattern: string): Node => method('find', text, [literal(pattern)], STRING);
const bare = (text: Node): Node => find(text, `${NOT_BLANK}+`);

/**
 * `Number(text)`: a number that becomes an integer if an integer is required, and a double otherwise. A string that is
 * not a number has no value in the graph.
 */
export function parseNumber(text: Node): Node {
  return makeNode({
    kind: 'parsenumber',
    args: [text],
    as: undefined,
    type: { kind: 'number', number: new NumberType('open') },
  });
}

/** `parseInt(value)` of a string or a number. */
export function parseInteger(value: Node, base: 'ten' | 'any', type: StaticType): Node {
  return makeNode({ kind: 'parseint', args: [value], base, type });
}

/** `parseFloat(text)`. */
export function parseDecimal(text: Node): Node {
  return makeNode({ kind: 'parsefloat', args: [text], type: FLOAT });
}

/**
 * The CEL of {@link parseNumber}. A string that Go parses as a number, but JavaScript does not, is an error. A blank
 * string is 0.
 */
export function lowerNumber(text: Node, integer: boolean): Node {
  const name = integer ? 'int' : 'double';
  const type = integer ? INTEGER : FLOAT;
  if (text.type.kind !== 'string') return call(name, [text], type);
  const zero = integer ? literal(0) : doubleLiteral(0);
  return bindOnce(text, 't', STRING, (t) =>
    cond(matches(t, NOT_BLANK), call(name, [bare(find(t, whole(integer ? '[+-]?[0-9]+' : DECIMAL)))], type), zero),
  );
}

/** The CEL of {@link parseInteger} of a string. */
export function lowerInteger(text: Node, { base, type }: Extract<Node, { kind: 'parseint' }>): Node {
  return call(type === INTEGER ? 'int' : 'double', [bare(find(text, INTEGERS[base].digits))], type);
}

/** The CEL of {@link parseDecimal}. */
export function lowerDecimal(text: Node): Node {
  return call('double', [bare(find(text, begin(DECIMAL)))], FLOAT);
}

/**
 * The condition under which an expression is not NaN; `undefined` when the expression is never NaN. NaN can come from a
 * parsed string, from 0 / 0, and from a remainder by 0.
 */
export function numberTest(root: Node, quotients = true): Node | undefined {
  const done = new Map<Node, Node | undefined>();
  const all = (nodes: readonly (Node | undefined)[]): Node | undefined => {
    const tests = nodes.filter((node) => node !== undefined);
    return tests.length === 0 ? undefined : tests.reduce(and);
  };
  const visit = (node: Node): Node | undefined => {
    if (done.has(node)) return done.get(node);
    const test = testOf(node);
    done.set(node, test);
    return test;
  };
  const testOf = (node: Node): Node | undefined => {
    switch (node.kind) {
      case 'parsenumber': {
        const [text] = node.args;
        return text.type.kind === 'string' ? matches(text, NUMERIC) : undefined;
      }
      case 'parseint': {
        const [value] = node.args;
        return value.type.kind === 'string' ? matches(value, INTEGERS[node.base].valid) : visit(value);
      }
      case 'parsefloat':
        return matches(node.args[0], begin(DECIMAL));
      case 'div': {
        const [a, b] = node.args;
        const own = makeNode({ kind: 'isnumber', args: [asDoubles(node)], type: BOOL });
        return all([visit(a), visit(b), quotients && !isNonZero(b) ? own : undefined]);
      }
      case 'mod': {
        const [a, b] = node.args;
        return all([visit(a), visit(b), quotients && !isNonZero(b) ? not(eq(b, literal(0))) : undefined]);
      }
      case 'add':
      case 'sub':
      case 'mul':
      case 'neg':
      case 'floor':
      case 'ceil':
      case 'round':
      case 'trunc':
      case 'pow':
        return all(node.args.map(visit));
      case 'cond': {
        const [test, a, b] = node.args;
        const [then, otherwise] = [visit(a), visit(b)];
        if (then === undefined && otherwise === undefined) return undefined;
        return cond(test, then ?? TRUE(), otherwise ?? TRUE());
      }
      default:
        return undefined;
    }
  };
  return visit(root);
}

const isNonZero = (node: Node): boolean => isLiteralNumber(node) && node.value !== 0;

/** May the expression divide by zero? The result of such a division is NaN or infinite. */
export function mayBeQuotient(root: Node): boolean {
  let found = false;
  rewrite(root, (node) => {
    if (node.kind === 'div' && !isNonZero(node.args[1])) found = true;
    return undefined;
  });
  return found;
}

/** The expression with strings parsed as doubles, also where the number is compared with an integer: `"5.5" > 5`. */
export function asDoubles(root: Node): Node {
  return rewrite(root, (node) =>
    node.kind === 'parsenumber' && node.as === undefined
      ? makeNode({ kind: 'parsenumber', args: node.args, as: 'double', type: FLOAT })
      : undefined,
  );
}

/** `String(value)` of a number, including NaN. `known` are conditions that are true here. */
export function numberText(node: Node, known: readonly Node[] = []): Node {
  if (node.kind === 'cond') {
    const [test, a, b] = node.args;
    return cond(test, numberText(a, [...known, ...conjuncts(test)]), numberText(b, known));
  }
  const test = numberTest(node, false);
  if (test === undefined || conjuncts(test).every((part) => known.includes(part))) return toText(node);
  return cond(test, toText(asDoubles(node)), literal('NaN'));
}
