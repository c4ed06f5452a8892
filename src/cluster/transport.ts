/** The transport interface of `src/kube`. A cluster implements it in process. */
export type { Transport, TransportRequest, TransportResponse } from '../kube/index.ts';
