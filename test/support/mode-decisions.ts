import { LiveSource } from '../../packages/app/src/plan/simulation/live-source.ts';
import { LazyRules } from '../../packages/app/src/plan/simulation/rules-server.ts';
import type { SimulationResult } from '../../packages/app/src/plan/simulation/simulate.ts';
import { simulateAll } from '../../packages/app/src/plan/simulation/simulate-all.ts';
import { WriteChecker } from '../../packages/app/src/plan/simulation/write-checker.ts';
import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { parseJson, RETRY_POLICIES } from '@typekro/kit/core';
import { DirectRun } from '../../packages/sdk/src/deploy/direct-run.ts';
import { targetOfObject } from '@typekro/sdk/deploy';
import type { Graph } from '@typekro/engine/graph';
import { instanceRef } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type NodeReport, type StepOptions, ObjectTarget } from '@typekro/engine/runtime';
import { KINDS_BY_PLURAL } from './planned-graphs.ts';
import type { SeenRequest, VirtualWorld } from '@typekro/testing/test-support/virtual-world';

/** One decision about a child: a write with the whole body, or a deletion. */
export interface ChildDecision {
  readonly action: 'create' | 'change' | 'delete';
  /** `Kind namespace/name`. */
  readonly object: string;
  /** The body of the write. `null` for a deletion. */
  readonly body: JsonValue;
}

/** A node that is not done, with the reason. */
export type WaitingNode = Pick<NodeReport, 'id' | 'state' | 'because'>;

/**
 * All decisions of `plan`, of direct mode or of the controller: the writes and deletions in their order, and the
 * waiting nodes in their order.
 */
export interface Decisions {
  readonly children: readonly ChildDecision[];
  readonly waiting: readonly WaitingNode[];
}

/** The instance, and the options with which the controller would decide about it. */
export interface DecisionTask {
  readonly graph: Graph;
  readonly instance: KubeObject;
  readonly step: Omit<StepOptions, 'now' | 'memory'>;
}

const nameOf = ({ kind, namespace = '', name }: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>): string =>
  `${kind} ${namespace}/${name}`;

const nameOfTarget = (target: ObjectTarget): string => nameOf(ObjectTarget.refOf(target));

const DONE: ReadonlySet<NodeReport['state']> = new Set(['ready', 'skipped', 'deleted']);

const waitingIn = (nodes: readonly NodeReport[]): WaitingNode[] =>
  nodes.filter(({ state }) => !DONE.has(state)).map(({ id, state, because }) => ({ id, state, because }));

/**
 * The decisions of `plan`, without the writes that wait for a node. The plan also lists such writes, with the nodes
 * that it assumes to be ready. Direct mode and the controller decide such writes only later.
 */
export async function decisionsOfPlan(
  { user, clock }: VirtualWorld,
  { graph, instance, step }: DecisionTask,
): Promise<Decisions> {
  const { signal } = new AbortController();
  const source = new LiveSource({ api: user, signal, fallback: 'default' });
  const rules = new LazyRules(() => []);
  const checker = new WriteChecker({ api: user, checkedBy: 'server', rules, asks: true, signal });
  const results: SimulationResult[] = [];
  await simulateAll([{ graph, instance, step: { ...step, now: clock.now() } }], source, checker, (_index, result) => {
    results.push(result);
  });
  const [result] = results;
  if (result === undefined) throw new Error('there is no plan');
  const children = result.writes
    .filter(({ after }) => after.length === 0)
    .flatMap(({ apply, delete: deletion, before }): ChildDecision[] => {
      if (apply !== undefined) {
        const action = before === undefined ? 'create' : 'change';
        return [{ action, object: nameOfTarget(apply.target), body: apply.desired }];
      }
      return deletion === undefined ? [] : [{ action: 'delete', object: nameOfTarget(deletion.target), body: null }];
    });
  return { children, waiting: waitingIn(result.standing.nodes) };
}

/** The decisions of direct mode. A dry run checks each decision. */
export async function decisionsOfDirectMode(
  { user, clock }: VirtualWorld,
  { graph, instance, step }: DecisionTask,
): Promise<Decisions> {
  const { group, version, kind, plural, namespaced } = graph.instance;
  const target = targetOfObject({ group, version, kind, plural, namespaced }, instance);
  const children: ChildDecision[] = [];
  const seen = new Set<string>();
  const add = (decision: ChildDecision): void => {
    if (!seen.has(decision.object)) children.push(decision);
    seen.add(decision.object);
  };
  const run = new DirectRun({
    api: endingDeletions(user),
    graph,
    instance,
    clock,
    signal: new AbortController().signal,
    effects: 'dry-run',
    rules: { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 0, lasting: 'final' },
    step,
    record: { target, selector: '' },
    beforeWrite: () => Promise.resolve(),
    writeParent: (_parent, current) => Promise.resolve(current),
    report({ apply, delete: deletions }) {
      for (const { target: child, uid, desired } of apply) {
        const action = uid === undefined ? 'create' : 'change';
        add({ action, object: nameOfTarget(child), body: desired });
      }
      for (const { target: child } of deletions) add({ action: 'delete', object: nameOfTarget(child), body: null });
    },
  });
  const { nodes } = await run.run((each) => [each.read, each.apply, each.delete].every((list) => list.length === 0));
  return { children, waiting: waitingIn(nodes) };
}

/**
 * A client that hides an object after the dry run of its deletion. The response and later reads say that the object
 * does not exist, but the server keeps it.
 */
function endingDeletions(api: KubernetesApi): KubernetesApi {
  const gone = new Set<string>();
  const changed: Partial<KubernetesApi> = {
    async delete(ref, options) {
      const { uid } = (await api.find(ref))?.metadata ?? {};
      await api.delete(ref, options);
      if (uid !== undefined) gone.add(uid);
      throw new KubeError(`${ref.name} is gone`, { status: 404, reason: 'NotFound' });
    },
    async find(ref, options) {
      const found = await api.find(ref, options);
      return gone.has(found?.metadata.uid ?? '') ? undefined : found;
    },
    async list(type, options) {
      const list = await api.list(type, options);
      return { ...list, items: list.items.filter(({ metadata }) => !gone.has(metadata.uid ?? '')) };
    },
  };
  return new Proxy(api, {
    get(target, name): unknown {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const CHILD_PATH = /^\/api(?:s\/[^/]+)?\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)\/([^/?]+)/;

/**
 * Records the controller's writes of children. A test passes the method `onAnswer` of this object to the world, as the
 * option of the same name.
 */
export class ControllerWrites {
  readonly #seen: { readonly request: SeenRequest; readonly status: number }[] = [];

  readonly onAnswer = (request: SeenRequest, status: number): void => {
    if (request.method !== 'GET') this.#seen.push({ request, status });
  };

  forget(): void {
    this.#seen.length = 0;
  }

  /** The writes for an instance, in the order of the responses. Equal writes, such as repeated refusals, count once. */
  of(instance: string): ChildDecision[] {
    const children = this.#seen.flatMap(({ request, status }) => {
      const decision = decisionOf(request, status);
      return decision?.object.includes(`/${instance}-`) === true ? [decision] : [];
    });
    const known = new Set<string>();
    return children.filter((each) => {
      const text = JSON.stringify(each);
      const isNew = !known.has(text);
      known.add(text);
      return isNew;
    });
  }
}

function decisionOf({ method, path, body }: SeenRequest, status: number): ChildDecision | undefined {
  const [, namespace = '', plural = '', name = ''] = CHILD_PATH.exec(path) ?? [];
  const kind = Object.hasOwn(KINDS_BY_PLURAL, plural) ? KINDS_BY_PLURAL[plural] : undefined;
  if (kind === undefined) return undefined;
  const object = nameOf({ kind, namespace, name });
  if (method === 'DELETE') return { action: 'delete', object, body: null };
  // The child of the kind Lid is also an instance of another definition. The controller writes the Lid as an instance
  // with another field manager.
  if (!path.includes('fieldManager=kro.run%2Fapplyset&')) return undefined;
  const sent = parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body));
  return { action: status === 201 ? 'create' : 'change', object, body: sent };
}

/** The waiting nodes, as the controller reports them. Empty for a deleted instance. */
export function waitingInController({ controller }: VirtualWorld, ref: ObjectRef): WaitingNode[] {
  return waitingIn(controller.reports.report(instanceRef(ref))?.nodes ?? []);
}

/** The value as JSON and back, without members that are `undefined`. */
export const asJson = (value: object): JsonObject => parseJson(JSON.stringify(value)) as JsonObject;
