import type { KubeObject } from '../core/index.ts';
import { FINALIZER, RECONCILE_ANNOTATION } from './keys.ts';
import { annotationOf } from './identity.ts';

/** Does the instance carry our finalizer? */
export function hasFinalizer(instance: KubeObject): boolean {
  return instance.metadata.finalizers?.includes(FINALIZER) === true;
}

/** Is the instance suspended by its annotation (`suspended`, or `disabled` as older versions had it)? */
export function isSuspended(instance: KubeObject): boolean {
  const value = annotationOf(instance, RECONCILE_ANNOTATION)?.toLowerCase();
  return value === 'suspended' || value === 'disabled';
}
