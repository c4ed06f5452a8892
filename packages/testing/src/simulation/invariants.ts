import { type KubeObject, gvkOf, TypeKroError } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import type { Transport, TransportRequest } from '@typekro/kube';
import { FieldManager, keys, ObjectKey, ObjectLabels } from '@typekro/engine/runtime';
import { type Checker, responseText } from './faulty-transport.ts';
import { type RuledGraphs, GraphInvariants } from './graph-invariants.ts';
import { managerOfRequest, userOf } from './graph-writers.ts';
import type { Ledger } from './ledger.ts';
import type { InstanceName, MemberKind, Rule, ServerReader, Suspect, UnreadyDependency, Violation } from './rules.ts';

export type { MemberKind, Rule, ServerReader, UnreadyDependency, Violation } from './rules.ts';

const { PART_OF_LABEL, APPLYSET_ID_LABEL, APPLY_ORDER_ANNOTATION, GROUP_KINDS_ANNOTATION, FINALIZER } = keys;

/** The facts about a graph that the rules need. */
export interface RuledGraph {
  /** The group and kind of the instances, as `Kind.group`. */
  readonly instanceKind: string;
  /** The path that lists all instances. */
  readonly instancesPath: string;
  /** The kinds whose objects may be members of an ApplySet, keyed by their names in the inventory. */
  readonly members: ReadonlyMap<string, MemberKind>;
  /** The rules that are checked. Default: all. */
  readonly rules?: ReadonlySet<Rule>;
  /** Do the rules apply to objects of this ApplySet? Default: to all ApplySets. */
  isRuled?(set: string | undefined): boolean;
  /** The facts about objects of the kind Graph; absent if the controller does not serve this kind. */
  readonly graphs?: RuledGraphs;
  /**
   * Returns the `propagateWhen` condition that forbids this content; `undefined` if no condition forbids it. Default:
   * no condition forbids any content.
   */
  heldBack?(sent: KubeObject): string | undefined;
  /** The dependencies of a node that do not exist or are not ready. */
  unready(node: string, instance: InstanceName, server: ServerReader): Promise<readonly UnreadyDependency[]>;
}

/**
 * The rules for controllers. Each write is checked when it reaches the server:
 *
 * - A child is written only when its instance has the finalizer, and an inventory with the kind of the child.
 * - A child is created only when its dependencies exist and are ready.
 * - A child is written only with content that its conditions of `propagateWhen` permit.
 * - Only members of the instance's own ApplySet are written or deleted. A delete has the UID of the object. While the
 *   instance is being deleted, a delete follows the deletion of all higher waves. A member with the deletion policy
 *   `Orphaned` is never deleted, and no other member is released.
 * - The newest revision is not deleted.
 * - The finalizer is removed last. A kind is removed from the inventory only if no member of the kind exists.
 * - A write changes something. Exceptions: the outcome of an earlier write is unknown, or the process cannot know yet
 *   what another client changed.
 * - A process does not write an object while its earlier write of the same object is running, because it would decide
 *   the later write without the response to the earlier one.
 * - Only the leader of several processes writes.
 * - A process ends by itself only if the server never responds, or responds with 410. At its end, no timer remains.
 *
 * `GraphInvariants` has the rules for objects of the kind Graph.
 */
export class Invariants {
  readonly violations: Violation[] = [];
  /** Called with each violation. */
  onViolation: (violation: Violation) => void = () => {};
  /** The number of checked writes. */
  writes = 0;
  readonly #transport: Transport;
  readonly #ledger: Ledger;
  readonly #graph: RuledGraph;
  readonly #graphs: GraphInvariants | undefined;
  readonly #before = new Map<TransportRequest, KubeObject | undefined>();

  constructor(transport: Transport, ledger: Ledger, graph: RuledGraph) {
    this.#transport = transport;
    this.#ledger = ledger;
    this.#graph = graph;
    this.#graphs =
      graph.graphs === undefined
        ? undefined
        : new GraphInvariants(graph.graphs, {
            server: this.#reader,
            ledger,
            report: (rule, text) => this.#violated(rule, text),
          });
  }

  /** The checks of the writes of one process. */
  checkerOf(suspect: Suspect): Checker {
    const underWay = new Map<string, TransportRequest>();
    return {
      sent: (request) => this.#beginWrite(request, underWay),
      ended: (request) => {
        if (underWay.get(writeOf(request)) === request) underWay.delete(writeOf(request));
      },
      before: (request) => this.#beforeWrite(request, suspect),
      after: (request, status, body) => this.#afterWrite(request, status, body, suspect),
    };
  }

  /**
   * Checks the error with which a process has ended by itself. Permitted errors are that the server never responded, or
   * that it responded with 410. A real server responds with 410 only to list requests, but the simulation also does so
   * for other requests. `isReached`: has the server ever responded to the process?
   */
  processEnded(process: string, thrown: unknown, isReached: boolean): void {
    const code = thrown instanceof TypeKroError ? thrown.code : undefined;
    if (code !== 'kube/expired' && (code !== 'kube/transport' || isReached))
      this.#violated('end', `${process} has ended by itself: ${String(thrown)}`);
  }

  /** Checks that a process leaves no timers after its orderly end. */
  processGone(process: string, timers: number): void {
    if (timers > 0) this.#violated('end', `${process} has ended and left ${timers} timers`);
  }

  #beginWrite(request: TransportRequest, underWay: Map<string, TransportRequest>): void {
    this.#graphs?.sent(request);
    const path = pathOf(request);
    // A POST is ignored because it has the path of the list, which several creations may share.
    if (['GET', 'POST'].includes(request.method) || path.includes('/leases')) return;
    const write = writeOf(request);
    const earlier = underWay.get(write);
    if (earlier !== undefined && earlier.signal?.aborted !== true) {
      this.#violated('overlap', `two writes at the same time: ${earlier.method} and ${request.method} ${path}`);
    }
    underWay.set(write, request);
  }

  async #beforeWrite(request: TransportRequest, suspect: Suspect): Promise<void> {
    const path = pathOf(request);
    if (path.includes('/events') || path.includes('/leases')) return;
    this.writes += 1;
    if (!(await suspect.mayWrite(request)))
      this.#violated('leader', `two leaders: ${suspect.name} does ${request.method} ${path}`);
    const live = request.method === 'POST' ? undefined : await this.#read(path.replace(/\/status$/, ''));
    this.#before.set(request, live);
    const sent = bodyOf(request);
    if (await this.#graphs?.beforeWrite(request, sent, live, suspect)) return;
    if (request.method === 'DELETE') await this.#checkDelete(path, live, sent);
    if (request.method === 'PATCH' && isRelease(sent)) return this.#checkRelease(path, live);
    if (request.method === 'PATCH' && sent !== undefined && this.#isRuled(sent?.metadata?.labels?.[PART_OF_LABEL])) {
      await this.#checkChild(request, sent, live, suspect);
    }
  }

  async #afterWrite(request: TransportRequest, status: number, body: string, suspect: Suspect): Promise<void> {
    const path = pathOf(request);
    const live = this.#before.get(request);
    this.#before.delete(request);
    if (path.includes('/events') || path.includes('/leases')) return;
    if (status >= 400) return;
    const writer = `${suspect.name} ${userOf(request) ?? ''}`;
    const knowledge = suspect.knowledge.by(request);
    this.#ledger.note(request, body, writer);
    if (request.method !== 'PATCH') return;
    const answer = JSON.parse(body) as KubeObject;
    const { deletionTimestamp, finalizers = [], resourceVersion } = answer.metadata;
    // A removal of the last finalizer is an effective write, although the version stays: it deletes the object.
    const isEnd = deletionTimestamp !== undefined && finalizers.length === 0;
    const isNeedless = live?.metadata.resourceVersion === resourceVersion && !isEnd;
    const key = ObjectKey.of(answer);
    const isExcused =
      suspect.unsure.has(path) ||
      this.#ledger.excuses(key, knowledge, 'any') ||
      this.#ledger.wroteUnseen(key, writer, knowledge);
    if (isNeedless && !isExcused) this.#violated('needless', `needless write: ${request.method} ${request.path}`);
    suspect.unsure.delete(path);
    if (live !== undefined) await this.#graphs?.afterWrite(live, answer);
    if (live === undefined || kindOf(live) !== this.#graph.instanceKind) return;
    if (this.#ledger.excuses(key, suspect.knowledge.own)) return;
    await this.#checkParent(live, answer);
  }

  async #checkDelete(path: string, live: KubeObject | undefined, options: KubeObject | undefined): Promise<void> {
    if (live === undefined) return;
    const { uid, labels = {} } = live.metadata;
    const { preconditions } = (options ?? {}) as { preconditions?: { uid?: string } };
    if (preconditions?.uid === undefined) this.#violated('ownership', `a delete without the UID: ${path}`);
    else if (preconditions.uid !== uid) return;
    if (live.kind === 'GraphRevision') return this.#checkRevisionDelete(path, live);
    const set = labels[PART_OF_LABEL];
    if (this.#graph.isRuled?.(set) === false) return;
    const parent = await this.#ownerOf(set);
    if (set === undefined || parent === undefined)
      return this.#violated('ownership', `deleted an object that no instance owns: ${path}`);
    if (staysWhenRetired(live))
      this.#violated('ownership', `deleted an object that stays by its deletionPolicy: ${path}`);
    if (parent.metadata.deletionTimestamp === undefined) return;
    const wave = waveOf(live);
    for (const member of await this.#members(set)) {
      if (waveOf(member) <= wave) continue;
      return this.#violated(
        'order',
        `deleted ${path} of wave ${wave} before ${ObjectKey.of(member)} of wave ${waveOf(member)}`,
      );
    }
  }

  /**
   * A child may be released only if it belongs to an instance, and if its own deletion policy or the policy of its node
   * keeps it. The node's policy suffices, because an object that an earlier revision wrote may not have the annotation
   * yet.
   */
  async #checkRelease(path: string, live: KubeObject | undefined): Promise<void> {
    const set = live?.metadata.labels?.[PART_OF_LABEL];
    if (live === undefined || this.#graph.isRuled?.(set) === false) return;
    if (set === undefined) this.#violated('needless', `released an object that belongs to no instance: ${path}`);
    else if (!staysWhenRetired(live) && !(await this.#isKept(ObjectLabels.nodeIdOf(live))))
      this.#violated('ownership', `released an object without a deletionPolicy: ${path}`);
  }

  /** Does any revision give the node the deletion policy `Orphaned`? */
  async #isKept(node: string): Promise<boolean> {
    const revisions = await this.#list('/apis/internal.kro.run/v1alpha1/graphrevisions');
    return revisions.some(({ spec }) =>
      objectsAt(spec, 'snapshot', 'spec', 'resources').some(
        ({ id, deletionPolicy }) => id === node && deletionPolicy === 'Orphaned',
      ),
    );
  }

  async #checkRevisionDelete(path: string, live: KubeObject): Promise<void> {
    const revisions = await this.#list('/apis/internal.kro.run/v1alpha1/graphrevisions');
    const numbers = revisions.map(({ spec }) => Number(spec?.['revision']));
    if (Number(live.spec?.['revision']) >= Math.max(...numbers)) {
      this.#violated('ownership', `deleted the newest revision: ${path}`);
    }
  }

  async #checkChild(
    request: TransportRequest,
    sent: KubeObject,
    live: KubeObject | undefined,
    suspect: Suspect,
  ): Promise<void> {
    const path = pathOf(request);
    const knowledge = suspect.knowledge.by(request);
    const labels = sent.metadata.labels ?? {};
    const set = labels[PART_OF_LABEL] ?? '';
    const knownObject = knowledge.of(this.#ledger.keyOf(path) ?? '');
    const owner = live?.metadata.labels?.[PART_OF_LABEL];
    if (owner !== undefined && owner !== set && knownObject?.partOf === owner) {
      this.#violated('ownership', `took over an object that belongs to another ApplySet: ${path}`);
    }
    const instance = {
      name: labels[keys.INSTANCE_NAME_LABEL] ?? '',
      namespace: labels[keys.INSTANCE_NAMESPACE_LABEL] ?? '',
    };
    const parent = await this.#instance(instance);
    const key = `${this.#graph.instanceKind}/${instance.namespace}/${instance.name}`;
    if (!this.#ledger.excuses(key, suspect.knowledge.own)) {
      const kinds = (parent?.metadata.annotations?.[GROUP_KINDS_ANNOTATION] ?? '').split(',');
      if (parent?.metadata.finalizers?.includes(FINALIZER) !== true) {
        this.#violated('finalizer', `a child before the finalizer: ${path}`);
      } else if (!kinds.includes(kindOf(sent))) {
        this.#violated('inventory', `a child that the inventory does not cover: ${path} (${kinds.join(',')})`);
      }
    }
    if (sent.metadata.annotations?.[APPLY_ORDER_ANNOTATION] === undefined) {
      this.#violated('order', `a child without a wave: ${path}`);
    }
    const held = this.#graph.heldBack?.(sent);
    if (held !== undefined) this.#violated('propagation', `wrote ${path}, ${held}`);
    if (live !== undefined) return;
    for (const { text, keys: related } of await this.#graph.unready(
      ObjectLabels.nodeIdOf(sent),
      instance,
      this.#reader,
    )) {
      if (related.some((each) => this.#ledger.excuses(each, knowledge))) continue;
      this.#violated('order', `${path} before ${text}, which it depends on`);
    }
  }

  /**
   * Checks a write of the instance: the finalizer must be removed last, and the inventory must have the kinds of all
   * members.
   */
  async #checkParent(live: KubeObject, answer: KubeObject): Promise<void> {
    const set = answer.metadata.labels?.[APPLYSET_ID_LABEL] ?? live.metadata.labels?.[APPLYSET_ID_LABEL];
    if (set === undefined) return;
    const had = live.metadata.finalizers?.includes(FINALIZER) === true;
    const has = answer.metadata.finalizers?.includes(FINALIZER) === true;
    const kinds = (object: KubeObject) => (object.metadata.annotations?.[GROUP_KINDS_ANNOTATION] ?? '').split(',');
    const remaining = new Set(kinds(answer));
    const gone = kinds(live).filter((kind) => kind !== '' && !remaining.has(kind));
    if ((!had || has) && gone.length === 0) return;
    for (const member of await this.#members(set)) {
      if (had && !has) this.#violated('finalizer', `the finalizer was removed before ${ObjectKey.of(member)}`);
      else if (gone.includes(kindOf(member))) this.#violated('inventory', `the inventory lost ${ObjectKey.of(member)}`);
    }
  }

  /** The instance with this ApplySet. */
  async #ownerOf(set: string | undefined): Promise<KubeObject | undefined> {
    if (set === undefined) return undefined;
    const [owner] = await this.#list(
      `${this.#graph.instancesPath}?labelSelector=${encodeURIComponent(`${APPLYSET_ID_LABEL}=${set}`)}`,
    );
    return owner;
  }

  async #instance({ name, namespace }: InstanceName): Promise<KubeObject | undefined> {
    const at = this.#graph.instancesPath;
    const place = namespace === '' ? at : at.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`);
    return this.#read(`${place}/${name}`);
  }

  async #members(set: string): Promise<KubeObject[]> {
    const found: KubeObject[] = [];
    for (const { apiVersion, kind, path } of this.#graph.members.values()) {
      const items = await this.#list(`${path}?labelSelector=${encodeURIComponent(`${PART_OF_LABEL}=${set}`)}`);
      found.push(...items.map((item) => ({ ...item, kind, apiVersion })));
    }
    return found;
  }

  readonly #reader: ServerReader = { read: (path) => this.#read(path), list: (path) => this.#list(path) };

  #isRuled(set: string | undefined): boolean {
    return set !== undefined && this.#graph.isRuled?.(set) !== false;
  }

  async #list(path: string): Promise<KubeObject[]> {
    const response = await this.#transport.request({ method: 'GET', path });
    const text = await responseText(response);
    return response.status >= 400 ? [] : (JSON.parse(text) as { items: KubeObject[] }).items;
  }

  async #read(path: string): Promise<KubeObject | undefined> {
    const response = await this.#transport.request({ method: 'GET', path });
    const text = await responseText(response);
    return response.status === 200 ? (JSON.parse(text) as KubeObject) : undefined;
  }

  #violated(rule: Rule, text: string): void {
    if (this.#graph.rules?.has(rule) === false) return;
    this.violations.push({ rule, text });
    this.onViolation({ rule, text });
  }
}

function bodyOf({ body }: TransportRequest): KubeObject | undefined {
  if (typeof body !== 'string' || !body.startsWith('{')) return undefined;
  return JSON.parse(body) as KubeObject;
}

/** Does the merge patch remove the label of the ApplySet from an object? */
function isRelease(sent: KubeObject | undefined): boolean {
  const labels: Readonly<Record<string, unknown>> = sent?.metadata?.labels ?? {};
  return labels[PART_OF_LABEL] === null;
}

function staysWhenRetired({ metadata: { annotations = {} } }: KubeObject): boolean {
  return annotations[keys.CHILD_DELETION_POLICY_ANNOTATION] === 'Orphaned';
}

function waveOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[APPLY_ORDER_ANNOTATION] ?? 0);
}

/** The group and kind in the notation of inventories: `Kind.group`. */
function kindOf(object: KubeObject): string {
  return ObjectKey.groupKind(gvkOf(object));
}

/**
 * A key for what a request writes. Two running writes with the same key overlap. The key is the path. For a node of a
 * Graph, the field manager is added, because each manager writes its own fields. For a request that impersonates an
 * account, such as a delete for a Graph, the account is added, because two Graphs may write the same object.
 */
function writeOf(request: TransportRequest): string {
  const manager = managerOfRequest(request);
  const isOfGraph = FieldManager.isOfTemplate(manager) || FieldManager.isOfPatch(manager);
  const writer = isOfGraph ? manager : userOf(request);
  return writer === undefined ? pathOf(request) : `${pathOf(request)} ${writer}`;
}

function pathOf(request: TransportRequest): string {
  return request.path.replace(/\?.*/, '');
}
