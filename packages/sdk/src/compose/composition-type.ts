import type { Diagnostic, JsonObject, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import type { Factory, FactoryOptions, InstancePlace } from './deploy-engine.ts';
import type { InVersion, NoVersions } from './version-types.ts';
import type { EmitOptions, Evaluation, Resource, ResourceHandle, SchemaReference, Target } from './public-types.ts';

/** The resources of a composition in the order in which they were created. */
export type ResourceList = Iterable<ResourceHandle> &
  Pick<readonly ResourceHandle[], 'length' | 'map' | 'filter' | 'find' | 'forEach' | 'some' | 'every' | 'flatMap'>;

/**
 * A traced composition: its graph, and methods to print, check and deploy the graph. `Versions` has the type of the
 * spec for each version of the API beside the hub.
 */
export interface Composition<
  Spec,
  Status,
  Resources = Readonly<Record<string, Resource>>,
  Input = Spec,
  Versions = NoVersions,
> {
  /** The name of the definition, a DNS subdomain. */
  readonly name: string;
  /**
   * The warnings about the composition, and about the definitions that were made from it so far. Errors are not
   * included, because the call that finds an error throws it.
   */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The resources by id, and as a list. With `toResourceGraph`, also by the keys under which its resource builder
   * returns them. In another composition each resource is an external reference to the object with the resource's name.
   * The name must be constant: a resource whose name depends on the spec is refused when it is read, and so is a
   * collection. Outside a composition, only `id`, `apiVersion` and `kind` can be read (`compose/outside`).
   */
  readonly resources: Resources & ResourceList;
  /** The spec and the metadata of an instance, as references that have values only inside this composition. */
  readonly schema: SchemaReference<Spec>;
  /**
   * The status, for use in another composition. The other composition reads the status of the instance that is named
   * like this composition, in the namespace of the reading instance. Outside a composition, the status has no value
   * (`compose/outside`).
   */
  readonly status: Status;
  /**
   * The ResourceGraphDefinition as YAML, preceded by the definitions of the compositions whose `singleton` it uses. For
   * the target `stock`, namespaces that depend only on the spec are not in the definition; `toYaml(spec)` prints them.
   */
  toYaml(options?: EmitOptions): string;
  /** The YAML documents to apply for a spec: the namespaces and singletons that must exist first, then the instance. */
  toYaml(spec: Input): string;
  /** The ResourceGraphDefinition as an object. */
  toDefinition(options?: EmitOptions): JsonObject;
  /**
   * Finds the position in the author's source from which a part of the definition comes: the call that created the
   * resource, or the value in the status. `path` is the field path of the part (`spec.resources[0].template.spec`).
   * Returns `undefined` for a part that has no single position.
   */
  locate(path: string, target?: Target): SourcePosition | undefined;
  /** The instance for a spec in another version of the API, which must also be valid as an instance of the hub. */
  toInstance<Name extends keyof Versions>(spec: Versions[Name], place: InstancePlace & InVersion<Name>): KubeObject;
  /** The instance for a spec, as kro mode would create it. `place` has its name and its namespace. */
  toInstance(spec: Input, place?: InstancePlace): KubeObject;
  /**
   * Creates a factory, which deploys the composition: in mode `direct` from this process, in mode `kro` through a
   * controller.
   */
  factory(mode: 'direct' | 'kro', options?: FactoryOptions): Factory<Input, Spec, Status, Versions>;
  /** A readable description of all resources with their conditions, loops and expressions. */
  explain(): string;
  /**
   * Evaluates the graph for a spec. `observed` maps a node id to the observed object (for a collection, to a list of
   * objects). `place` has the name and the namespace of the instance.
   */
  evaluate(spec: Input, observed?: Readonly<Record<string, JsonValue>>, place?: InstancePlace): Evaluation;
  /** Adds the resources of this composition to the graph of the composition that calls it. */
  (spec: Input): NestedComposition<Status>;
}

/** The result of calling a composition inside another composition. */
export interface NestedComposition<Status> {
  readonly id: string;
  readonly status: Status;
  dependsOn(other: { readonly id: string } | string): this;
}
