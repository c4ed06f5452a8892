import type { KubeObject } from '../../core/index.ts';

/** Annotation that pins an instance to a revision. */
export const PIN_ANNOTATION = 'typekro.dev/revision';

/** The revision that an instance is pinned to: a number, `NaN` for any other text, `undefined` without a pin. */
export function pinnedRevision(instance: KubeObject): number | undefined {
  const annotations = instance.metadata.annotations ?? {};
  const text = Object.hasOwn(annotations, PIN_ANNOTATION) ? annotations[PIN_ANNOTATION] : undefined;
  if (text === undefined || text === '') return undefined;
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
}
