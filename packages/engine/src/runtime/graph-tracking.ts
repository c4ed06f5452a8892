import { Nodes } from '../graph/index.ts';
import { isConfirmed } from './reports/confirmation.ts';
import type { Contribution, GraphTracking, ManagedResource } from './model.ts';
import { patchWriters } from './nodes/patch.ts';
import type { NodeResult, StepContext } from './step-context.ts';
import { type ObjectTarget, refOfTarget } from './objects/target.ts';
import { contributionKey, recordedTracking, resourceKey, union, without } from './tracking.ts';

/** The objects and fields that a Graph wants, compared with those that its status records. */
export interface TrackingPlan {
  /** The objects and fields that resolved nodes want. A node is resolved when it is known which objects it wants. */
  readonly current: GraphTracking;
  /**
   * Recorded objects and fields that an unresolved node may still want. An object that is recorded for another node is
   * also kept if an unresolved node wants an object of the same name.
   */
  readonly kept: GraphTracking;
  /** Recorded objects and fields that no node wants. */
  readonly retired: GraphTracking;
  /** The objects in `kept` that must be read before their entries may be removed from the record. */
  readonly unconfirmed: readonly ObjectTarget[];
  /**
   * The record that must be written before the objects and fields of this step; undefined if the status already names
   * all of them.
   */
  readonly ahead?: GraphTracking;
}

/** Plans the record in a Graph's status, after the nodes were visited. */
export function planTracking(context: StepContext): TrackingPlan {
  const recorded = recordedTracking(context.instance);
  const results = [...context.results.values()];
  const uidOf = recordedUids(recorded);
  const wantedResources = results.flatMap((result) => resourcesOf(context, result, uidOf));
  const wantedContributions = results.flatMap((result) => result.contributions ?? []);
  const isResolved = results.every(({ wanted }) => wanted !== undefined);
  // Fast path for a Graph at rest, the common case: the lists are equal, so no keys are computed.
  if (isResolved && areEqual(wantedResources, recorded.managedResources)) {
    if (areEqual(wantedContributions, recorded.contributions)) {
      return { current: recorded, kept: NOTHING, retired: NOTHING, unconfirmed: [] };
    }
  }
  const resources = union(resourceKey, wantedResources);
  const contributions = union(contributionKey, wantedContributions);
  const unresolved = new Set(results.filter(({ wanted }) => wanted === undefined).map(({ node }) => node.id));
  const { managers } = patchWriters(context.graph, context.instance.metadata.uid ?? '');
  const waitingManagers = new Set([...unresolved].flatMap((id) => managers.get(id) ?? []));
  const identities = identitiesOf(results.filter(({ wanted }) => wanted === undefined));
  const waiting = recorded.managedResources.filter(
    (entry) => unresolved.has(entry.nodeID) || identities.has(resourceKey(entry)),
  );
  const unconfirmed: ObjectTarget[] = [];
  const kept = {
    managedResources: without(resourceKey, waiting, resources).flatMap((entry) =>
      keptResource(context, entry, identities, unconfirmed),
    ),
    contributions: without(
      contributionKey,
      recorded.contributions.filter(({ fieldManager }) => waitingManagers.has(fieldManager)),
      contributions,
    ),
  };
  const current = { managedResources: resources, contributions };
  const retired = {
    managedResources: without(resourceKey, recorded.managedResources, resources, waiting),
    contributions: without(contributionKey, recorded.contributions, contributions, kept.contributions),
  };
  const ahead = recordAhead(recorded, current, results);
  return { current, kept, retired, unconfirmed, ...(ahead === undefined ? {} : { ahead }) };
}

const NOTHING: GraphTracking = { managedResources: [], contributions: [] };

/** Do both lists have the same entries in the same order? */
function areEqual<Entry extends ManagedResource | Contribution>(
  some: readonly Entry[],
  others: readonly Entry[],
): boolean {
  return some.length === others.length && some.every((entry, index) => isSameEntry(entry, others[index]));
}

function isSameEntry<Entry extends ManagedResource | Contribution>(one: Entry, other: Entry | undefined): boolean {
  if (other === undefined) return false;
  const names = Object.keys(one) as (keyof Entry)[];
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** The recorded UID of an object. */
type RecordedUid = (entry: ManagedResource) => string | undefined;

/**
 * Returns a function that finds recorded UIDs. The index is built on the first call. A Graph at rest needs no call and
 * no index.
 */
function recordedUids({ managedResources }: GraphTracking): RecordedUid {
  let uids: ReadonlyMap<string, string | undefined> | undefined;
  return (entry) => {
    uids ??= new Map(managedResources.map((each) => [resourceKey(each), each.uid]));
    return uids.get(resourceKey(entry));
  };
}

/** The objects of a resolved node. A UID is recorded as soon as the Graph owns fields of the object. */
function resourcesOf(context: StepContext, { node, wanted = [] }: NodeResult, uidOf: RecordedUid): ManagedResource[] {
  if (!Nodes.ownsObjects(node)) return [];
  return wanted.map(({ target }) => {
    const entry = resourceOf(node.id, target);
    const observation = context.observed.object(target);
    if (observation.state === 'absent') return entry;
    // An object that cannot be read keeps its recorded UID, which may still be right.
    if (observation.state !== 'present') return withUid(entry, uidOf(entry));
    const { live } = observation;
    const { uid } = live.object.metadata;
    return context.rules.isOwn(context, live) || uidOf(entry) === uid ? withUid(entry, uid) : entry;
  });
}

function resourceOf(nodeID: string, target: ObjectTarget): ManagedResource {
  return { nodeID, ...refOfTarget(target) };
}

function withUid(entry: ManagedResource, uid: string | undefined): ManagedResource {
  return uid === undefined ? entry : { ...entry, uid };
}

/** The objects of unresolved nodes, by record key. Leaves out objects whose names are not known yet. */
function identitiesOf(unresolved: readonly NodeResult[]): ReadonlyMap<string, ObjectTarget> {
  const targets = unresolved.flatMap(({ node, identities = [] }) => (Nodes.ownsObjects(node) ? identities : []));
  return new Map(targets.map((target) => [resourceKey(resourceOf('', target)), target]));
}

/**
 * The entry that stays in the record for an unresolved node, as a list of at most one. The list is empty if the entry
 * has no UID and a read has confirmed that the Graph did not write the object. Before the read, the entry stays, and
 * the object is added to `unconfirmed`.
 */
function keptResource(
  context: StepContext,
  entry: ManagedResource,
  identities: ReadonlyMap<string, ObjectTarget>,
  unconfirmed: ObjectTarget[],
): ManagedResource[] {
  if (entry.uid !== undefined) return [entry];
  const identity = identities.get(resourceKey(entry));
  if (identity === undefined) return [entry];
  const observation = context.observed.object(identity);
  if (observation.state === 'present' && context.rules.isOwn(context, observation.live)) {
    return [withUid(entry, observation.live.object.metadata.uid)];
  }
  if (observation.state !== 'present' && observation.state !== 'absent') return [entry];
  if (isConfirmed(context.observed, identity)) return [];
  unconfirmed.push(identity);
  return [entry];
}

/**
 * The record to write before the objects and fields of a step: all recorded entries, and the new objects and fields
 * that the step writes. It also has the objects of unresolved nodes if their names are known. A chain of nodes then
 * needs one write of the record instead of one per node.
 */
function recordAhead(
  recorded: GraphTracking,
  current: GraphTracking,
  results: readonly NodeResult[],
): GraphTracking | undefined {
  if (results.every(({ apply }) => apply.length === 0)) return undefined;
  const resources = without(resourceKey, current.managedResources, recorded.managedResources);
  const contributions = without(contributionKey, current.contributions, recorded.contributions);
  if (resources.length === 0 && contributions.length === 0) return undefined;
  const expected = results.flatMap(({ node, identities = [] }) =>
    Nodes.ownsObjects(node) ? identities.map((target) => resourceOf(node.id, target)) : [],
  );
  const intended = [...resources, ...expected].map(({ uid: _uid, ...entry }) => entry);
  return {
    managedResources: union<ManagedResource>(resourceKey, recorded.managedResources, intended),
    contributions: union(contributionKey, recorded.contributions, contributions),
  };
}
