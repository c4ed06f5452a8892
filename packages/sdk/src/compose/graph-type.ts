import type { Diagnostic, JsonObject, JsonValue, SourcePosition } from '@typekro/kit/core';
import type {
  DeletionResult,
  DeployCallOptions,
  DeployedInstance,
  DeployEvent,
  DryRunResult,
  FactoryOptions,
  FactoryStatus,
  Mode,
  Plan,
  RollbackResult,
} from './deploy-engine.ts';
import type { CompositionOptions, EmitOptions, Evaluation, Target } from './public-types.ts';

/** Options of a graph. */
export interface GraphOptions extends Pick<CompositionOptions, 'scope' | 'strict' | 'supportedModes' | 'types'> {
  /**
   * Namespace of the Graph, and of its namespaced objects without one. Default: a printed Graph has no namespace, and a
   * factory uses `default`.
   */
  readonly namespace?: string;
  /** The service account whose rights the controller uses. It is in the namespace of the Graph. Default `default`. */
  readonly serviceAccountName?: string;
}

/** A traced graph without an API: one object of the kind Graph, and ways to print and deploy it. */
export interface GraphComposition {
  /** Name of the Graph, as a DNS label. */
  readonly name: string;
  /**
   * The warnings about the graph, and about the Graph objects that were made from it so far. Errors are not included,
   * because the call that finds an error throws it.
   */
  readonly diagnostics: readonly Diagnostic[];
  /** The Graph as YAML, after the definitions and the instances of the singletons that it uses. */
  toYaml(options?: EmitOptions): string;
  /** The Graph as an object. */
  toDefinition(options?: EmitOptions): JsonObject;
  /**
   * Finds the position in the author's source that made a part of the Graph. `path` is the field path of the part
   * (`spec.nodes[0].template.data`). Returns `undefined` for a part that has no single position.
   */
  locate(path: string, target?: Target): SourcePosition | undefined;
  /** Describes all nodes with their conditions, loops and expressions, as text for people. */
  explain(): string;
  /**
   * Evaluates the graph without a cluster, on observed objects by node id (a list of objects for a collection). For a
   * `def` node, `objects` contains the value of the node.
   */
  evaluate(observed?: Readonly<Record<string, JsonValue>>): Pick<Evaluation, 'resources'>;
  /**
   * Makes a factory, which deploys: in mode `direct` from this process, in mode `kro` as an object of the kind Graph
   * for a controller. Direct mode refuses a graph with patches.
   */
  factory(mode: Mode, options?: GraphFactoryOptions): GraphFactory;
}

/**
 * Options of `graph(…).factory(mode, options)`. `namespace` defaults to the graph's namespace, or to `default` for a
 * graph without one.
 */
export type GraphFactoryOptions = Omit<FactoryOptions, 'instanceNamespace' | 'allowBreakingChanges'>;

/** A deployed Graph. In direct mode the cluster has no Graph object, and the status is the status of the deploy. */
export type DeployedGraph = DeployedInstance<JsonObject, JsonObject>;

/** Deploys one graph. Each method that sends requests to a cluster loads the deploy engine first. */
export interface GraphFactory {
  readonly mode: Mode;
  readonly name: string;
  readonly namespace: string;
  /** The manifests (direct), or the Graph (kro). */
  toYaml(): string;
  deploy(options?: DeployCallOptions): Promise<DeployedGraph>;
  /** The Graph as it is in the cluster; undefined when it is not deployed. */
  get(): Promise<DeployedGraph | undefined>;
  getStatus(): Promise<FactoryStatus>;
  /** Deletes the Graph and its objects, and releases the fields of its patches. */
  delete(options?: DeployCallOptions): Promise<DeletionResult>;
  /** Restores the deploy before the last one; a graph that was deployed only once is **deleted**. Direct mode only. */
  rollback(): Promise<RollbackResult>;
  toDryRun(): Promise<DryRunResult>;
  /** The changes that `deploy()` would make, field by field. Writes no object. */
  plan(): Promise<Plan>;
  /** Deploys and yields the events of the deploy, as `deployEvents` of a composition does. */
  deployEvents(options?: DeployCallOptions): AsyncIterable<DeployEvent>;
  dispose(): Promise<void>;
}

/** Defines a graph without an API by a function. The resources that the function creates become the nodes. */
export type DefineGraph = (name: string, build: () => unknown, options?: GraphOptions) => GraphComposition;
