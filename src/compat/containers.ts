/**
 * Names of the entry point `typekro/containers` of TypeKro 0.33: programs that import them load, and learn the way when they use one.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/** Gone: build images before the composition with a tool for images, and pass the name in with the spec. */
export const {
  buildContainer,
  ContainerBuildError,
  clearContainerCache,
  container,
  splitImageUri,
  kubernetesSecretRegistryCredentials,
  harbor,
  ociRegistry,
} = movedNames('build images before the composition with a tool for images, and pass the name in with the spec', [
  'buildContainer',
  'ContainerBuildError',
  'clearContainerCache',
  'container',
  'splitImageUri',
  'kubernetesSecretRegistryCredentials',
  'harbor',
  'ociRegistry',
]);
