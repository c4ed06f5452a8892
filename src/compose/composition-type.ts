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
  /**
   * The warnings about the composition, and about its definitions that were written so far. The call that finds an
   * error throws it.
   */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The resources by id (and by key, in the declarative form), and as a list. In another composition each resource is
   * an external reference to the object with the resource's name. The name must be constant: a resource whose name
   * depends on the spec is refused when it is read. A collection is refused, too. Outside a composition only `id`,
   * `apiVersion` and `kind` can be read (`compose/outside`).
   */
  readonly resources: Resources & ResourceList;
  /** The spec and the metadata of an instance, as references that have values inside this composition only. */
  readonly schema: SchemaReference<Spec>;
  /**
   * The status, for use in another composition. That composition reads the status of the instance that has the name of
   * this composition and is in the namespace of the reading instance. Outside a composition the status has no value
   * (`compose/outside`).
   */
  readonly status: Status;
  /**
   * The ResourceGraphDefinition as YAML, after the definitions of the compositions whose `singleton` it uses. For the
   * target `stock`, namespaces that depend on the spec alone are not in the definition: `toYaml(spec)` prints them.
   */
  toYaml(options?: EmitOptions): string;
  /** The documents to apply for a spec: the namespaces and singletons that must exist first, then the instance. */
  toYaml(spec: Input): string;
  /** The ResourceGraphDefinition as an object. */
  toDefinition(options?: EmitOptions): JsonObject;
  /**
   * Finds the position in the author's source that made a part of the definition: the call that made the resource, or
   * the value of the status. `path` is the field path of the part (`spec.resources[0].template.spec`). Returns
   * `undefined` for a part that has no single position.
   */
  locate(path: string, target?: Target): SourcePosition | undefined;
  /** The instance for a spec, as kro mode would create it. */
  toInstance(spec: Input, options?: { readonly namespace?: string }): KubeObject;
  /** Makes a factory, which deploys: in mode `direct` from this process, in mode `kro` through a controller. */
  factory(mode: 'direct' | 'kro', options?: FactoryOptions): Factory<Input, Spec, Status>;
  /** A readable text of all resources with their conditions, loops and expressions. */
  explain(): string;
  /** Evaluates the graph on a spec and on observed objects by node id (a list of objects for a collection). */
  evaluate(spec: Input, observed?: Readonly<Record<string, JsonValue>>): Evaluation;
  /** Makes the resources of this composition part of the graph of the composition that makes the call. */
  (spec: Input): NestedComposition<Status>;
}

/** The result of calling a composition inside another composition. */
export interface NestedComposition<Status> {
  readonly id: string;
  readonly status: Status;
  dependsOn(other: { readonly id: string } | string): this;
}
