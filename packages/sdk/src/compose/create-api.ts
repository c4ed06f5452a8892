import type { KubernetesComposition, ToResourceGraph } from './composition-api.ts';
import { makeComposition } from './composition-object.ts';
import { makeGraph } from './graph-object.ts';
import type { DefineGraph } from './graph-type.ts';
import type { CompositionApiOptions } from './factory/factory.ts';

/** The ways to define a graph. */
export interface CompositionApi {
  readonly kubernetesComposition: KubernetesComposition;
  readonly toResourceGraph: ToResourceGraph;
  readonly graph: DefineGraph;
}

/** Creates the API of compositions. The engine of `factory().deploy()` is loaded when a call first needs it. */
export function createCompositionApi(options: CompositionApiOptions): CompositionApi {
  const define = (definition: unknown, ...args: unknown[]) => makeComposition(definition, args, options);
  return {
    kubernetesComposition: define,
    toResourceGraph: define as ToResourceGraph,
    graph: (name, build, graphOptions = {}) => makeGraph(name, build, graphOptions, options),
  };
}
