import type { InspectSource } from '../inspect/index.ts';
import type { Clock, KubernetesApi } from '../kube/index.ts';
import type { AdoptionPolicy } from '../runtime/index.ts';
import type { Logger } from './logger.ts';
import type { DefinitionShare } from './shards/share.ts';

/** How to run a controller. Only the client is needed. */
export interface ControllerOptions {
  /** Who may read and write definitions, revisions, CRDs, instances and their children. Not closed by `stop`. */
  readonly client: KubernetesApi;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Decides jitter, in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** What labels and the tooling annotation carry. Default `devel`. */
  readonly version?: string;
  /** Delete the generated CRD (and with it all instances) when a definition is deleted. Default false. */
  readonly allowCrdDeletion?: boolean;
  /** How many revisions of a definition are kept; 0 or less keeps all. Default 5. */
  readonly maxGraphRevisions?: number;
  /** Most items of one collection. Default 1000. */
  readonly maxCollectionSize?: number;
  /** Most dimensions of one forEach. Default 10. */
  readonly maxCollectionDimensions?: number;
  /** How many definitions are worked on at the same time. Default 4. */
  readonly definitionConcurrency?: number;
  /** How many instances are worked on at the same time. Default 32. */
  readonly instanceConcurrency?: number;
  /** Gated parts of the expression language. Default: all off. */
  readonly features?: {
    readonly omit?: boolean;
    readonly now?: boolean;
    /** An event for every condition of an instance that changed. */
    readonly conditionEvents?: boolean;
    /** A metric for every condition of every instance. */
    readonly conditionMetrics?: boolean;
  };
  /** What to do with an existing object that nobody owns. Default `adopt`, as kro does. */
  readonly adoption?: AdoptionPolicy;
  /**
   * Where templates of namespaced instances may put objects and look for them, unless their definition says
   * otherwise. Default `any`, as kro does.
   */
  readonly namespaces?: 'any' | 'instance';
  /**
   * Name of the ServiceAccount in each instance's namespace as which its children are read and written, unless the
   * definition names one. Default: none, the controller's own rights count, as in kro.
   */
  readonly instanceServiceAccount?: string;
  /** How long work that is under way may take to end when the controller stops, in milliseconds. Default 60,000. */
  readonly shutdownGraceMs?: number;
  /** Which definitions to work on, where several processes divide them; see `shareChanged`. Default: all. */
  readonly share?: DefinitionShare;
  /** Cost that one expression may spend. Default: that of the expression engine. */
  readonly budget?: number;
}

/** A controller that is, or was, running. */
export interface Controller {
  /**
   * Begins to work: settles when definitions, revisions and CRDs were read once and work goes on.
   *
   * @throws TypeKroError `controller/missing-crds` when the CRDs of kro are not installed.
   */
  start(): Promise<void>;
  /**
   * Takes no new work, waits for what is under way, closes watches. What is under way is given up when `abortGrace`
   * aborts, e.g. because another process leads from now on.
   */
  stop(abortGrace?: AbortSignal): Promise<void>;
  /**
   * The share is another than before: definitions that came are worked on, those that left are let alone. Settles
   * when nothing of these is under way; that is given up when `abortGrace` aborts.
   */
  shareChanged(abortGrace?: AbortSignal): Promise<void>;
  /** Settles when nothing is queued, nothing runs and every watch has caught up; timers that wait do not count. */
  idle(): Promise<void>;
  /** Is everything read, and does work go on? */
  readonly ready: boolean;
  /** What is not read yet, or cannot be, while it is not ready. */
  readonly waitsFor: string | undefined;
  /** All metrics in Prometheus' text format. */
  metricsText(): string;
  /** What `inspect` shows. */
  readonly reports: InspectSource;
}
