import type { JsonValue, ObjectRef } from '../core/index.ts';

/** A failed read or write, in the words of the API. */
export interface ApiFailure {
  /** HTTP status code; 0 when there was no answer. */
  readonly code: number;
  /** `Status.reason`, e.g. `Forbidden`, `Invalid`; `Transport` without an answer. */
  readonly reason: string;
  /** `Status.message`. */
  readonly message: string;
  /** The missing right, when `code` is 403 and the message names the right. */
  readonly permission?: MissingPermission;
  /**
   * The sorted managers of the fields for which the write has another value. Present only after a server-side apply
   * without force.
   */
  readonly conflicts?: readonly string[];
}

/** A right that the user of a request lacks; also the RBAC rule to add. */
export interface MissingPermission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  /** The user that lacks the right, e.g. `system:serviceaccount:apps:deployer`. */
  readonly user?: string;
}

/**
 * State of a node of an instance.
 *
 * - `pending`: not resolved yet; it waits for data or for a dependency.
 * - `skipped`: left out by `includeWhen`, its own or a dependency's.
 * - `blocked`: an obstacle keeps the node from continuing, e.g. an object that is being deleted or a failed dependency.
 * - `applying`: a write is due or under way.
 * - `waiting`: applied (or external) and not ready yet.
 * - `ready`: as wanted and ready.
 * - `failed`: an expression, a write or a rule failed; nothing happens until something changes or a retry is due.
 * - `deleting`: its objects are being deleted, or released where the deletion policy keeps them.
 * - `deleted`: none of its objects is left.
 */
export type NodeState =
  | 'pending'
  | 'skipped'
  | 'blocked'
  | 'applying'
  | 'waiting'
  | 'ready'
  | 'failed'
  | 'deleting'
  | 'deleted';

/** An object that blocks a write because it is being deleted. */
export interface Terminating {
  readonly object: ObjectRef;
  /** The finalizers that delay the deletion; only their controllers remove them. */
  readonly finalizers: readonly string[];
  /** `metadata.deletionTimestamp`. */
  readonly since: string;
}

/** An object with contested fields. */
export interface Contested {
  readonly object: ObjectRef;
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** The managers that change the fields, as far as known; sorted. */
  readonly managers: readonly string[];
  /** The controller does not correct the fields before this time (milliseconds since the epoch). */
  readonly retryAt: number;
  /**
   * Does the controller itself change the object again and again, because the desired value changes with each write?
   */
  readonly isOwn?: true;
}

/** Data of another object that an expression reads. */
export interface ReadData {
  readonly object: ObjectRef;
  /** Empty for the whole object. */
  readonly path: string;
}

/** Why a node is in its state. Every variant names what the node waits for, or the error. */
export type Because =
  | { readonly kind: 'ready' }
  | { readonly kind: 'no-items'; readonly dimension: string }
  | { readonly kind: 'suspended' }
  /** `includeWhen` is not true. `value` is the value of the expression. */
  | { readonly kind: 'excluded'; readonly expression: string; readonly value: JsonValue }
  | { readonly kind: 'dependency-skipped'; readonly node: string }
  | { readonly kind: 'dependency'; readonly nodes: readonly { readonly id: string; readonly state: NodeState }[] }
  /** An expression reads data that does not exist (yet). `path` is the missing name as far as it is known. */
  | {
      readonly kind: 'missing-data';
      readonly expression: string;
      readonly path?: string;
      readonly message: string;
      readonly nodes: readonly string[];
    }
  | { readonly kind: 'unread'; readonly object?: ObjectRef; readonly selector?: string }
  | { readonly kind: 'read-failed'; readonly object?: ObjectRef; readonly failure: ApiFailure }
  | { readonly kind: 'write'; readonly action: 'create' | 'adopt' | 'change' | 'drift'; readonly count: number }
  /** The numbers of items of a collection that exist and that are wanted. */
  | { readonly kind: 'items-missing'; readonly present: number; readonly wanted: number }
  | {
      readonly kind: 'not-ready';
      readonly object?: ObjectRef;
      readonly expression: string;
      readonly value?: JsonValue;
      /** The absent data that the expression reads. */
      readonly missing?: string;
    }
  /** Not ready by the built-in rules of its kind. */
  | {
      readonly kind: 'not-ready-by-kind';
      readonly object: ObjectRef;
      readonly reason: string;
      readonly message: string;
    }
  | { readonly kind: 'external-missing'; readonly object: ObjectRef }
  /** The node is ready, except for fields that another client changes whenever the controller corrects them. */
  | { readonly kind: 'contested'; readonly objects: readonly Contested[] }
  /** A condition of `propagateWhen` does not hold, so that writes of the node wait. */
  | {
      readonly kind: 'held';
      readonly expression: string;
      readonly value?: JsonValue;
      /** The absent data that the expression reads. */
      readonly missing?: string;
      /** The other nodes that the expression reads. */
      readonly nodes: readonly { readonly id: string; readonly state: NodeState }[];
      /**
       * The first unfinished object of the node's own collection. Present when the expression reads the progress of
       * this object.
       */
      readonly awaited?: { readonly object: ObjectRef; readonly is: 'not ready' | 'not updated' };
      /** The numbers of objects whose creation and whose change wait. */
      readonly creates: number;
      readonly changes: number;
    }
  | { readonly kind: 'being-deleted'; readonly objects: readonly Terminating[] }
  | {
      readonly kind: 'expression-failed';
      readonly expression: string;
      readonly path?: string;
      readonly message: string;
      /** The data of objects that the expression reads; absent when it reads only the instance. */
      readonly reads?: readonly ReadData[];
    }
  | {
      readonly kind: 'write-failed';
      readonly object: ObjectRef;
      readonly failure: ApiFailure;
      readonly retryAt: number;
    }
  | {
      readonly kind: 'other-owner';
      readonly object: ObjectRef;
      /** The other ApplySet's id; absent for an object without an owner (adoption refused). */
      readonly owner?: string;
      /** The instance of that ApplySet, as `Kind namespace/name`, where it is known. */
      readonly instance?: string;
    }
  /** Other Graphs write the object by their template nodes. `managers` are their field managers. */
  | { readonly kind: 'graph-owner'; readonly object: ObjectRef; readonly managers: readonly string[] }
  /** Other managers own fields that the node writes. */
  | {
      readonly kind: 'field-conflict';
      readonly object: ObjectRef;
      readonly failure: ApiFailure;
      readonly managers: readonly string[];
      readonly retryAt: number;
    }
  /** The object into which a patch node writes does not exist. */
  | { readonly kind: 'target-missing'; readonly object: ObjectRef }
  /** The API server does not serve the type that an expression gives. */
  | { readonly kind: 'unknown-type'; readonly type: string }
  | { readonly kind: 'duplicate-target'; readonly object: ObjectRef; readonly node: string }
  | { readonly kind: 'identity-collision'; readonly identity: string }
  | { readonly kind: 'collection-too-large'; readonly size: number; readonly limit: number }
  | { readonly kind: 'invalid-object'; readonly message: string; readonly path?: string }
  /** The node would write or read an object outside the instance's namespace, which the definition's policy forbids. */
  | { readonly kind: 'outside-namespace'; readonly object: ObjectRef; readonly allowed: string }
  /** Objects that no node wants any more, and why they are not deleted yet. */
  | {
      readonly kind: 'retired';
      readonly objects: readonly ObjectRef[];
      /** The instance itself is being deleted, with all its objects. */
      readonly isWhole?: true;
      readonly heldBy?: readonly string[];
      /**
       * The part of `objects` that stays in the cluster because of the deletion policy. Absent when no object stays.
       */
      readonly kept?: readonly ObjectRef[];
    };

/** One object of a node, as far as it is known. */
export interface ObjectReport {
  readonly object: ObjectRef;
  readonly state: 'unknown' | 'absent' | 'present' | 'deleting' | 'failed';
  readonly uid?: string;
  readonly finalizers?: readonly string[];
  readonly deletingSince?: string;
}

/** The state of a node, and the reason. `why`, status, events, metrics and the dashboard are views of these reports. */
export interface NodeReport {
  readonly id: string;
  /**
   * The report is about retired objects. Its id comes from the label of these objects, and may equal the id of a node
   * that has a report of its own.
   */
  readonly retired?: true;
  readonly state: NodeState;
  readonly because: Because;
  readonly objects: readonly ObjectReport[];
  /** kro's text for the problem, for the message of `ResourcesReady`; absent when there is none. */
  readonly message?: string;
}

const DONE: ReadonlySet<NodeState> = new Set(['ready', 'skipped', 'deleted']);

/** Is all work for the node done? */
export function isDone({ state }: Pick<NodeReport, 'state'>): boolean {
  return DONE.has(state);
}

/** The numbers of nodes of an instance by stage. */
export interface NodeCounts {
  /** The nodes that take part: all but the skipped ones. */
  readonly nodes: number;
  readonly ready: number;
  /** The nodes that `includeWhen` leaves out. */
  readonly skipped: number;
  /** The nodes of which no object is left. */
  readonly deleted: number;
}

/** Counts nodes. A skipped node has no objects. It counts neither as ready nor among `nodes`. */
export function countNodes(nodes: readonly Pick<NodeReport, 'state'>[]): NodeCounts {
  const count = (wanted: NodeState): number => nodes.filter(({ state }) => state === wanted).length;
  const skipped = count('skipped');
  return { nodes: nodes.length - skipped, ready: count('ready'), skipped, deleted: count('deleted') };
}
