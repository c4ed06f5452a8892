import type { FeatureGates } from '@typekro/controller/controller';
import { readFeatureGates } from '@typekro/controller/controller';
import type { GraphFeatures } from '@typekro/engine/graph';
import { stockFeatures } from '../upgrade/upgrade-check.ts';
import { flagTexts } from './controller-arguments.ts';
import type { ControllerDeployment } from './running-controllers.ts';

const GATES = 'feature-gates';

/** The gates in the flags of a Deployment. If the Deployment has no such flag, all gates are off. */
export function deploymentGates({ flags }: Pick<ControllerDeployment, 'flags'>): FeatureGates['features'] {
  return readFeatureGates(flagTexts(flags).flags.get(GATES)?.slice(`--${GATES}=`.length) ?? '').features;
}

/**
 * The features of kro's controllers in a cluster. A feature is on only if every controller has it, because any of the
 * controllers may reconcile the objects next. Without a controller, the features are kro's defaults.
 */
export function kroFeatures(kros: readonly ControllerDeployment[]): GraphFeatures {
  const gates = kros.map(deploymentGates);
  const hasEach = (feature: 'omit' | 'deletionPolicy'): boolean => gates.length > 0 && gates.every((of) => of[feature]);
  const features = stockFeatures({ omit: hasEach('omit'), deletionPolicy: hasEach('deletionPolicy') });
  // kro's CRD does not have the field `propagateWhen`. The API server drops the field, so kro never reads it and does
  // not refuse the definition.
  return { ...features, propagateWhen: true };
}
