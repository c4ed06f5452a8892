import type { KubeObject } from '@typekro/kit/core';

/** The annotation that pins an instance to a revision. */
export const PIN_ANNOTATION = 'typekro.dev/revision';

/**
 * The revision to which an instance is pinned. `NaN` when the annotation is not a number, and `undefined` without a
 * pin.
 */
export function pinnedRevision(instance: KubeObject): number | undefined {
  const annotations = instance.metadata.annotations ?? {};
  const text = Object.hasOwn(annotations, PIN_ANNOTATION) ? annotations[PIN_ANNOTATION] : undefined;
  if (text === undefined || text === '') return undefined;
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
}
