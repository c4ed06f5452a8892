import { type JsonObject, type JsonValue, TypeKroError, failsAtCaller, keepPlace } from '@typekro/kit/core';
import type { CompositionFunctions } from './trace-composition.ts';
import { CompositionCore } from './composition.ts';
import { definitionYaml, graphYaml, instanceYaml } from './composition-yaml.ts';
import type { FactoryOptions, InstancePlace, Mode } from './deploy-engine.ts';
import { evaluateComposition, evaluateTraced } from './evaluate-composition.ts';
import { explainComposition, explainGraph } from './explain.ts';
import { type CompositionApiOptions, createFactory } from './factory/factory.ts';
import { defineFactory } from './value/native-functions.ts';
import { nestComposition } from './nest-composition.ts';
import { resourceReferences, schemaReference, statusReference } from './resource-references.ts';
import type { Composition } from './composition-type.ts';
import type { CompositionOptions, EmitOptions, Resource, Target } from './public-types.ts';
import type { FunctionLike } from './source/function-source.ts';
import { rememberCore } from './singleton.ts';
import { currentTrace } from './trace/current-trace.ts';
import type { KubernetesComposition, ToResourceGraph } from './composition-api.ts';
import type { DefineGraph, GraphComposition, GraphFactoryOptions, GraphOptions } from './graph-type.ts';
import { GraphCore } from './graph-core.ts';
import { createGraphFactory } from './factory/graph-factory.ts';

/** The ways to define a graph. */
export interface CompositionApi {
  readonly kubernetesComposition: KubernetesComposition;
  readonly toResourceGraph: ToResourceGraph;
  readonly graph: DefineGraph;
}

type AnyComposition = Composition<JsonObject, JsonObject, Readonly<Record<string, Resource>>, JsonObject>;

/** Creates a composition from the arguments of `kubernetesComposition` or `toResourceGraph`. */
export function makeComposition(
  definition: unknown,
  args: readonly unknown[],
  api: CompositionApiOptions,
): AnyComposition {
  const [first, second, third] = args;
  if (typeof definition === 'function' && typeof first === 'object') {
    throw new TypeKroError('the first argument is a function, not the definition', {
      code: 'compose/definition',
      remedy: 'write kubernetesComposition({ name, spec, status }, (spec) => { … })',
    });
  }
  const declarative = typeof second === 'function';
  const build = functionArgument(first, declarative ? 'the resource builder' : 'the composition');
  const functions: CompositionFunctions = { build, status: declarative ? (second as FunctionLike) : undefined };
  const options = ((declarative ? third : second) ?? {}) as CompositionOptions;
  const core = CompositionCore.trace(definition, functions, options);
  return compositionObject(core, api);
}

function functionArgument(value: unknown, what: string): FunctionLike {
  if (typeof value === 'function') return value as FunctionLike;
  throw new TypeKroError(`${what} must be a function`, { code: 'compose/definition', remedy: 'pass (spec) => { … }' });
}

function compositionObject(core: CompositionCore, api: CompositionApiOptions): AnyComposition {
  const call = defineFactory((spec: JsonObject) => {
    if (currentTrace() === undefined) {
      throw new TypeKroError(`composition ${core.name} is called outside a composition`, {
        code: 'compose/outside',
        remedy: 'use .factory() to deploy it, or call it inside another composition',
      });
    }
    return nestComposition(core, spec);
  });
  let references: Readonly<Record<string, object>> | undefined;
  let status: object | undefined;
  let schema: object | undefined;
  const members = {
    get schema() {
      schema ??= schemaReference(core);
      return schema;
    },
    get diagnostics() {
      return core.diagnostics;
    },
    get resources() {
      references ??= resourceReferences(core);
      return references;
    },
    get status() {
      status ??= statusReference(core);
      return status;
    },
    toYaml: failsAtCaller((argument?: EmitOptions | JsonObject): string =>
      argument === undefined || isEmitOptions(argument)
        ? definitionYaml(core.with(argument?.aspects), argument?.target ?? 'stock')
        : instanceYaml(core, argument),
    ),
    toDefinition: failsAtCaller(
      (options?: EmitOptions): JsonObject => core.with(options?.aspects).write(options?.target ?? 'stock').definition,
    ),
    locate: (path: string, target: Target = 'typekro') => core.locate(path, target),
    toInstance: failsAtCaller((spec: JsonObject, place?: InstancePlace) => keepPlace(core.instance(spec, place))),
    factory: failsAtCaller((mode: Mode, options: FactoryOptions = {}) =>
      createFactory(core.with(options.aspects), mode, options, api),
    ),
    explain: (): string => explainComposition(core),
    evaluate: failsAtCaller((spec: JsonObject, observed?: Readonly<Record<string, JsonValue>>, place?: InstancePlace) =>
      evaluateComposition(core, spec, observed ?? {}, place),
    ),
  };
  Object.defineProperties(call, Object.getOwnPropertyDescriptors(members));
  Object.defineProperty(call, 'name', { value: core.name });
  defineResourceMembers(call, core, () => members.resources);
  rememberCore(call, core);
  return keepPlace(call) as AnyComposition;
}

/** Defines the resources as members of the composition, under their ids and keys. Existing members are not replaced. */
function defineResourceMembers(
  composition: object,
  core: CompositionCore,
  resources: () => Readonly<Record<string, object>>,
): void {
  for (const name of [...core.traced.graph.records.map(({ id }) => id), ...core.traced.named.keys()]) {
    if (name in composition) continue;
    Object.defineProperty(composition, name, { get: () => resources()[name], configurable: true });
  }
}

/** Does the argument of `toYaml` contain options (`{ target, aspects }`), as opposed to the spec of an instance? */
function isEmitOptions(value: object): value is EmitOptions {
  const { target, aspects, ...others } = value as EmitOptions;
  if (Object.keys(others).length > 0 || (target === undefined && aspects === undefined)) return false;
  const isAspect = (entry: unknown) => (entry as { kind?: unknown } | null)?.kind === 'aspect';
  const known = target === undefined || target === 'stock' || target === 'typekro';
  return known && (aspects === undefined || (Array.isArray(aspects) && aspects.every(isAspect)));
}

/** Creates the API of compositions. The engine of `factory().deploy()` is loaded when a call first needs it. */
export function createCompositionApi(options: CompositionApiOptions): CompositionApi {
  const define = failsAtCaller((definition: unknown, ...args: unknown[]) =>
    makeComposition(definition, args, options),
  ) as KubernetesComposition;
  return {
    kubernetesComposition: define,
    toResourceGraph: define,
    graph: failsAtCaller((name, build, graphOptions = {}) => makeGraph(name, build, graphOptions, options)),
  };
}

/** Makes a graph from the arguments of `graph`. */
function makeGraph(name: string, build: unknown, options: GraphOptions, api: CompositionApiOptions): GraphComposition {
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
