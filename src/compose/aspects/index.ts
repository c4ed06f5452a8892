/**
 * Changes that are applied to a composition's resources when it is written as YAML or deployed; its function stays as
 * it is: labels for everything, environment variables for every container, another image policy in development. `app.toYaml({ aspects: [withLabels({ team: 'a' })] })`, `app.factory('kro', { aspects })`.
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
export {
  hotReload,
  withAnnotations,
  withEnvFrom,
  withEnvVars,
  withHotReload,
  withImagePullPolicy,
  withLabels,
  withLocalWorkspace,
  withMetadata,
  withReplicas,
  withResourceDefaults,
  withServiceAccount,
} from './helpers.ts';
export type {
  HotReloadOptions,
  ImagePullPolicy,
  LocalWorkspaceOptions,
  MetadataAspect,
  WorkloadAspect,
} from './helpers.ts';
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
