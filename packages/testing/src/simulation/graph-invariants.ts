import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import type { TransportRequest } from '@typekro/kube';
import { FieldManager, keys, ObjectKey, Tracking } from '@typekro/engine/runtime';
import { fieldManagersOf, managerOfRequest, templateManagers, userOf } from './graph-writers.ts';
import type { Knowledge } from './knowledge.ts';
import type { MemberKind, Rule, ServerReader, Suspect, UnreadyDependency } from './rules.ts';
import type { Ledger } from './ledger.ts';

/** The facts about objects of the kind Graph that the rules need. */
export interface RuledGraphs {
  /** The kinds of the objects that Graphs write. */
  readonly kinds: readonly MemberKind[];
  /** The missing dependencies of a node. `node` is the path of the dependent node. */
  missing(node: string, graph: KubeObject, server: ServerReader): Promise<readonly UnreadyDependency[]>;
}

/** The parts of a simulation that the rules use. */
export interface GraphInvariantsOptions {
  readonly server: ServerReader;
  readonly ledger: Ledger;
  readonly report: (rule: Rule, text: string) => void;
}

const GRAPHS = '/apis/kro.run/v1alpha1/graphs';

/**
 * The rules for objects of the kind Graph. Each write of a controller is checked when it reaches the server:
 *
 * - An object is written for a node only when the Graph has the finalizer, its status records the object or the fields,
 *   and its spec has the node.
 * - The write impersonates the account of the Graph.
 * - A Graph does not take over an object of another Graph or of an instance.
 * - An object is created only when the dependencies of its node exist.
 * - A delete has the UID of the object as a precondition, and the status of a Graph records the object. When a Graph is
 *   deleted, the objects of its later nodes are the first whose deletion is tried.
 * - An entry is removed from the record only after the object or the fields are gone. The finalizer is removed only
 *   after all recorded objects and fields are gone.
 */
export class GraphInvariants {
  readonly #graphs: RuledGraphs;
  readonly #options: GraphInvariantsOptions;
  /** Maps the UID of each Graph, including deleted Graphs, to the last known state. */
  readonly #known = new Map<string, KubeObject>();

  /** The resource version of the last change of each Graph's spec, or of the Graph's deletion, by key. */
  readonly #changed = new Map<string, number>();
  /** The paths of the deletes that processes have tried for Graphs. */
  readonly #tried = new Set<string>();

  constructor(graphs: RuledGraphs, options: GraphInvariantsOptions) {
    this.#graphs = graphs;
    this.#options = options;
    options.ledger.onWrite.push(({ object, key }) => {
      if (object?.kind !== 'Graph') return;
      const { uid = '', generation, resourceVersion } = object.metadata;
      const isChanged = this.#known.get(uid)?.metadata.generation !== generation;
      if (isChanged) this.#changed.set(key, Number(resourceVersion ?? 0));
      this.#known.set(uid, object);
    });
  }

  /** Records a delete that a process sends. Even if the delete fails, the deletion of a Graph continues. */
  sent(request: TransportRequest): void {
    if (request.method === 'DELETE' && userOf(request) !== undefined) this.#tried.add(request.path);
  }

  /** Checks a write that is about to reach the server. Returns true for a write that belongs to a Graph. */
  async beforeWrite(
    request: TransportRequest,
    sent: KubeObject | undefined,
    live: KubeObject | undefined,
    suspect: Suspect,
  ): Promise<boolean> {
    if (request.method === 'DELETE') {
      if (userOf(request) === undefined) return false;
      await this.#checkDelete(request, sent, live, suspect);
      return true;
    }
    const manager = managerOfRequest(request);
    if (request.method !== 'PATCH' || sent === undefined) return false;
    if (!FieldManager.isOfTemplate(manager) && !FieldManager.isOfPatch(manager)) return false;
    await this.#checkApply(request, sent, live, suspect, manager);
    return true;
  }

  /**
   * Checks a write of a Graph that the server accepted: neither the finalizer nor an entry of the record is removed too
   * early.
   */
  async afterWrite(live: KubeObject, answer: KubeObject): Promise<void> {
    if (live.kind !== 'Graph' || answer.kind !== 'Graph' || keepsObjects(live)) return;
    const name = ObjectKey.of(answer);
    const hadFinalizer = hasFinalizer(live);
    const lostFinalizer = hadFinalizer && !hasFinalizer(answer);
    const [before, after] = [Tracking.read(live), Tracking.read(answer)];
    const resources = new Set(after.managedResources.map(Tracking.resourceKey));
    const fields = new Set(after.contributions.map(Tracking.contributionKey));
    const lostObjects = before.managedResources.filter(
      (entry) => lostFinalizer || !resources.has(Tracking.resourceKey(entry)),
    );
    const lostFields = before.contributions.filter(
      (entry) => lostFinalizer || !fields.has(Tracking.contributionKey(entry)),
    );
    const what = lostFinalizer ? 'the finalizer was removed' : 'an entry of the record was removed';
    const rule = lostFinalizer ? 'finalizer' : 'inventory';
    const own = FieldManager.ofTemplate(live.metadata.uid ?? '');
    for (const entry of lostObjects) {
      const object = await this.#find(entry);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) continue;
      if (object.metadata.labels?.[keys.PART_OF_LABEL] !== undefined) continue;
      if (!fieldManagersOf(object).includes(own)) continue;
      this.#options.report(rule, `${what} before ${ObjectKey.of(object)} of ${name}`);
    }
    for (const entry of lostFields) {
      // Skips fields of another client, which a user may have added to the record: the Graph does not release such
      // fields.
      if (!entry.fieldManager.startsWith(FieldManager.patchPrefix(live.metadata.uid ?? ''))) continue;
      const object = await this.#find(entry);
      if (object === undefined || !fieldManagersOf(object).includes(entry.fieldManager)) continue;
      this.#options.report(rule, `${what} before the fields of ${entry.fieldManager} in ${ObjectKey.of(object)}`);
    }
  }

  async #checkApply(
    request: TransportRequest,
    sent: KubeObject,
    live: KubeObject | undefined,
    suspect: Suspect,
    manager: string,
  ): Promise<void> {
    const { report, ledger } = this.#options;
    const { path } = request;
    const knowledge = suspect.knowledge.by(request);
    const graph = await this.#graphOf(manager);
    if (graph === undefined) return report('ownership', `a write for a Graph that is gone: ${path}`);
    const key = ObjectKey.of(graph);
    const isChanged = this.#isChanged(key, suspect);
    this.#checkAccount(graph, userOf(request), path, isChanged);
    if (isRelease(sent)) return;
    if (!hasFinalizer(graph) && !isChanged) report('finalizer', `a write before the finalizer: ${path}`);
    if (graph.metadata.deletionTimestamp !== undefined && !isChanged)
      report('finalizer', `a write for a deleted Graph: ${path}`);
    const { managedResources, contributions } = Tracking.read(graph);
    const entry = entryOf(sent, live);
    const isRecorded = FieldManager.isOfTemplate(manager)
      ? managedResources.some((each) => Tracking.resourceKey(each) === Tracking.resourceKey(entry))
      : contributions.some(
          (each) => Tracking.resourceKey(each) === Tracking.resourceKey(entry) && each.fieldManager === manager,
        );
    if (!isRecorded && !isChanged) report('inventory', `a write that the record does not cover: ${path} (${manager})`);
    if (!FieldManager.isOfTemplate(manager)) return;
    const node = sent.metadata.annotations?.[keys.NODE_PATH_ANNOTATION] ?? '';
    if (!hasNode(graph, node) && !isChanged)
      report('inventory', `a write of node "${node}", which is not in ${key}: ${path}`);
    // Only writes with force are checked. Without force, the server refuses to take fields from another owner.
    if (path.includes('force=true')) this.#checkOwner(path, live, knowledge, manager);
    if (live !== undefined) return;
    for (const { text, keys: related } of await this.#graphs.missing(node, graph, this.#options.server)) {
      if (related.some((each) => ledger.excuses(each, knowledge, 'any'))) continue;
      report('order', `${path} before ${text}, which it depends on`);
    }
  }

  #checkOwner(path: string, live: KubeObject | undefined, knowledge: Knowledge, manager: string): void {
    if (live === undefined) return;
    const known = knowledge.of(ObjectKey.of(live));
    const set = live.metadata.labels?.[keys.PART_OF_LABEL];
    if (set !== undefined && known?.partOf === set) {
      this.#options.report('ownership', `took over an object that belongs to an ApplySet: ${path}`);
    }
    const others = templateManagers(live).filter((each) => each !== manager);
    if (others.some((other) => known?.graphs.includes(other) === true)) {
      this.#options.report('ownership', `took over an object that belongs to another Graph: ${path}`);
    }
  }

  #checkAccount(graph: KubeObject, user: string | undefined, path: string, isChanged: boolean): void {
    const { serviceAccountName = 'default' } = graph.spec ?? {};
    const applied = graph.status?.['appliedServiceAccount'];
    const wanted = `system:serviceaccount:${graph.metadata.namespace ?? ''}:${serviceAccountName as string}`;
    const isDeleted = graph.metadata.deletionTimestamp !== undefined;
    if (user === wanted || isChanged || (isDeleted && user === applied)) return;
    this.#options.report('ownership', `a write as ${user ?? 'the controller'} instead of ${wanted}: ${path}`);
  }

  async #checkDelete(
    request: TransportRequest,
    options: KubeObject | undefined,
    live: KubeObject | undefined,
    suspect: Suspect,
  ): Promise<void> {
    const { report, ledger } = this.#options;
    const { path } = request;
    const knowledge = suspect.knowledge.by(request);
    if (live === undefined) return;
    const { uid } = live.metadata;
    const { preconditions } = (options ?? {}) as { preconditions?: { uid?: string } };
    if (preconditions?.uid === undefined) return report('ownership', `a delete without the UID: ${path}`);
    if (preconditions.uid !== uid) return;
    const owners = (await this.#all()).filter((graph) => {
      const entry = Tracking.read(graph).managedResources.find((each) => Tracking.resourceKey(each) === keyOf(live));
      const isOwn = fieldManagersOf(live).includes(FieldManager.ofTemplate(graph.metadata.uid ?? ''));
      return entry !== undefined && ((entry.uid ?? uid) === uid || isOwn);
    });
    const isChanged = (graph: KubeObject) => this.#isChanged(ObjectKey.of(graph), suspect);
    if (owners.length === 0) {
      if ((await this.#all()).some(isChanged)) return;
      return report('ownership', `deleted an object that no Graph records: ${path}`);
    }
    const [graph] = owners;
    if (owners.length > 1 || graph === undefined || isChanged(graph)) return;
    this.#checkAccount(graph, userOf(request), path, false);
    if (live.metadata.labels?.[keys.PART_OF_LABEL] !== undefined) {
      const known = knowledge.of(ObjectKey.of(live));
      if (known?.partOf !== undefined) report('ownership', `deleted an object that belongs to an ApplySet: ${path}`);
    }
    if (graph.metadata.deletionTimestamp === undefined) return;
    const { managedResources } = Tracking.read(graph);
    const at = managedResources.findIndex((each) => Tracking.resourceKey(each) === keyOf(live));
    const own = managedResources[at];
    for (const later of managedResources.slice(at + 1)) {
      if (later.nodeID === own?.nodeID || this.#tried.has(this.#pathOf(later) ?? '')) continue;
      const object = await this.#find(later);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) continue;
      if (later.uid !== undefined && object.metadata.uid !== later.uid) continue;
      if (!fieldManagersOf(object).includes(FieldManager.ofTemplate(graph.metadata.uid ?? ''))) continue;
      if (object.metadata.labels?.[keys.PART_OF_LABEL] !== undefined) continue;
      if (ledger.excuses(ObjectKey.of(object), knowledge, 'any')) continue;
      report('order', `deleted ${path} before ${ObjectKey.of(object)}, which depends on it`);
    }
  }

  /**
   * Did the process decide from a state of the Graph that another client has changed in the meantime? A process that
   * writes this Graph as an object of another Graph also counts as another client.
   */
  #isChanged(key: string, { knowledge: { own } }: Suspect): boolean {
    const { ledger } = this.#options;
    return ledger.excuses(key, own, 'any') || ledger.isRecent(key, this.#changed.get(key), own);
  }

  /** The live Graph that writes with this field manager. */
  async #graphOf(manager: string): Promise<KubeObject | undefined> {
    for (const [uid, { metadata }] of this.#known) {
      if (manager !== FieldManager.ofTemplate(uid) && !manager.startsWith(FieldManager.patchPrefix(uid))) continue;
      const place = `/namespaces/${metadata.namespace ?? ''}/graphs/${metadata.name ?? ''}`;
      const live = await this.#options.server.read(GRAPHS.replace('/graphs', place));
      if (live?.metadata.uid === uid) return live;
    }
    return undefined;
  }

  async #all(): Promise<KubeObject[]> {
    const items = await this.#options.server.list(GRAPHS);
    return items.map((item) => ({ ...item, apiVersion: 'kro.run/v1alpha1', kind: 'Graph' }));
  }

  async #find(entry: ObjectRef): Promise<KubeObject | undefined> {
    const path = this.#pathOf(entry);
    return path === undefined ? undefined : this.#options.server.read(path);
  }

  #pathOf({ apiVersion, kind, namespace, name }: ObjectRef): string | undefined {
    const path = this.#graphs.kinds.find((each) => each.apiVersion === apiVersion && each.kind === kind)?.path;
    const list = namespace === undefined ? path : path?.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`);
    return list === undefined ? undefined : `${list}/${name}`;
  }
}

/** Does an apply contain only the identity of its object? Such an apply releases all fields of its manager. */
function isRelease(sent: KubeObject): boolean {
  const isIdentity = Object.keys(sent).every((key) => ['apiVersion', 'kind', 'metadata'].includes(key));
  return isIdentity && Object.keys(sent.metadata).every((key) => ['name', 'namespace', 'uid'].includes(key));
}

function hasFinalizer({ metadata: { finalizers = [] } }: KubeObject): boolean {
  return finalizers.includes(keys.GRAPH_FINALIZER);
}

function keepsObjects({ metadata: { annotations = {} } }: KubeObject): boolean {
  return annotations['typekro.dev/deletion-policy'] === 'orphan';
}

/** Does the spec of a Graph have the node, or the subgraph that contains it? */
function hasNode({ spec }: KubeObject, path: string): boolean {
  const nodes = spec?.['nodes'];
  const [id] = path.split('/');
  return Array.isArray(nodes) && nodes.some((node) => (node as { id?: string }).id === id);
}

function keyOf(object: KubeObject): string {
  return Tracking.resourceKey(entryOf(object, undefined));
}

function entryOf(
  { apiVersion, kind, metadata }: KubeObject,
  live: KubeObject | undefined,
): Parameters<typeof Tracking.resourceKey>[0] {
  const { name = '', namespace = live?.metadata.namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}
