import type { JsonValue, ObjectRef } from '@typekro/kit/core';
import type { ForeignItem } from './objects/foreign-items.ts';

/** A failed read or write, as the API server's `Status` describes it. */
export interface ApiFailure {
  /** HTTP status code; 0 if there was no response. */
  readonly code: number;
  /** `Status.reason`, e.g. `Forbidden`, `Invalid`; `Transport` if there was no response. */
  readonly reason: string;
  /** `Status.message`. */
  readonly message: string;
  /** The missing permission, if `code` is 403 and the message names the permission. */
  readonly permission?: MissingPermission;
  /**
   * The field managers with which the write conflicts, sorted. Present only after a server-side apply without force.
   */
  readonly conflicts?: readonly string[];
  /** The paths of the refused fields (`Status.details.causes`). Absent if the server names none. */
  readonly fields?: readonly string[];
}

/** A permission that the user of a request does not have, in the form of the RBAC rule to add. */
export interface MissingPermission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  /** The user without the permission, e.g. `system:serviceaccount:apps:deployer`. */
  readonly user?: string;
}

/**
 * State of a node of an instance.
 *
 * - `pending`: the node is not resolved yet, because it waits for data or for a dependency.
 * - `skipped`: the node's own `includeWhen` or that of a dependency excludes the node.
 * - `blocked`: an obstacle keeps the node from continuing, e.g. an object that is being deleted or a failed dependency.
 * - `applying`: a write is necessary or in progress.
 * - `waiting`: the objects are applied (or external) and not ready yet.
 * - `ready`: the objects are as wanted and ready.
 * - `failed`: an expression, a write or a rule failed. The node is not processed again until its inputs change or a
 *   retry starts.
 * - `deleting`: the objects are being deleted or, by the deletion policy, released.
 * - `deleted`: no object of the node exists any more.
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
  /** The finalizers that delay the deletion. Each finalizer is removed by the controller that owns it. */
  readonly finalizers: readonly string[];
  /** `metadata.deletionTimestamp`. */
  readonly since: string;
}

/** An object with contested fields. */
export interface Contested {
  readonly object: ObjectRef;
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** The known managers that change the fields, sorted. */
  readonly managers: readonly string[];
  /** The controller does not correct the fields before this time (milliseconds since the epoch). */
  readonly retryAt: number;
  /** Does the controller itself change the object repeatedly, because the desired value changes with each write? */
  readonly isOwn?: true;
}

/** Data of another object that an expression reads. */
export interface ReadData {
  readonly object: ObjectRef;
  /** The path of the data; empty for the whole object. */
  readonly path: string;
}

/**
 * The reason why a node is in its state. The variants for a waiting node name the condition or the object for which it
 * waits. The variants for a failed node name the error.
 */
export type Because =
  | { readonly kind: 'ready' }
  /** The graph is not known, so that nothing says whether the objects of the node are as wanted and ready. */
  | { readonly kind: 'unjudged' }
  | { readonly kind: 'no-items'; readonly dimension: string }
  | { readonly kind: 'suspended' }
  /** `includeWhen` is not true. `value` is the value of the expression. */
  | { readonly kind: 'excluded'; readonly expression: string; readonly value: JsonValue }
  | { readonly kind: 'dependency-skipped'; readonly node: string }
  | { readonly kind: 'dependency'; readonly nodes: readonly { readonly id: string; readonly state: NodeState }[] }
  /** An expression reads data that does not exist (yet). `path` is the missing name, if it is known. */
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
  /** A collection has fewer objects than wanted items. */
  | { readonly kind: 'items-missing'; readonly present: number; readonly wanted: number }
  | {
      readonly kind: 'not-ready';
      readonly object?: ObjectRef;
      readonly expression: string;
      readonly value?: JsonValue;
      /** The absent data that the expression reads. */
      readonly missing?: string;
    }
  /** An object is not ready by the readiness rule of its kind. */
  | {
      readonly kind: 'not-ready-by-kind';
      readonly object: ObjectRef;
      readonly reason: string;
      readonly message: string;
    }
  | { readonly kind: 'external-missing'; readonly object: ObjectRef }
  /** The node is ready, except for fields that another client changes whenever the controller corrects them. */
  | { readonly kind: 'contested'; readonly objects: readonly Contested[] }
  /** A condition of `propagateWhen` is not true, and holds writes of the node back. */
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
      /** The number of creations that are held back; `changes` is the number of changes that are held back. */
      readonly creates: number;
      readonly changes: number;
    }
  | { readonly kind: 'being-deleted'; readonly objects: readonly Terminating[] }
  | {
      readonly kind: 'expression-failed';
      readonly expression: string;
      readonly path?: string;
      readonly message: string;
      /** The object data that the expression reads; absent if it reads only the instance. */
      readonly reads?: readonly ReadData[];
    }
  | {
      readonly kind: 'write-failed';
      readonly object: ObjectRef;
      readonly failure: ApiFailure;
      readonly retryAt: number;
      /** List items of other managers that can be the cause of the refusal. Absent if there are none. */
      readonly foreign?: readonly ForeignItem[];
    }
  | {
      readonly kind: 'other-owner';
      readonly object: ObjectRef;
      /** The other ApplySet's id; absent for an object without an owner (adoption refused). */
      readonly owner?: string;
      /** The instance to which the other ApplySet belongs, as `Kind namespace/name`, if known. */
      readonly instance?: string;
    }
  /** Other Graphs write the object by their template nodes. `managers` are their field managers. */
  | { readonly kind: 'graph-owner'; readonly object: ObjectRef; readonly managers: readonly string[] }
  /** The node's write conflicts with other managers that own the same fields. */
  | {
      readonly kind: 'field-conflict';
      readonly object: ObjectRef;
      readonly failure: ApiFailure;
      readonly managers: readonly string[];
      readonly retryAt: number;
    }
  /** The object into which a patch node writes does not exist. */
  | { readonly kind: 'target-missing'; readonly object: ObjectRef }
  /** The API server does not serve a type that an expression computes. */
  | { readonly kind: 'unknown-type'; readonly type: string }
  | { readonly kind: 'duplicate-target'; readonly object: ObjectRef; readonly node: string }
  /** `items` are the numbers of the two items, from 0, in the order of the collection. */
  | {
      readonly kind: 'identity-collision';
      readonly identity: string;
      readonly object: ObjectRef;
      readonly items: readonly [number, number];
    }
  | { readonly kind: 'collection-too-large'; readonly size: number; readonly limit: number }
  | { readonly kind: 'invalid-object'; readonly message: string; readonly path?: string }
  /** The node would write or read an object outside the instance's namespace, which the definition's policy forbids. */
  | { readonly kind: 'outside-namespace'; readonly object: ObjectRef; readonly allowed: string }
  /** Objects that no node wants any more; `heldBy` names the nodes that delay their deletion. */
  | {
      readonly kind: 'retired';
      readonly objects: readonly ObjectRef[];
      /** Set if the instance itself is being deleted, with all its objects. */
      readonly isWhole?: true;
      readonly heldBy?: readonly string[];
      /** Those of `objects` that stay in the cluster because of the deletion policy. Absent if no object stays. */
      readonly kept?: readonly ObjectRef[];
    };

/** The known facts about one object of a node. */
export interface ObjectReport {
  readonly object: ObjectRef;
  readonly state: 'unknown' | 'absent' | 'present' | 'deleting' | 'failed';
  readonly uid?: string;
  readonly finalizers?: readonly string[];
  readonly deletingSince?: string;
}

/** The state of a node, and its reason. `why`, the status, events, metrics and the dashboard show these reports. */
export interface NodeReport {
  readonly id: string;
  /**
   * Set for a report about retired objects. The id of such a report is the value of the objects' node label. A node of
   * the graph may have the same id and its own report.
   */
  readonly retired?: true;
  readonly state: NodeState;
  readonly because: Because;
  readonly objects: readonly ObjectReport[];
  /** kro's message about the problem, for the condition `ResourcesReady`; absent if there is no problem. */
  readonly message?: string;
}

const DONE: ReadonlySet<NodeState> = new Set(['ready', 'skipped', 'deleted']);

/** Is all work for the node done? */
export function isDone({ state }: Pick<NodeReport, 'state'>): boolean {
  return DONE.has(state);
}

/** A report, and what it means. */
export const NodeReport = { isDone };
