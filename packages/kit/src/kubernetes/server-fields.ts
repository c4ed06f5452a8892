import type { JsonObject, KubeObject } from '../core/index.ts';

/** Members of metadata that the API server writes. */
const SERVER_METADATA = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
];

/** The annotation in which kubectl's client-side apply stores the whole object. */
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** An object without its status and without the metadata that the API server writes. */
export function withoutServerFields({ metadata, status: _status, ...rest }: KubeObject): JsonObject {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !SERVER_METADATA.includes(key)));
  return { ...(rest as JsonObject), metadata: kept };
}
