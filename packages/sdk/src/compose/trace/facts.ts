import { and, eq, isLiteralNumber, literal, not, or } from '../ir/build.ts';
import { type Kind, type LiteralNode, type Node, isLiteral } from '../ir/node.ts';

/** The bounds between which a whole number is known to be. */
interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

const COMPARISONS: ReadonlySet<Kind> = new Set(['eq', 'gt', 'ge', 'lt', 'le']);

/** The range that follows from a comparison with a number. `holds` is the result of the comparison. */
function narrowed({ minimum, maximum }: Range, op: Kind, number: number, holds: boolean): Range {
  const atLeast = (bound: number): Range => ({ minimum: Math.max(minimum, bound), maximum });
  const atMost = (bound: number): Range => ({ minimum, maximum: Math.min(maximum, bound) });
  switch (op) {
    case 'gt':
      return holds ? atLeast(number + 1) : atMost(number);
    case 'ge':
      return holds ? atLeast(number) : atMost(number - 1);
    case 'lt':
      return holds ? atMost(number - 1) : atLeast(number);
    case 'le':
      return holds ? atMost(number) : atLeast(number + 1);
    case 'eq':
      if (holds) return { minimum: number, maximum: number };
      return number === minimum ? atLeast(number + 1) : { minimum, maximum };
    default:
      return { minimum, maximum };
  }
}

/** The result of a comparison with a number. Undefined when the result is not the same for all numbers of the range. */
function decided({ minimum, maximum }: Range, op: Kind, number: number): boolean | undefined {
  const both = (always: boolean, never: boolean) => (always ? true : never ? false : undefined);
  switch (op) {
    case 'gt':
      return both(minimum > number, maximum <= number);
    case 'ge':
      return both(minimum >= number, maximum < number);
    case 'lt':
      return both(maximum < number, minimum >= number);
    case 'le':
      return both(maximum <= number, minimum > number);
    case 'eq':
      return both(minimum === number && maximum === number, number < minimum || number > maximum);
    default:
      return undefined;
  }
}

/** The facts that hold on the current path. `rollback` removes the facts that were added since a checkpoint. */
export class Facts {
  private readonly known = new Map<Node, boolean>();
  /** Maps an expression to the literal that it is known to equal. */
  private readonly equal = new Map<Node, Node>();
  private readonly log: (() => void)[] = [];
  /** Known disjunctions and conditionals. Additional facts follow from them once a part of them is known. */
  private readonly clauses: { readonly node: Node; readonly holds: boolean }[] = [];
  /** Maps a condition to the fact that follows from it. */
  private readonly implied = new Map<Node, Node>();

  /** A checkpoint of the current state, for `rollback`. */
  checkpoint(): number {
    return this.log.length;
  }

  /** Removes the facts that were added since the checkpoint. */
  rollback(checkpoint: number): void {
    while (this.log.length > checkpoint) this.log.pop()?.();
  }

  /** Runs `work` with additional facts. Removes the facts afterwards, also when `work` fails. */
  assuming<T>(conditions: readonly Node[], work: () => T): T {
    const checkpoint = this.checkpoint();
    try {
      for (const condition of conditions) this.assume(condition);
      return work();
    } finally {
      this.rollback(checkpoint);
    }
  }

  /** Records that a condition implies a fact. */
  imply(condition: Node, fact: Node): void {
    this.implied.set(condition, fact);
  }

  /** Adds a condition, and the facts that follow from it. */
  assume(condition: Node): void {
    const learn = (node: Node, value: boolean): void => {
      if (node.kind === 'not') return learn(node.args[0], !value);
      if (node.kind === 'lit' || this.known.has(node)) return;
      if ((node.kind === 'and' && value) || (node.kind === 'or' && !value))
        for (const arg of node.args) learn(arg, value);
      this.known.set(node, value);
      this.log.push(() => this.known.delete(node));
      if (node.kind === (value ? 'or' : 'and') || node.kind === 'cond') {
        this.clauses.push({ node, holds: value });
        this.log.push(() => this.clauses.pop());
      }
      const follows = value ? this.implied.get(node) : undefined;
      if (follows !== undefined) learn(follows, true);
      const [left, right] = node.args;
      if (value && node.kind === 'eq' && right?.kind === 'lit' && left !== undefined && !this.equal.has(left)) {
        this.equal.set(left, right);
        this.log.push(() => this.equal.delete(left));
      }
    };
    learn(condition, true);
    for (let before = -1; before !== this.log.length;) {
      before = this.log.length;
      for (const [part, value] of this.remaining()) learn(part, value);
    }
  }

  /**
   * The facts that now follow from known disjunctions and conditionals: for example, the fact `b` from `a || b` and
   * `!a`.
   */
  private remaining(): (readonly [Node, boolean])[] {
    return this.clauses.flatMap(({ node, holds }): (readonly [Node, boolean])[] => {
      if (node.kind === 'cond') {
        const [test, a, b] = node.args;
        const known = this.simplify(test);
        return known.kind === 'lit' ? [[known.value === true ? a : b, holds]] : [];
      }
      const rest = node.args.map((arg) => this.simplify(arg)).reduce(node.kind === 'and' ? and : or);
      return rest.kind === 'lit' ? [] : [[rest, holds]];
    });
  }

  /** A condition without the parts that are known. */
  simplify(node: Node, done = new Map<Node, Node>()): Node {
    let simpler = done.get(node);
    if (simpler !== undefined) return simpler;
    simpler = this.withoutKnown(node, done);
    // The simplified condition may be known as a whole.
    if (simpler !== node && simpler.kind !== 'lit') simpler = this.simplify(simpler, done);
    done.set(node, simpler);
    return simpler;
  }

  private withoutKnown(node: Node, done: Map<Node, Node>): Node {
    const value = this.lookup(node);
    if (value !== undefined) return literal(value);
    if (node.kind === 'and') {
      const [left, right] = node.args;
      const a = this.simplify(left, done);
      return isLiteral(a, false) ? a : and(a, this.simplify(right, done));
    }
    if (node.kind === 'or') {
      const [left, right] = node.args;
      const a = this.simplify(left, done);
      return isLiteral(a, true) ? a : or(a, this.simplify(right, done));
    }
    if (node.kind === 'not') return not(this.simplify(node.args[0], done));
    return node;
  }

  /**
   * The value that remains when each outer conditional with a known test is replaced by the branch that the test
   * selects.
   */
  resolve(node: Node): Node {
    let current = node;
    while (current.kind === 'cond') {
      const known = current.type.kind === 'bool' ? this.lookup(current) : undefined;
      if (known !== undefined) return literal(known);
      const test = this.simplify(current.args[0]);
      // The test is not known. The conditional stays.
      if (test.kind !== 'lit') break;
      current = current.args[test.value === true ? 1 : 2];
    }
    return current.type.kind === 'bool' ? this.simplify(current) : current;
  }

  /**
   * The result of comparing a size with a number, if known comparisons of the size decide it: `length !== 0` implies
   * `length > 0`.
   */
  private sizeFact(node: Node): boolean | undefined {
    const [left, right] = node.args;
    if (left?.kind !== 'call' || left.name !== 'size' || !isInteger(right)) return undefined;
    if (!COMPARISONS.has(node.kind)) return undefined;
    let range: Range = { minimum: 0, maximum: Infinity };
    for (const [{ kind, args }, holds] of this.known) {
      const number = args[1];
      if (args[0] === left && isInteger(number)) range = narrowed(range, kind, number.value, holds);
    }
    return decided(range, node.kind, right.value);
  }

  private lookup(node: Node): boolean | undefined {
    if (node.kind === 'not') {
      const inner = this.lookup(node.args[0]);
      return inner === undefined ? undefined : !inner;
    }
    const direct = this.known.get(node);
    if (direct !== undefined) return direct;
    const size = this.sizeFact(node);
    if (size !== undefined) return size;
    if (node.kind === 'eq') {
      const known = this.equal.get(node.args[0]);
      const other = node.args[1];
      if (known !== undefined && other.kind === 'lit') return isLiteral(eq(known, other), true);
    }
    return undefined;
  }
}

/** Is the node an integer literal? */
const isInteger = (node: Node | undefined): node is LiteralNode & { readonly value: number } =>
  node !== undefined && isLiteralNumber(node) && Number.isInteger(node.value);
