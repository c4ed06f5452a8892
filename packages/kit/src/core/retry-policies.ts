import type { BackoffPolicy } from './time.ts';

/**
 * All pauses of the package between a failure and the next try, except those of the dashboard's page. Unless a row sets
 * `jitter`, half of each pause is random. Each pause is twice as long as the one before, up to `maxMs`. A `Retry-After`
 * of the server replaces a pause of `request`, `watch`, `unreachableWatch`, `instanceWrite` and `objectRead`. The table
 * is in `core` because rooms from the HTTP client to the embedded cluster use it. A new kind of retry gets a new row.
 */
export const RETRY_POLICIES = {
  /**
   * A request of a client, and the write of a child in direct mode; `retryPolicy` of a factory replaces both. The
   * pauses are short because a person or a pipeline waits.
   */
  request: { initialMs: 100, maxMs: 5000 },
  /**
   * A watch that the server refuses or ends. Each try may begin with a list. The longest pause limits the load of these
   * lists on a server in trouble.
   */
  watch: { initialMs: 500, maxMs: 30_000 },
  /**
   * A watch whose server is out of reach. Such tries put no load on the server, and short pauses detect its return
   * early.
   */
  unreachableWatch: { initialMs: 500, maxMs: 5000 },
  /**
   * A write of an instance or a child by the controller. The longest pause bounds the load of thousands of refusals.
   */
  instanceWrite: { initialMs: 200, maxMs: 300_000 },
  /** A read for a decision. A read changes nothing, so its longest pause may be shorter than that of a write. */
  objectRead: { initialMs: 1000, maxMs: 30_000 },
  /**
   * A pass over a Graph that waits for an object or for a field. The figures are kro's. Watches usually wake the Graph
   * earlier.
   */
  waitingGraph: { initialMs: 1000, maxMs: 300_000, jitter: 0 },
  /** The repetition of a pass in a work queue, after the pass threw an error. */
  workQueue: { initialMs: 100, maxMs: 60_000 },
  /** The repetition of a pass that asks for the next one at once, again and again, although nothing happens. */
  idleRepeat: { initialMs: 10, maxMs: 60_000, jitter: 0 },
  /**
   * A CRD or revision that the server refuses. The pause does not grow, because no event reports a change of rights,
   * quotas or policies.
   */
  refusedDefinition: { initialMs: 60_000, maxMs: 60_000, jitter: 0 },
  /** Fields that the controller and another client take from each other. */
  contestedField: { initialMs: 10_000, maxMs: 600_000, jitter: 0 },
  /**
   * A write whose values the server, an admission webhook or a policy changes. The longest pause is the period after
   * which kro writes all objects again.
   */
  changedWrite: { initialMs: 60_000, maxMs: 36_000_000, jitter: 0 },
  /**
   * An object whose desired value changes with each write of the controller. The longest pause is short: another client
   * may change the desired value, and the object must follow these changes soon.
   */
  rewrittenObject: { initialMs: 5000, maxMs: 60_000, jitter: 0 },
  /** The next renewal of a held Lease, or the next try to acquire it: the period of client-go. */
  lease: { initialMs: 2000, maxMs: 2000, jitter: 0 },
  /**
   * A refused write of a simulated controller of the embedded cluster. All pauses are equal, so that tests can count
   * tries.
   */
  simulatedController: { initialMs: 1000, maxMs: 1000, jitter: 0 },
  /** A check whether the process of a named cluster has started or ended, while a user waits. */
  clusterProcess: { initialMs: 10, maxMs: 200, jitter: 0 },
  /** The embedded cluster's check whether another API server responds. The longest pause is kube-aggregator's. */
  apiServer: { initialMs: 500, maxMs: 30_000 },
  /** The next pod of a Job: the figures of kube-controller-manager. */
  failedPod: { initialMs: 10_000, maxMs: 600_000, jitter: 0 },
  /**
   * The pause before the kubelet of a simulated node refuses the next pod of the same owner. The owner replaces each
   * refused pod at once, so without a pause the cluster would do nothing else.
   */
  rejectedPod: { initialMs: 1000, maxMs: 10_000, jitter: 0 },
  /** The restart of a container that has ended: the figures of the kubelet. */
  endedContainer: { initialMs: 10_000, maxMs: 300_000, jitter: 0 },
  /** The next request for a certificate after a failed one: the figures of cert-manager. */
  failedIssuance: { initialMs: 3_600_000, maxMs: 115_200_000, jitter: 0 },
} as const satisfies Record<string, BackoffPolicy>;

/** The number of retries of a request before its failure reaches the caller. */
export const REQUEST_RETRIES = 4;
/**
 * While the server is busy or unreachable, the controller retries a write without a report, up to this number of
 * failures of the write.
 */
export const SILENT_RETRIES = 4;
/**
 * The number of consecutive 429 responses to a watch that are not reported as an error. The API server sends 429 for a
 * moment after a kind was created.
 */
export const SILENT_WATCH_RETRIES = 2;
/**
 * How many times a command of the user reads an object again and repeats its write. It does this after a conflict, if
 * the change of the other client does not concern the command.
 */
export const MAX_CONFLICT_RETRIES = 10;
/**
 * After a run of at least this length, in milliseconds, the pauses of `endedContainer` begin again: the figure of the
 * kubelet.
 */
export const STABLE_RUN_MS = 600_000;
/** The longest wait for a busy server inside one pass, in milliseconds. A longer wait ends the pass. */
export const MAX_SILENT_WAIT_MS = 5000;
