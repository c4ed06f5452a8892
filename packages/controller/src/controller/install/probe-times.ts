import type { JsonObject } from '@typekro/kit/core';

/**
 * `/healthz` responds as soon as the process has loaded its modules, which takes half a second of processor time. On a
 * full node, a pod with the smallest CPU request of the sizing table (50m) needs ten seconds to get this much processor
 * time. The startup probe allows a minute.
 */
export const STARTUP_TIMES: JsonObject = { periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 10 };

/**
 * The process yields to probes while it fills its caches. The startup probe cannot cover that time: a replica that
 * waits for the Lease has started, and fills its caches much later. The longest measured delay in a restart with 10,000
 * instances is 0.4 s. The longest garbage collection, on two cores with 60 runnable processes, took 1.3 s. A response
 * may therefore take ten seconds; the default of Kubernetes is one second.
 */
export const LIVENESS_TIMES: JsonObject = { periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 10 };

/** The first readiness probe needs no delay, because it comes after the success of the startup probe. */
export const READINESS_TIMES: JsonObject = { periodSeconds: 10, timeoutSeconds: 10 };
