import type { Diagnostic, JsonObject, SourcePosition } from '../core/index.ts';
import type { CompositionOptions, EmitOptions, Target } from './public-types.ts';

/** Options of a graph. */
export interface GraphOptions extends Pick<CompositionOptions, 'scope' | 'strict' | 'supportedModes' | 'types'> {
  /** Namespace of the Graph, and of its namespaced objects without one. Default: the namespace of the caller. */
  readonly namespace?: string;
  /** The service account, in the namespace of the Graph, whose rights the controller uses. Default `default`. */
  readonly serviceAccountName?: string;
}

/** A traced graph without an API: one object of the kind Graph, and ways to print and deploy it. */
export interface GraphComposition {
  /** Name of the Graph, as a DNS label. */
  readonly name: string;
  /** The warnings about the graph. Errors are thrown when the graph is made. */
  readonly diagnostics: readonly Diagnostic[];
  /** The Graph as YAML, after the objects of the singletons that it uses. */
  toYaml(options?: EmitOptions): string;
  /** The Graph as an object. */
  toDefinition(options?: EmitOptions): JsonObject;
  /**
   * Finds the position in the author's source that made a part of the Graph. `path` is the field path of the part
   * (`spec.nodes[0].template.data`). Returns `undefined` for a part that has no single position.
   */
  locate(path: string, target?: Target): SourcePosition | undefined;
  /** A readable text of all nodes with their conditions, loops and expressions. */
  explain(): string;
}

/** Defines a graph without an API by a function. The resources that the function creates become the nodes. */
export type DefineGraph = (name: string, build: () => unknown, options?: GraphOptions) => GraphComposition;
