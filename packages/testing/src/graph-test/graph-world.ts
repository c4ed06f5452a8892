import type { ClusterSnapshot } from '@typekro/cluster';
import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  type ObjectRef,
  TypeKroError,
  isJsonObject,
  refOf,
} from '@typekro/kit/core';
import { type Graph, type GraphNode, Nodes } from '@typekro/engine/graph';
import { type InspectSource, instanceRef } from '@typekro/controller/inspect';
import { type Clock, KubeError } from '@typekro/kube';
import { type NodeReport, Explanation, ObjectLabels, RenderedInstance, keys } from '@typekro/engine/runtime';
import { versionedWorld, type VirtualWorld } from '../simulation/virtual-world.ts';
import { changesElements, expandPaths } from './partial-differences.ts';
import type { GivenState } from './steps.ts';
import { WrittenNodes } from './written-nodes.ts';

/** The initial state of a definition's tests. */
export interface GraphTestBase {
  readonly graph: Graph;
  /** The state of a cluster in which the definition is served. */
  readonly snapshot: ClusterSnapshot;
  /** Are workloads simulated? */
  readonly workloads: boolean;
}

/** The cluster and the controller of a test, in virtual time. */
export interface TestedWorld extends Pick<VirtualWorld, 'user' | 'settle' | 'advance' | 'restart' | 'close'> {
  readonly clock: Pick<Clock, 'now'>;
  readonly controller: { readonly reports: Pick<InspectSource, 'report'> };
}

/** The field manager of writes that simulate other clients. */
const OTHER_CLIENT = 'another-client';

/** One instance of a definition in its own cluster, with the real controller, in virtual time. */
export class GraphWorld {
  readonly graph: Graph;
  readonly written: WrittenNodes;
  readonly instance: ObjectRef;
  /** Called with each status that the test writes to an object. */
  onStatus: (ref: ObjectRef, status: JsonObject) => void = () => {};
  readonly #world: TestedWorld;
  /** The objects that the test has named so far: the given objects and the objects of each `apply`. */
  readonly #known: KubeObject[] = [];
  readonly #given: readonly KubeObject[];
  readonly #startedAt: number;

  static async start({ graph, snapshot, workloads }: GraphTestBase, given: GivenState): Promise<GraphWorld> {
    const written = new WrittenNodes();
    const world = await versionedWorld({
      from: snapshot,
      cluster: { workloads },
      onAnswer: (request, status) => written.note(request, status),
    });
    return new GraphWorld(graph, world, written, given);
  }

  constructor(graph: Graph, world: TestedWorld, written: WrittenNodes, given: GivenState) {
    this.graph = graph;
    this.written = written;
    this.#world = world;
    this.#given = given.objects ?? [];
    this.#startedAt = world.clock.now();
    this.instance = instanceRefOf(graph, given);
  }

  /** The virtual time since the start, in milliseconds. */
  get atMs(): number {
    return this.#world.clock.now() - this.#startedAt;
  }

  /** Creates the given objects and missing namespaces. */
  async prepare(): Promise<void> {
    const { namespace } = this.instance;
    for (const each of [namespace, ...this.#given.map(({ metadata }) => metadata.namespace)]) {
      const ref = { apiVersion: 'v1', kind: 'Namespace', name: each ?? 'default' };
      if ((await this.#world.user.find(ref)) !== undefined) continue;
      await this.#world.user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ref.name } });
    }
    await this.apply(this.#given);
  }

  /** Creates the instance. Throws KubeError if the API server refuses it. */
  async create({ spec = {}, labels, annotations }: GivenState): Promise<void> {
    const { apiVersion, kind, name, namespace } = this.instance;
    await this.#world.user.create({
      apiVersion,
      kind,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(labels === undefined ? {} : { labels: { ...labels } }),
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      },
      spec,
    });
    await this.#world.settle();
  }

  /** Creates or changes objects as another client, and then writes their status as the controller of their kind. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    for (const { status, ...object } of objects) {
      const applied = await this.#withNamespace(object);
      await this.#world.user.apply(applied, { fieldManager: OTHER_CLIENT, force: true });
      this.#known.push(applied);
      if (status !== undefined) await this.#setStatus(refOf(applied), status);
    }
    await this.#world.settle();
  }

  /** Adds the instance's namespace to an object without a namespace, if the kind of the object is namespaced. */
  async #withNamespace(object: KubeObject): Promise<KubeObject> {
    const { namespace } = object.metadata;
    if (namespace !== undefined) return object;
    const resource = await this.#world.user.discovery.resourceOf(object);
    if (resource?.namespaced !== true) return object;
    return { ...object, metadata: { ...object.metadata, namespace: this.instance.namespace ?? 'default' } };
  }

  /** Changes the object that `target` names (see `find`), as another client. */
  async patch(target: string, change: JsonObject): Promise<void> {
    const ref = await this.find(target);
    const live = changesElements(change) ? await this.#world.user.get(ref) : undefined;
    const { status, ...rest } = expandPaths(change, live);
    if (Object.keys(rest).length > 0) await this.#world.user.patch(ref, rest, { fieldManager: OTHER_CLIENT });
    if (isJsonObject(status)) await this.#setStatus(ref, status);
    await this.#world.settle();
  }

  async #setStatus(ref: ObjectRef, status: JsonObject): Promise<void> {
    await this.giveStatus(ref, status);
    this.onStatus(ref, status);
  }

  /** Writes a status as the controller of the kind. */
  async giveStatus(ref: ObjectRef, given: JsonObject): Promise<void> {
    const status = withReplicaCounts(ref.kind, given, (await this.#world.user.get(ref)).status ?? {});
    try {
      await this.#world.user.patch(ref, { status }, { subresource: 'status', fieldManager: OTHER_CLIENT });
    } catch (error) {
      // If the kind has no status subresource, the status is written to the main resource.
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
      await this.#world.user.patch(ref, { status }, { fieldManager: OTHER_CLIENT });
    }
  }

  async delete(target: string): Promise<void> {
    await this.#world.user.delete(await this.find(target));
    await this.#world.settle();
  }

  restart(): Promise<void> {
    return this.#world.restart();
  }

  advance(milliseconds: number): Promise<void> {
    return this.#world.advance(milliseconds);
  }

  close(): Promise<void> {
    return this.#world.close();
  }

  /** The live instance; `undefined` if it does not exist. */
  live(): Promise<KubeObject | undefined> {
    return this.#world.user.find(this.instance);
  }

  /**
   * The objects of a node that belong to the instance, or the external objects to which the node refers. Items of a
   * collection are in item order.
   */
  async children(node: GraphNode): Promise<KubeObject[]> {
    if (!Nodes.isTyped(node)) return [];
    const { group, version, kind } = node.type;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    if (node.nodeType === 'external' || node.nodeType === 'externalCollection') {
      const refs = await this.#externalRefs(node.id);
      const found = await Promise.all(refs.map((ref) => this.#world.user.find(ref)));
      return found.filter((object) => object !== undefined);
    }
    const { items } = await this.#world.user.list({ apiVersion, kind });
    const { name, namespace } = this.instance;
    return items
      .filter(({ metadata: { labels = {} } }) => {
        const place = labels[keys.INSTANCE_NAMESPACE_LABEL];
        return labels[keys.INSTANCE_NAME_LABEL] === name && (namespace === undefined || place === namespace);
      })
      .filter((object) => ObjectLabels.nodeIdOf(object) === node.id)
      .sort((a, b) => indexOf(a) - indexOf(b))
      .map((object) => ({ ...object, apiVersion, kind }));
  }

  /** The controller's report of each node; empty if the controller has no reports for the instance. */
  reports(): readonly NodeReport[] {
    return this.#world.controller.reports.report(instanceRef(this.instance))?.nodes ?? [];
  }

  /** The events on the instance, oldest first. */
  async events(): Promise<KubeObject[]> {
    const { items } = await this.#world.user.list({ apiVersion: 'v1', kind: 'Event' });
    const { kind, name, namespace } = this.instance;
    return items
      .filter(({ involvedObject: about }) => {
        if (!isJsonObject(about) || about['kind'] !== kind || about['name'] !== name) return false;
        return (about['namespace'] ?? undefined) === namespace;
      })
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
  }

  /**
   * The reference to the object that a target names: `instance`, a node (`web`, or `web[1]` in a collection),
   * `Kind/name` or `Kind/namespace/name`.
   *
   * @throws TypeKroError `testing/no-object` if there is no such object.
   */
  async find(target: string): Promise<ObjectRef> {
    if (target === 'instance') return this.instance;
    const [, id = '', index] = /^([A-Za-z0-9]+)(?:\[(\d+)\])?$/.exec(target) ?? [];
    const node = this.graph.nodes.get(id);
    if (node !== undefined) {
      const child = (await this.children(node))[Number(index ?? 0)];
      if (child !== undefined) return refOf(child);
      throw new TypeKroError(`there is no object of ${target} in the cluster yet`, {
        code: 'testing/no-object',
        remedy: this.whyOf(id) ?? 'apply it in an earlier step, or write it under "given.objects"',
      });
    }
    const [kind = '', ...names] = target.split('/');
    const name = names.at(-1) ?? '';
    const namespace = names.length > 1 ? names[0] : undefined;
    const known = this.#known.find((object) => object.kind === kind && object.metadata.name === name);
    if (known === undefined) {
      throw new TypeKroError(`"${target}" is neither a node of ${this.graph.name} nor an object of the test so far`, {
        code: 'testing/no-object',
        remedy: `write instance, a node (${[...this.graph.nodes.keys()].join(', ')}), or the Kind/name of an object of "given" or of an earlier "apply"`,
      });
    }
    return { ...refOf(known), ...(namespace === undefined ? {} : { namespace }) };
  }

  /**
   * The state of a node and its reason, in the controller's words; `undefined` if the controller does not report the
   * node.
   */
  whyOf(id: string): string | undefined {
    const report = this.reports().find((each) => each.id === id);
    return report === undefined ? undefined : describeGraphNode(report);
  }

  async #externalRefs(id: string): Promise<ObjectRef[]> {
    const live = await this.live();
    if (live === undefined) return [];
    const { nodes } = RenderedInstance.of(this.graph, live, [], { now: this.#world.clock.now(), revision: 1 });
    const found = nodes.find(({ report }) => report.id === id)?.objects ?? [];
    return found.map(({ object }) => {
      const ref = refOf(object as KubeObject);
      const isNamespaced = this.graph.nodes.get(id)?.namespaced === true;
      const { namespace = 'default' } = this.instance;
      return ref.namespace === undefined && isNamespaced ? { ...ref, namespace } : ref;
    });
  }
}

/** The instance that a test creates. */
export function instanceRefOf({ instance }: Graph, given: GivenState): ObjectRef {
  const { group, version, kind, namespaced } = instance;
  return {
    apiVersion: `${group}/${given.version ?? version}`,
    kind,
    name: given.name ?? kind.toLowerCase(),
    ...(namespaced ? { namespace: given.namespace ?? 'default' } : {}),
  };
}

function indexOf({ metadata }: KubeObject): number {
  return Number(metadata.labels?.[keys.COLLECTION_INDEX_LABEL] ?? 0);
}

/** A node with its state and reason: `ingress pending: waits for service (waiting)`. */
export function describeGraphNode(report: NodeReport): string {
  const { node, state, reason } = Explanation.of(report);
  return `${node} ${state}: ${reason}`;
}

/** Maps each count in the status of a workload to the counts that, for the API server, must be at least as high. */
const AT_LEAST: Readonly<Record<string, readonly string[]>> = {
  availableReplicas: ['readyReplicas', 'replicas'],
  readyReplicas: ['replicas'],
  updatedReplicas: ['replicas'],
  currentReplicas: ['replicas'],
};

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet']);

/**
 * Adds to the status that a test gives a workload the counts that the API server requires. For example, three available
 * replicas imply three ready ones. Counts that the test sets do not change.
 */
function withReplicaCounts(kind: string, given: JsonObject, live: JsonObject): JsonObject {
  if (!WORKLOADS.has(kind)) return given;
  const result = { ...given };
  for (const [name, others] of Object.entries(AT_LEAST)) {
    const count = given[name];
    if (typeof count !== 'number') continue;
    for (const other of others) {
      if (Object.hasOwn(given, other)) continue;
      result[other] = Math.max(count, numberOf(result[other]), numberOf(live[other]));
    }
  }
  return result;
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
