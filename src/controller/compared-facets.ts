import { DEFAULT_KRO_COMPATIBILITY, followsGraphEngine } from '../graph/index.ts';
import type { ComparedFacets } from '../schema/index.ts';
import type { ControllerOptions } from './options.ts';

/** The keywords of schemas that a comparison of CRDs covers in addition to those of kro 0.9. */
export function comparedFacets({
  features,
  kroCompatibility = DEFAULT_KRO_COMPATIBILITY,
}: Pick<ControllerOptions, 'features' | 'kroCompatibility'>): ComparedFacets {
  if (features?.conservativeCrdComparison === true) return 'conservative';
  return followsGraphEngine(kroCompatibility) ? 'engine' : 'none';
}
