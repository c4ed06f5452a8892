import { TypeKroError } from '@typekro/kit/core';

/** A selection among the resources of a target. A resource must match all given members. */
export interface AspectSelector {
  /** The name given by `slot()`. */
  readonly slot?: string;
  /** The id of the resource in the graph. */
  readonly id?: string;
  /** `metadata.name`; a name that depends on the instance does not match. */
  readonly name?: string;
  /** `metadata.namespace`; a namespace that depends on the instance does not match. */
  readonly namespace?: string;
  readonly kind?: string;
  /** Labels that the resource must have. The resource may have additional labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The number of resources that an aspect must match. */
export type AspectCardinality = 'one-or-more' | 'zero-or-more' | 'exactly-one';

/** A change of one field of a resource. */
export type AspectOperation =
  | { readonly operation: 'replace'; readonly value: unknown }
  | { readonly operation: 'merge'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly operation: 'append'; readonly value: readonly unknown[] }
  | { readonly operation: 'merge-by-name'; readonly value: readonly { readonly name: string }[] }
  | { readonly operation: 'each'; readonly patch: AspectPatch };

/** Maps a field to its operation, or to a nested patch for deeper fields. */
export interface AspectPatch {
  readonly [field: string]: AspectOperation | AspectPatch;
}

/**
 * Labels or annotations that are merged into the existing ones (as with `merge(…)`), or an operation such as
 * `replace(…)`.
 */
export type MetadataChange = Readonly<Record<string, string>> | AspectOperation;

/** Changes of the labels and annotations of a resource. */
export interface MetadataSurface {
  readonly kind: 'metadata';
  readonly labels?: MetadataChange;
  readonly annotations?: MetadataChange;
}

/** Changes of the `spec` of a resource. */
export interface OverrideSurface {
  readonly kind: 'override';
  readonly patch: { readonly spec: AspectPatch };
}

/** The fields of a resource that an aspect changes. */
export type AspectSurface = MetadataSurface | OverrideSurface;

/** A group of kinds. */
export interface AspectTargetGroup<Name extends string = string> {
  readonly kind: 'target-group';
  readonly name: Name;
}

/** A group of kinds, or a factory, which stands for the kind that it creates. */
export type SingleAspectTarget = AspectTargetGroup | ((...args: never[]) => unknown);

/** The target of an aspect: a group, a factory, or a list of them. A resource must match at least one of them. */
export type AspectTarget = SingleAspectTarget | readonly SingleAspectTarget[];

/**
 * A change of resources that is applied when a graph is written: `toYaml({ aspects })`, `factory(mode, { aspects })`.
 */
export interface AspectDefinition<
  Target extends AspectTarget = AspectTarget,
  Surface extends AspectSurface = AspectSurface,
> {
  readonly kind: 'aspect';
  readonly target: Target;
  readonly surface: Surface;
  readonly selector: AspectSelector;
  readonly cardinality: AspectCardinality;
  /** Restricts the aspect to the resources that also match the selector. */
  where(selector: AspectSelector): AspectDefinition<Target, Surface>;
  /** Allows the aspect to match no resource. */
  optional(): AspectDefinition<Target, Surface>;
  /** Requires that the aspect matches exactly one resource. */
  expectOne(): AspectDefinition<Target, Surface>;
}

/** An aspect with any target. */
export type AnyAspect = AspectDefinition;

/** The error for invalid arguments of an aspect. */
export class AspectDefinitionError extends TypeKroError {
  constructor(functionName: string, reason: string) {
    super(`${functionName}(): ${reason}`, { code: 'compose/aspect-definition', remedy: 'correct the argument' });
    this.name = 'AspectDefinitionError';
  }
}

/** The error of an aspect that does not fit the resources of a composition. */
export class AspectApplicationError extends TypeKroError {
  /** The index of the aspect in the list of aspects. */
  readonly aspectIndex: number;

  constructor(aspectIndex: number, target: string, reason: string, remedy: string) {
    super(`aspect ${aspectIndex + 1} on ${target}: ${reason}`, { code: 'compose/aspect', remedy });
    this.name = 'AspectApplicationError';
    this.aspectIndex = aspectIndex;
  }
}
