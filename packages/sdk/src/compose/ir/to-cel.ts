import { getOrInsert } from '@typekro/kit/core';
import { type Expr, syntax, unparse } from '@typekro/cel';
import { literalEntries, NOT_A_FIELD } from './build.ts';
import { treeOf } from './handwritten.ts';
import type { FieldAccess, Kind, LiteralNode, MacroNode, Node, Variable } from './node.ts';
import { VariableNames } from './variable-names.ts';

/** The names that cel-go's syntax tree has for operators. */
const OPERATORS: Partial<Record<Kind, string>> = {
  eq: '_==_',
  lt: '_<_',
  le: '_<=_',
  gt: '_>_',
  ge: '_>=_',
  in: '@in',
  add: '_+_',
  sub: '_-_',
  mul: '_*_',
  div: '_/_',
  mod: '_%_',
  index: '_[_]',
  optindex: '_[?_]',
  cond: '_?_:_',
  neg: '-_',
};

/**
 * The text of an expression that {@link Lowering} has lowered. Before that, `optional-reads.ts` has rewritten the tests
 * for members, such as the test in `a?.b ?? 'x'`. {@link VariableNames} describes `ids` and `fixed`.
 */
export function celText(
  node: Node,
  ids: ReadonlySet<string> = new Set(),
  fixed: ReadonlyMap<Variable, string> = new Map(),
): string {
  return unparse(new CelTree(new VariableNames(ids, fixed)).of(node));
}

/** Quotes a string as a CEL literal. */
export const quoteCel = (text: string): string => unparse(syntax.literal('string', text));

/** Makes the syntax trees of lowered expressions. A node that occurs several times has one tree. */
class CelTree {
  readonly #names: VariableNames;
  readonly #trees = new Map<Node, Expr>();

  constructor(names: VariableNames) {
    this.#names = names;
  }

  of(node: Node): Expr {
    return getOrInsert(this.#trees, node, () => this.#convert(node));
  }

  #all(nodes: readonly Node[]): readonly Expr[] {
    return nodes.map((node) => this.of(node));
  }

  #convert(node: Node): Expr {
    switch (node.kind) {
      case 'lit':
        return literalOf(node);
      case 'var':
        return syntax.ident(this.#names.of(node.variable));
      case 'select':
      case 'optselect':
      case 'has':
        return this.#field(node);
      case 'call':
        return syntax.call(node.name, this.#all(node.args));
      case 'method': {
        const [target, ...args] = node.args;
        return syntax.member(node.name, this.of(target), this.#all(args));
      }
      case 'orvalue':
        return syntax.member('orValue', this.of(node.args[0]), [this.of(node.args[1])]);
      case 'macro':
        return this.#macro(node);
      case 'and':
      case 'or': {
        const [first, ...others] = termsOf(node, node.kind);
        return syntax.chain(node.kind === 'and' ? '_&&_' : '_||_', [this.of(first), ...this.#all(others)]);
      }
      case 'not': {
        const [of] = node.args;
        return of.kind === 'eq' ? syntax.call('_!=_', this.#all(of.args)) : syntax.call('!_', [this.of(of)]);
      }
      case 'concat':
      case 'append':
        return this.#all(node.args).reduce((left, right) => syntax.call('_+_', [left, right]));
      case 'list':
        return syntax.list(this.#all(node.args));
      case 'object':
        return syntax.map(
          literalEntries(node).map(({ key, value, optional }) => {
            return { key: this.of(key), value: this.of(value), optional: optional === true };
          }),
        );
      case 'raw': {
        const tree = treeOf(node, this.#all(node.args));
        // A hand-written text that is not CEL stays as it is. The check of the definition then reports its place.
        return tree ?? syntax.ident(node.pieces.join(''));
      }
      case 'dyn':
        return syntax.call('dyn', [this.of(node.args[0])]);
      default:
        return this.#operator(node);
    }
  }

  #operator(node: Node): Expr {
    const name = OPERATORS[node.kind];
    if (name === undefined) throw new Error(`an expression of kind ${node.kind} is not lowered`);
    return syntax.call(name, this.#all(node.args));
  }

  /** A read of a field. A name that is not allowed after a dot is looked up as a key. */
  #field({ kind, args: [of], field }: FieldAccess): Expr {
    const object = this.of(of);
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(field) && !NOT_A_FIELD.has(field))
      return syntax.select(object, field, { optional: kind === 'optselect', test: kind === 'has' });
    const key = syntax.literal('string', field);
    if (kind === 'has') return syntax.call('@in', [key, object]);
    return syntax.call(kind === 'optselect' ? '_[?_]' : '_[_]', [object, key]);
  }

  #macro(node: MacroNode): Expr {
    const [target, ...bodies] = node.args;
    // Outer variables get their names before inner ones.
    const names = node.vars.map((variable) => syntax.ident(this.#names.of(variable)));
    const inner = this.#all(bodies);
    const targetCel = this.of(target);
    if (node.name === 'bind') return syntax.member('bind', syntax.ident('cel'), [...names, targetCel, ...inner]);
    return syntax.member(node.name, targetCel, [...names, ...inner]);
  }
}

/** The terms of a chain of one logical operator, also when the chain is nested. */
function termsOf(node: Node, operator: 'and' | 'or'): readonly [Node, ...Node[]] {
  if (node.kind !== operator) return [node];
  const [left, right] = node.args;
  return [...termsOf(left, operator), ...termsOf(right, operator)];
}

function literalOf({ value, type }: LiteralNode): Expr {
  if (type.kind === 'number') {
    const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
    if (isWhole && type.number.state !== 'double') return syntax.literal('int', BigInt(value));
    return syntax.literal('double', Number(value));
  }
  if (typeof value === 'string') return syntax.literal('string', value);
  if (typeof value === 'boolean') return syntax.literal('bool', value);
  return value === null ? syntax.literal('null', null) : syntax.literal('int', BigInt(value));
}
