import type { GroupVersionKind, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, jsonEquals, oncePerObject } from '@typekro/kit/core';
import { type Expression, type Graph, type GraphNode, type PathStep, Nodes } from '../graph/index.ts';
import { desiredFingerprint } from './objects/owned-fields.ts';
import type { Resolved } from './resolved.ts';

/** The inputs of a step that can affect the objects that its nodes want. */
export interface MemoryInputs {
  readonly graph: Graph;
  readonly instance: KubeObject;
  /** The version of the controller, which is the value of a label. */
  readonly version: string;
  readonly evaluation: { readonly now: number; readonly budget?: number; readonly shared?: { left: number } };
  readonly options: {
    readonly maxCollectionSize?: number;
    readonly namespaces?: 'any' | 'instance';
    readonly makers?: readonly string[];
    readonly kinds?: FindKind;
  };
}

/** Finds the plural and the scope of a type, for a node. */
type FindKind = (
  type: GroupVersionKind,
  nodeId: string,
) => { readonly plural: string; readonly namespaced: boolean } | undefined;

/** The cached result of a node, with the inputs from which it was computed. */
interface Remembered {
  readonly inputs: readonly unknown[];
  readonly resolved: Resolved;
  /** The cost of the node's expressions, and the budget of the step before them. */
  readonly cost: number;
  readonly budget: number;
}

/**
 * Caches the wanted objects and their fingerprints between the steps of one instance: `step` renders an object again
 * only if one of its inputs has changed. The cache changes the cost of a step (and `Decision.evaluations`), but never
 * the decision.
 *
 * Inputs outside the instance are compared by identity. A caller with a memory must therefore not change an instance or
 * a live object in place. The memory keeps its last inputs alive, so a caller should not keep the memory between passes
 * without a reason. (The controller keeps it after a pass in which an expression failed.)
 */
export class StepMemory {
  #shared: readonly unknown[] = [];
  /**
   * The parts of the instance that expressions read. They are compared by value, because the instance is a new object
   * after every write.
   */
  #read: JsonValue = [];
  #kinds: FindKind | undefined;
  /** The budget of the step. A cached node costs as much as a resolved one, so that the decision is the same. */
  #budget = { left: 0 };
  readonly #nodes = new Map<string, Remembered>();

  /** Begins a step. Clears the memory if an input that all nodes share has changed. */
  begin(context: MemoryInputs): void {
    const shared = sharedInputs(context);
    const read = readOf(context);
    if (!jsonEquals(read, this.#read) || !areSame(shared, this.#shared)) this.#nodes.clear();
    this.#shared = shared;
    this.#read = read;
    this.#kinds = context.options.kinds;
    this.#budget = context.evaluation.shared ?? { left: 0 };
  }

  /**
   * The cached result of a node, or the new result of `resolve`. Caches resolved objects, and failed expressions,
   * because a failed expression may have used the whole cost budget. `ready` has the data of the ready nodes, and
   * `reads` names the nodes that `resolve` reads.
   */
  resolved(
    ready: ReadonlyMap<string, unknown>,
    node: GraphNode,
    resolve: () => Resolved,
    reads: readonly string[] = node.dependsOn,
  ): Resolved {
    const inputs = reads.map((id) => ready.get(id));
    const known = this.#nodes.get(node.id);
    const { left } = this.#budget;
    // With another budget, a node that used it up, or would use it up now, has another result.
    const isAffordable = known !== undefined && (known.cost < left || known.budget === left);
    if (isAffordable && areSame(inputs, known.inputs) && this.#areServed(node, known.resolved)) {
      this.#budget.left -= known.cost;
      return known.resolved;
    }
    const resolved = resolve();
    const cost = left - this.#budget.left;
    if (resolved.state === 'resolved' || resolved.reason.because.kind === 'expression-failed')
      this.#nodes.set(node.id, { inputs, resolved, cost, budget: left });
    else this.#nodes.delete(node.id);
    return resolved;
  }

  /**
   * Does the cluster still serve the computed types of the node's objects with the same plural and scope? True for a
   * type that the template itself names.
   */
  #areServed(node: GraphNode, resolved: Resolved): boolean {
    if (resolved.state !== 'resolved' || Nodes.isTyped(node)) return true;
    return resolved.wanted.every(({ target: { type } }) => {
      const { group, version, kind } = type;
      const served = this.#kinds?.({ group, version, kind }, node.id);
      return served?.plural === type.plural && served.namespaced === type.namespaced;
    });
  }

  /** The `desiredFingerprint` of an object, computed once per object. */
  readonly fingerprint = oncePerObject(desiredFingerprint);
}

/**
 * The inputs that all nodes share in addition to the values of `readOf`: the graph, the labels, the limits and the
 * time.
 */
function sharedInputs({ graph, instance, version, evaluation, options }: MemoryInputs): unknown[] {
  const { apiVersion, kind, metadata } = instance;
  const { name, namespace, uid } = metadata;
  const labels = [apiVersion, kind, name, namespace, uid, version];
  const time = mayReadTime(graph) ? evaluation.now : undefined;
  const limits = [evaluation.budget, options.maxCollectionSize, options.namespaces];
  return [graph, time, options.makers, ...labels, ...limits];
}

/**
 * The parts of the instance that expressions read: its spec, and the parts of its metadata that the graph reads. Other
 * metadata does not count, because the controller itself writes metadata.
 */
function readOf({ graph, instance }: MemoryInputs): JsonValue[] {
  // Expressions of a Graph do not read the instance. The spec of a Graph contains only the nodes, which are also in
  // `graph`.
  if (graph.definedBy === 'graph') return [];
  const others = (graph.reads.get('schema') ?? []).filter(([first]) => first !== 'spec');
  return [instance.spec ?? {}, ...others.map((path) => dataAlong(instance, path) ?? null)];
}

function dataAlong(from: JsonValue, path: readonly PathStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = from;
  for (const step of path) {
    // For a list, the result is the whole list, because expressions may read items of a list without a path.
    if (!isJsonObject(value)) return value;
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** Are the values identical? The data of collections are lists, which are compared element by element. */
function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, index) => isSame(value, others[index]));
}

function isSame(value: unknown, other: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(other)) return Object.is(value, other);
  return value.length === other.length && value.every((member, index) => Object.is(member, other[index]));
}

/** May a template or a dimension of the graph call `now()`? The test is conservative: any mention of `now` counts. */
const mayReadTime = oncePerObject((graph: Graph) =>
  [...graph.nodes.values()].some((node) => expressionsOf(node).some(({ cel }) => /\bnow\b/.test(cel))),
);

function expressionsOf(node: GraphNode): Expression[] {
  const dimensions = 'forEach' in node ? node.forEach : [];
  return [...node.template.holes, ...dimensions].map(({ expression }) => expression);
}
