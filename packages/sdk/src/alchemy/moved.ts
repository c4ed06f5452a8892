import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: pass `mode: 'direct'` or `mode: 'kro'` to `KroResource`. */
export const { DirectTypeKroDeployer, KroTypeKroDeployer } = movedNames(
  "give mode: 'direct' or mode: 'kro' to KroResource",
  ['DirectTypeKroDeployer', 'KroTypeKroDeployer'],
);

/** Removed in 1.0: pass the options as props of `KroResource`. */
export const { buildAlchemyDeploymentOptions } = movedNames('give the options as props of KroResource', [
  'buildAlchemyDeploymentOptions',
]);

/** Removed in 1.0: await the other resource, and pass the values of that resource with the spec. */
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
} = movedNames('await the other resource, and pass the values of that resource with the spec', [
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

/** Removed in 1.0: name each `KroResource` in the program. */
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

/** Removed in 1.0: an import of `typekro/alchemy` registers the provider. */
export const { kroProvider } = movedNames('importing typekro/alchemy registers the provider', ['kroProvider']);

/** Removed in 1.0: declare one `KroResource` per instance; its deploy makes the resources. */
export const { materializeAlchemyResources } = movedNames(
  'declare one KroResource for each instance; the deploy makes its resources',
  ['materializeAlchemyResources'],
);
