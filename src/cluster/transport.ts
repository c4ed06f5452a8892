/** The transport of the kube room, which a cluster also offers in process. */
export type { Transport, TransportRequest, TransportResponse } from '../kube/index.ts';
