import type { KubernetesComposition, ToResourceGraph } from './composition-api.ts';
import { makeComposition } from './composition-object.ts';
import type { CompositionApiOptions } from './factory.ts';

/** The two ways to define a graph. */
export interface CompositionApi {
  readonly kubernetesComposition: KubernetesComposition;
  readonly toResourceGraph: ToResourceGraph;
}

/** Makes the API of compositions; the engine behind `factory().deploy()` is loaded when it is first needed. */
export function createCompositionApi(options: CompositionApiOptions): CompositionApi {
  const define = (definition: unknown, ...args: unknown[]) => makeComposition(definition, args, options);
  return {
    kubernetesComposition: define,
    toResourceGraph: define as unknown as ToResourceGraph,
  };
}
