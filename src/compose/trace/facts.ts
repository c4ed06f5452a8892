import { and, eq, literal, not, or } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { isLiteral } from '../ir/node.ts';

/** What is known to hold on the current path. Facts are taken back in the reverse order of their making, to a mark. */
export class Facts {
  private readonly known = new Map<Node, boolean>();
  /** Expressions known to equal a literal. */
  private readonly equal = new Map<Node, Node>();
  private readonly log: (() => void)[] = [];

  /** The present state, for `rollback`. */
  mark(): number {
    return this.log.length;
  }

  /** Forgets what was learnt since the mark. */
  rollback(mark: number): void {
    while (this.log.length > mark) this.log.pop()?.();
  }

  /** Adds a condition and what follows from it. */
  assume(condition: Node): void {
    const learn = (node: Node, value: boolean): void => {
      if (node.op === 'not') return learn(node.args[0] as Node, !value);
      if ((node.op === 'and' && value) || (node.op === 'or' && !value)) for (const arg of node.args) learn(arg, value);
      if (node.op === 'lit' || this.known.has(node)) return;
      this.known.set(node, value);
      this.log.push(() => this.known.delete(node));
      const [left, right] = node.args;
      if (value && node.op === 'eq' && right?.op === 'lit' && left !== undefined && !this.equal.has(left)) {
        this.equal.set(left, right);
        this.log.push(() => this.equal.delete(left));
      }
    };
    learn(condition, true);
  }

  /** A condition without the parts that are known. */
  simplify(node: Node): Node {
    const value = this.lookup(node);
    if (value !== undefined) return literal(value);
    const [left, right] = node.args as [Node, Node];
    if (node.op === 'and') {
      const a = this.simplify(left);
      return isLiteral(a, false) ? a : and(a, this.simplify(right));
    }
    if (node.op === 'or') {
      const a = this.simplify(left);
      return isLiteral(a, true) ? a : or(a, this.simplify(right));
    }
    if (node.op === 'not') return not(this.simplify(left));
    return node;
  }

  /** A value with the branches that are known taken. */
  resolve(node: Node): Node {
    let current = node;
    while (current.op === 'cond') {
      const test = this.simplify(current.args[0] as Node);
      if (test.op !== 'lit') return current;
      current = current.args[test.attr === true ? 1 : 2] as Node;
    }
    return current.type.kind === 'bool' ? this.simplify(current) : current;
  }

  private lookup(node: Node): boolean | undefined {
    if (node.op === 'not') {
      const inner = this.lookup(node.args[0] as Node);
      return inner === undefined ? undefined : !inner;
    }
    const direct = this.known.get(node);
    if (direct !== undefined) return direct;
    if (node.op === 'eq') {
      const known = this.equal.get(node.args[0] as Node);
      const other = node.args[1] as Node;
      if (known !== undefined && other.op === 'lit') return eq(known, other).attr as boolean;
    }
    return undefined;
  }
}
