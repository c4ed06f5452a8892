/** Names that TypeKro 0.33 also exported here. Import them from `typekro/aspects`. */
export {
  /** @deprecated Import it from `typekro/aspects`. */
  AspectApplicationError,
  /** @deprecated Import it from `typekro/aspects`. */
  AspectDefinitionError,
  /** @deprecated Import it from `typekro/aspects`. */
  allResources,
  /** @deprecated Import it from `typekro/aspects`. */
  append,
  /** @deprecated Import it from `typekro/aspects`. */
  aspect,
  /** @deprecated Import it from `typekro/aspects`. */
  hotReload,
  /** @deprecated Import it from `typekro/aspects`. */
  merge,
  /** @deprecated Import it from `typekro/aspects`. */
  metadata,
  /** @deprecated Import it from `typekro/aspects`. */
  override,
  /** @deprecated Import it from `typekro/aspects`. */
  replace,
  /** @deprecated Import it from `typekro/aspects`. */
  resources,
  /** @deprecated Import it from `typekro/aspects`. */
  slot,
  /** @deprecated Import it from `typekro/aspects`. */
  withAnnotations,
  /** @deprecated Import it from `typekro/aspects`. */
  withEnvFrom,
  /** @deprecated Import it from `typekro/aspects`. */
  withEnvVars,
  /** @deprecated Import it from `typekro/aspects`. */
  withHotReload,
  /** @deprecated Import it from `typekro/aspects`. */
  withImagePullPolicy,
  /** @deprecated Import it from `typekro/aspects`. */
  withLabels,
  /** @deprecated Import it from `typekro/aspects`. */
  withLocalWorkspace,
  /** @deprecated Import it from `typekro/aspects`. */
  withMetadata,
  /** @deprecated Import it from `typekro/aspects`. */
  withReplicas,
  /** @deprecated Import it from `typekro/aspects`. */
  withResourceDefaults,
  /** @deprecated Import it from `typekro/aspects`. */
  withServiceAccount,
  /** @deprecated Import it from `typekro/aspects`. */
  workloads,
} from './compose/aspects/index.ts';
export type { AnyAspect } from './compose/aspects/index.ts';
