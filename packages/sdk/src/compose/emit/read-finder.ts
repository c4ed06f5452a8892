import { type Node, type Variable, walk } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';

/** Resources that expressions read, in the order in which they are found. */
export interface Reads {
  readonly variables: ReadonlySet<Variable>;
  /** The subset of these resources that hand-written CEL names by id. */
  readonly byHand: ReadonlySet<Variable>;
}

/** Finds the resources that expressions read. */
export class ReadFinder {
  readonly #byVariable: ReadonlyMap<Variable, ResourceRecord>;
  readonly #byId: ReadonlyMap<string, ResourceRecord>;
  readonly #known = new Map<Node, Reads>();

  constructor(records: readonly ResourceRecord[]) {
    this.#byVariable = new Map(records.map((record) => [record.variable, record]));
    this.#byId = new Map(records.map((record) => [record.id, record]));
  }

  /**
   * The record of the author's resource that a variable denotes; undefined for the variables that `variants.ts` adds.
   */
  recordOf(variable: Variable): ResourceRecord | undefined {
    return this.#byVariable.get(variable);
  }

  /**
   * Returns the resources that several expressions read. `each` calls its callback once for each of these expressions.
   */
  all(each: (visit: (node: Node) => void) => void): Reads {
    const variables = new Set<Variable>();
    const byHand = new Set<Variable>();
    each((node) => {
      const reads = this.of(node);
      for (const variable of reads.variables) variables.add(variable);
      for (const variable of reads.byHand) byHand.add(variable);
    });
    return { variables, byHand };
  }

  of(node: Node): Reads {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const variables = new Set<Variable>();
    const byHand = new Set<Variable>();
    walk(node, (part) => {
      if (part.kind === 'var') {
        if (part.variable.role === 'resource') variables.add(part.variable);
      } else if (part.kind === 'raw') {
        for (const id of namesIn(part.pieces)) {
          const variable = this.#byId.get(id)?.variable;
          if (variable === undefined) continue;
          variables.add(variable);
          byHand.add(variable);
        }
      }
    });
    const found: Reads = { variables, byHand };
    this.#known.set(node, found);
    return found;
  }
}

/**
 * The identifiers in hand-written CEL that may be ids of resources: those outside string literals and not after a dot.
 */
function namesIn(pieces: readonly string[]): string[] {
  return pieces.flatMap((piece) => {
    const bare = piece.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""');
    return [...bare.matchAll(/(?<![\w.]|\.\?)[A-Za-z_]\w*/g)].map(([name]) => name);
  });
}
