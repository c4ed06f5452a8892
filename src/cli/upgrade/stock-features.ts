import type { GraphFeatures } from '../../graph/index.ts';
import { TYPEKRO_FEATURES } from '../../graph/index.ts';

/** The features that kro has among those that gates turn on: only `omit()`, by its gate `CELOmitFunction`. */
export function stockFeatures({ omit = false }: GraphFeatures): GraphFeatures {
  const off = Object.fromEntries(Object.keys(TYPEKRO_FEATURES).map((feature) => [feature, false]));
  return { ...off, omit };
}
