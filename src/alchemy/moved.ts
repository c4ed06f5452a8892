import { movedNames } from '../core/index.ts';

/** Gone: give mode: 'direct' or mode: 'kro' to KroResource. */
export const { DirectTypeKroDeployer, KroTypeKroDeployer } = movedNames(
  "give mode: 'direct' or mode: 'kro' to KroResource",
  ['DirectTypeKroDeployer', 'KroTypeKroDeployer'],
);

/** Gone: give the options as props of KroResource. */
export const { buildAlchemyDeploymentOptions } = movedNames('give the options as props of KroResource', [
  'buildAlchemyDeploymentOptions',
]);

/** Gone: await the other resource, and pass its values in with the spec. */
export const {
  buildResourceGraphWithDeferredResolution,
  containsAlchemyPromises,
  createAlchemyReferenceResolver,
  extractAlchemyPromises,
  hasMixedDependencies,
  isAlchemyPromise,
  isAlchemyResource,
  resolveAlchemyPromise,
  resolveAllReferences,
  resolveAllReferencesInAlchemyContext,
  resolveReferencesWithAlchemy,
  resolveTypeKroReferencesOnly,
} = movedNames('await the other resource, and pass its values in with the spec', [
  'buildResourceGraphWithDeferredResolution',
  'containsAlchemyPromises',
  'createAlchemyReferenceResolver',
  'extractAlchemyPromises',
  'hasMixedDependencies',
  'isAlchemyPromise',
  'isAlchemyResource',
  'resolveAlchemyPromise',
  'resolveAllReferences',
  'resolveAllReferencesInAlchemyContext',
  'resolveReferencesWithAlchemy',
  'resolveTypeKroReferencesOnly',
]);

/** Gone: name each KroResource yourself. */
export const {
  createAlchemyResourceConfig,
  createAlchemyResourceConfigs,
  createAlchemyResourceId,
  generateDeterministicResourceId,
  inferAlchemyTypeFromTypeKroResource,
} = movedNames('name each KroResource yourself', [
  'createAlchemyResourceConfig',
  'createAlchemyResourceConfigs',
  'createAlchemyResourceId',
  'generateDeterministicResourceId',
  'inferAlchemyTypeFromTypeKroResource',
]);

/** Gone: importing typekro/alchemy registers the provider. */
export const { kroProvider } = movedNames('importing typekro/alchemy registers the provider', ['kroProvider']);

/** Gone: declare one KroResource for each instance; the deploy makes its resources. */
export const { materializeAlchemyResources } = movedNames(
  'declare one KroResource for each instance; the deploy makes its resources',
  ['materializeAlchemyResources'],
);
