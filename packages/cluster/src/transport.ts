/** The transport interface of `packages/kube/src`. A cluster implements it in process. */
export type { Transport, TransportRequest, TransportResponse } from '@typekro/kube';
