/**
 * The client for a Kubernetes API. It has the `Transport` for requests, the credentials of a kubeconfig or a pod, the
 * verbs with typed errors, discovery, watches, leases, events, the schema source of a live server, and the reasons why an
 * object is not ready. This room does not know graphs. Importing it loads neither the socket code nor the YAML library. The first connection loads the
 * socket code, and a kubeconfig that is not plain YAML loads the library.
 *
 * @packageDocumentation
 */
export { userCacheDirectory } from './document-cache.ts';
export { endedServer } from './config/ended-cluster.ts';
export * from './entry.ts';
export { elapsed, pause } from './clock.ts';
export { isTimeout, limitOf, withDeadline } from './deadline.ts';
export { withinLimit } from './wait-for.ts';
export { isUnknownAuthority } from './http/connection-failures.ts';
export { proxyFromEnvironment, tunnelsThrough } from './http/proxy.ts';
export { type Connections, openSockets } from './http/sockets.ts';
export { errorOfResponse } from './kube-error.ts';
export { limitedTransport } from './http/limited-transport.ts';
export { unknownKind } from './discovery.ts';
export { whileWanted } from './remember.ts';
export { type EventRecorderOptions, type ObjectEvent, EventRecorder } from './event-recorder.ts';
export { type LeaseCandidate, type LeaseTimes, DEFAULT_LEASE_TIMES, renewedLease } from './lease-step.ts';
export { type ElectionOptions, type LeaseApi, runElection } from './lease.ts';
export { type Cause, causeText, timeOfEvent } from './causes.ts';
export { type ReadCauses, readCauses, readFamilies } from './read-causes.ts';
export { readSession, unlessFailed } from './read-session.ts';
