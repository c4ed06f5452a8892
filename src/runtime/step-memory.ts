import type { GroupVersionKind, JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import type { Expression, Graph, GraphNode, PathStep } from '../graph/index.ts';
import { isTyped } from '../graph/index.ts';
import type { Fingerprint } from './fingerprint.ts';
import { desiredFingerprint } from './owned-fields.ts';
import type { Resolved } from './resolved.ts';

/** The inputs of a step that can affect the objects that its nodes want. */
export interface MemoryInputs {
  readonly graph: Graph;
  readonly instance: KubeObject;
  /** Version of the controller, which labels contain. */
  readonly version: string;
  readonly evaluation: { readonly now: number; readonly budget?: number };
  readonly options: {
    readonly maxCollectionSize?: number;
    readonly namespaces?: 'any' | 'instance';
    readonly makers?: readonly string[];
    readonly kinds?: FindKind;
  };
}

/** Finds the name in URLs and the scope of a type, for a node. */
type FindKind = (
  type: GroupVersionKind,
  nodeId: string,
) => { readonly plural: string; readonly namespaced: boolean } | undefined;

/** The result of a node, with its inputs. */
interface Remembered {
  readonly inputs: readonly unknown[];
  readonly resolved: Resolved;
}

/**
 * Caches the wanted objects and their fingerprints between the steps of one instance: `step` renders an object again
 * only when one of its inputs changed. The cache changes the cost of a step (and `Decision.evaluations`), never the
 * decision.
 *
 * Inputs outside the instance are compared by identity: a caller with a memory must not change an instance or a live
 * object in place. The memory keeps references to its last inputs. A caller should therefore drop the memory after the
 * steps of one run.
 */
export class StepMemory {
  #shared: readonly unknown[] = [];
  /** The values that expressions read of the instance. The instance itself is a new object after every write. */
  #read: JsonValue = [];
  #kinds: FindKind | undefined;
  readonly #nodes = new Map<string, Remembered>();
  readonly #fingerprints = new WeakMap<KubeObject, Fingerprint>();

  /** Begins a step: clears the memory when an input that all nodes share has changed. */
  begin(context: MemoryInputs): void {
    const shared = sharedInputs(context);
    const read = readOf(context);
    if (!jsonEquals(read, this.#read) || !areSame(shared, this.#shared)) this.#nodes.clear();
    this.#shared = shared;
    this.#read = read;
    this.#kinds = context.options.kinds;
  }

  /**
   * The cached result of a node, or the new result of `resolve`. Caches only resolved objects and failed expressions. A
   * failed expression may have used the whole budget. `ready` is the data of the nodes that are ready, and `reads`
   * names the nodes that `resolve` reads.
   */
  resolved(
    ready: ReadonlyMap<string, unknown>,
    node: GraphNode,
    resolve: () => Resolved,
    reads: readonly string[] = node.dependsOn,
  ): Resolved {
    const inputs = reads.map((id) => ready.get(id));
    const known = this.#nodes.get(node.id);
    if (known !== undefined && areSame(inputs, known.inputs) && this.#areServed(node, known.resolved)) {
      return known.resolved;
    }
    const resolved = resolve();
    if (resolved.state === 'resolved' || resolved.reason.because.kind === 'expression-failed')
      this.#nodes.set(node.id, { inputs, resolved });
    else this.#nodes.delete(node.id);
    return resolved;
  }

  /** Does the cluster serve the computed types of the node's objects as before? Types of the graph do not change. */
  #areServed(node: GraphNode, resolved: Resolved): boolean {
    if (resolved.state !== 'resolved' || isTyped(node)) return true;
    return resolved.wanted.every(({ target: { type } }) => {
      const { group, version, kind } = type;
      const served = this.#kinds?.({ group, version, kind }, node.id);
      return served?.plural === type.plural && served.namespaced === type.namespaced;
    });
  }

  /** The `desiredFingerprint` of an object, computed once per object. */
  fingerprint(desired: KubeObject): Fingerprint {
    const known = this.#fingerprints.get(desired);
    if (known !== undefined) return known;
    const fingerprint = desiredFingerprint(desired);
    this.#fingerprints.set(desired, fingerprint);
    return fingerprint;
  }
}

/** The inputs that all nodes share, besides the values in `readOf`: the graph, the labels, the limits and the time. */
function sharedInputs({ graph, instance, version, evaluation, options }: MemoryInputs): unknown[] {
  const { apiVersion, kind, metadata } = instance;
  const { name, namespace, uid } = metadata;
  const labels = [apiVersion, kind, name, namespace, uid, version];
  const time = mayReadTime(graph) ? evaluation.now : undefined;
  const limits = [evaluation.budget, options.maxCollectionSize, options.namespaces];
  return [graph, time, options.makers, ...labels, ...limits];
}

/**
 * The values that expressions read of the instance: its spec, and parts of its metadata. All other metadata is left
 * out, because the controller also writes metadata.
 */
function readOf({ graph, instance }: MemoryInputs): JsonValue[] {
  // Expressions of a Graph read no instance: the spec consists of the nodes, and `graph` has them.
  if (graph.definedBy === 'graph') return [];
  const others = (graph.reads.get('schema') ?? []).filter(([first]) => first !== 'spec');
  return [instance.spec ?? {}, ...others.map((path) => dataAlong(instance as unknown as JsonValue, path) ?? null)];
}

function dataAlong(from: JsonValue, path: readonly PathStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = from;
  for (const step of path) {
    // Expressions may reach the items of a list without a path. Therefore the whole list counts.
    if (!isJsonObject(value)) return value;
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** Are the values identical? Lists, which hold the data of collections, are compared by member. */
function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, index) => isSame(value, others[index]));
}

function isSame(value: unknown, other: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(other)) return Object.is(value, other);
  return value.length === other.length && value.every((member, index) => Object.is(member, other[index]));
}

const timeReaders = new WeakMap<Graph, boolean>();

/** May a template or a dimension of the graph call `now()`? The test is conservative: any mention of `now` counts. */
function mayReadTime(graph: Graph): boolean {
  let found = timeReaders.get(graph);
  if (found === undefined) {
    found = [...graph.nodes.values()].some((node) => expressionsOf(node).some(({ cel }) => /\bnow\b/.test(cel)));
    timeReaders.set(graph, found);
  }
  return found;
}

function expressionsOf(node: GraphNode): Expression[] {
  const dimensions = 'forEach' in node ? node.forEach : [];
  return [...node.template.holes, ...dimensions].map(({ expression }) => expression);
}
