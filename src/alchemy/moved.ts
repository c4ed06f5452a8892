import { movedNames } from '../core/index.ts';

/** Removed. Pass `mode: 'direct'` or `mode: 'kro'` to `KroResource`. */
export const { DirectTypeKroDeployer, KroTypeKroDeployer } = movedNames(
  "give mode: 'direct' or mode: 'kro' to KroResource",
  ['DirectTypeKroDeployer', 'KroTypeKroDeployer'],
);

/** Removed. Pass the options as props of `KroResource`. */
export const { buildAlchemyDeploymentOptions } = movedNames('give the options as props of KroResource', [
  'buildAlchemyDeploymentOptions',
]);

/** Removed. Await the other resource and put its values into the spec. */
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

/** Removed. Name each `KroResource` in the program. */
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

/** Removed. An import of `typekro/alchemy` registers the provider. */
export const { kroProvider } = movedNames('importing typekro/alchemy registers the provider', ['kroProvider']);

/** Removed. Declare one `KroResource` per instance; its deploy makes the resources. */
export const { materializeAlchemyResources } = movedNames(
  'declare one KroResource for each instance; the deploy makes its resources',
  ['materializeAlchemyResources'],
);
