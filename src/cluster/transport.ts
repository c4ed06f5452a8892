/** The transport of `src/kube`, which a cluster also offers in process. */
export type { Transport, TransportRequest, TransportResponse } from '../kube/index.ts';
