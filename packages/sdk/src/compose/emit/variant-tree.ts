import { and, literal, not, or, variable } from '../ir/build.ts';
import { type Node, isLiteral, Variable, substitute } from '../ir/node.ts';
import type { LoopRecord, ResourceRecord } from '../trace/records.ts';
import { wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { conditionNode } from './condition-node.ts';
import { withoutMissing } from './with-dependencies.ts';
import { specialiseValue, visitWrittenNodes } from '../value/specialise.ts';

/** The parts of a resource that are written into the graph. */
export interface Content {
  readonly includeWhen: readonly Node[];
  readonly loops: readonly LoopRecord[];
  /** Conditions on the elements of the loops. */
  readonly filters: readonly Node[];
  readonly body: { readonly manifest: Record<string, unknown>; readonly readyWhen: readonly unknown[] };
}

/**
 * A decision tree whose leaves are the forms of a resource. The decisions have the order in which they may be
 * evaluated.
 */
export type Tree =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'guard'; readonly guard: Node; readonly rest: Tree }
  | {
      readonly kind: 'test';
      readonly test: Node;
      /**
       * Does kro itself exclude the node when the test fails, because every form reads a node that is then excluded?
       */
      readonly inherited: boolean;
      readonly yes: Tree | undefined;
      readonly no: Tree | undefined;
    };

/** A set of nodes of the graph. */
export type NodeSet = ReadonlySet<Variable>;

/** One form of a resource: its content on one path of the tree, and the nodes that this content reads. */
export interface Leaf {
  readonly content: Content;
  readonly reads: ReadonlySet<Variable>;
  /**
   * The ids of the resources that are excluded where this form applies. The form's own id may name these resources:
   * `webWithoutDb`.
   */
  readonly without: ReadonlySet<string>;
}

/** Are the two sets equal? */
export const sameNames = (a: NodeSet, b: NodeSet): boolean => a.size === b.size && [...a].every((of) => b.has(of));

/** Visits every expression of a content. */
export function eachNode({ includeWhen, loops, filters, body }: Content, visit: (node: Node) => void): void {
  includeWhen.forEach(visit);
  for (const { list } of loops) visit(list);
  filters.forEach(visit);
  visitWrittenNodes(body.manifest, visit);
  visitWrittenNodes(body.readyWhen, visit);
}

/** The forms at the ends of a tree, those on the true side of a condition first. */
export function leavesOf(tree: Tree | undefined): Leaf[] {
  if (tree === undefined) return [];
  if (tree.kind === 'leaf') return [tree.leaf];
  return tree.kind === 'guard' ? leavesOf(tree.rest) : [...leavesOf(tree.yes), ...leavesOf(tree.no)];
}

/**
 * The condition under which a tree ends in one of the chosen leaves. With `inherited`, the result also has the tests
 * after whose failure kro itself excludes the node.
 */
export function formula(tree: Tree | undefined, is: (leaf: Leaf) => boolean, inherited: boolean): Node {
  if (tree === undefined) return literal(false);
  if (tree.kind === 'leaf') return literal(is(tree.leaf));
  if (tree.kind === 'guard') return and(tree.guard, formula(tree.rest, is, inherited));
  const yes = formula(tree.yes, is, inherited);
  if (tree.inherited && !inherited) return yes;
  const { test } = tree;
  const no = formula(tree.no, is, inherited);
  // The shorter forms of (test && yes) || (!test && no).
  if (isLiteral(yes, true)) return or(test, no);
  if (isLiteral(no, true)) return or(not(test), yes);
  return or(and(test, yes), and(not(test), no));
}

/** The `ResourceRecord` of a resource that has only one form. Its manifest has the annotations for `dependsOn`. */
export function withManifestOf(record: ResourceRecord, { body }: Content): ResourceRecord {
  if (record.dependsOn.length === 0) return record;
  return { ...record, manifest: withoutMissing(body.manifest), dependsOn: [] };
}

/**
 * The `ResourceRecord` of one form. With `only`, the resource has no other form, and the record keeps the variable that
 * other resources read.
 */
export function variantRecord(
  base: ResourceRecord,
  { includeWhen, loops, filters, body }: Content,
  guards: readonly Node[],
  id: string,
  only: boolean,
): ResourceRecord {
  const own = only ? base.variable : new Variable(id, 'resource');
  const itself = variable(own, base.type);
  return {
    ...base,
    id,
    variable: own,
    guards: [...guards, ...filters],
    loops,
    manifest: withoutMissing(body.manifest),
    includeWhen: includeWhen.map((node) => wrap(new Sym(node))),
    readyWhen: only
      ? [...body.readyWhen]
      : body.readyWhen.map((value) => specialiseValue(value, (node) => substitute(node, base.variable, itself))),
    propagateWhen: only
      ? base.propagateWhen
      : base.propagateWhen.map((given) =>
          wrap(new Sym(substitute(conditionNode(given, 'withPropagateWhen'), base.variable, itself))),
        ),
    dependsOn: [],
  };
}
