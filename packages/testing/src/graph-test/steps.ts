import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';

/** The instance with which a test begins, and the objects that exist before it. */
export interface GivenState {
  /** Name of the instance. Default: the lower-case kind. */
  readonly name?: string;
  /** Namespace of the instance, for a namespaced kind. Default: `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The version in which the instance is created, changed and read. Default: the version that the definition reads. */
  readonly version?: string;
  /** The spec of the instance. Default: empty, so that every field has its default. */
  readonly spec?: JsonObject;
  /**
   * Objects that exist before the instance, such as external objects and objects of other owners. Missing namespaces
   * are created. A `status` is written after the object, as the controller of the object's kind would write it.
   */
  readonly objects?: readonly KubeObject[];
}

/**
 * A partial object. Only its fields are compared; other fields of the compared object are ignored. `null` means that
 * the field must be absent.
 */
export type PartialObject = JsonObject;

/**
 * The expected objects of a node: `present`, `absent`, the fields of its object, or, for a collection, the fields of
 * each object in the order of the items.
 */
export type ExpectedChild = 'present' | 'absent' | PartialObject | readonly PartialObject[];

/**
 * An expected condition: its status (`true` means `True`), or its members. The condition's message must contain the
 * given message.
 */
export type ExpectedCondition =
  | 'True'
  | 'False'
  | 'Unknown'
  | boolean
  | { readonly status?: string | boolean; readonly reason?: string; readonly message?: string };

/** An expected node: its state, or its members. The node's reason must contain the given reason. */
export type ExpectedNode =
  | string
  | { readonly state?: string; readonly reason?: string; readonly waitsFor?: readonly string[] };

/**
 * An expected event on the instance. A string must be a part of `Type Reason: message`. In an object, type and reason
 * must equal those of the event, and the message must be a part of the event's message.
 */
export type ExpectedEvent =
  | string
  | { readonly type?: 'Normal' | 'Warning'; readonly reason?: string; readonly message?: string };

/** An expected order of nodes. Each entry comes before the next one. The nodes of an inner list may be in any order. */
export type ExpectedOrder = readonly (string | readonly string[])[];

/** The expectations after a step. Absent members are not checked. */
export interface Expectation {
  /** Maps node ids to the expected objects. */
  readonly children?: Readonly<Record<string, ExpectedChild>>;
  /** The ids of all nodes that have objects, except external nodes. The order is ignored. */
  readonly only?: readonly string[];
  /** The order in which the controller created the first object of each node since the start of the test. */
  readonly created?: ExpectedOrder;
  /** The order in which the controller deleted the first object of each node since the start of the test. */
  readonly deleted?: ExpectedOrder;
  /** The ids of all nodes whose objects the controller wrote or deleted in this step. The order is ignored. */
  readonly written?: readonly string[];
  /** `status.state` of the instance. */
  readonly state?: string;
  /** Fields of the status of the instance. */
  readonly status?: PartialObject;
  /** Maps types to the expected conditions of the instance. */
  readonly conditions?: Readonly<Record<string, ExpectedCondition>>;
  /** Maps node ids to the expected states, as the controller reports them. */
  readonly nodes?: Readonly<Record<string, ExpectedNode>>;
  /** Events on the instance since the start of the test. Other events are ignored. */
  readonly events?: readonly ExpectedEvent[];
  /** The expected refusal: the API server refuses a write of the step with a message that contains this string. */
  readonly refused?: string;
  /** `true` if the instance must not exist, `false` if it must exist. */
  readonly gone?: boolean;
  /** Are all objects of the instance compared with the test's snapshot file? Only tests in files may set it. */
  readonly snapshot?: boolean;
}

/**
 * The actions of a step, and the expectations after the actions. The actions are carried out in the order in which this
 * interface declares them.
 */
export interface TestStep {
  readonly name?: string;
  /** Objects that another client creates or changes. */
  readonly apply?: readonly KubeObject[];
  /**
   * Maps targets to changes by another client. A target is `instance`, a node, an item of a collection (`worker[0]`),
   * `Kind/name` or `Kind/namespace/name`. A change is merged into the object. Its top-level keys may be paths
   * (`status.availableReplicas`). `status` is written as the controller of the object's kind would write it.
   */
  readonly patch?: Readonly<Record<string, JsonObject>>;
  /** Targets that another client deletes, in the notation of `patch`. */
  readonly delete?: readonly string[];
  /** Stops the controller and starts a new one, like a restart of the process. */
  readonly restart?: boolean;
  /** Advances the time by a duration such as `90s` or `5m`, or by a number of seconds. */
  readonly advance?: string | number;
  readonly expect?: Expectation;
}

/** One test of a definition. */
export interface GraphTest {
  readonly name: string;
  readonly given?: GivenState;
  /** The expectations after the instance was created and all immediate work is done. */
  readonly expect?: Expectation;
  readonly steps?: readonly TestStep[];
}

/** The path from a test to one of its values, as keys and indexes. */
export type TestPath = readonly (string | number)[];

/** An unmet expectation. */
export interface Mismatch {
  /** The path of the expectation in the test, such as `['steps', 0, 'expect', 'state']`. */
  readonly at: TestPath;
  /** A readable name of the compared value, such as `deployment.spec.replicas`. */
  readonly subject: string;
  readonly expected: JsonValue | string;
  /** The value that the test found; `undefined` if there is none. */
  readonly received: JsonValue | undefined;
  /** The reason why the node of the expectation is in its state, as the controller reports it. */
  readonly because?: string;
}

/** The failure of a test. */
export interface TestFailure {
  /** The index of the step that failed; -1 for the creation of the instance. */
  readonly step: number;
  /** The virtual time since the instance was created, in milliseconds. */
  readonly atMs: number;
  readonly mismatches: readonly Mismatch[];
  /**
   * The controller's reports about the nodes for which other nodes wait:
   * `service waiting: waits until …; ingress waits for it`. The nodes nearest to the unmet expectations come first.
   */
  readonly waiting: readonly string[];
}

/** The result of a test. */
export interface GraphTestResult {
  readonly name: string;
  readonly milliseconds: number;
  readonly failure?: TestFailure;
  /**
   * Maps the key of a step (`start`, `step 1`, …) to all objects of the instance after the step. It has the steps that
   * set `snapshot` and did not fail.
   */
  readonly snapshots: Readonly<Record<string, JsonObject>>;
}
