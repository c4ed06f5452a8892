import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';

/** The instance with which a test begins, and the objects that exist before it. */
export interface GivenState {
  /** Name of the instance. Default: the kind in lower case. */
  readonly name?: string;
  /** Namespace of the instance, for a namespaced kind. Default: `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The spec of the instance. Default: empty. Every field then has its default. */
  readonly spec?: JsonObject;
  /**
   * Objects that exist before the instance, such as external references and objects of other owners. Their namespaces
   * are created. A `status` is written after the object, as the controller of its kind does.
   */
  readonly objects?: readonly KubeObject[];
}

/**
 * A partial object. Its fields are compared, and other fields of the object are ignored. `null` means that the field is
 * absent.
 */
export type PartialObject = JsonObject;

/**
 * The expected objects of a node: `present`, `absent`, the fields of its object, or for a collection the fields of each
 * object in the order of the items.
 */
export type ExpectedChild = 'present' | 'absent' | PartialObject | readonly PartialObject[];

/**
 * An expected condition: its status (`true` is `True`), or its members. The message of the condition must contain the
 * given text.
 */
export type ExpectedCondition =
  | 'True'
  | 'False'
  | 'Unknown'
  | boolean
  | { readonly status?: string | boolean; readonly reason?: string; readonly message?: string };

/** An expected node: its state, or its members. The reason of the node must contain the given text. */
export type ExpectedNode =
  | string
  | { readonly state?: string; readonly reason?: string; readonly waitsFor?: readonly string[] };

/**
 * An expected event on the instance. A given text must be a part of `Type Reason: message`. A given type or reason must
 * equal that of the event. A given message must be a part of the event's message.
 */
export type ExpectedEvent =
  | string
  | { readonly type?: 'Normal' | 'Warning'; readonly reason?: string; readonly message?: string };

/**
 * An expected order of nodes. Each entry comes before the next one. The nodes of an inner list may be in any order.
 */
export type ExpectedOrder = readonly (string | readonly string[])[];

/** The expectations after a step. Members that are not set are not checked. */
export interface Expectation {
  /** The objects of nodes, by the ids of the nodes. */
  readonly children?: Readonly<Record<string, ExpectedChild>>;
  /** The ids of all nodes that have objects, without external nodes. The order is ignored. */
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
  /** Conditions of the instance by type. */
  readonly conditions?: Readonly<Record<string, ExpectedCondition>>;
  /** The states of nodes by id, as the controller reports them. */
  readonly nodes?: Readonly<Record<string, ExpectedNode>>;
  /** Events on the instance since the start of the test. Other events are ignored. */
  readonly events?: readonly ExpectedEvent[];
  /** The API server refuses a write of the step, with a message that contains this text. */
  readonly refused?: string;
  /** `true` when the instance must not exist, `false` when it must exist. */
  readonly gone?: boolean;
  /** Compares all objects of the instance with the snapshot file of the test. Only tests in files may use it. */
  readonly snapshot?: boolean;
}

/** The actions of a step, in the order of the members here, and the expectations after them. */
export interface TestStep {
  readonly name?: string;
  /** Objects that another client creates or changes. */
  readonly apply?: readonly KubeObject[];
  /**
   * Changes by another client, by target: `instance`, a node, an item of a collection (`worker[0]`), `Kind/name` or
   * `Kind/namespace/name`. A change is merged. Keys of its first level may be paths (`status.availableReplicas`).
   * `status` is written as the controller of the kind does.
   */
  readonly patch?: Readonly<Record<string, JsonObject>>;
  /** Targets that another client deletes, in the notation of `patch`. */
  readonly delete?: readonly string[];
  /** Stops the controller and starts another one, like a new process. */
  readonly restart?: boolean;
  /** Moves the time by a duration such as `90s` or `5m`, or by a number of seconds. */
  readonly advance?: string | number;
  readonly expect?: Expectation;
}

/** One test of a definition. */
export interface GraphTest {
  readonly name: string;
  readonly given?: GivenState;
  /** The expectations after the instance was created and all work that is due at once is done. */
  readonly expect?: Expectation;
  readonly steps?: readonly TestStep[];
}

/** The path to a value of a test: keys and indexes, from the test itself. */
export type TestPath = readonly (string | number)[];

/** An unmet expectation. */
export interface Mismatch {
  /** The path of the expectation in the test, such as `['steps', 0, 'expect', 'state']`. */
  readonly at: TestPath;
  /** The compared value in the words of a reader, such as `deployment.spec.replicas`. */
  readonly subject: string;
  readonly expected: JsonValue | string;
  /** `undefined` when the value is absent. */
  readonly received: JsonValue | undefined;
  /** The reason for the node's state. */
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
   * The controller's reports of the nodes for which other nodes wait: `service waiting: waits until …; ingress waits
   * for it`. The nodes nearest to the unmet expectations are first.
   */
  readonly waiting: readonly string[];
}

/** The result of a test. */
export interface GraphTestResult {
  readonly name: string;
  readonly milliseconds: number;
  readonly failure?: TestFailure;
  /**
   * All objects of the instance after each step that has `snapshot` and did not fail, by the key of the step (`start`,
   * `step 1`, …).
   */
  readonly snapshots: Readonly<Record<string, JsonObject>>;
}
