import { allOf, cond, conjuncts, not, or } from '../ir/build.ts';
import { type Node, type Variable, isLiteral, mentions } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { Refusal } from '../refusal/refusal.ts';
import type { Trace } from '../trace/trace.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { conditionNode } from './condition-node.ts';
import { withDependencies } from './with-dependencies.ts';
import { elementFields } from './element-fields.ts';
import { type Reads, ReadFinder } from './read-finder.ts';
import { openTest, sameValue, specialiseNode, specialiseValue, visitWrittenNodes } from '../value/specialise.ts';
import { type Existence, type Open, type Step, type Variant, Path } from './variant-path.ts';
import { refuseByHand, refuseExcludedCollection, refuseManyVariants } from './variant-refusals.ts';
import { eachNode, formula, leavesOf, sameNames, variantRecord, withManifestOf } from './variant-tree.ts';
import type { Content, Leaf, NodeSet, Tree } from './variant-tree.ts';
import { pascalCase } from '@typekro/kit/core';

/** The maximum number of variants of one object. Each variant is a node of the graph. */
const MAX_VARIANTS = 8;
/**
 * The maximum number of conditions that the search for the variants of one resource decides. Each decision divides the
 * search into two paths, for true and for false. Many paths end in the same variant, so this number exceeds
 * `MAX_VARIANTS`.
 */
const MAX_PATHS = 256;

/**
 * The maximum length of an id. An id is the value of a label, which has at most 63 characters. Two of them are reserved
 * for a number.
 */
const MAX_ID_LENGTH = 61;

/** The nodes of a graph, and the resources from which they were made. */
export interface Variants {
  /** One record for each node of the graph. */
  readonly records: readonly ResourceRecord[];
  /** Maps the id of each additional node of a resource to the id that the author knows. */
  readonly baseIds: ReadonlyMap<string, string>;
  /** Rewrites a status expression: a read of a resource with several nodes becomes a read of its included node. */
  readonly expand: (node: Node) => Node;
}

/**
 * Splits resources that must exist whether or not another resource exists.
 *
 * If node A reads node B, and kro excludes B, it also excludes A, even if the expressions of A would have a value. In
 * one node, a conditional such as `svc ? svc.spec.clusterIP : 'none'` would exclude the whole object whenever the
 * Service `svc` is excluded. The resource therefore becomes several nodes of one object, under conditions that exclude
 * each other. The expressions of each node are simplified for its condition. They read only nodes that are included
 * under this condition. If every variant of a resource would read the other resource, the resource stays one node, and
 * is excluded with the other resource.
 */
export function splitVariants(all: readonly ResourceRecord[], refusals: Refusal[]): Variants {
  const splitter = new Splitter(all, refusals);
  const records: ResourceRecord[] = [];
  const baseIds = new Map<string, string>();
  for (const base of all) {
    for (const { record } of splitter.variantsOf(base)) {
      records.push(record);
      if (record.id !== base.id) baseIds.set(record.id, base.id);
    }
  }
  return { records, baseIds, expand: (node) => splitter.expand(node) };
}

class Splitter {
  readonly #all: readonly ResourceRecord[];
  readonly #refusals: Refusal[];
  readonly #trace: Trace = activeTrace();
  readonly #finder: ReadFinder;
  readonly #done = new Map<ResourceRecord, readonly Variant[]>();
  readonly #variantByVariable = new Map<Variable, Variant>();
  readonly #taken: Set<string>;
  readonly #conditional: boolean;
  /**
   * Maps a collection to the excluded resource that the elements of the collection read. kro excludes the whole
   * collection; in JavaScript the list is empty.
   */
  readonly #excludedByCollection = new Map<ResourceRecord, Variable>();
  /**
   * The resources that are being split. Each resource reads the next one: in its template, a condition, a list of a
   * loop or `dependsOn`.
   */
  readonly #open: ResourceRecord[] = [];
  /** Resources on a cycle of reads. */
  readonly #circular = new Set<ResourceRecord>();
  #paths = 0;

  constructor(all: readonly ResourceRecord[], refusals: Refusal[]) {
    this.#all = all;
    this.#refusals = refusals;
    this.#finder = new ReadFinder(all);
    this.#taken = new Set(all.map(({ id }) => id));
    this.#conditional = all.some(({ guards, includeWhen }) => guards.length > 0 || includeWhen.length > 0);
  }

  /** The nodes of a resource; one node when the resource need not be split. */
  variantsOf(record: ResourceRecord): readonly Variant[] {
    const open = this.#open.indexOf(record);
    if (open >= 0) for (const each of this.#open.slice(open)) this.#circular.add(each);
    const known = this.#done.get(record);
    if (known !== undefined) return known;
    // While the resource is being split, this method returns it as one node.
    this.#done.set(record, [{ record, exists: [], without: [] }]);
    if (!this.#conditional && record.dependsOn.length === 0) return this.#done.get(record) as readonly Variant[];
    let variants: readonly Variant[];
    this.#open.push(record);
    try {
      variants = this.#split(record);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      error.site ??= record.site;
      this.#refusals.push(error);
      variants = [{ record, exists: [], without: [] }];
    } finally {
      this.#open.pop();
    }
    this.#done.set(record, variants);
    for (const variant of variants) this.#variantByVariable.set(variant.record.variable, variant);
    return variants;
  }

  #split(record: ResourceRecord): readonly Variant[] {
    const own = this.#withOwnElements(record);
    const inLoop = (node: Node) => own.loops.some((loop) => mentions(node, (of) => of === loop.variable));
    const guards = own.guards.filter((guard) => !inLoop(guard));
    const content: Content = {
      includeWhen: own.includeWhen.map((condition) => conditionNode(condition, 'withIncludeWhen')),
      loops: own.loops,
      filters: own.guards.filter(inLoop),
      body: {
        manifest: withDependencies(own, this.#all, (other) => allOf(this.#existenceOf(other))),
        readyWhen: own.readyWhen.map((each) => wrap(new Sym(conditionNode(each, 'withReadyWhen')))),
      },
    };
    const read = this.#finder.all((visit) => {
      guards.forEach(visit);
      eachNode(content, visit);
    });
    const optional = [...read.variables].filter((of) => this.#isOptional(of));
    read.variables.forEach((of) => this.#refuseEmptyCollection(of, record));
    if (optional.length === 0 || this.#circular.has(record)) {
      // The resource reads nothing that may be missing, or is on a cycle. A resource on a cycle is not split, because
      // the compiler reports the cycle.
      const alone = withManifestOf(record, content);
      return [{ record: alone, exists: [...guards, ...content.includeWhen], without: [] }];
    }
    this.#paths = 0;
    const path = new Path(record, optional, this.#trace);
    const tree = this.#explore(path, guards, content);
    return tree === undefined
      ? [{ record, exists: [...guards, ...content.includeWhen], without: [] }]
      : this.#variants(record, own, tree, optional);
  }

  /**
   * Replaces reads of resources of the same iteration by values of their templates. These values may read optional
   * resources.
   */
  #withOwnElements(record: ResourceRecord): ResourceRecord {
    if (record.loops.length === 0) return record;
    const change = (node: Node) => elementFields(node, this.#all, record);
    return {
      ...record,
      guards: record.guards.map(change),
      loops: record.loops.map((loop) => ({ ...loop, list: change(loop.list) })),
      manifest: specialiseValue(record.manifest, change) as Record<string, unknown>,
    };
  }

  #recordOf(of: Variable): ResourceRecord | undefined {
    return this.#finder.recordOf(of);
  }

  /** Can the resource be excluded, or does it have several nodes? */
  #isOptional(of: Variable): boolean {
    const record = this.#recordOf(of);
    if (record === undefined) return false;
    const [first, ...others] = this.variantsOf(record);
    return others.length > 0 || (first !== undefined && first.exists.length > 0);
  }

  /** The conditions under which at least one node of a resource is included. */
  #existenceOf(record: ResourceRecord): readonly Node[] {
    const variants = this.variantsOf(record);
    if (variants.length === 1) return (variants[0] as Variant).exists;
    return [variants.map(({ exists }) => allOf(exists)).reduce(or)];
  }

  /**
   * Builds the tree of conditions that select the variants of a resource: first for its guards, then for its content.
   * Undefined if the resource is excluded on this path.
   */
  #explore(path: Path, guards: readonly Node[], content: Content): Tree | undefined {
    const { trace } = path;
    const [guard, ...rest] = guards;
    if (guard !== undefined) {
      return this.#settle(path, guard, (known) => {
        const test = known as Node;
        if (isLiteral(test, false)) return undefined;
        if (isLiteral(test, true)) return this.#explore(path, rest, content);
        const tree = trace.facts.assuming([test], () => this.#explore(path, rest, content));
        return tree === undefined ? undefined : { kind: 'guard', guard: test, rest: tree };
      });
    }
    return this.#settle(path, content, (value) => {
      const settled = value as Content;
      const blocked = [...settled.includeWhen, ...settled.filters].some((test) => isLiteral(test, false));
      if (blocked) return undefined;
      const { variables } = this.#readsOf(settled);
      return { kind: 'leaf', leaf: { content: settled, reads: variables, without: new Set(this.#without(path)) } };
    });
  }

  /**
   * Assumes each undecided condition once as true and once as false, until the part reads only nodes that exist. Then
   * calls `next` with the simplified part.
   */
  #settle(path: Path, part: Node | Content, next: (settled: Node | Content) => Tree | undefined): Tree | undefined {
    const checkpoint = path.checkpoint();
    try {
      for (;;) {
        const settled = this.#specialised(path, part);
        const reads = this.#readsOf(settled);
        const step = this.#firstOpen(path, reads);
        if (step === undefined) return next(settled);
        if (step.kind === 'chosen') {
          if (reads.byHand.has(step.of)) refuseByHand(this.#recordOf(step.of) as ResourceRecord);
          path.choose(step.of, step.variant);
          continue;
        }
        const { facts } = path.trace;
        const test = step.kind === 'open' ? step.test : this.#openTest(settled, step.of);
        // The part reads an excluded node. Therefore the node of the part is excluded.
        if (test === undefined) {
          this.#noteEmptyCollection(path, settled, step.of);
          return undefined;
        }
        if (++this.#paths > MAX_PATHS)
          this.#tooMany(path.record, path.optional, `need more than ${MAX_PATHS} decisions`);
        const side = (condition: Node): Tree | undefined =>
          facts.assuming([condition], () => this.#settle(path, part, next));
        const yes = side(test);
        const no = side(not(test));
        if (yes === undefined && no === undefined) return undefined;
        const inherited =
          no === undefined && step.kind === 'open' && yes !== undefined && this.#alwaysReads(yes, step.nodes);
        return { kind: 'test', test, inherited, yes, no };
      }
    } finally {
      path.rollback(checkpoint);
    }
  }

  #specialised(path: Path, part: Node | Content): Node | Content {
    const change = (node: Node): Node => {
      const result = specialiseNode(node, path.trace.facts, path.chosen);
      const origin = path.trace.origins.get(node);
      if (origin !== undefined && !path.trace.origins.has(result)) path.trace.origins.set(result, origin);
      return result;
    };
    if ('kind' in part) return change(part);
    const { includeWhen, loops, filters, body } = part;
    const lists = loops.map((loop) => ({ ...loop, list: change(loop.list) }));
    const tests = filters.map(change);
    return path.trace.facts.assuming(tests, () => ({
      includeWhen: includeWhen.map(change),
      loops: lists,
      filters: tests.flatMap(conjuncts).filter((test) => !isLiteral(test, true)),
      body: specialiseValue(body, change) as Content['body'],
    }));
  }

  /** The next step for the nodes that a part reads; undefined when all of them exist. Excluded nodes come last. */
  #firstOpen(path: Path, { variables }: Reads): Step | undefined {
    let excluded: Variable | undefined;
    for (const of of variables) {
      const record = this.#recordOf(of);
      if (record === undefined || record === path.record || !path.optional.includes(of)) continue;
      const found = this.#existenceOfRecord(path, record);
      if (found.kind === 'open') return { ...this.#decidable(path, found), of };
      if (found.kind === 'excluded') excluded ??= of;
      else if (found.variant.record.variable !== of) return { kind: 'chosen', of, variant: found.variant };
    }
    return excluded === undefined ? undefined : { kind: 'excluded', of: excluded };
  }

  /**
   * The condition to decide first, so that an open condition can be decided. The open condition may itself read a node
   * whose existence is open: if a condition of node A reads node B, and kro excludes B, it also excludes A.
   */
  #decidable(path: Path, open: Open): Open {
    for (const of of this.#finder.of(open.test).variables) {
      if (of === path.record?.variable) continue;
      const found = this.#existenceAt(path, of);
      if (found.kind === 'open') return this.#decidable(path, found);
      if (found.kind === 'included') continue;
      const test = openTest(wrap(new Sym(open.test)), (node) => this.#finder.of(node).variables.has(of));
      if (test !== undefined) return this.#decidable(path, { ...open, test });
    }
    return open;
  }

  /**
   * Does a variant, or any variant of a resource, exist under the known facts? `of` is the variable of the variant or
   * of the resource.
   */
  #existenceAt(path: Path, of: Variable): Existence {
    const variant = this.#variantByVariable.get(of);
    if (variant !== undefined) return this.#existenceAmong(path, [variant]);
    const record = this.#recordOf(of);
    return record === undefined ? { kind: 'excluded' } : this.#existenceOfRecord(path, record);
  }

  /** Finds the node of a resource that exists under the known facts. */
  #existenceOfRecord(path: Path, record: ResourceRecord): Existence {
    return this.#existenceAmong(path, this.variantsOf(record));
  }

  #existenceAmong(path: Path, variants: readonly Variant[]): Existence {
    let open: Node | undefined;
    for (const variant of variants) {
      const tests = variant.exists.map((test) => specialiseNode(test, path.trace.facts, path.chosen));
      if (tests.some((test) => isLiteral(test, false))) continue;
      const unknown = tests.find((test) => !isLiteral(test, true));
      if (unknown === undefined) return { kind: 'included', variant };
      open ??= conjuncts(unknown)[0];
    }
    if (open === undefined) return { kind: 'excluded' };
    return { kind: 'open', test: open, nodes: variants.map((variant) => variant.record.variable) };
  }

  /** Finds a condition in the part on which the part's read of the excluded node depends. */
  #openTest(part: Node | Content, of: Variable): Node | undefined {
    const reads = (node: Node) => this.#finder.of(node).variables.has(of);
    if ('kind' in part) return openTest(wrap(new Sym(part)), reads);
    const { includeWhen, loops, filters, body } = part;
    const tests = [...includeWhen, ...loops.map(({ list }) => list), ...filters];
    return openTest([...tests.map((node) => wrap(new Sym(node))), body], reads);
  }

  #readsOf(part: Node | Content): Reads {
    return 'kind' in part ? this.#finder.of(part) : this.#finder.all((visit) => eachNode(part, visit));
  }

  /**
   * Does every path through the tree read one of the nodes, in a guard or in its leaf? If so, kro excludes all variants
   * together with these nodes.
   */
  #alwaysReads(tree: Tree | undefined, nodes: readonly Variable[]): boolean {
    if (tree === undefined) return true;
    switch (tree.kind) {
      case 'leaf':
        return nodes.some((of) => tree.leaf.reads.has(of));
      case 'guard':
        return nodes.some((of) => this.#finder.of(tree.guard).variables.has(of)) || this.#alwaysReads(tree.rest, nodes);
      case 'test':
        return this.#alwaysReads(tree.yes, nodes) && this.#alwaysReads(tree.no, nodes);
    }
  }

  #variants(
    record: ResourceRecord,
    own: ResourceRecord,
    tree: Tree,
    optional: readonly Variable[],
  ): readonly Variant[] {
    const forms: Leaf[] = [];
    const formOf = new Map<Leaf, number>();
    const onWay = this.#readsOnWay(tree);
    for (const [leaf, reads] of onWay) {
      // Two leaves become one variant only if the conditions on the way to them read the same nodes, because a node
      // depends on the nodes that its conditions read.
      const same = forms.findIndex(
        (form) => sameValue(form.content, leaf.content) && sameNames(onWay.get(form) as NodeSet, reads),
      );
      formOf.set(leaf, same < 0 ? forms.push(leaf) - 1 : same);
    }
    if (forms.length > MAX_VARIANTS)
      this.#tooMany(
        record,
        [...leavesOf(tree)].flatMap(({ reads }) => [...reads]),
        `are more than ${MAX_VARIANTS} nodes of the graph`,
      );
    return forms.map((form, index): Variant => {
      const is = (leaf: Leaf) => formOf.get(leaf) === index;
      const guards = conjuncts(formula(tree, is, false)).filter((test) => !isLiteral(test, true));
      const all = conjuncts(formula(tree, is, true)).filter((test) => !isLiteral(test, true));
      const exists = [...all, ...form.content.includeWhen];
      const without = [...form.without].sort();
      const readsAll = optional.every((of) => form.reads.has(of) || onWay.get(form)?.has(of) === true);
      if (forms.length === 1 && readsAll) return { record: withManifestOf(record, form.content), exists, without };
      const id = index === 0 ? record.id : this.#freeId(record.id, without);
      if (forms.length > 1 && this.#readsItself(own, form.content)) refuseByHand(record);
      return { record: variantRecord(own, form.content, guards, id, forms.length === 1), exists, without };
    });
  }

  /** The leaves of a tree, each with the nodes that the conditions on the way to it read. */
  #readsOnWay(tree: Tree | undefined, reads: NodeSet = new Set()): Map<Leaf, NodeSet> {
    if (tree === undefined) return new Map();
    if (tree.kind === 'leaf') return new Map([[tree.leaf, reads]]);
    const read = (node: Node): NodeSet => new Set([...reads, ...this.#finder.of(node).variables]);
    if (tree.kind === 'guard') return this.#readsOnWay(tree.rest, read(tree.guard));
    const below = tree.inherited ? reads : read(tree.test);
    return new Map([...this.#readsOnWay(tree.yes, below), ...this.#readsOnWay(tree.no, below)]);
  }

  /** Does hand-written CEL in the readiness of the resource name the resource itself? */
  #readsItself({ variable }: ResourceRecord, { body }: Content): boolean {
    return this.#finder.all((visit) => visitWrittenNodes(body.readyWhen, visit)).byHand.has(variable);
  }

  #freeId(base: string, without: readonly string[]): string {
    const long = `${base}Without${without.map(pascalCase).join('And')}`;
    const plain =
      without.length > 0 && long.length <= MAX_ID_LENGTH ? long : `${base.slice(0, MAX_ID_LENGTH - 10)}Variant`;
    let id = plain;
    for (let number = 2; this.#taken.has(id); number++) id = `${plain}${number}`;
    this.#taken.add(id);
    return id;
  }

  /** Ids of the resources that are excluded on a path, for the names of variants. */
  #without(path: Path): string[] {
    return path.optional.flatMap((of) => {
      const record = this.#recordOf(of) as ResourceRecord;
      const found = this.#existenceOfRecord(path, record);
      if (found.kind === 'excluded') return [record.id];
      return found.kind === 'included' ? found.variant.without : [];
    });
  }

  expand(root: Node): Node {
    const { facts } = this.#trace;
    const path = new Path(undefined, [], this.#trace);
    const several = (of: Variable): ResourceRecord | undefined => {
      const record = this.#recordOf(of);
      return record !== undefined && this.variantsOf(record).length > 1 ? record : undefined;
    };
    const under = (test: Node, node: Node): Node => facts.assuming([test], () => visit(node));
    const visit = (node: Node): Node => {
      const reads = this.#finder.of(node);
      for (const of of reads.variables) {
        this.#refuseEmptyCollection(of, undefined);
        const record = several(of);
        if (record === undefined) continue;
        if (reads.byHand.has(of)) refuseByHand(record);
        const found = this.#existenceOfRecord(path, record);
        if (found.kind === 'open') {
          const { test } = this.#decidable(path, found);
          return cond(test, under(test, node), under(not(test), node));
        }
        const variant = found.kind === 'included' ? found.variant : (this.variantsOf(record)[0] as Variant);
        return visit(specialiseNode(node, facts, new Map([[of, variant.record.variable]])));
      }
      return node;
    };
    return visit(root);
  }

  #noteEmptyCollection({ record }: Path, part: Node | Content, of: Variable): void {
    if (record === undefined || 'kind' in part || part.loops.length === 0) return;
    const tests = [...part.loops.map(({ list }) => list), ...part.filters, ...part.includeWhen];
    if (tests.every((node) => !this.#finder.of(node).variables.has(of))) this.#excludedByCollection.set(record, of);
  }

  /**
   * Refuses a read of a collection that is an empty list in JavaScript: kro excludes the collection and its readers.
   */
  #refuseEmptyCollection(of: Variable, reader: ResourceRecord | undefined): void {
    const record = this.#recordOf(of);
    if (record === undefined || record === reader) return;
    this.variantsOf(record);
    const needed = this.#excludedByCollection.get(record);
    if (needed === undefined) return;
    refuseExcludedCollection(record, this.#recordOf(needed)?.id ?? needed.name);
  }

  #tooMany(record: ResourceRecord | undefined, reads: readonly Variable[], excess: string): never {
    const names = [...new Set(reads.map((of) => this.#recordOf(of)?.id ?? of.name))].sort();
    return refuseManyVariants(record, names, excess);
  }
}
