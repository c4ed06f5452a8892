import type { BackoffPolicy } from './backoff.ts';

/**
 * Every pause of the product between a failure and the next try. Unless a row says otherwise (`factor`, `jitter`), each
 * pause is twice as long as the one before, and half of it is random. A `Retry-After` of the server takes the place of a
 * pause of `request`, `watch`, `unreachableWatch`, `instanceWrite` and `objectRead`. The table stands in `core` because
 * rooms from the HTTP client to the embedded cluster use it; a retry elsewhere takes a row here.
 */
export const RETRY_POLICIES = {
  /**
   * One request of a client, and a child's write in direct mode; `retryPolicy` of a factory replaces both. Short,
   * because a person or a pipeline waits.
   */
  request: { initialMs: 100, maxMs: 5000 },
  /** A watch that the server refuses or ends. A server in trouble must not be listed from every second. */
  watch: { initialMs: 500, maxMs: 30_000 },
  /** A watch whose server is out of reach: tries cost that server nothing, and its return is to be noticed soon. */
  unreachableWatch: { initialMs: 500, maxMs: 5000 },
  /** A write of an instance or a child by the controller. The longest pause bounds the load of thousands of refusals. */
  instanceWrite: { initialMs: 200, maxMs: 300_000 },
  /** A read for a decision. Nothing is written on its account, so it may come back sooner than a write. */
  objectRead: { initialMs: 1000, maxMs: 30_000 },
  /** A pass of a work queue that threw. */
  workQueue: { initialMs: 100, maxMs: 60_000 },
  /** A CRD or revision that the server refuses: rights, quotas and policies change without an event to wait for. */
  refusedDefinition: { initialMs: 60_000, maxMs: 60_000, jitter: 0 },
  /** Fields that the controller and another client take from each other. */
  contestedField: { initialMs: 10_000, maxMs: 600_000, jitter: 0 },
  /** A Lease, held or wanted: the period of client-go. */
  lease: { initialMs: 2000, maxMs: 2000, jitter: 0 },
  /** A simulated controller of the embedded cluster whose write was refused. Flat, so that tests can count turns. */
  simulatedController: { initialMs: 1000, maxMs: 1000, jitter: 0 },
  /** The next pod of a Job: the figures of kube-controller-manager. */
  failedPod: { initialMs: 10_000, maxMs: 600_000, jitter: 0 },
} as const satisfies Record<string, BackoffPolicy>;

/** How often a request is sent again before its failure is the caller's. */
export const REQUEST_RETRIES = 4;
/** How often in a row a write meets a server that is busy or away before the failure is reported. */
export const SILENT_RETRIES = 4;
/** The longest wait for a busy server inside one pass, in milliseconds; a longer one ends the pass. */
export const MAX_SILENT_WAIT_MS = 5000;
