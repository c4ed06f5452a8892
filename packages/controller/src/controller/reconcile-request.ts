import { type KubeObject, refOf } from '@typekro/kit/core';
import { type KubernetesApi, isConflict, isNotFound } from '@typekro/kube';

/**
 * The annotation by which a client requests a pass over an instance, a Graph or a definition. The requested pass reads
 * the objects again, and does not wait for the end of a pause after a failure. The value distinguishes one request from
 * another. The controller removes the annotation at the end of the pass. kro's controller ignores the annotation.
 */
export const RECONCILE_REQUEST = 'typekro.dev/reconcile-requested';

/** The value of the annotation; `undefined` when the object has no request. */
export function reconcileRequest({ metadata: { annotations = {} } }: KubeObject): string | undefined {
  return Object.hasOwn(annotations, RECONCILE_REQUEST) ? annotations[RECONCILE_REQUEST] : undefined;
}

/**
 * Removes the request from an object, if the object still has the resourceVersion that was read. Returns the changed
 * object. Returns `undefined` when the object was deleted or changed in the meantime; the event of that change starts
 * another pass.
 */
export async function answerRequest(
  api: KubernetesApi,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { resourceVersion = '' } = object.metadata;
  const body = { metadata: { resourceVersion, annotations: { [RECONCILE_REQUEST]: null } } };
  try {
    return await api.patch(refOf(object), body, { fieldManager: 'kro', signal });
  } catch (thrown) {
    if (isConflict(thrown) || isNotFound(thrown)) return undefined;
    throw thrown;
  }
}
