import { type KubeObject, definedMembers, earliest, gvkOf } from '@typekro/kit/core';
import { type Graph, Nodes } from '../graph/index.ts';
import { confirmation, isConfirmed, isPausedRead } from './reports/confirmation.ts';
import { isPatchManager } from './objects/field-managers.ts';
import { groupKindText, labelOfObject } from './objects/identity.ts';
import { PART_OF_LABEL } from './objects/keys.ts';
import type {
  Contribution,
  Decision,
  DeleteAction,
  ManagedResource,
  ReadRequest,
  ReleaseAction,
  StepOptions,
  WatchRequest,
} from './model.ts';
import type { LiveObject, Observation, Observed } from './observed-state.ts';
import { writerName, writerOf } from './objects/owned-fields.ts';
import { pausedWrite, RELEASE } from './reports/paused-write.ts';
import type { ApiFailure } from './report.ts';
import type { ObjectTarget, ObjectType } from './objects/target.ts';
import { type Identity, trackedName } from './tracking.ts';
import { engineFieldsOf } from './reports/write-decision.ts';

/** The inputs for decisions about retired objects and fields. These decisions need no compiled graph. */
export interface RetiredContext {
  /** The Graph. */
  readonly instance: KubeObject;
  readonly observed: Observed;
  readonly options: StepOptions;
  /** The field manager of the template nodes of the Graph. */
  readonly manager: string;
  readonly graph: Graph | undefined;
  readonly why: DeleteAction['why'];
  /** Set if the objects and fields stay and only the Graph's field managers are removed from them. */
  readonly keepsFields?: true;
}

/** The decision about the retired entries in the status record. */
export interface Retirement<Entry, Action> {
  readonly actions: readonly Action[];
  /** The entries that stay in the status. */
  readonly remaining: readonly Entry[];
  readonly messages: readonly string[];
  readonly read: readonly ReadRequest[];
  /** The watches of the objects of all entries, including the objects whose read failed. */
  readonly watch: readonly WatchRequest[];
  readonly retryAt?: number;
}

/**
 * The result for entries that cannot be decided yet. Their objects stay watched. If they were not, the watch of a kind
 * would end between two decisions, and the state of its objects would be unknown again.
 */
export function unretired<Entry extends Identity>(
  context: RetiredContext,
  remaining: readonly Entry[],
): Retirement<Entry, never> {
  const typeOf = typeFinder(context);
  const watch = remaining.map((entry) => watchOf(targetOfEntry(entry, typeOf(entry))));
  return { actions: [], remaining, messages: [], read: [], watch };
}

function watchOf(target: ObjectTarget): WatchRequest {
  return { kind: 'object', nodeId: '', target };
}

/** The decision about one entry. `needless`: according to the watches, the entry needs no more work. */
type EntryDecision<Action> =
  | { readonly state: 'done' }
  | { readonly state: 'needless' }
  | { readonly state: 'act'; readonly action: Action }
  | { readonly state: 'read'; readonly request: ReadRequest }
  | { readonly state: 'failed'; readonly message: string; readonly retryAt?: number };

const DONE = { state: 'done' } as const;
const NEEDLESS = { state: 'needless' } as const;

/** The decision after a failure. `what` names the work that failed. */
function failedTo(what: string, { failure, retryAt }: FailedRequest): EntryDecision<never> {
  return { state: 'failed', message: `${what}: ${failure.message}`, ...definedMembers({ retryAt }) };
}

/**
 * Would a repeated request fail in the same way? True if the account has no permission for the request, or if the kind
 * is not served.
 */
function isOutOfReach({ failure: { code } }: FailedRequest): boolean {
  return code === 403 || code === 404;
}

/** A failed read or write, and the end of the pause after it. */
interface FailedRequest {
  readonly failure: ApiFailure;
  readonly retryAt?: number;
}

/**
 * Deletes objects that a Graph recorded and no longer wants, in reverse order of the record, one node after the other.
 * Each deletion has a UID as its precondition. If the Graph's field manager owns fields of the observed object, this is
 * the UID of the observed object; if not, the recorded UID. An entry without UID comes from a pass that ended before
 * its write was recorded. Such an object is deleted only if the Graph's field manager owns fields of the object. An
 * object that is a member of an ApplySet belongs to an instance and stays.
 */
export function retireObjects(
  context: RetiredContext,
  retired: readonly ManagedResource[],
): Retirement<ManagedResource, DeleteAction | ReleaseAction> {
  let wave = 0;
  let nodeId: string | undefined;
  const waves = retired.map((entry) => {
    if (entry.nodeID !== nodeId) wave += 1;
    nodeId = entry.nodeID;
    return wave;
  });
  return retire(context, retired, (entry, target, index) => retireObject(context, entry, target, waves[index] ?? 0));
}

/**
 * Releases fields that the patch nodes of a Graph no longer write. An entry with a field manager of another client or
 * Graph causes no write, because users may edit the record in the status of a Graph.
 */
export function releasedFields(
  context: RetiredContext,
  retired: readonly Contribution[],
): Retirement<Contribution, ReleaseAction> {
  return retire(context, retired, (entry, target) => releaseContribution(context, entry, target));
}

/**
 * Decides about all entries, the last one first. While an object is unread, nothing is done: the unread object may
 * depend on the other objects, and would have to be deleted first. Every object is watched until its entry is removed
 * from the record. Without the watch, the state of a finished object would become unknown again while another object is
 * read.
 */
function retire<Entry extends Identity, Action>(
  context: RetiredContext,
  entries: readonly Entry[],
  decide: (entry: Entry, target: ObjectTarget, index: number) => EntryDecision<Action>,
): Retirement<Entry, Action> {
  const typeOf = typeFinder(context);
  const decisions = entries
    .map((entry, index) => {
      const target = targetOfEntry(entry, typeOf(entry));
      return { entry, target, decision: confirmed(context, entry, target, decide(entry, target, index)) };
    })
    .toReversed();
  const retryAt = earliest(
    decisions.map(({ decision }) => (decision.state === 'failed' ? decision.retryAt : undefined)),
  );
  const read = decisions.flatMap(({ decision }) => (decision.state === 'read' ? [decision.request] : []));
  return {
    actions:
      read.length > 0 ? [] : decisions.flatMap(({ decision }) => (decision.state === 'act' ? [decision.action] : [])),
    remaining: decisions.flatMap(({ entry, decision }) => (decision.state === 'done' ? [] : [entry])).toReversed(),
    messages: decisions.flatMap(({ decision }) => (decision.state === 'failed' ? [decision.message] : [])),
    read,
    watch: decisions.map(({ target }) => watchOf(target)),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

/**
 * The decision about an entry. If the entry needs no more work, its object is read before the entry is removed from the
 * record.
 */
function confirmed<Action>(
  { observed, options, why }: RetiredContext,
  entry: Identity,
  target: ObjectTarget,
  decision: EntryDecision<Action>,
): EntryDecision<Action> {
  if (decision.state !== 'needless') return decision;
  if (isConfirmed(observed, target)) return DONE;
  const failed = observed.failedRead?.(target);
  if (!isPausedRead(failed, options)) return { state: 'read', request: confirmation(target) };
  if (isOutOfReach(failed)) return DONE;
  return failedTo(`${why === 'prune' ? 'prune' : 'delete'} ${trackedName(entry)}`, failed);
}

function retireObject(
  context: RetiredContext,
  entry: ManagedResource,
  target: ObjectTarget,
  wave: number,
): EntryDecision<DeleteAction | ReleaseAction> {
  const { observed, options, manager, why, keepsFields = false } = context;
  if (keepsFields) return releaseIn(context, target, entry.nodeID, manager, `release ${trackedName(entry)}`);
  const observation = observed.object(target);
  // The Graph may have created the object again, while the record still has the UID of the earlier object.
  const uid = ownUid(observation, manager) ?? entry.uid;
  if (uid === undefined) return unidentified(target, entry, observation);
  if (observed.isDeleted?.(target, uid) === true) return DONE;
  if (observation.state === 'absent') return NEEDLESS;
  if (observation.state === 'present') {
    const { object } = observation.live;
    const { metadata } = object;
    if (metadata.uid !== uid) return NEEDLESS;
    if (metadata.deletionTimestamp !== undefined) return DONE;
    // An instance has taken the object over.
    if ((labelOfObject(object, PART_OF_LABEL) ?? '') !== '') {
      return releaseFrom(context, target, observation.live, manager, `release ${trackedName(entry)}`);
    }
  }
  if (observation.state === 'unknown') return readOf(target, entry.nodeID);
  const failed = pausedWrite(observed, target, { digest: '', uid }, options.now);
  if (failed === undefined) return { state: 'act', action: { nodeId: entry.nodeID, target, uid, why, wave } };
  return failedTo(`delete ${trackedName(entry)}`, failed);
}

/** The UID of an observed object if the Graph's field manager owns fields of the object; otherwise undefined. */
function ownUid(observation: Observation, manager: string): string | undefined {
  if (observation.state !== 'present') return undefined;
  const { live } = observation;
  return engineFieldsOf(live, manager).owned === '' ? undefined : live.object.metadata.uid;
}

/** The decision about an entry without UID, when the observation shows no field of the Graph's field manager. */
function unidentified(
  target: ObjectTarget,
  entry: ManagedResource,
  observation: Observation,
): EntryDecision<DeleteAction> {
  if (observation.state === 'unknown') return readOf(target, entry.nodeID);
  if (observation.state !== 'failed') return NEEDLESS;
  // kro ignores entries without UID. If the account has lost its permissions since the write, the object stays. If the
  // kind is no longer served, the object is gone.
  return isOutOfReach(observation) ? DONE : failedTo(`delete ${trackedName(entry)}`, observation);
}

function readOf(target: ObjectTarget, nodeId: string): EntryDecision<never> {
  return { state: 'read', request: { kind: 'object', nodeId, target, why: 'unknown' } };
}

function releaseContribution(
  context: RetiredContext,
  entry: Contribution,
  target: ObjectTarget,
): EntryDecision<ReleaseAction> {
  const { instance } = context;
  const { fieldManager: manager, apiVersion, kind, name } = entry;
  if (!isPatchManager(manager, instance.metadata.uid ?? '')) return DONE;
  const subresource = entry.subresource === 'status' ? 'status' : undefined;
  const what = `release ${trackedName({ apiVersion, kind, name })} (manager "${manager}")`;
  return releaseIn(context, target, '', manager, what, subresource);
}

/** Decides about the release of the fields that a manager owns in an object. The object may have to be read first. */
function releaseIn(
  context: RetiredContext,
  target: ObjectTarget,
  nodeId: string,
  manager: string,
  what: string,
  subresource?: 'status',
): EntryDecision<ReleaseAction> {
  const { observed, keepsFields = false } = context;
  const observation = observed.object(target);
  if (observation.state === 'absent') return NEEDLESS;
  if (observation.state === 'unknown') return readOf(target, nodeId);
  if (observation.state === 'failed') {
    // If the kind is no longer served, its objects are gone too. An object that the account may not read stays
    // unchanged.
    const isDone = observation.failure.code === 404 || (keepsFields && isOutOfReach(observation));
    return isDone ? DONE : failedTo(what, observation);
  }
  return releaseFrom(context, target, observation.live, manager, what, subresource);
}

/** Releases the fields that a manager owns in an object. `what` is the beginning of the message about a failure. */
function releaseFrom(
  { observed, options, keepsFields }: RetiredContext,
  target: ObjectTarget,
  live: LiveObject,
  manager: string,
  what: string,
  subresource?: 'status',
): EntryDecision<ReleaseAction> {
  const writer = writerOf(manager, subresource);
  if (engineFieldsOf(live, writer).owned === '') return NEEDLESS;
  const { uid } = live.object.metadata;
  const failed = pausedWrite(observed, target, { digest: RELEASE, uid }, options.now, writerName(writer));
  // With the deletion policy `orphan`, a user can delete a Graph even if its account has lost its permissions.
  if (failed !== undefined && keepsFields === true && isOutOfReach(failed)) return DONE;
  if (failed !== undefined) return failedTo(what, failed);
  const action: ReleaseAction = { target, manager, ...definedMembers({ keepsFields, subresource, uid }) };
  return { state: 'act', action };
}

/** The actions and reads for retired objects and fields, as the members of a decision. */
export function retiringActions(
  objects: Retirement<unknown, DeleteAction | ReleaseAction>,
  fields: Retirement<unknown, ReleaseAction>,
): Pick<Decision, 'delete' | 'release' | 'read' | 'watch'> {
  const deletions = objects.actions.flatMap((action) => ('wave' in action ? [action] : []));
  const releases = objects.actions.flatMap((action) => ('wave' in action ? [] : [action]));
  const release = [...releases, ...fields.actions];
  return {
    delete: deletions,
    ...(release.length === 0 ? {} : { release }),
    read: [...objects.read, ...fields.read],
    watch: [...objects.watch, ...fields.watch],
  };
}

/**
 * The target of a recorded object. For an unknown type, `plural` is empty, and the caller finds the plural by
 * discovery.
 */
function targetOfEntry({ namespace, name }: Identity, type: ObjectType): ObjectTarget {
  return { type, name, ...(namespace === undefined ? {} : { namespace }) };
}

/**
 * Returns a function that finds the type of an entry. The graph's types are collected on the first call that needs
 * them.
 */
function typeFinder({ graph, options: { kinds } }: RetiredContext): (entry: Identity) => ObjectType {
  let known: Map<string, ObjectType> | undefined;
  return ({ apiVersion, kind, namespace }) => {
    const gvk = gvkOf({ apiVersion, kind });
    known ??= new Map(
      graph === undefined
        ? []
        : Nodes.typed(graph).map(({ type, plural, namespaced }) => [
            groupKindText(type),
            { ...type, plural, namespaced },
          ]),
    );
    // The record may have an older version, which may no longer be served.
    const ofGraph = known.get(groupKindText(gvk));
    if (ofGraph !== undefined) return ofGraph;
    const { plural = '', namespaced = namespace !== undefined } = kinds?.(gvk) ?? {};
    return { ...gvk, plural, namespaced };
  };
}
