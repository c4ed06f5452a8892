import { type KubeObject, formatApiVersion, isJsonObject, RETRY_POLICIES, definedMembers } from '@typekro/kit/core';
import { type Graph, Nodes } from '@typekro/engine/graph';
import { type Clock, type KubernetesApi, systemClock, unlessFailed } from '@typekro/kube';
import type { ApplyAction, Decision, FieldDifference, ObjectType } from '@typekro/engine/runtime';
import { ApplySet, keys } from '@typekro/engine/runtime';
import { type DirectRunOptions, DirectRun } from './direct-run.ts';
import { type KnownObject, targetOfObject } from './observed-store.ts';

/** The options of `observeInstance`: an instance of a definition, and the options of its controller's step. */
export interface ObserveInstanceOptions extends Pick<
  DirectRunOptions,
  'api' | 'user' | 'graph' | 'step' | 'signal' | 'failures' | 'contest'
> {
  /** The live instance. */
  readonly instance: KubeObject;
  readonly clock?: Clock;
  /**
   * May a write be skipped, because the caller knows that it changes nothing? A write that changes only labels and
   * annotations of the controller is always skipped. By default, no other write is.
   */
  readonly isSettled?: (action: ApplyAction) => boolean;
}

/**
 * The decision that a controller would make about an instance if it started at this moment: the same step with the same
 * reads. Writes no object, and opens no watch. A failed read is in the report of the node that requested it.
 */
export async function observeInstance(options: ObserveInstanceOptions): Promise<Decision> {
  const { api, user, graph, instance, step, signal, clock = systemClock, isSettled = () => false } = options;
  const { group, version, kind, plural, namespaced } = graph.instance;
  const target = targetOfObject({ group, version, kind, plural, namespaced }, instance);
  const run = new DirectRun({
    api,
    user,
    graph,
    instance,
    clock,
    signal,
    effects: 'read',
    rules: { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 0, lasting: 'final' },
    step,
    // The record serves only writes and a watch, and this run has neither.
    record: { target, selector: '' },
    beforeWrite: () => Promise.resolve(),
    writeParent: (_parent, current) => Promise.resolve(current),
    known: await children(api, graph, instance, signal),
    ...definedMembers({ failures: options.failures, contest: options.contest }),
    isSettled: (action) => isBookkeeping(action) || isSettled(action),
    report: () => undefined,
  });
  return run.run(({ read }) => read.length === 0);
}

/** Matches the path of a label or an annotation in the list of differences. */
const MARK = /^metadata\.(?:labels|annotations)\["([^"]+)"\]/;

/**
 * Does a child differ only in labels and annotations that its controller writes for its own use? Such differences exist
 * because versions of kro number deletion waves, and write and shorten labels, in different ways.
 */
export function isBookkeeping({ why, differences = [] }: ApplyAction): boolean {
  return (why === 'change' || why === 'drift') && differences.length > 0 && differences.every(isOfController);
}

function isOfController({ path, wanted, found }: FieldDifference): boolean {
  const key = MARK.exec(path)?.[1];
  if (key !== undefined) return keys.isReservedKey(key);
  if (path !== 'metadata.annotations' && path !== 'metadata.labels') return false;
  return [wanted, found].every(
    (value) => value === undefined || (isJsonObject(value) && Object.keys(value).every(keys.isReservedKey)),
  );
}

/** Reads the children of an instance with one list per kind and namespace, not with one read per object. */
async function children(
  api: KubernetesApi,
  graph: Graph,
  instance: KubeObject,
  signal: AbortSignal,
): Promise<readonly KnownObject[]> {
  // The objects of a Graph have no common label. The step reads each by its name.
  if (graph.definedBy === 'graph') return [];
  const types = new Map<string, ObjectType>();
  for (const node of Nodes.typed(graph).filter(Nodes.ownsObjects)) {
    const { type, plural, namespaced } = node;
    const { group, version, kind } = type;
    types.set(`${group}/${version}/${kind}`, { group, version, kind, plural, namespaced });
  }
  const { namespaces } = ApplySet.scope(ApplySet.inventory(instance));
  const own = instance.metadata.namespace;
  const allNamespaces = [...new Set([...(own === undefined ? [] : [own]), ...namespaces])];
  const lists = [...types.values()].flatMap((type) =>
    (type.namespaced ? allNamespaces : [undefined]).map((namespace) => listOf(api, type, namespace, instance, signal)),
  );
  return (await Promise.all(lists)).flat();
}

async function listOf(
  api: KubernetesApi,
  type: ObjectType,
  namespace: string | undefined,
  instance: KubeObject,
  signal: AbortSignal,
): Promise<KnownObject[]> {
  const apiVersion = formatApiVersion(type);
  const labelSelector = `${keys.PART_OF_LABEL}=${ApplySet.idOf(instance)}`;
  const place = namespace === undefined ? {} : { namespace };
  // The account may be allowed to read objects only by name. The step then reads each object, and reports failed reads.
  const found = await unlessFailed(api.list({ apiVersion, kind: type.kind }, { ...place, labelSelector, signal }));
  return (found?.items ?? []).map((object) => ({ target: targetOfObject(type, object), object }));
}
