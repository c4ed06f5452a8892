/** How clients reach a cluster: the kube room's transport, which a cluster offers in process. */
export type { Transport, TransportRequest, TransportResponse } from '../kube/index.ts';
