import type { Node, Variable } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import type { Trace } from '../trace/trace.ts';

/** One of the nodes that the definition has for one resource of the composition. Each node has its own conditions. */
export interface Variant {
  readonly record: ResourceRecord;
  /** The conditions of the node, in an order that allows their evaluation. */
  readonly exists: readonly Node[];
  /** The ids of the resources that are excluded where the node exists. The id of the node may contain them. */
  readonly without: readonly string[];
}

/** A condition whose value is not known yet, and the nodes whose existence depends on the condition. */
export interface Open {
  readonly kind: 'open';
  readonly test: Node;
  readonly nodes: readonly Variable[];
}

/** Does a resource exist under the known conditions, and as which node? */
export type Existence = { readonly kind: 'included'; readonly variant: Variant } | { readonly kind: 'excluded' } | Open;

/** The next decision that is needed before a part of a resource can be written. */
export type Step =
  | (Open & { readonly of: Variable })
  | { readonly kind: 'excluded'; readonly of: Variable }
  | { readonly kind: 'chosen'; readonly of: Variable; readonly variant: Variant };

/** The decisions on the path to one form of a resource. */
export class Path {
  readonly record: ResourceRecord | undefined;
  /** The resources that are read on the path, and that may be excluded or consist of several nodes. */
  readonly optional: readonly Variable[];
  readonly trace: Trace;
  /** The node to read for a resource of several nodes. */
  readonly chosen = new Map<Variable, Variable>();

  constructor(record: ResourceRecord | undefined, optional: readonly Variable[], trace: Trace) {
    this.record = record;
    this.optional = optional;
    this.trace = trace;
  }

  choose(of: Variable, { record }: Variant): void {
    this.chosen.set(of, record.variable);
  }

  checkpoint(): number {
    return this.chosen.size;
  }

  rollback(checkpoint: number): void {
    for (const of of [...this.chosen.keys()].slice(checkpoint)) this.chosen.delete(of);
  }
}
