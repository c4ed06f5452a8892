import { failsAtCaller, keepPlace, TypeKroError } from '@typekro/kit/core';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { graphYaml } from './composition-yaml.ts';
import { evaluateTraced } from './evaluate-composition.ts';
import { explainGraph } from './explain.ts';
import { GraphCore } from './graph-core.ts';
import type { Mode } from './deploy-engine.ts';
import type { CompositionApiOptions } from './factory/factory.ts';
import { createGraphFactory } from './factory/graph-factory.ts';
import type { GraphComposition, GraphFactoryOptions, GraphOptions } from './graph-type.ts';
import type { EmitOptions, Target } from './public-types.ts';
import type { FunctionLike } from './source/function-source.ts';

/** Makes a graph from the arguments of `graph`. */
export function makeGraph(
  name: string,
  build: unknown,
  options: GraphOptions,
  api: CompositionApiOptions,
): GraphComposition {
  if (typeof build !== 'function') {
    throw new TypeKroError('the second argument of graph() must be a function', {
      code: 'compose/definition',
      remedy: "write graph('name', () => { … })",
    });
  }
  return graphObject(GraphCore.trace(name, build as FunctionLike, options), api);
}

function graphObject(core: GraphCore, api: CompositionApiOptions): GraphComposition {
  return keepPlace({
    name: core.name,
    get diagnostics() {
      return core.diagnostics;
    },
    toYaml: failsAtCaller((options?: EmitOptions): string =>
      graphYaml(core.with(options?.aspects), options?.target ?? 'stock'),
    ),
    toDefinition: failsAtCaller(
      (options?: EmitOptions): JsonObject => core.with(options?.aspects).write(options?.target ?? 'stock').definition,
    ),
    locate: (path: string, target: Target = 'typekro') => core.locate(path, target),
    explain: (): string => explainGraph(core),
    evaluate: failsAtCaller((observed: Readonly<Record<string, JsonValue>> = {}) => ({
      resources: evaluateTraced(core, undefined, observed).resources,
    })),
    factory: failsAtCaller((mode: Mode, options: GraphFactoryOptions = {}) =>
      createGraphFactory(core.with(options.aspects), mode, options, api),
    ),
  });
}
