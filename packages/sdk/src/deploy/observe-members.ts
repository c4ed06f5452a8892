import { type KubeObject, refOf } from '@typekro/kit/core';
import { eachEffect } from '@typekro/controller/execute';
import { type Clock, type KubernetesApi, systemClock } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import type { Decision, Decisions, NodeReport, Targets } from '@typekro/engine/runtime';
import { ApplySet, Member, ObjectLabels, SpecialStep } from '@typekro/engine/runtime';
import { observerView } from './direct-answers.ts';
import type { ObservedStore } from './observed-store.ts';

/** The options of `observeMembers`. The graph of the instance is unknown. */
export interface ObserveMembersOptions {
  readonly api: KubernetesApi;
  /** The live instance. */
  readonly instance: KubeObject;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Observes an instance without its graph, by the members of its ApplySet. The inventory on the instance names the
 * members' kinds and namespaces. For an instance that is being deleted, returns the same decision as the controller,
 * which needs no graph for a deletion. For any other instance, reports each node that has an object, and the objects
 * that are not ready by the rules of their kinds. Writes no object.
 */
export async function observeMembers(options: ObserveMembersOptions): Promise<Decision> {
  const { api, instance, signal, clock = systemClock } = options;
  const { store, view } = observerView(api, clock, signal);
  const read = (requests: readonly Decisions.ReadRequest[]) =>
    eachEffect(clock, requests, (request) => view.read(request));
  if (instance.metadata.deletionTimestamp === undefined) {
    const targets = memberTargets(instance);
    await read(targets.map((target) => ({ kind: 'members', target, why: 'prune' })));
    const decision = SpecialStep.unresolved(instance, '', store, { now: clock.now() });
    return { ...decision, nodes: targets.flatMap((target) => reportsOf(target, store)) };
  }
  for (;;) {
    const decision = SpecialStep.unresolved(instance, '', store, { now: clock.now() });
    if (decision.read.length === 0) return decision;
    await read(decision.read);
  }
}

function memberTargets(instance: KubeObject): Targets.MemberTarget[] {
  const scope = ApplySet.scope(ApplySet.inventory(instance));
  const namespaces = Member.namespaces(instance.metadata.namespace, scope);
  const applySet = ApplySet.idOf(instance);
  return scope.groupKinds.map((groupKind) => Member.target(applySet, groupKind, namespaces));
}

/** The reports of the nodes that have objects of one kind. The labels of the objects name the nodes. */
function reportsOf(target: Targets.MemberTarget, store: ObservedStore): NodeReport[] {
  const found = store.members(target);
  if (found.state === 'failed') {
    const { failure } = found;
    return [{ id: target.kind, state: 'failed', because: { kind: 'read-failed', failure }, objects: [] }];
  }
  if (found.state !== 'known') return [];
  return [...ObjectLabels.byNode(found.objects.map(({ object }) => object))].map(([id, objects]) =>
    reportByKind(id, objects, objects.map(Member.report)),
  );
}

/** The report of a node without a graph: only the rules of the objects' kinds can say that an object is not ready. */
export function reportByKind(id: string, found: readonly KubeObject[], objects: NodeReport['objects']): NodeReport {
  const unready = found
    .map((object) => ({ object: refOf(object), ...readinessOf(object) }))
    .find(({ ready }) => !ready);
  const { object, reason = '', message = '' } = unready ?? {};
  const because = object === undefined ? { kind: 'unjudged' } : { kind: 'not-ready-by-kind', object, reason, message };
  return { id, state: 'waiting', because, objects } as NodeReport;
}
