import type { KubernetesApi } from '@typekro/kube';
import type { Viewer } from './details.ts';

/**
 * The viewer that reads as the client's own user. `mayList` is always true, because the same client has listed all that
 * the interface shows.
 */
export const ownViewer = (api: KubernetesApi): Viewer => ({ api, mayList: () => Promise.resolve(true) });
