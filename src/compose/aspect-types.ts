import { TypeKroError } from '../core/index.ts';

/** Which resources of those that a target names; all given parts must fit. */
export interface AspectSelector {
  /** The name that `slot()` gave. */
  readonly slot?: string;
  /** Id in the graph. */
  readonly id?: string;
  /** `metadata.name`, where it is constant. */
  readonly name?: string;
  /** `metadata.namespace`, where it is constant. */
  readonly namespace?: string;
  readonly kind?: string;
  /** Labels that the resource carries, among others. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** How many resources an aspect must meet. */
export type AspectCardinality = 'one-or-more' | 'zero-or-more' | 'exactly-one';

/** A change of one place of a resource. */
export type AspectOperation =
  | { readonly operation: 'replace'; readonly value: unknown }
  | { readonly operation: 'merge'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly operation: 'append'; readonly value: readonly unknown[] }
  | { readonly operation: 'merge-by-name'; readonly value: readonly { readonly name: string }[] }
  | { readonly operation: 'each'; readonly patch: AspectPatch };

/** Operations by field; nested objects lead to deeper fields. */
export interface AspectPatch {
  readonly [field: string]: AspectOperation | AspectPatch;
}

/** Texts by name, laid over those that stand there as by `merge(…)`; or all of them, by `replace(…)`. */
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

/** What an aspect changes. */
export type AspectSurface = MetadataSurface | OverrideSurface;

/** A group of kinds. */
export interface AspectTargetGroup<Name extends string = string> {
  readonly kind: 'target-group';
  readonly name: Name;
}

/** A group, or a factory for the kind that it makes. */
export type SingleAspectTarget = AspectTargetGroup | ((...args: never[]) => unknown);

/** What an aspect is about: a group, a factory, or a list of them, of which one must fit. */
export type AspectTarget = SingleAspectTarget | readonly SingleAspectTarget[];

/** A change of resources that is applied when a graph is written: `toYaml({ aspects })`, `factory(mode, { aspects })`. */
export interface AspectDefinition<
  Target extends AspectTarget = AspectTarget,
  Surface extends AspectSurface = AspectSurface,
> {
  readonly kind: 'aspect';
  readonly target: Target;
  readonly surface: Surface;
  readonly selector: AspectSelector;
  readonly cardinality: AspectCardinality;
  /** Fewer resources: those that fit the selector, too. */
  where(selector: AspectSelector): AspectDefinition<Target, Surface>;
  /** It is no mistake when nothing fits. */
  optional(): AspectDefinition<Target, Surface>;
  /** Exactly one resource must fit. */
  expectOne(): AspectDefinition<Target, Surface>;
}

export type AnyAspect = AspectDefinition;

/** An aspect that cannot be made from its arguments. */
export class AspectDefinitionError extends TypeKroError {
  constructor(functionName: string, reason: string) {
    super(`${functionName}(): ${reason}`, { code: 'compose/aspect-definition', remedy: 'correct the argument' });
    this.name = 'AspectDefinitionError';
  }
}

/** An aspect that does not fit the resources of a composition. */
export class AspectApplicationError extends TypeKroError {
  /** Position in the list of aspects, from 0. */
  readonly aspectIndex: number;

  constructor(aspectIndex: number, target: string, reason: string, remedy: string) {
    super(`aspect ${aspectIndex + 1} on ${target}: ${reason}`, { code: 'compose/aspect', remedy });
    this.name = 'AspectApplicationError';
    this.aspectIndex = aspectIndex;
  }
}
