import type { KubernetesComposition, ToResourceGraph } from './composition-api.ts';
import { makeComposition } from './composition-object.ts';
import type { CompositionApiOptions } from './factory.ts';

/** The two ways to define a graph. */
export interface CompositionApi {
  readonly kubernetesComposition: KubernetesComposition;
  readonly toResourceGraph: ToResourceGraph;
}

/** Makes the API of compositions. The engine of `factory().deploy()` is loaded when a call first needs it. */
export function createCompositionApi(options: CompositionApiOptions): CompositionApi {
  const define = (definition: unknown, ...args: unknown[]) => makeComposition(definition, args, options);
  return {
    kubernetesComposition: define,
    toResourceGraph: define as unknown as ToResourceGraph,
  };
}
