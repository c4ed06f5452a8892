import { DEFAULT_KRO_COMPATIBILITY, followsGraphEngine } from '@typekro/engine/graph';
import type { ComparedFacets } from '@typekro/engine/schema';
import type { ControllerOptions } from './options.ts';

/** The schema keywords that a comparison of CRDs covers beyond those of kro 0.9. */
export function comparedFacets({
  features,
  kroCompatibility = DEFAULT_KRO_COMPATIBILITY,
}: Pick<ControllerOptions, 'features' | 'kroCompatibility'>): ComparedFacets {
  if (features?.conservativeCrdComparison === true) return 'conservative';
  return followsGraphEngine(kroCompatibility) ? 'engine' : 'none';
}
