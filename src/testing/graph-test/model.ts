import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';

/** The instance with which a test begins, and the objects that exist before it. */
export interface GivenState {
  /** Name of the instance. Default: the kind in lower case. */
  readonly name?: string;
  /** Namespace of the instance, for a namespaced kind. Default: `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The spec of the instance. Default: empty, so that every field has its default. */
  readonly spec?: JsonObject;
  /**
   * Objects that exist before the instance: external references, objects of other owners. Their namespaces are created.
   * A `status` is written after the object, as the controller of its kind would do.
   */
  readonly objects?: readonly KubeObject[];
}

/** A partial object: every field of it is compared, other fields of the object are not. `null`: the field is absent. */
export type PartialObject = JsonObject;

/**
 * What is expected of the objects of a node: that they exist, that none exists, the fields of its object, or for a
 * collection the fields of each of its objects in the order of the items.
 */
export type ExpectedChild = 'present' | 'absent' | PartialObject | readonly PartialObject[];

/** What is expected of a condition: its status (`true` is `True`), or its members. A message is expected to contain the given text. */
export type ExpectedCondition =
  | 'True'
  | 'False'
  | 'Unknown'
  | boolean
  | { readonly status?: string | boolean; readonly reason?: string; readonly message?: string };

/** What is expected of a node: its state, or its members. A reason is expected to contain the given text. */
export type ExpectedNode =
  | string
  | { readonly state?: string; readonly reason?: string; readonly waitsFor?: readonly string[] };

/** An expected event on the instance: its text contains the given one, or its members do. */
export type ExpectedEvent =
  | string
  | { readonly type?: 'Normal' | 'Warning'; readonly reason?: string; readonly message?: string };

/** An order of nodes: each entry comes before the next one; the nodes of an inner list may come in any order. */
export type ExpectedOrder = readonly (string | readonly string[])[];

/** What is expected after a step. Absent members are not checked. */
export interface Expectation {
  /** Objects by the id of their node. */
  readonly children?: Readonly<Record<string, ExpectedChild>>;
  /** The ids of all nodes that have objects, in any order. */
  readonly only?: readonly string[];
  /** The order in which the controller created the first object of each node, since the test began. */
  readonly created?: ExpectedOrder;
  /** The order in which the controller deleted the first object of each node, since the test began. */
  readonly deleted?: ExpectedOrder;
  /** The ids of all nodes whose objects the controller wrote or deleted in this step, in any order. */
  readonly written?: readonly string[];
  /** `status.state` of the instance. */
  readonly state?: string;
  /** Fields of the status of the instance. */
  readonly status?: PartialObject;
  /** Conditions of the instance by type. */
  readonly conditions?: Readonly<Record<string, ExpectedCondition>>;
  /** States of nodes by id, as the controller reports them. */
  readonly nodes?: Readonly<Record<string, ExpectedNode>>;
  /** Events on the instance since the test began; others may exist. */
  readonly events?: readonly ExpectedEvent[];
  /** The API server refuses the step's write of the instance, with a message that contains this text. */
  readonly refused?: string;
  /** Is the instance gone (`true`), or is it there (`false`)? */
  readonly gone?: boolean;
  /** Compares all objects of the instance with the snapshot file of the test; only for tests in files. */
  readonly snapshot?: boolean;
}

/** What happens in a step, in the order of the members here, and what is expected after it. */
export interface TestStep {
  readonly name?: string;
  /** Objects that another client creates or changes. */
  readonly apply?: readonly KubeObject[];
  /**
   * Changes by another client, by target: `instance`, a node, an item of a collection (`worker[0]`), or `Kind/name` and
   * `Kind/namespace/name`. A change is merged; keys of its first level may be paths (`status.availableReplicas`).
   * `status` is written as the controller of the kind would do.
   */
  readonly patch?: Readonly<Record<string, JsonObject>>;
  /** Targets that another client deletes, named as in `patch`. */
  readonly delete?: readonly string[];
  /** Stops the controller and starts another one, as a new process would. */
  readonly restart?: boolean;
  /** Moves the time: a duration as `90s` or `5m`, or seconds. */
  readonly advance?: string | number;
  readonly expect?: Expectation;
}

/** One test of a definition. */
export interface GraphTest {
  readonly name: string;
  readonly given?: GivenState;
  /** What is expected after the instance was created and everything that is due at once has happened. */
  readonly expect?: Expectation;
  readonly steps?: readonly TestStep[];
}

/** A step of the path to a value of a test: keys and indexes from the test itself. */
export type TestPath = readonly (string | number)[];

/** An expectation that was not met. */
export interface Mismatch {
  /** Where the expectation stands, from the test on: `['steps', 0, 'expect', 'state']`. */
  readonly at: TestPath;
  /** What is compared, as a reader names it: `deployment.spec.replicas`. */
  readonly subject: string;
  readonly expected: JsonValue | string;
  /** `undefined`: it is absent. */
  readonly received: JsonValue | undefined;
  /** Why the node is as it is. */
  readonly because?: string;
}

/** Why a test failed. */
export interface TestFailure {
  /** The step after which it failed, from 0; -1: after the instance was created. */
  readonly step: number;
  /** The virtual time since the instance was created, in milliseconds. */
  readonly atMs: number;
  readonly mismatches: readonly Mismatch[];
  /** What the controller reports of each node that is not ready: `ingress waiting: waits for …`. */
  readonly waiting: readonly string[];
}

/** What a test came to. */
export interface GraphTestResult {
  readonly name: string;
  readonly milliseconds: number;
  readonly failure?: TestFailure;
  /** All objects of the instance after each step with `snapshot` that did not fail, by the step (`start`, `step 1`, …). */
  readonly snapshots: Readonly<Record<string, JsonObject>>;
}
