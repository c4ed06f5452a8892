/**
 * Names of the entry point `typekro/containers` of TypeKro 0.33. Importing these names does not fail. The first use of
 * one throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: build images before the composition with a tool for images, and pass the name with the spec. */
export const {
  buildContainer,
  ContainerBuildError,
  clearContainerCache,
  container,
  splitImageUri,
  kubernetesSecretRegistryCredentials,
  harbor,
  ociRegistry,
} = movedNames('build images before the composition with a tool for images, and pass the name with the spec', [
  'buildContainer',
  'ContainerBuildError',
  'clearContainerCache',
  'container',
  'splitImageUri',
  'kubernetesSecretRegistryCredentials',
  'harbor',
  'ociRegistry',
]);
