import type { Graph } from '@typekro/engine/graph';
import type { Diagnostic, JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import type { Transport } from '@typekro/kube';
import type { ObjectOutcome } from '@typekro/engine/runtime';
import type { AnyAspect } from './aspect-types.ts';
import type { Evaluation, Target } from './public-types.ts';
import type { InVersion, NoVersions } from './version-types.ts';

/** The modes of a deploy: `direct` by this process, `kro` by a controller in the cluster. */
export type Mode = 'direct' | 'kro';

/** A `DeployEvent` without its time. */
export type DeployEventContent =
  /** The deploy starts, makes progress that does not belong to a single resource, or is complete. */
  | {
      readonly type: 'started' | 'progress' | 'completed';
      readonly message: string;
      readonly resourceId?: undefined;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /**
   * The deploy ended with `error`, and the call rejects with the same error. `error` is absent when the thrown value is
   * not an Error.
   */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly resourceId?: undefined;
      readonly error?: Error;
      readonly details?: undefined;
    }
  /**
   * The state of a resource changed, the resource is ready, or it requires the user's attention (`resource-warning`).
   */
  | {
      readonly type: 'resource-status' | 'resource-ready' | 'resource-warning';
      readonly message: string;
      /** The id of the resource in the graph; absent if the event is about the graph as a whole. */
      readonly resourceId?: string;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /**
   * The server accepted a write or the deletion of an object of the resource, or the resource is skipped (`skipped`,
   * without `object`). Only in direct mode.
   */
  | {
      readonly type: 'resource-outcome';
      readonly message: string;
      readonly resourceId: string;
      readonly outcome: ObjectOutcome;
      readonly object?: ObjectRef;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /** A Kubernetes Event about an object of the deploy (`eventMonitoring`). */
  | {
      readonly type: 'kubernetes-event';
      readonly message: string;
      readonly resourceId: string;
      readonly error?: undefined;
      /** `involvedObject` of the Event, and `count` if the Event has it. */
      readonly details: JsonObject;
    };

/** An event of a deploy: a union that is discriminated by `type`. */
export type DeployEvent = DeployEventContent & { readonly timestamp: Date };

/** A kubeconfig: its path, its content, the parsed object, or a `KubeConfig` of `@kubernetes/client-node`. */
export type KubeConfigSource = string | JsonObject | { exportConfig(): string };

/**
 * Options of `factory(mode, options)`. Durations are in milliseconds, except where the description names another unit.
 */
export interface FactoryOptions {
  /**
   * The namespace of the instance (kro), and of namespaced objects whose manifest has no namespace (direct). Default
   * `default`.
   */
  readonly namespace?: string;
  /** The namespace of the instance in kro mode, instead of `namespace`. Has no effect in direct mode. */
  readonly instanceNamespace?: string;
  /** Time limit of a call, including the wait for readiness. Default 300000 (direct), 600000 (kro). */
  readonly timeout?: number;
  /** Does a deploy wait until all resources are ready? Default `true`. */
  readonly waitForReady?: boolean;
  /**
   * The features of the controller (kro): `stock` (the default) for any kro, or `typekro` for this project's controller
   * with its features `omit` and `now` enabled. Direct mode always has both features.
   */
  readonly target?: Target;
  /**
   * Does a deploy create the namespace if it is missing? `deleteInstance` does not delete the namespace. Default
   * `true`.
   */
  readonly createNamespace?: boolean;
  readonly progressCallback?: (event: DeployEvent) => void;
  /** The kubeconfig. Default: `KUBECONFIG`, then `~/.kube/config`, then the service account of the pod. */
  readonly kubeConfig?: KubeConfigSource;
  readonly skipTLSVerify?: boolean;
  /** May a new definition change the schema of its kind in ways that break instances (kro)? Default `false`. */
  readonly allowBreakingChanges?: boolean;
  readonly abortSignal?: AbortSignal;
  /** The aspects that are applied to the resources, in this order (`typekro/aspects`). */
  readonly aspects?: readonly AnyAspect[];
  /** The retry policy for requests that failed for a transient reason. */
  readonly retryPolicy?: RetryPolicy;
  /**
   * Reports the Kubernetes events of the objects (`kubectl get events`) while a deploy runs, as deploy events of the
   * type `kubernetes-event`.
   */
  readonly eventMonitoring?: EventMonitoring;
  /** A transport to a cluster in this process, instead of a kubeconfig: `cluster.transport` of `typekro/testing`. */
  readonly transport?: Transport;
}

/**
 * The number of retries of a request, and the pauses before them. Times are in milliseconds; half of each pause is
 * random.
 */
export interface RetryPolicy {
  /** Maximum number of retries of one request. Default 4. */
  readonly maxRetries?: number;
  /** The factor between a pause and the next pause. Default 2. */
  readonly backoffMultiplier?: number;
  /** The first pause. Default 100. */
  readonly initialDelay?: number;
  /** The longest pause. Default 5000. */
  readonly maxDelay?: number;
}

/** The settings for reports of Kubernetes events. */
export interface EventMonitoring {
  /** Are events reported? Default `false`. */
  readonly enabled?: boolean;
  /**
   * Types of the events that are reported. Default: all types. The components of Kubernetes write only the types
   * `Normal` and `Warning`. `Error` selects the events of other programs that write this type.
   */
  readonly eventTypes?: readonly ('Normal' | 'Warning' | 'Error')[];
  /** Are events of objects that the deployed objects create, such as pods, also reported? Default `true`. */
  readonly includeChildResources?: boolean;
  /** The number of seconds during which an event with the same message is not reported again. Default 60. */
  readonly deduplicationWindow?: number;
  /** Maximum number of events reported in one second. Default 100. */
  readonly maxEventsPerSecond?: number;
}

/** The result of `deploy()`: the state of the instance in the cluster. */
export interface DeployedInstance<Spec, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeObject['metadata'];
  readonly spec: Spec;
  readonly status: Status;
}

/** The health of the instances that a factory deployed. */
export interface FactoryStatus {
  readonly name: string;
  readonly mode: Mode;
  readonly namespace: string;
  readonly instanceCount: number;
  readonly lastDeployment?: Date;
  readonly health: 'healthy' | 'degraded' | 'failed';
}

/** The result of a deletion: the deleted and the remaining objects. Times are this machine's times, in ISO 8601. */
export interface DeletionResult {
  readonly status: 'complete' | 'progressing' | 'blocked';
  readonly mode: Mode;
  /** Name of the composition. */
  readonly factoryName: string;
  readonly instanceName: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly deleted: readonly JsonObject[];
  /**
   * The objects that this call leaves in the cluster because of their deletionPolicy. Empty in kro mode, in which a
   * controller deletes the objects.
   */
  readonly retained: readonly JsonObject[];
  readonly remaining: readonly JsonObject[];
  /** The reasons why the deletion was not complete at the time limit. */
  readonly blockers: readonly {
    readonly code: string;
    readonly message: string;
    readonly retryable: boolean;
    readonly retryGuidance: string;
  }[];
  /** Is it safe to call the deletion again? `guidance` says what another call does. */
  readonly retry: { readonly safe: boolean; readonly guidance: string };
}

/** The result of a rollback. */
export interface RollbackResult {
  readonly status: 'success' | 'partial' | 'failed';
  readonly rolledBackResources: readonly string[];
  /**
   * The instances in `rolledBackResources` that were deployed only once. The rollback deleted them, because they have
   * no earlier deploy.
   */
  readonly deletedInstances: readonly string[];
  readonly errors: readonly string[];
}

/** The result of a dry run. */
export interface DryRunResult {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The change that a deploy would make to one object. */
export interface PlanChange {
  /** The outcome of the deploy for the object. */
  readonly outcome: ObjectOutcome;
  /**
   * The id of the object's node; empty for an object that is deleted or left alone in direct mode. In kro mode, it is
   * `definition`, `instance`, or (for a graph) `graph`.
   */
  readonly nodeId: string;
  readonly object: ObjectRef;
  /** The paths of the fields that would change. Set for `configured` and `adopted`. */
  readonly fields: readonly string[];
}

/** The changes that a deploy would make. The server checks the writes and stores none. */
export interface Plan {
  readonly changes: readonly PlanChange[];
  /**
   * The nodes that cannot be planned before other objects exist, and the nodes whose writes wait for a condition. Each
   * has a reason.
   */
  readonly waiting: readonly { readonly nodeId: string; readonly reason: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** State of the definition in the cluster. */
export interface DefinitionStatus {
  readonly name: string;
  readonly phase: 'pending' | 'ready' | 'failed';
  readonly conditions: readonly JsonObject[];
  readonly observedGeneration?: number;
}

/** Deploys one composition. Each method that sends requests to a cluster loads the deploy engine first. */
export interface Factory<Input, Spec, Status, Versions = NoVersions> {
  readonly mode: Mode;
  readonly name: string;
  /** The option `namespace`, even if `instanceNamespace` sets another namespace for the instances. */
  readonly namespace: string;
  /** Name of the ResourceGraphDefinition. */
  readonly rgdName: string;
  /**
   * The documents to apply, as YAML. In direct mode: the manifests for a spec. In kro mode with a spec: the namespaces
   * and singletons that must exist first, then the instance. In kro mode without a spec: the definitions of the
   * singletons, then the definition.
   */
  toYaml(spec?: Input, options?: InstanceName): string;
  /**
   * Deploys a spec in another version of the API. Kro mode applies the instance in this version. Direct mode converts it
   * to the hub, and returns it in the hub.
   */
  deploy<Name extends keyof Versions>(
    spec: Versions[Name],
    options: DeployOptions & InVersion<Name>,
  ): Promise<DeployedInstance<Versions[Name] | Spec, Status>>;
  deploy(spec: Input, options?: DeployOptions): Promise<DeployedInstance<Spec, Status>>;
  getInstances(): Promise<readonly DeployedInstance<Spec, Status>[]>;
  getStatus(): Promise<FactoryStatus>;
  deleteInstance(name: string, options?: DeployCallOptions): Promise<DeletionResult>;
  /**
   * Rolls an instance back to the deploy before its last deploy. Without a name, rolls back the instances that this
   * factory has deployed; instances of other processes stay. An instance that was deployed only once is **deleted**;
   * the result names such instances. Direct mode only.
   */
  rollback(name?: string): Promise<RollbackResult>;
  toDryRun(spec: Input, options?: InstanceName): Promise<DryRunResult>;
  /** The changes that `deploy(spec)` would make, field by field. Writes no object. */
  plan(spec: Input, options?: InstanceName): Promise<Plan>;
  /**
   * Deploys a spec and yields the events of the deploy. Ends after the event `completed`. Leaving the loop early aborts
   * the deploy. Rejects with the error of `deploy`.
   */
  deployEvents(spec: Input, options?: DeployOptions): AsyncIterable<DeployEvent>;
  getRGDStatus(): Promise<DefinitionStatus>;
  dispose(): Promise<void>;
}

/** Options of one call. */
export interface DeployCallOptions {
  readonly timeout?: number;
  readonly abortSignal?: AbortSignal;
  /** Called with each event of this call, in addition to the factory's `progressCallback`. */
  readonly onEvent?: (event: DeployEvent) => void;
}

/** The name of an instance. */
export interface InstanceName {
  /**
   * The name of the instance (`metadata.name`), a DNS subdomain. Default: the field `name` of the spec, if it is a string
   * that is not empty; otherwise the name of the composition.
   */
  readonly name?: string | undefined;
}

/** The name and the namespace of an instance. */
export interface InstancePlace extends InstanceName {
  /** Default `default`; a cluster-scoped instance has none. */
  readonly namespace?: string | undefined;
}

/** The name and the namespace of an instance, and the version of its spec. */
export interface VersionedPlace extends InstancePlace {
  /** Default: the hub. */
  readonly version?: string | undefined;
}

/** Options of a deploy. */
export interface DeployOptions extends DeployCallOptions, InstanceName {}

/** A composition or a graph in the form that the deploy engine uses. */
export interface DeployTarget {
  readonly mode: Mode;
  /**
   * The kind of the definition. A composition is a ResourceGraphDefinition, with one instance per spec. A graph is one
   * object of the kind Graph, which is both the definition and the only instance, so its spec is not an input.
   */
  readonly form: 'definition' | 'graph';
  /** Name of the definition. */
  readonly name: string;
  /** The namespace of the instances. */
  readonly namespace: string;
  readonly options: FactoryOptions;
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The graph for the target `typekro`, compiled against the schemas of this package; `undefined` when the program has
   * provided additional schemas.
   */
  readonly compiled?: Graph | undefined;
  /** The ResourceGraphDefinition or the Graph for a target. Direct mode runs the graph for the target `typekro`. */
  definition(target: Target): JsonObject;
  /**
   * The validated instance for a spec, with name, namespace and labels. In direct mode, it is in the hub's version. For a graph in kro mode, the Graph itself. For
   * a graph in direct mode, an instance that represents the Graph and has no spec.
   */
  instance(spec: JsonObject, options?: Omit<VersionedPlace, 'namespace'>): KubeObject;
  /** The namespaces that are applied before the instance in kro mode, and are not deleted with the instance. */
  namespaces(instance: KubeObject): readonly KubeObject[];
  /**
   * The singletons of other compositions that must exist first, in both modes. `instance` is the singleton, and
   * `target` deploys it; the mode of `target` is always `kro`.
   */
  readonly singletons: readonly { readonly target: DeployTarget; readonly instance: KubeObject }[];
  /** Evaluates the graph for an instance, without a cluster. */
  evaluate(instance: KubeObject): Evaluation;
  /** Maps a resource id to the author's readiness function. */
  readonly readiness: ReadonlyMap<string, (live: KubeObject) => { ready: boolean; reason?: string; message?: string }>;
}

/**
 * The engine that executes the calls of factories. `packages/sdk/src/deploy` implements the engine. A factory loads the engine when
 * a call first needs a cluster.
 */
export interface DeployEngine {
  deploy(
    target: DeployTarget,
    instance: KubeObject,
    options: DeployCallOptions,
  ): Promise<DeployedInstance<JsonObject, JsonObject>>;
  getInstances(target: DeployTarget): Promise<readonly DeployedInstance<JsonObject, JsonObject>[]>;
  getStatus(target: DeployTarget): Promise<FactoryStatus>;
  deleteInstance(target: DeployTarget, name: string, options: DeployCallOptions): Promise<DeletionResult>;
  rollback(target: DeployTarget, name?: string): Promise<RollbackResult>;
  toDryRun(target: DeployTarget, instance: KubeObject): Promise<DryRunResult>;
  plan(target: DeployTarget, instance: KubeObject): Promise<Plan>;
  getDefinitionStatus(target: DeployTarget): Promise<DefinitionStatus>;
  dispose(target: DeployTarget): Promise<void>;
}
