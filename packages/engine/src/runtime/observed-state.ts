import type { KubeObject } from '@typekro/kit/core';
import type { EquivalentDigests, Fingerprint } from './objects/fingerprint.ts';
import type { ListTarget, MemberTarget, ObjectTarget } from './objects/target.ts';
import type { ApiFailure } from './report.ts';

/**
 * The state of a watch: the initial list is complete, the initial list is pending, or the API server refuses the watch.
 */
export type WatchState =
  | { readonly state: 'synced' | 'pending'; readonly failure?: undefined }
  | { readonly state: 'blocked'; readonly failure: ApiFailure };

/**
 * A recurring conflict about fields of an object. Each time the controller corrects the fields, another client changes
 * them again. With `isOwn`, the controller itself changes the object again and again.
 */
export interface Contest {
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** The other managers that owned these fields; sorted. */
  readonly managers: readonly string[];
  /**
   * The end of the pause (milliseconds since the epoch). Until then, the controller does not correct an object that
   * differs only in these fields.
   */
  readonly retryAt: number;
  /**
   * The end of the contest (milliseconds since the epoch), if no further correction of the fields is necessary until
   * then.
   */
  readonly endsAt: number;
  /**
   * Does the controller itself change the object repeatedly, although the spec stays the same? Either the node's
   * expressions read fields that the node writes, or another client changes the data that the expressions read.
   */
  readonly isOwn?: true;
}

/**
 * A live object: the whole object, or a projection of it (`projectObject`) with the identity, the metadata that the
 * runtime uses, and the values that the graph reads.
 */
export interface LiveObject {
  readonly object: KubeObject;
  /**
   * Fingerprint of the fields that the controller's field manager owns (`ownedFingerprint`). Required for projections.
   * For a whole object with `metadata.managedFields`, it is computed if absent.
   */
  readonly owned?: Fingerprint;
  /**
   * The result of an earlier apply or comparison in this process: the owned fields satisfy the desired ones, although
   * the values may differ (the server normalises values). `true` means that the values are equal, which is the common
   * case.
   */
  readonly equivalence?: EquivalentDigests | true;
  /**
   * The whole object behind a projection, if the observer has it. The observer keeps the whole object when the object's
   * owned fields have changed, so that the step can name the difference, and after a read that a step requested.
   */
  readonly whole?: KubeObject;
  /**
   * The fields that writers of kro's graph engine own, keyed by the name of the writer (`writerName`). A projection has
   * this member if the object has such writers. For a whole object with `metadata.managedFields`, it is computed if
   * absent.
   */
  readonly engineFields?: ReadonlyMap<string, EngineFields>;
}

/** The fields of a live object that one writer of kro's graph engine owns. */
export interface EngineFields {
  /** Fingerprint of the fields. */
  readonly owned: Fingerprint;
  /** As `LiveObject.equivalence`, for this writer. */
  readonly equivalence?: EquivalentDigests | true;
}

/** The observation of one object. `unknown`: the object has not been read yet. `absent`: the object does not exist. */
export type Observation =
  | { readonly state: 'unknown' }
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly live: LiveObject }
  /**
   * `retryAt`: the time of the next read (milliseconds since the epoch). When absent, a watch reports the next change.
   */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** The observation of a list. `unserved`: the API server does not serve the kind. */
export type ListObservation =
  | { readonly state: 'unknown' }
  | { readonly state: 'known'; readonly objects: readonly LiveObject[] }
  | { readonly state: 'unserved' }
  /**
   * `retryAt`: the time of the next read (milliseconds since the epoch). When absent, a watch reports the next change.
   */
  | { readonly state: 'failed'; readonly failure: ApiFailure; readonly retryAt?: number };

/** The last failed write of an object, as the executor records it. */
export interface FailedWrite {
  /**
   * Digest of the desired object (`ApplyAction.fingerprint`); `ORPHAN` or `RELEASE` for a release; empty for a
   * deletion, and for a write of the instance's own metadata.
   */
  readonly digest: string;
  /** UID of the object that the write would have changed or deleted; undefined for a creation. */
  readonly uid: string | undefined;
  /**
   * For a conflict with another field manager: the version of the object at the time of the conflict. If the object has
   * another version, the next attempt does not wait for `retryAt`. Absent for other failures.
   */
  readonly conflictVersion?: string;
  readonly failure: ApiFailure;
  /**
   * If the write failed because of its namespace: the UID of this namespace at the time of the failure
   * (`hasNamespaceAppeared`).
   */
  readonly namespaceUid?: string;
  /**
   * The earliest time of the next attempt (milliseconds since the epoch; Infinity: never). The pause does not apply to
   * another desired object or to an object with another UID (`pausedWrite`).
   */
  readonly retryAt: number;
}

/** A failed read, as the executor records it. */
export interface FailedRead {
  readonly failure: ApiFailure;
  /** The earliest time of the next attempt (milliseconds since the epoch). */
  readonly retryAt: number;
}

/**
 * The observed cluster for one instance: a read-only view, not a client. Its methods send no requests. If the view does
 * not have an object that a step needs, the step lists the object in `Decision.read`. Objects and lists may be
 * projections.
 *
 * `members` must contain every object that this process wrote, and be `unknown` while the outcome of a write is
 * unknown. If an object were missing, the inventory could lose the kind or the namespace of an existing object.
 */
export interface Observed {
  object(target: ObjectTarget): Observation;
  /** Objects of an external collection, in any order. */
  list(target: ListTarget): ListObservation;
  /** Members of the instance's ApplySet in any order, including those that are being deleted. */
  members(target: MemberTarget): ListObservation;
  /**
   * The failure of the last apply or deletion of the object (or of the instance's own metadata); undefined if the last
   * one succeeded or there was none. `writer` names another writer of fields of the object (`writerName`), whose
   * failures are recorded separately.
   */
  failedWrite(target: ObjectTarget, writer?: string): FailedWrite | undefined;
  /**
   * The failure of the last read of the whole object; undefined if the last read succeeded. A view without this method
   * has no failed reads.
   */
  failedRead?(target: ObjectTarget): FailedRead | undefined;
  /** Did this process delete the object with this UID? Optional for a view that reflects a deletion immediately. */
  isDeleted?(target: ObjectTarget, uid: string): boolean;
  /**
   * Did the response to a read or a write of this pass report the state that the view has? A state from a watch may be
   * outdated. A view without this method always has the present state.
   */
  isConfirmed?(target: ObjectTarget): boolean;
  /**
   * The current contest for fields of the object; undefined if there is none. A view without this method has no
   * contests.
   */
  contest?(target: ObjectTarget): Contest | undefined;
  /** The UID of a namespace; undefined if no watch has reported the namespace. */
  namespaceUid?(name: string): string | undefined;
  /** The state of the watch that reports changes of the target. A view without this method has no watches. */
  watchState?(target: ObjectTarget | ListTarget): WatchState;
}
