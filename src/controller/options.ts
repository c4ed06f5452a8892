import type { KroCompatibility } from '../graph/index.ts';
import type { InspectSource } from '../inspect/index.ts';
import type { Clock, KubernetesApi } from '../kube/index.ts';
import type { AdoptionPolicy } from '../runtime/index.ts';
import type { Logger } from './logger.ts';
import type { DefinitionShare } from './shards/share.ts';

/** How to run a controller. Only the client is needed. */
export interface ControllerOptions {
  /** Reads and writes definitions, revisions, CRDs, instances and their children. Not closed by `stop`. */
  readonly client: KubernetesApi;
  /** Default: `silentLogger`. */
  readonly logger?: Logger;
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** Random numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random?: () => number;
  /** The version in labels and in the tooling annotation. Default `devel`. */
  readonly version?: string;
  /** Delete the generated CRD (and with it all instances) when a definition is deleted. Default false. */
  readonly allowCrdDeletion?: boolean;
  /** Number of revisions of a definition that are kept; 0 or less keeps all. Default 5. */
  readonly maxGraphRevisions?: number;
  /** The maximum number of items in one collection. Default 1000. */
  readonly maxCollectionSize?: number;
  /** The maximum number of dimensions in one forEach. Default 10. */
  readonly maxCollectionDimensions?: number;
  /** Number of concurrent passes over definitions. Default 4. */
  readonly definitionConcurrency?: number;
  /** Number of concurrent passes over instances. Default 32. */
  readonly instanceConcurrency?: number;
  /** Gated parts of the expression language. Default: all off. */
  readonly features?: {
    readonly omit?: boolean;
    readonly now?: boolean;
    /** Writes an event for every changed condition of an instance. */
    readonly conditionEvents?: boolean;
    /** Exposes a metric for every condition of every instance. */
    readonly conditionMetrics?: boolean;
    /** Counts every change of a CRD's schema as breaking that kro 0.10 does not know to be safe. */
    readonly conservativeCrdComparison?: boolean;
  };
  /** The line of kro whose visible behaviour the controller shows where the two differ. Default `0.9`. */
  readonly kroCompatibility?: KroCompatibility;
  /** What to do with an existing object that has no owner. Default `adopt`, as kro does. */
  readonly adoption?: AdoptionPolicy;
  /**
   * The namespaces in which templates of namespaced instances may create and read objects, unless their definition sets
   * another policy. Default `any`, as kro does.
   */
  readonly namespaces?: 'any' | 'instance';
  /**
   * Name of a ServiceAccount in each instance's namespace. The controller acts as this account when it reads and writes
   * the instance's children, unless the definition names an account. Default: none; the controller's own rights count,
   * as in kro.
   */
  readonly instanceServiceAccount?: string;
  /** The time that running passes have to end after `stop`, in milliseconds. Default 60,000. */
  readonly shutdownGraceMs?: number;
  /** The definitions to work on, where several processes divide them; see `shareChanged`. Default: all. */
  readonly share?: DefinitionShare;
  /** The maximum cost of one expression. Default: the default of the expression engine. */
  readonly budget?: number;
}

/** A controller that is, or was, running. */
export interface Controller {
  /**
   * Starts the controller. The promise settles when definitions, revisions and CRDs were listed once.
   *
   * @throws TypeKroError `controller/missing-crds` when the CRDs of kro are not installed.
   */
  start(): Promise<void>;
  /**
   * Takes no new work, waits for running passes, and closes watches. Running passes are aborted when `abortGrace`
   * aborts, e.g. because this process lost the leadership.
   */
  stop(abortGrace?: AbortSignal): Promise<void>;
  /**
   * Applies a changed share: starts work on definitions that entered the share and stops work on definitions that left.
   * The promise settles when no pass over a definition that left runs; such passes are aborted when `abortGrace`
   * aborts.
   */
  shareChanged(abortGrace?: AbortSignal): Promise<void>;
  /** Settles when no work is due or running and every watch has caught up. Work that is due later does not count. */
  idle(): Promise<void>;
  /** Is the controller running, with definitions, revisions and CRDs listed? */
  readonly ready: boolean;
  /** The kinds that are not listed yet or cannot be listed; undefined when there is none. */
  readonly waitsFor: string | undefined;
  /** All metrics in Prometheus' text format. */
  metricsText(): string;
  /** The source for `inspect`. */
  readonly reports: InspectSource;
}
