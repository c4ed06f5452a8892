import { DEFAULT_KRO_COMPATIBILITY, followsGraphEngine } from '../graph/index.ts';
import type { ComparedFacets } from '../schema/index.ts';
import type { ControllerOptions } from './options.ts';

/** The keywords whose changes make a change of a CRD breaking. */
export function comparedFacets({
  features,
  kroCompatibility = DEFAULT_KRO_COMPATIBILITY,
}: Pick<ControllerOptions, 'features' | 'kroCompatibility'>): ComparedFacets {
  if (features?.conservativeCrdComparison === true) return 'conservative';
  return followsGraphEngine(kroCompatibility) ? 'engine' : 'none';
}
