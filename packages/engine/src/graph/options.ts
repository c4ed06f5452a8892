import type { Diagnostic, JsonValue, KubeObject } from '@typekro/kit/core';
import { type SchemaSource, combineSources } from '../schema/index.ts';
import type { DefinitionDocument } from './document.ts';
import type { KroCompatibility } from './kro-compatibility.ts';
import type { Graph } from './model.ts';

/**
 * The input of the compiler: an object, or a document of `parseDefinitions`. Diagnostics of a document have positions.
 */
export type CompileInput = JsonValue | DefinitionDocument;

/** The controller that runs the graph: kro as released with its feature gates off, or this project's own controller. */
export type CompileTarget = 'stock' | 'typekro';

/** Gated parts of definitions and of the expression language; all off by default. */
export interface GraphFeatures {
  /** `omit()` in templates, which leaves a field out. kro's gate `CELOmitFunction`. */
  readonly omit?: boolean;
  /** `now()`, the current time. In templates, the time is read once, and then stays the same over many passes. */
  readonly now?: boolean;
  /** cel-go's `math` library. */
  readonly math?: boolean;
  /** cel-go's `sets` library. */
  readonly sets?: boolean;
  /** Resources with `variable`: values without an object. The gate `Variables`, proposed for kro. */
  readonly variables?: boolean;
  /** The marker `printColumn` of SimpleSchema. The gate `PrintColumn`, proposed for kro. */
  readonly printColumn?: boolean;
  /** The markers `scale` and `scaleSelector`. The gate `ScaleSubresource`, proposed for kro. */
  readonly scale?: boolean;
  /** Computed keys of maps in templates: `"${…}": value`. The gate `DynamicKeys`, proposed for kro. */
  readonly dynamicKeys?: boolean;
  /** `defer(…)` as the whole value of a field of a template. The gate `CELDeferFunction`, proposed for kro. */
  readonly defer?: boolean;
  /** `deletionPolicy` of resources. kro's gate `DeletionPolicy`, which kro has in versions after 0.10.0-rc.0. */
  readonly deletionPolicy?: boolean;
  /** `externalFields` of resources. The gate `ExternalFields`, proposed for kro. */
  readonly externalFields?: boolean;
  /**
   * `propagateWhen` on resources: conditions for creates and updates of objects. The gate `PropagateWhen`, proposed for
   * kro.
   */
  readonly propagateWhen?: boolean;
  /**
   * A node that is read only in a branch of `a ? b : c` is a dependency only while the branch is taken. The gate
   * `PartialDependencies`, proposed for kro. The feature does not change which definitions compile, but which objects
   * an instance has.
   */
  readonly partialDependencies?: boolean;
  /**
   * A resource of a kind that the cluster does not have is accepted if it is `optional`, or if its `includeWhen` reads
   * another resource. The resource waits for the kind. The gate `DeferredSchemaResolution`, proposed for kro. The
   * feature changes which definitions with unknown kinds compile.
   */
  readonly deferredSchemas?: boolean;
  /** `optional` of resources, which has an effect only with `deferredSchemas`. */
  readonly optionalResources?: boolean;
  /** The status of instances has kro's condition `WatchesHealthy`, which conditions of the author may read. */
  readonly watchHealth?: boolean;
  /**
   * The status of instances has a record of their objects, `graph`. The gate `ManagedResources`, proposed for kro. The
   * feature changes the schema of the instances' kind.
   */
  readonly managedResources?: boolean;
  /** `versions` in the schema of a definition: an API of several versions. This project's gate `APIVersions`. */
  readonly versions?: boolean;
}

/**
 * The features of this project's controller with all gates that add parts to the language. A command that does not know
 * the gates of a controller compiles with these features. Two of these gates, `CELOmitFunction` and `DynamicKeys`, also
 * change the meaning of definitions that are accepted without them.
 */
export const TYPEKRO_FEATURES: GraphFeatures = {
  omit: true,
  now: true,
  variables: true,
  printColumn: true,
  scale: true,
  defer: true,
  dynamicKeys: true,
  deletionPolicy: true,
  externalFields: true,
  watchHealth: true,
  optionalResources: true,
  propagateWhen: true,
  versions: true,
};

/** The options of the compiler. */
export interface CompileOptions {
  /** The sources of the schemas of kinds. If several sources have a kind, the first one provides its schema. */
  readonly sources: SchemaSource | readonly SchemaSource[];
  readonly features?: GraphFeatures;
  /** Default `stock`: features that released kro refuses or does not have are reported. */
  readonly target?: CompileTarget;
  /**
   * Are problems that kro accepts reported as errors? kro accepts some values that cannot work, such as a number for a
   * struct field, or an object with unknown keys. Default false: such problems are warnings.
   */
  readonly strict?: boolean;
  /** The level of kro whose rules apply. Default `0.10`. */
  readonly kroCompatibility?: KroCompatibility;
  /** The maximum number of dimensions in one `forEach`. Default 10, as in kro. */
  readonly maxForEachDimensions?: number;
}

/**
 * The checked graph and all problems. The graph is absent when there is an error. Errors come first, in the order of
 * kro's phases, so that `diagnostics[0].kroMessage` is kro's message about the definition.
 */
export interface CompileResult {
  readonly graph?: Graph;
  /**
   * The CRD of the API, if the definition has errors, but none in the schema of its spec: instances can be checked
   * against it. Its status allows every field. Absent with a graph, which has the CRD.
   */
  readonly crd?: KubeObject;
  readonly diagnostics: readonly Diagnostic[];
}

/** Combines all sources of the options into one source. */
export function sourceOf({ sources }: CompileOptions): SchemaSource {
  return Array.isArray(sources) ? combineSources(...(sources as readonly SchemaSource[])) : (sources as SchemaSource);
}
