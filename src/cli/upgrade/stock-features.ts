import type { GraphFeatures } from '../../graph/index.ts';
import { TYPEKRO_FEATURES } from '../../graph/index.ts';

/** The features with gates that kro has, too: only `omit()`, with its gate `CELOmitFunction`. */
export function stockFeatures({ omit = false }: GraphFeatures): GraphFeatures {
  const off = Object.fromEntries(Object.keys(TYPEKRO_FEATURES).map((feature) => [feature, false]));
  return { ...off, omit };
}
