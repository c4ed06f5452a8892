import type { FeatureGates } from '../../controller/index.ts';
import { readFeatureGates } from '../../controller/index.ts';
import type { GraphFeatures } from '../../graph/index.ts';
import { stockFeatures } from '../upgrade/stock-features.ts';
import { flagTexts } from './controller-arguments.ts';
import type { ControllerDeployment } from './running-controllers.ts';

const GATES = 'feature-gates';

/** The gates in the flags of a Deployment. A Deployment without the flag has all gates off. */
export function deploymentGates({ flags }: Pick<ControllerDeployment, 'flags'>): FeatureGates['features'] {
  return readFeatureGates(flagTexts(flags).flags.get(GATES)?.slice(`--${GATES}=`.length) ?? '').features;
}

/**
 * The features of kro's controllers of a cluster. When there are several, a feature counts only when each of them has
 * it, because any of them may continue with the objects. When there is none, kro's defaults count.
 */
export function kroFeatures(kros: readonly ControllerDeployment[]): GraphFeatures {
  const gates = kros.map(deploymentGates);
  const hasEach = (feature: 'omit' | 'deletionPolicy'): boolean => gates.length > 0 && gates.every((of) => of[feature]);
  const features = stockFeatures({ omit: hasEach('omit'), deletionPolicy: hasEach('deletionPolicy') });
  // kro's CRD lacks the field `propagateWhen`. The API server drops the field, and so kro does not refuse the
  // definition.
  return { ...features, propagateWhen: true };
}
