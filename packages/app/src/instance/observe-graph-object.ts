import { type ControllerSettings, liveGraph } from '@typekro/controller/controller';
import {
  type Diagnostic,
  type JsonObject,
  type KubeObject,
  type ObjectRef,
  definedMembers,
  objectName,
} from '@typekro/kit/core';
import { asObjects, textAt } from '@typekro/kit/kubernetes';
import { observeGraph } from '@typekro/sdk/deploy';
import type { Graph } from '@typekro/engine/graph';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import {
  type Condition,
  type Decision,
  type ApplyAction,
  type Observations,
  NodeReport,
  ObjectKey,
  Tracking,
} from '@typekro/engine/runtime';
import { actingClient } from './acting-client.ts';
import { decideWithDryRuns } from './decide-with-dry-runs.ts';

/**
 * A Graph, and the decision that a newly started controller would make now. The members have the same meaning as in
 * `InstanceObservation`.
 */
interface GraphObservation {
  readonly instance: KubeObject;
  readonly revision: 0;
  /** Absent when the spec does not compile. */
  readonly graph?: Graph;
  readonly decision: Decision;
  readonly changedWrites: readonly ApplyAction[];
  readonly problems: readonly Diagnostic[];
  readonly actingAs?: string;
  readonly notes: readonly string[];
  /** The keys of the recorded contributions that an object does not have. */
  readonly unwritten: ReadonlySet<string>;
}

/** Reads an object of the kind Graph and its objects, and decides like its controller. */
export async function observeGraphObject(
  api: KubernetesApi,
  instance: KubeObject,
  settings: ControllerSettings,
  signal: AbortSignal,
  contest: NonNullable<Observations.Observed['contest']>,
): Promise<GraphObservation> {
  const { graph, refusal, step, actingAs, problems } = await liveGraph(api, instance, signal, settings);
  const acting = await actingClient(api, actingAs, signal, false);
  // The reports on recorded objects come from reads that the controller does not make.
  const isRecorded = graph === undefined || instance.metadata.deletionTimestamp !== undefined;
  const reader = isRecorded ? { api } : { api: acting.api, user: acting.user };
  const refused = refusal === undefined ? {} : { refusal };
  const { decision, changedWrites } = await decideWithDryRuns(
    reader.api,
    (tried) => observeGraph({ ...reader, graph, instance, contest, step, signal, ...refused, ...tried }),
    signal,
  );
  return {
    instance,
    revision: 0,
    ...(graph === undefined ? {} : { graph }),
    decision: { ...decision, nodes: [...decision.nodes, ...retiredReports(instance, graph, decision)] },
    changedWrites,
    problems,
    ...definedMembers({ actingAs: acting.user }),
    notes: [...acting.notes, ...notesOn(instance, settings)],
    unwritten: await unwrittenContributions(reader.api, instance, signal),
  };
}

/** The record precedes the write, so it also names contributions that were refused. An unreadable object counts as written. */
async function unwrittenContributions(api: KubernetesApi, instance: KubeObject, signal: AbortSignal) {
  const unwritten = new Set<string>();
  for (const contribution of Tracking.read(instance).contributions) {
    const { fieldManager, subresource = '', ...ref } = contribution;
    const isOwn = (each: JsonObject) =>
      textAt(each, 'manager') === fieldManager && textAt(each, 'subresource') === subresource;
    try {
      const found = await api.find(ref, { signal });
      if (!asObjects(found?.metadata['managedFields']).some(isOwn))
        unwritten.add(Tracking.contributionKey(contribution));
    } catch (thrown) {
      if (!(thrown instanceof KubeError)) throw thrown;
    }
  }
  return unwritten;
}

/** Returns reports on the recorded objects whose nodes were removed from the spec. */
function retiredReports(instance: KubeObject, graph: Graph | undefined, decision: Decision): NodeReport[] {
  if (graph === undefined || instance.metadata.deletionTimestamp !== undefined) return [];
  const due = new Set(decision.delete.map(({ target }) => ObjectKey.ofTarget(target)));
  const open = decision.nodes.filter((node) => !NodeReport.isDone(node)).map(({ id }) => id);
  const byNode = new Map<string, ObjectRef[]>();
  for (const { nodeID, uid: _uid, ...object } of Tracking.read(instance).managedResources) {
    if (!graph.nodes.has(nodeID)) byNode.set(nodeID, [...(byNode.get(nodeID) ?? []), object]);
  }
  return [...byNode].map(([id, objects]) => {
    const isObjectDue = (object: ObjectRef) => due.has(Tracking.resourceKey(object));
    const isDue = objects.some(isObjectDue);
    return {
      id,
      retired: true,
      state: isDue ? 'deleting' : 'blocked',
      because: { kind: 'retired', objects, ...(isDue || open.length === 0 ? {} : { heldBy: open }) },
      objects: objects.map((object) => ({ object, state: isObjectDue(object) ? 'present' : 'unknown' })),
    };
  });
}

function notesOn(instance: KubeObject, settings: ControllerSettings): string[] {
  const { contributions } = Tracking.read(instance);
  const isDeleted = instance.metadata.deletionTimestamp !== undefined;
  const fields = [...new Set(contributions.map(objectName))];
  return [
    ...(settings.graphKind === false
      ? [
          `the controller of ${settings.from} does not serve the kind Graph: start it with --feature-gates=GraphKind=true`,
        ]
      : []),
    ...(isDeleted && fields.length > 0
      ? [`the Graph gives up its fields in ${fields.join(', ')} before the Graph is removed`]
      : []),
  ];
}

/**
 * The condition reasons that mean an error. With any other reason, the Graph waits for time to pass or for another
 * client.
 */
const FAILED: ReadonlySet<string> = new Set([
  'InvalidGraph',
  'ApplyFailed',
  'PruneFailed',
  'ReleaseFailed',
  'DeleteFailed',
]);

/**
 * Returns the state of a Graph in the words of an instance's `status.state`. A Graph has no such field, so the state
 * follows from its conditions. Empty before a controller has written them.
 */
export function stateOfGraph({ metadata }: KubeObject, conditions: readonly Condition[]): string {
  if (conditions.length === 0) return '';
  if (metadata.deletionTimestamp !== undefined) return 'DELETING';
  if (conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return 'ACTIVE';
  const isFailed = conditions.some(({ status, reason = '' }) => status === 'False' && FAILED.has(reason));
  return isFailed ? 'ERROR' : 'IN_PROGRESS';
}
