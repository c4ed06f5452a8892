import type { Node, Variable } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import type { Trace } from '../trace/trace.ts';

/** One of several nodes that stand for one resource, each under a condition of its own. */
export interface Variant {
  readonly record: ResourceRecord;
  /** What holds wherever the node is part of an instance, in the order in which it may be evaluated. */
  readonly exists: readonly Node[];
  /** What distinguishes it in ids: the resources that it does without. */
  readonly without: readonly string[];
}

/** A condition that is neither known to hold nor known to fail, and the nodes that exist by it. */
export interface Open {
  readonly kind: 'open';
  readonly test: Node;
  readonly nodes: readonly Variable[];
}

/** Is a resource there under what is known, and as which node? */
export type Look = { readonly kind: 'there'; readonly variant: Variant } | { readonly kind: 'excluded' } | Open;

/** What to settle next before a part can be written. */
export type Step =
  | (Open & { readonly of: Variable })
  | { readonly kind: 'excluded'; readonly of: Variable }
  | { readonly kind: 'chosen'; readonly of: Variable; readonly variant: Variant };

/** What is known on the way to one form of a resource. */
export class Path {
  readonly record: ResourceRecord | undefined;
  /** Resources among the reads that may be excluded, or that are several nodes. */
  readonly optional: readonly Variable[];
  readonly trace: Trace;
  /** The node that is read for a resource that is several. */
  readonly chosen = new Map<Variable, Variable>();

  constructor(record: ResourceRecord | undefined, optional: readonly Variable[], trace: Trace) {
    this.record = record;
    this.optional = optional;
    this.trace = trace;
  }

  choose(of: Variable, { record }: Variant): void {
    this.chosen.set(of, record.variable);
  }

  mark(): number {
    return this.chosen.size;
  }

  rollback(mark: number): void {
    for (const of of [...this.chosen.keys()].slice(mark)) this.chosen.delete(of);
  }
}
