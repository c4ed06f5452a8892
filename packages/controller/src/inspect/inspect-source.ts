import type { ObjectRef } from '@typekro/kit/core';
import type { Condition, InstanceState, NodeReport, ObjectOutcome } from '@typekro/engine/runtime';

/** The summary of a definition. */
export interface DefinitionSummary {
  readonly name: string;
  readonly uid: string;
  /** The API version of the kind that the definition serves. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly state: 'Active' | 'Inactive';
  /** The served revision, if there is one. */
  readonly revision?: number;
  readonly instances: number;
  readonly conditions: readonly Condition[];
  /** All problems of the current spec, not only the first. */
  readonly problems: readonly string[];
}

/** The summary of an instance. */
export interface InstanceSummary extends ObjectRef {
  /**
   * The address of the instance in this interface: `group/version/Kind/namespace/name`, with `-` if it has no
   * namespace.
   */
  readonly ref: string;
  readonly uid: string;
  readonly definition: string;
  readonly revision?: number;
  readonly state: InstanceState;
}

/** The report of an instance: the summary, the conditions, and the state of each node with its reason. */
export interface InstanceReport extends InstanceSummary {
  readonly conditions: readonly Condition[];
  readonly nodes: readonly NodeReport[];
  /** The time of the last step, in milliseconds since 1970. */
  readonly steppedAt: number;
}

/** Why the server cannot show a part of its data. */
export interface InspectLimit {
  /** A sentence. */
  readonly text: string;
  /** The name of the definition that must be corrected. Absent for any other reason. */
  readonly definition?: string;
  /**
   * The time since which the API server has not responded, in milliseconds since 1970: all data is of this time. Absent
   * for any other reason.
   */
  readonly since?: number;
}

/**
 * An event. Each id is one more than the previous id. After a reconnection, a client asks for the events after its last
 * id.
 */
export interface InspectEvent {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type:
    /** The report of a definition changed: its state, revision, conditions or problems. */
    | 'definition-changed'
    | 'definition-removed'
    /**
     * The report of an instance changed: its state, its revision or its generation. While the instance is not ACTIVE, a
     * change of the state or the reason of a node also counts.
     */
    | 'instance-changed'
    | 'instance-removed'
    /**
     * An object of an instance, or a pod of such an object, was created, changed or removed. Only the server of the
     * dashboard adds this event, for instances that clients read. A controller's own `InspectSource` has no such event.
     */
    | 'object-changed'
    /**
     * The cluster has a new event about the instance itself, or an event about it occurred again. The server of the
     * dashboard adds this event for instances that clients read.
     */
    | 'event-recorded'
    /**
     * `InspectMeta.limits` changed: a list request of the server fails, or succeeds again. The client reads `meta`
     * again. The server of the dashboard adds this event. A controller's own `InspectSource` has no such event.
     */
    | 'limits-changed'
    /** The controller wrote an object of the instance. */
    | 'wrote'
    /** A pass over the definition or the instance failed. */
    | 'failed';
  /** Definition name, or the `ref` of an instance. Empty for `limits-changed`. */
  readonly subject: string;
  /** What happened to the object, for `wrote`. */
  readonly outcome?: ObjectOutcome;
  /** The revision that the instance follows, for `instance-changed` of a controller. Absent when it is not known. */
  readonly revision?: number;
  readonly message: string;
}

/**
 * The source of the read-only interface. The controller implements it. Any other program that runs steps may also
 * implement it.
 */
export interface InspectSource {
  definitions(): readonly DefinitionSummary[];
  instances(): readonly InstanceSummary[];
  report(ref: string): InstanceReport | undefined;
  /** The events after an id that are still kept, oldest first. */
  eventsAfter(id: number): readonly InspectEvent[];
  /** Calls the listener for every later event, until the returned function is called. */
  subscribe(listener: (event: InspectEvent) => void): () => void;
}
