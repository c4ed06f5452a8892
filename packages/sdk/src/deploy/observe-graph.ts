import { type GroupVersionKind, type KubeObject, type ObjectRef, typeMetaOf } from '@typekro/kit/core';
import { apiFailure, eachEffect } from '@typekro/controller/execute';
import type { Graph } from '@typekro/engine/graph';
import { type KubernetesApi, KubeError, systemClock } from '@typekro/kube';
import type { Decision, NodeReport, ObjectType, Reports, StepOptions } from '@typekro/engine/runtime';
import { Member, SpecialStep, Tracking } from '@typekro/engine/runtime';
import { observerView } from './direct-answers.ts';
import { reportByKind } from './observe-members.ts';
import { type ObserveInstanceOptions, observeInstance } from './observe-instance.ts';

/** The options of `observeGraph`. */
export interface ObserveGraphOptions extends Omit<ObserveInstanceOptions, 'graph'> {
  /** The graph in the spec of the Graph; `undefined` when it does not compile. */
  readonly graph: Graph | undefined;
  /** The message of the controller that says why there is no graph. */
  readonly refusal?: string;
}

/**
 * The decision that a controller would make about a Graph if it started at this moment. For a Graph that is being
 * deleted or does not compile, the reports are about the objects in the record of its status. Writes no object.
 */
export async function observeGraph(options: ObserveGraphOptions): Promise<Decision> {
  const { api, graph, instance, signal, clock = systemClock } = options;
  const types = new ServedTypes(api);
  const step = { ...options.step, kinds: types.find };
  if (graph !== undefined && instance.metadata.deletionTimestamp === undefined) {
    for (;;) {
      const decision = await observeInstance({ ...options, graph, step });
      if (!(await types.lookUp(signal))) return decision;
    }
  }
  const { store, view } = observerView(api, clock, signal);
  const decide = (): Decision => {
    const at = { ...step, now: clock.now() };
    if (instance.metadata.deletionTimestamp !== undefined) return SpecialStep.graphDeletion(instance, store, at, graph);
    return SpecialStep.refusedGraph(instance, options.refusal ?? '', store, at);
  };
  for (;;) {
    const decision = decide();
    if (decision.read.length === 0) return { ...decision, nodes: await recordedReports(api, instance, signal) };
    await eachEffect(clock, decision.read, (request) => view.read(request));
  }
}

/**
 * The types that the cluster serves. When a step requests a type that was not looked up yet, the type is looked up
 * after the step. If the cluster serves the type, the step is repeated.
 */
export class ServedTypes {
  readonly #api: KubernetesApi;
  readonly #found = new Map<string, Pick<ObjectType, 'plural' | 'namespaced'> | undefined>();
  readonly #wanted = new Map<string, GroupVersionKind>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  readonly find: NonNullable<StepOptions['kinds']> = (type) => {
    const key = keyOf(type);
    if (!this.#found.has(key)) this.#wanted.set(key, type);
    return this.#found.get(key);
  };

  /**
   * Looks up the types that `find` did not know. Returns true when the cluster serves at least one of them; the caller
   * then repeats the step.
   */
  async lookUp(signal: AbortSignal): Promise<boolean> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    await Promise.all(
      wanted.map(async ([key, type]) => {
        const ref = typeMetaOf(type);
        this.#found.set(key, await this.#api.discovery.resourceOf(ref, { signal }));
      }),
    );
    return wanted.some(([key]) => this.#found.get(key) !== undefined);
  }
}

const keyOf = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}/${kind}`;

/** One report for each node with recorded objects, in the order of the record. */
async function recordedReports(
  api: KubernetesApi,
  instance: KubeObject,
  signal: AbortSignal,
): Promise<readonly NodeReport[]> {
  const byNode = new Map<string, ObjectRef[]>();
  for (const { nodeID, uid: _uid, ...object } of Tracking.read(instance).managedResources) {
    byNode.set(nodeID, [...(byNode.get(nodeID) ?? []), object]);
  }
  const isDeleted = instance.metadata.deletionTimestamp !== undefined;
  return Promise.all(
    [...byNode].map(async ([id, refs]) => {
      const seen = await Promise.all(refs.map((ref) => look(api, ref, signal)));
      return isDeleted ? deletionReport(id, refs, seen) : keptReport(id, seen);
    }),
  );
}

/** The current state of a recorded object, or the failure of its read. */
type Seen = { readonly report: Reports.ObjectReport } & (
  | { readonly object: KubeObject | undefined }
  | { readonly failed: NodeReport['because'] }
);

async function look(api: KubernetesApi, ref: ObjectRef, signal: AbortSignal): Promise<Seen> {
  try {
    const object = await api.find(ref, { signal });
    return { object, report: object === undefined ? { object: ref, state: 'absent' } : Member.report(object) };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const failed = { kind: 'read-failed', object: ref, failure: apiFailure(error, undefined) } as const;
    return { failed, report: { object: ref, state: 'failed' } };
  }
}

function deletionReport(id: string, refs: readonly ObjectRef[], seen: readonly Seen[]): NodeReport {
  const objects = seen.map(({ report }) => report);
  const failed = seen.find((each) => 'failed' in each);
  if (failed !== undefined) return { id, state: 'deleting', because: failed.failed, objects };
  if (objects.every(({ state }) => state === 'absent')) {
    return { id, state: 'deleted', because: { kind: 'retired', isWhole: true, objects: refs }, objects };
  }
  const terminating = objects.flatMap(({ object, finalizers = [], deletingSince }) =>
    deletingSince === undefined ? [] : [{ object, finalizers, since: deletingSince }],
  );
  const left = objects.filter(({ state }) => state === 'present').map(({ object }) => object);
  if (left.length === 0)
    return { id, state: 'deleting', because: { kind: 'being-deleted', objects: terminating }, objects };
  return { id, state: 'deleting', because: { kind: 'retired', isWhole: true, objects: left }, objects };
}

/** The report of a node of a Graph that does not compile: its objects stay as they are. */
function keptReport(id: string, seen: readonly Seen[]): NodeReport {
  const objects = seen.map(({ report }) => report);
  const failed = seen.find((each) => 'failed' in each);
  if (failed !== undefined) return { id, state: 'failed', because: failed.failed, objects };
  const found = seen.flatMap((each) => ('object' in each && each.object !== undefined ? [each.object] : []));
  if (found.length === seen.length) return reportByKind(id, found, objects);
  const because = { kind: 'items-missing', present: found.length, wanted: seen.length } as const;
  return { id, state: 'waiting', because, objects };
}
