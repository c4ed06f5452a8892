import type { GraphFeatures } from '@typekro/engine/graph';
import { TYPEKRO_FEATURES } from '@typekro/engine/graph';

/**
 * Turns off all features that released kro does not have. Keeps the values of `omit` (gate `CELOmitFunction`) and
 * `deletionPolicy` (gate `DeletionPolicy`, after 0.10.0-rc.0).
 */
export function stockFeatures({ omit = false, deletionPolicy = false }: GraphFeatures): GraphFeatures {
  const off = Object.fromEntries(Object.keys(TYPEKRO_FEATURES).map((feature) => [feature, false]));
  return { ...off, omit, deletionPolicy };
}
