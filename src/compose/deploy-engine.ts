import type { Graph } from '../graph/index.ts';
import type { Diagnostic, JsonObject, KubeObject, ObjectRef } from '../core/index.ts';
import type { Transport } from '../kube/index.ts';
import type { ObjectOutcome } from '../runtime/index.ts';
import type { AnyAspect } from './aspect-types.ts';
import type { Evaluation, Target } from './public-types.ts';

/** How a graph is deployed: by this process, or by a controller in the cluster. */
export type Mode = 'direct' | 'kro';

/** What a `DeployEvent` says, without its time. */
export type DeployEventContent =
  /** The deploy begins, makes progress that concerns no single resource, or is done. */
  | {
      readonly type: 'started' | 'progress' | 'completed';
      readonly message: string;
      readonly resourceId?: undefined;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /** The deploy ended with `error`, which the call rejects with as well. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly resourceId?: undefined;
      readonly error?: Error;
      readonly details?: undefined;
    }
  /** The state of a resource changed, it is ready, or the user should look at it (`resource-warning`). */
  | {
      readonly type: 'resource-status' | 'resource-ready' | 'resource-warning';
      readonly message: string;
      /** Id of the resource in the graph; absent where the event concerns the graph as a whole. */
      readonly resourceId?: string;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /** An object of the resource was written, or the resource is left out (`skipped`, without `object`). Direct mode. */
  | {
      readonly type: 'resource-outcome';
      readonly message: string;
      readonly resourceId: string;
      readonly outcome: ObjectOutcome;
      readonly object?: ObjectRef;
      readonly error?: undefined;
      readonly details?: undefined;
    }
  /** An Event object of Kubernetes about an object of the deploy (`eventMonitoring`). */
  | {
      readonly type: 'kubernetes-event';
      readonly message: string;
      readonly resourceId: string;
      readonly error?: undefined;
      /** `involvedObject` of the Event, and its `count` where it has one. */
      readonly details: JsonObject;
    };

/** Something that happened while deploying: a closed union by `type`. */
export type DeployEvent = DeployEventContent & { readonly timestamp: Date };

/** A kubeconfig: its path, its text, its parsed object, or a `KubeConfig` of `@kubernetes/client-node`. */
export type KubeConfigSource = string | JsonObject | { exportConfig(): string };

/** Options of `factory(mode, options)`. Durations are milliseconds, where their names do not say otherwise. */
export interface FactoryOptions {
  /** Namespace of namespaced objects without one (direct), and of the instance (kro). Default `default`. */
  readonly namespace?: string;
  /** Namespace of the instance, where it differs from `namespace` (kro). */
  readonly instanceNamespace?: string;
  /** How long to wait for readiness. Default 300000 (direct), 600000 (kro). */
  readonly timeout?: number;
  /** Wait until everything is ready. Default `true`. */
  readonly waitForReady?: boolean;
  /**
   * What the controller understands (kro): `stock` for any kro, the default, or `typekro` for ours with its features
   * `omit` and `now` on. Direct mode always has both.
   */
  readonly target?: Target;
  /** Make the namespace if it is missing; `deleteInstance` leaves it. Default `true`. */
  readonly createNamespace?: boolean;
  readonly progressCallback?: (event: DeployEvent) => void;
  /** Default: `KUBECONFIG`, then `~/.kube/config`, then the pod's own. */
  readonly kubeConfig?: KubeConfigSource;
  readonly skipTLSVerify?: boolean;
  /** Lets a new definition change the schema of its kind in ways that break instances (kro). Default `false`. */
  readonly allowBreakingChanges?: boolean;
  readonly abortSignal?: AbortSignal;
  /** Changes laid over the resources, in order (`typekro/aspects`). */
  readonly aspects?: readonly AnyAspect[];
  /** How requests that failed for a passing reason are sent again. */
  readonly retryPolicy?: RetryPolicy;
  /** Tells the events of the objects (`kubectl get events`) while a deploy runs, as events `kubernetes-event`. */
  readonly eventMonitoring?: EventMonitoring;
  /** A way into a cluster of this process, instead of a kubeconfig: `cluster.transport` of `typekro/testing`. */
  readonly transport?: Transport;
}

/** How often and when a request is sent again. Times are milliseconds; half of each wait is random. */
export interface RetryPolicy {
  /** Default 4. */
  readonly maxRetries?: number;
  /** By what a wait is longer than the one before. Default 2. */
  readonly backoffMultiplier?: number;
  /** Default 100. */
  readonly initialDelay?: number;
  /** Default 5000. */
  readonly maxDelay?: number;
}

/** Which events of objects are told. */
export interface EventMonitoring {
  /** Default `false`. */
  readonly enabled?: boolean;
  /** Default: all types. */
  readonly eventTypes?: readonly ('Normal' | 'Warning' | 'Error')[];
  /** Also of what the objects make, such as pods. Default `true`. */
  readonly includeChildResources?: boolean;
  /** An event with the text of another one is not told for so many seconds. Default 60. */
  readonly deduplicationWindow?: number;
  /** Events beyond so many are not told. Default 100. */
  readonly maxEventsPerSecond?: number;
}

/** What `deploy()` answers: the instance as it is in the cluster. */
export interface DeployedInstance<Spec, Status> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeObject['metadata'];
  readonly spec: Spec;
  readonly status: Status;
}

/** Health of what a factory deployed. */
export interface FactoryStatus {
  readonly name: string;
  readonly mode: Mode;
  readonly namespace: string;
  readonly instanceCount: number;
  readonly lastDeployment?: Date;
  readonly health: 'healthy' | 'degraded' | 'failed';
}

/** What a deletion did, and what is left. Times are of this machine, in ISO 8601. */
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
  readonly retained: readonly JsonObject[];
  readonly remaining: readonly JsonObject[];
  /** What was in the way when the time was over. */
  readonly blockers: readonly {
    readonly code: string;
    readonly message: string;
    readonly retryable: boolean;
    readonly retryGuidance: string;
  }[];
  /** May the deletion be asked for again, and what does that bring? */
  readonly retry: { readonly safe: boolean; readonly guidance: string };
}

/** What a rollback did. */
export interface RollbackResult {
  readonly status: 'success' | 'partial' | 'failed';
  readonly rolledBackResources: readonly string[];
  /** Those of them that were deployed once only, and so are deleted: there is no deploy to go back to. */
  readonly deletedInstances: readonly string[];
  readonly errors: readonly string[];
}

/** What a dry run found out. */
export interface DryRunResult {
  readonly objects: readonly KubeObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What a deploy would do to one object. */
export interface PlanChange {
  /** What would happen to it. */
  readonly outcome: ObjectOutcome;
  /** The node that the object belongs to; `definition` and `instance` in kro mode. */
  readonly nodeId: string;
  readonly object: ObjectRef;
  /** Paths of the fields that would change, for `configured` and `adopted`. */
  readonly fields: readonly string[];
}

/** What a deploy would do, found out with the server's help and without writing anything. */
export interface Plan {
  readonly changes: readonly PlanChange[];
  /** Nodes that cannot be planned before others exist, and what they wait for. */
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

/** A way to deploy one composition. Everything that talks to a cluster loads the deploy engine first. */
export interface Factory<Input, Spec, Status> {
  readonly mode: Mode;
  readonly name: string;
  readonly namespace: string;
  /** Name of the ResourceGraphDefinition. */
  readonly rgdName: string;
  /** Plain manifests of a spec (direct); the instance of a spec, or the definition without one (kro). */
  toYaml(spec?: Input): string;
  deploy(spec: Input, options?: DeployCallOptions): Promise<DeployedInstance<Spec, Status>>;
  getInstances(): Promise<readonly DeployedInstance<Spec, Status>[]>;
  getStatus(): Promise<FactoryStatus>;
  deleteInstance(name: string, options?: DeployCallOptions): Promise<DeletionResult>;
  /**
   * Takes each instance back to the deploy before its last. An instance that was deployed once is **deleted**; the result
   * names it. Direct mode only.
   */
  rollback(): Promise<RollbackResult>;
  toDryRun(spec: Input): Promise<DryRunResult>;
  /** What `deploy(spec)` would create, change and delete, field by field. Writes nothing. */
  plan(spec: Input): Promise<Plan>;
  /**
   * Deploys and tells what happens meanwhile; ends after the event `completed`. To leave the loop is to give the
   * deploy up. Rejects with what `deploy` rejects with.
   */
  deployEvents(spec: Input, options?: DeployCallOptions): AsyncIterable<DeployEvent>;
  getRGDStatus(): Promise<DefinitionStatus>;
  dispose(): Promise<void>;
}

/** Options of one call. */
export interface DeployCallOptions {
  readonly timeout?: number;
  readonly abortSignal?: AbortSignal;
  /** Told of everything that happens in this call, beside the factory's `progressCallback`. */
  readonly onEvent?: (event: DeployEvent) => void;
}

/** The composition as the deploy engine needs it. */
export interface DeployTarget {
  readonly mode: Mode;
  /** Name of the definition. */
  readonly name: string;
  /** Where its instances are. */
  readonly namespace: string;
  readonly options: FactoryOptions;
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The graph of target `typekro`, compiled against the schemas of this package; absent where these were not all
   * that it was compiled against.
   */
  readonly compiled?: Graph | undefined;
  /** The ResourceGraphDefinition for an engine. Direct mode runs the graph of target `typekro`. */
  definition(target: Target): JsonObject;
  /** The instance for a spec: validated, with name, namespace and labels. */
  instance(spec: JsonObject): KubeObject;
  /** Namespaces that are applied before the instance in kro mode, and are left when it goes. */
  namespaces(spec: JsonObject): readonly KubeObject[];
  /** Instances of other compositions that must be there first: their targets, in kro mode, and the instances. */
  readonly singletons: readonly { readonly target: DeployTarget; readonly instance: KubeObject }[];
  /** The graph evaluated without a cluster. */
  evaluate(spec: JsonObject): Evaluation;
  /** Readiness functions of the author, by resource id. */
  readonly readiness: ReadonlyMap<string, (live: KubeObject) => { ready: boolean; reason?: string; message?: string }>;
}

/** What carries out the factories' work; implemented by the deploy room and loaded when first needed. */
export interface DeployEngine {
  deploy(
    target: DeployTarget,
    spec: JsonObject,
    options: DeployCallOptions,
  ): Promise<DeployedInstance<JsonObject, JsonObject>>;
  getInstances(target: DeployTarget): Promise<readonly DeployedInstance<JsonObject, JsonObject>[]>;
  getStatus(target: DeployTarget): Promise<FactoryStatus>;
  deleteInstance(target: DeployTarget, name: string, options: DeployCallOptions): Promise<DeletionResult>;
  rollback(target: DeployTarget): Promise<RollbackResult>;
  toDryRun(target: DeployTarget, spec: JsonObject): Promise<DryRunResult>;
  plan(target: DeployTarget, spec: JsonObject): Promise<Plan>;
  getDefinitionStatus(target: DeployTarget): Promise<DefinitionStatus>;
  dispose(target: DeployTarget): Promise<void>;
}
