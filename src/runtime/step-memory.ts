import type { JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import type { Expression, Graph, GraphNode, PathStep } from '../graph/index.ts';
import type { Fingerprint } from './fingerprint.ts';
import { desiredFingerprint } from './owned-fields.ts';
import type { Resolved } from './resolved.ts';

/** What of a step can show in the objects that its nodes want. */
export interface MemoryInputs {
  readonly graph: Graph;
  readonly instance: KubeObject;
  /** Version of the controller, which stands in labels. */
  readonly version: string;
  readonly evaluation: { readonly now: number; readonly budget?: number };
  readonly options: { readonly maxCollectionSize?: number; readonly namespaces?: 'any' | 'instance' };
}

/** What a node wants, and what it was made from. */
interface Remembered {
  readonly inputs: readonly unknown[];
  readonly resolved: Resolved;
}

/**
 * What a caller keeps from step to step of one instance: the objects that its nodes want and their fingerprints, so that
 * `step` makes them anew only where something that they are made from is another value than before. It changes how
 * much a step costs (and with it `Decision.evaluations`), and nothing else that it decides.
 *
 * Values other than those of the instance are told apart by identity: whoever steps with a memory must not change an
 * instance or a live object in place. It holds on to what it was last given, so it should live as long as the steps of one run, not longer.
 */
export class StepMemory {
  #shared: readonly unknown[] = [];
  /** What is read of the instance, which comes anew with every write of it. */
  #read: JsonValue = [];
  readonly #nodes = new Map<string, Remembered>();
  readonly #fingerprints = new WeakMap<KubeObject, Fingerprint>();

  /** Begins a step: when something that every node depends on is another value, all is forgotten. */
  begin(context: MemoryInputs): void {
    const shared = sharedInputs(context);
    const read = readOf(context);
    if (!jsonEquals(read, this.#read) || !areSame(shared, this.#shared)) this.#nodes.clear();
    this.#shared = shared;
    this.#read = read;
  }

  /**
   * What a node wants, or that an expression of it fails, which may have cost the whole budget. What waits is looked at
   * each time. `ready` is the data of the nodes that are ready.
   */
  resolved(ready: ReadonlyMap<string, unknown>, node: GraphNode, resolve: () => Resolved): Resolved {
    const inputs = node.dependsOn.map((id) => ready.get(id));
    const known = this.#nodes.get(node.id);
    if (known !== undefined && areSame(inputs, known.inputs)) return known.resolved;
    const resolved = resolve();
    if (resolved.state === 'resolved' || resolved.reason.because.kind === 'expression-failed')
      this.#nodes.set(node.id, { inputs, resolved });
    else this.#nodes.delete(node.id);
    return resolved;
  }

  /** `desiredFingerprint`, taken once of each object. */
  fingerprint(desired: KubeObject): Fingerprint {
    const known = this.#fingerprints.get(desired);
    if (known !== undefined) return known;
    const fingerprint = desiredFingerprint(desired);
    this.#fingerprints.set(desired, fingerprint);
    return fingerprint;
  }
}

/** Everything besides the data of other nodes that can show in an object: `schema`, labels, limits and the time. */
function sharedInputs({ graph, instance, version, evaluation, options }: MemoryInputs): unknown[] {
  const { apiVersion, kind, metadata } = instance;
  const { name, namespace, uid } = metadata;
  const labels = [apiVersion, kind, name, namespace, uid, version];
  const time = mayAskForTime(graph) ? evaluation.now : undefined;
  const limits = [evaluation.budget, options.maxCollectionSize, options.namespaces];
  return [graph, time, ...labels, ...limits];
}

/** What expressions read of the instance: its spec, and of its metadata, in which we write ourselves, these values. */
function readOf({ graph, instance }: MemoryInputs): JsonValue[] {
  const others = (graph.reads.get('schema') ?? []).filter(([first]) => first !== 'spec');
  return [instance.spec ?? {}, ...others.map((path) => valueAt(instance as unknown as JsonValue, path) ?? null)];
}

function valueAt(from: JsonValue, path: readonly PathStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = from;
  for (const step of path) {
    // What stands at a place of a list may be reached in other ways: all of it counts.
    if (!isJsonObject(value)) return value;
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** The same values; of lists, as the data of collections is, the same members. */
function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, index) => isSame(value, others[index]));
}

function isSame(value: unknown, other: unknown): boolean {
  if (!Array.isArray(value) || !Array.isArray(other)) return Object.is(value, other);
  return value.length === other.length && value.every((member, index) => Object.is(member, other[index]));
}

const asking = new WeakMap<Graph, boolean>();

/** Rather too often than too seldom: any mention of `now` counts. */
function mayAskForTime(graph: Graph): boolean {
  let found = asking.get(graph);
  if (found === undefined) {
    found = [...graph.nodes.values()].some((node) => expressionsOf(node).some(({ cel }) => /\bnow\b/.test(cel)));
    asking.set(graph, found);
  }
  return found;
}

function expressionsOf(node: GraphNode): Expression[] {
  const dimensions = 'forEach' in node ? node.forEach : [];
  return [...node.template.holes, ...dimensions].map(({ expression }) => expression);
}
