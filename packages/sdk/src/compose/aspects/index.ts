/**
 * Changes that are applied to the resources of a composition when the composition is written as YAML or deployed.
 * Examples are labels for all resources, environment variables for all containers, and another image policy in
 * development. The function of the composition does not change: `app.toYaml({ aspects: [withLabels({ team: 'a' })] })`,
 * `app.factory('kro', { aspects })`.
 *
 * @packageDocumentation
 */
export {
  allResources,
  append,
  aspect,
  merge,
  mergeByName,
  metadata,
  override,
  patchEach,
  replace,
  resources,
  workloads,
} from './aspect.ts';
export * from './helpers.ts';
export { slot } from './slot.ts';
export { AspectApplicationError, AspectDefinitionError } from '../aspect-types.ts';
export type {
  AnyAspect,
  AspectCardinality,
  AspectDefinition,
  AspectOperation,
  AspectPatch,
  AspectSelector,
  AspectSurface,
  AspectTarget,
  AspectTargetGroup,
  MetadataChange,
  MetadataSurface,
  OverrideSurface,
  SingleAspectTarget,
} from '../aspect-types.ts';
