import type { GraphFeatures, KroCompatibility } from '@typekro/engine/graph';
import type { InspectSource } from '../inspect/index.ts';
import type { Clock, KubernetesApi } from '@typekro/kube';
import type { AdoptionPolicy } from '@typekro/engine/runtime';
import type { ConversionAddress } from './conversions/conversion-address.ts';
import type { ServiceAccountRef } from './acting-identity.ts';
import type { Logger } from './logger.ts';
import type { DefinitionShare } from './shards/shard-share.ts';
import type { TraceApi } from './telemetry/traces.ts';

/** The options of a controller. Only `client` is required. */
export interface ControllerOptions {
  /** Reads and writes definitions, revisions, CRDs, instances and their children. `stop` does not close the client. */
  readonly client: KubernetesApi;
  /** Default: `silentLogger`. */
  readonly logger?: Logger;
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** Random numbers in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** The version in labels and in the annotation `applyset.kubernetes.io/tooling`. Default: `devel`. */
  readonly version?: string;
  /**
   * Is the generated CRD deleted together with its definition? The deletion of the CRD also deletes all its instances.
   * Default: false.
   */
  readonly allowCrdDeletion?: boolean;
  /** The number of revisions that are kept per definition. 0 or less keeps all. Default: 5. */
  readonly maxGraphRevisions?: number;
  /** The maximum number of items in one collection. Default: 1000. */
  readonly maxCollectionSize?: number;
  /** The maximum number of dimensions in one `forEach`. Default: 10. */
  readonly maxCollectionDimensions?: number;
  /** The number of concurrent passes over definitions. Default: 4. */
  readonly definitionConcurrency?: number;
  /** The number of concurrent passes over instances. Default: 32. */
  readonly instanceConcurrency?: number;
  /** Gated features: those of definitions, and those of the controller alone. Default: all off. */
  readonly features?: Omit<GraphFeatures, 'math' | 'optionalResources' | 'sets'> & {
    /** Writes an event for each change of the status of an instance's condition. */
    readonly conditionEvents?: boolean;
    /** Exposes a metric for every condition of every instance. */
    readonly conditionMetrics?: boolean;
    /** Treats every change of a CRD's schema as breaking, except for the changes that kro 0.10 recognises as safe. */
    readonly conservativeCrdComparison?: boolean;
    /** Serves the kind Graph. Requires `serviceAccount`. */
    readonly graphKind?: boolean;
  };
  /**
   * The ServiceAccount of the controller. No Graph is applied as this account, because the Graph would then have the
   * rights of the controller. Default: none.
   */
  readonly serviceAccount?: ServiceAccountRef;
  /** The number of concurrent passes over Graphs. Default: 32. */
  readonly graphConcurrency?: number;
  /** The release line of kro that the controller follows where releases behave differently. Default: `0.10`. */
  readonly kroCompatibility?: KroCompatibility;
  /** What the controller does with an existing object that the instance does not own. Default: `adopt`, as in kro. */
  readonly adoption?: AdoptionPolicy;
  /**
   * The namespaces in which templates of namespaced instances may create and read objects. A definition may set another
   * policy. Default: `any`, as in kro.
   */
  readonly namespaces?: 'any' | 'instance';
  /**
   * Name of a ServiceAccount in each instance's namespace. The controller reads and writes the instance's children as
   * this account, unless the definition names an account. Default: none; the controller then uses its own rights, as in
   * kro.
   */
  readonly instanceServiceAccount?: string;
  /** The maximum time that running passes may still take after `stop`, in milliseconds. Default: 60,000. */
  readonly shutdownGraceMs?: number;
  /**
   * The definitions that this process works on when several processes divide them; see `shareChanged`. Default: all.
   */
  readonly share?: DefinitionShare;
  /**
   * The package `@opentelemetry/api`, for spans of passes, decisions, writes and API requests. Default: none, and no
   * spans.
   */
  readonly traces?: TraceApi;
  /**
   * The maximum cost of one expression; the annotation of a definition can only lower it. Default: the annotation, or the
   * default of the expression engine.
   */
  readonly budget?: number;
  /**
   * The Service that answers conversions of kinds with several versions (`conversions`). Default: none. Definitions with
   * `versions` are then refused.
   */
  readonly conversions?: ConversionAddress;
  /** The number of objects per second that are written again after a change of the stored version. Default: 20. */
  readonly migrationRate?: number;
  /**
   * Public keys of publishers, each as the text between the lines of a PEM file. A definition that none of them has signed
   * is not served; an earlier revision stays in force. Default: none, and any definition is served.
   */
  readonly publisherKeys?: readonly string[];
}

/** A controller that can be started and stopped once. */
export interface Controller {
  /**
   * Starts the controller. The promise settles when definitions, revisions, CRDs and, with `graphKind`, Graphs have
   * been listed once, or when `stop` is called before that. While a server responds with transient failures, such as
   * 502, the controller repeats its request, and `waitsFor` names the failure.
   *
   * @throws KubeError when the server refuses the discovery of its kinds, or has never responded.
   * @throws TypeKroError `controller/missing-crds` when the CRDs of kro are not installed; `controller/state` after
   *   `stop`, while an earlier call of `start` runs, and after one has succeeded.
   */
  start(): Promise<void>;
  /**
   * Takes no new work, waits for running passes, and closes watches. Aborts running passes when the grace time ends or
   * `abortGrace` aborts, for example because this process lost the leadership.
   */
  stop(abortGrace?: AbortSignal): Promise<void>;
  /**
   * Applies a changed share: starts work on definitions that entered the share, and stops work on definitions that left
   * it. The promise settles when no pass over a definition that left the share is running. Aborts such passes when the
   * grace time ends or `abortGrace` aborts.
   */
  shareChanged(abortGrace?: AbortSignal): Promise<void>;
  /**
   * Settles when no work is due or running and every watch has a complete list or an error. Work that is due later does
   * not count.
   */
  idle(): Promise<void>;
  /** Is the controller running, with definitions, revisions, CRDs and, with `graphKind`, Graphs listed? */
  readonly ready: boolean;
  /**
   * Describes what the controller waits for. At the start, the server must report whether it has the controller's own
   * kinds. After that, these kinds must be listed; the text names the kinds that are not listed yet or cannot be
   * listed. `undefined` when all are listed, before `start`, and after `stop`.
   */
  readonly waitsFor: string | undefined;
  /** All metrics in Prometheus' text format. */
  metricsText(): string;
  /** The source for `inspect`. */
  readonly reports: InspectSource;
}
