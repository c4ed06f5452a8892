import type { Diagnostic, JsonObject, JsonValue, KubeObject, SourcePosition } from '../core/index.ts';
import type { Factory, FactoryOptions } from './deploy-engine.ts';
import type { EmitOptions, Evaluation, Resource, ResourceHandle, SchemaReference, Target } from './public-types.ts';

/** The resources of a composition in the order in which they were made. */
export type ResourceList = Iterable<ResourceHandle> &
  Pick<readonly ResourceHandle[], 'length' | 'map' | 'filter' | 'find' | 'forEach' | 'some' | 'every' | 'flatMap'>;

/** A traced composition: the graph, and ways to print, check and deploy it. */
export interface Composition<Spec, Status, Resources = Readonly<Record<string, Resource>>, Input = Spec> {
  /** Name of the definition, as a DNS label. */
  readonly name: string;
  /** Everything found that does not stop the work (warnings); errors are thrown when the composition is made. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The resources by id (and by key, in the declarative form), and as a list, for use in another composition: there each is
   * an external reference to the object of that name. Its name must be constant; a resource whose name
   * depends on the spec, and a collection, are refused when they are read. Outside a composition only `id`,
   * `apiVersion` and `kind` can be read (`compose/outside`).
   */
  readonly resources: Resources & ResourceList;
  /** The spec and the metadata of an instance, as references; they have values inside this composition only. */
  readonly schema: SchemaReference<Spec>;
  /**
   * The status, for use in another composition: it is read from the instance that is named like this
   * composition, in the namespace of the reading one. Outside a composition it has no value (`compose/outside`).
   */
  readonly status: Status;
  /**
   * The ResourceGraphDefinition as YAML, after those of the compositions whose `singleton` it uses.
   * Namespaces that the spec alone decides are no part of it for the target `stock`: see `toYaml(spec)`.
   */
  toYaml(options?: EmitOptions): string;
  /** What to apply for a spec: the namespaces and shared instances that must be there, then the instance. */
  toYaml(spec: Input): string;
  /** The ResourceGraphDefinition as an object. */
  toDefinition(options?: EmitOptions): JsonObject;
  /**
   * Where in your source a part of the definition comes from, by its field path (`spec.resources[0].template.spec`):
   * the call that made the resource, or what the status returns. `undefined` for what no single place made.
   */
  locate(path: string, target?: Target): SourcePosition | undefined;
  /** The instance for a spec, as kro mode would create it. */
  toInstance(spec: Input, options?: { readonly namespace?: string }): KubeObject;
  /** A way to deploy: `direct` from here, or `kro` through a controller. */
  factory(mode: 'direct' | 'kro', options?: FactoryOptions): Factory<Input, Spec, Status>;
  /** Every resource with its conditions, loops and expressions, for people. */
  explain(): string;
  /** The graph evaluated on a spec and, by id, the observed objects (a list for collections). */
  evaluate(spec: Input, observed?: Readonly<Record<string, JsonValue>>): Evaluation;
  /** Inside another composition: makes the resources of this one part of that graph. */
  (spec: Input): NestedComposition<Status>;
}

/** A composition that was called inside another one. */
export interface NestedComposition<Status> {
  readonly id: string;
  readonly status: Status;
  dependsOn(other: { readonly id: string } | string): this;
}
