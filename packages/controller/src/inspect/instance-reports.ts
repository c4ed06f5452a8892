import type { Diagnostic, ObjectRef } from '@typekro/kit/core';
import type { Cause } from '@typekro/kube';
import type { Advice } from './remedy-command.ts';
import type { ApplyAction, FieldDifference, Reports } from '@typekro/engine/runtime';

/**
 * A state in the views. `unknown` means that the user may not read objects that the controller can read: an object of
 * the node itself, or objects of every node for which the node waits.
 */
export type ShownState = Reports.NodeState | 'unknown';

/** A sentence about an obstacle, and a sentence about what the user can do. */
export interface Blocker extends Advice {
  readonly reason: string;
  readonly remedy: string;
}

/** A field of the status without a value. */
export interface AbsentStatusField extends Advice {
  /** The path, such as `status.address`. */
  readonly field: string;
  /** The author's expression, without values of Secrets. */
  readonly expression: string;
  /** Why the expression has no value. */
  readonly reason: string;
  /** Problems of the objects whose data is missing. Absent when none is known. */
  readonly troubles?: readonly Trouble[];
  readonly remedy: string;
}

/** The beginning of the reports of `why`, `tree` and `status`: the same as the first lines of their texts. */
export interface ReportHead {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  /** `status.state`; empty before a controller has written it. */
  readonly state: string;
  /** The instance is suspended: no object is written before it is resumed. */
  readonly suspended?: true;
  /** Sentences about special circumstances. Absent when there is none. */
  readonly notes?: readonly string[];
  /** The errors of the newest spec, if it does not compile. */
  readonly problems?: readonly Diagnostic[];
}

/**
 * The report of `typekro why`, as `-o json` prints it. A later release with the same `schemaVersion` only adds fields.
 */
export interface WhyReport extends ReportHead {
  /** The last transition time of the condition `Ready` (RFC 3339). */
  readonly since?: string;
  /** The last change before `since`, see `InstancePast`. Absent when the instance is ready, or no change is known. */
  readonly after?: NonNullable<InstancePast['after']>;
  /** The message of the condition `Ready`. Absent when the condition is True or has no message. */
  readonly recorded?: string;
  readonly ready: number;
  /** The number of nodes, without the skipped ones. */
  readonly nodes: number;
  readonly skipped: number;
  /** The number of nodes whose state the user may not see. Absent when there is none. */
  readonly unknown?: number;
  /**
   * Obstacles other than nodes: a lost definition, and the finalizers and policies that delay a deletion of the
   * instance.
   */
  readonly blocked: readonly Blocker[];
  /** The conditions of the instance itself that are False. */
  readonly refusals: readonly FailedCondition[];
  readonly causes: readonly WhyCause[];
  /** The fields of the status that have no value, in the order of the definition. Absent when there is none. */
  readonly statusFields?: readonly AbsentStatusField[];
}

/** A condition of an instance or a definition that is False for a reason outside of the nodes. */
export interface FailedCondition extends Advice {
  readonly condition: string;
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
}

/** A root cause: a node that is not ready and does not wait for another node. */
export interface WhyCause extends Advice {
  readonly node: string;
  /** True when the cause is about objects that the graph no longer has. */
  readonly retired?: true;
  readonly state: ShownState;
  readonly reason: string;
  /** The nodes that the reason names, for example ready nodes without the data that this node reads. */
  readonly waitsFor: readonly string[];
  /** The nodes that wait for this node. */
  readonly waiting: readonly string[];
  readonly objects: readonly ObjectRef[];
  /**
   * Sentences with facts about the cause: the values that objects have instead of the missing data, changed fields,
   * pending deletions, and the origins of refused fields.
   */
  readonly found: readonly string[];
  /** The reasons why the objects, or the objects that they own, are not ready. */
  readonly troubles: readonly Trouble[];
  /**
   * The outcome of a dry run of the pending write. Absent when no write is pending, and when `reason` has the outcome.
   */
  readonly dryRun?: string;
  /** Sentences about objects that could not be read. Causes may be missing because of them. */
  readonly unread: readonly string[];
  /**
   * What the user can do about the cause. For a cause that usually resolves itself: what the user can do if it
   * persists.
   */
  readonly remedy: string;
  /** A command that shows more. */
  readonly look?: string;
}

/** A cause with the last lines of its container's log. */
export interface Trouble extends Cause {
  readonly log?: readonly string[];
}

/**
 * The report of `typekro tree`, as `-o json` prints it. A later release with the same `schemaVersion` only adds fields.
 */
export interface TreeReport extends ReportHead {
  readonly revision: number;
  readonly nodes: readonly TreeNode[];
}

/** One node of the report. */
export interface TreeNode extends Advice {
  readonly id: string;
  /** True for a node whose objects the graph no longer has. */
  readonly retired?: true;
  readonly state: ShownState;
  readonly reason: string;
  readonly waitsFor: readonly string[];
  /** The objects of the node, with the objects that they own, if these were read. */
  readonly objects: readonly (Reports.ObjectReport & { readonly owned?: readonly OwnedObject[] })[];
  /** The fields that a patch node writes into these objects. Absent for any other node. */
  readonly writes?: readonly string[];
}

/**
 * The report of `typekro diff`, as `-o json` prints it. A later release with the same `schemaVersion` only adds fields.
 */
export interface DiffReport extends Omit<ReportHead, 'state'> {
  /** True for a suspended instance. The controller makes the changes after the instance is resumed. */
  readonly suspended?: true;
  readonly changes: readonly ObjectDifference[];
  /** The objects of which the API server, a webhook or a policy changes wanted values in each write. No difference. */
  readonly kept: readonly Pick<ObjectDifference, 'node' | 'object' | 'fields'>[];
  /** Nodes that wait or could not be read. Their changes are not known yet. */
  readonly notCompared: readonly NotCompared[];
}

/** The change that the controller would make to one object. */
export interface ObjectDifference {
  readonly node: string;
  readonly object: ObjectRef;
  /**
   * `create`: the object is absent. `adopt`: the object does not belong to the instance yet. `change`: the graph's
   * values have changed. `drift`: another client changed the object. `orphan`: the object is retired, and is kept
   * without the labels of the controller. `release`: the patch node that wrote the fields was removed, and its fields
   * are released.
   */
  readonly action: ApplyAction['why'] | 'delete' | 'orphan' | 'release';
  /** The field manager that wrote the object last, if it is known. */
  readonly lastWriter?: string;
  /** The refusal of the change, found by a dry run, and what the user can do. Absent if the server accepts the change. */
  readonly refused?: Partial<Blocker> & Pick<Blocker, 'reason'>;
  readonly fields: readonly FieldDifference[];
}

/** A node whose objects are not compared, and the reason. */
export interface NotCompared extends Advice {
  readonly node: string;
  readonly reason: string;
}

/** An event about an instance, about one of its objects, or about an object that one of these owns. */
export interface InstanceEvent {
  /** The time of the last occurrence (RFC 3339). */
  readonly time: string;
  /** The time of the first occurrence (RFC 3339). Absent for an event that occurred once. */
  readonly first?: string;
  /** `Normal` or `Warning`. */
  readonly type: string;
  readonly reason: string;
  readonly object: ObjectRef;
  /** The number of occurrences. */
  readonly count: number;
  /** The component that reports the event. */
  readonly source: string;
  readonly message: string;
}

/** An object that another object owns, such as a ReplicaSet or a pod of a Deployment. */
export interface OwnedObject {
  readonly object: ObjectRef;
  /** `failed`: the object will not become ready without a change. */
  readonly state: 'ready' | 'waiting' | 'failed';
  /** Why the object is not ready. */
  readonly message?: string;
  /** Ready and desired replicas, an address, or a phase. */
  readonly value?: string;
  /** The restarts of all containers of a pod. Absent when there are none. */
  readonly restarts?: number;
  /** The last line of the log of the container that restarted most often. */
  readonly log?: string;
}

/** The past of an instance that is not ready. */
export interface InstancePast {
  /** The time at which the instance became not ready (RFC 3339). */
  readonly since: string;
  /** The last change before this time of the instance, its definition or an object, by another program. */
  readonly after?: { readonly object: ObjectRef; readonly manager: string; readonly time: string };
}

/** A pod and its containers, init containers first. */
export interface PodContainers {
  readonly pod: ObjectRef;
  readonly containers: readonly string[];
}

/** `GET instances/REF/logs?object=…&container=…`: the last lines of a container's log. */
export interface PodLog {
  readonly lines: readonly string[];
  /** True if earlier lines of the log are not in the response. */
  readonly truncated: boolean;
}
