import type { DeployTarget } from '../compose/index.ts';
import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { type Graph, compile, compileGraphObject, GraphObject, Kinds, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { type KubernetesApi, LiveSchemas } from '@typekro/kube';
import { type SchemaSource, builtinSource } from '@typekro/engine/schema';
import { InvalidGraphError } from './errors.ts';

/** A graph, and the schemas against which it was compiled. */
export interface CompiledGraph {
  readonly graph: Graph;
  readonly schemas: SchemaSource;
}

/**
 * Compiles a definition against the schemas of the cluster in which it will run.
 *
 * @throws InvalidGraphError with all diagnostics when the definition does not compile.
 */
export async function compileFor(
  api: KubernetesApi,
  definition: JsonObject,
  signal: AbortSignal,
): Promise<CompiledGraph> {
  const sources = await new LiveSchemas(api).sourceFor(Kinds.used(definition['spec']), { signal });
  const options = { sources, target: 'typekro', features: TYPEKRO_FEATURES } as const;
  const isGraph = definition['kind'] === GraphObject.KIND.kind;
  const { graph, diagnostics } = isGraph ? compileGraphObject(definition, options) : compile(definition, options);
  if (graph === undefined) throw new InvalidGraphError(nameOf(definition), diagnostics);
  return { graph: asInstance(graph), schemas: sources };
}

/**
 * Marks a Graph so that the runtime treats it like an instance of a definition. Direct mode creates no object of the
 * kind Graph, so no status can record the Graph's objects. Instead, the record of the deploy is their parent.
 */
function asInstance(graph: Graph): Graph {
  return graph.definedBy === 'graph' ? { ...graph, definedBy: 'definition' } : graph;
}

/**
 * The graph of a target. When all kinds of the definition are built-in, the target's own graph is used, because
 * built-in schemas are equal in every cluster. Otherwise the definition is compiled against the schemas of the cluster.
 *
 * @throws InvalidGraphError like `compileFor`.
 */
export async function deployedGraph(
  api: KubernetesApi,
  target: DeployTarget,
  signal: AbortSignal,
): Promise<CompiledGraph> {
  const definition = target.definition('typekro');
  const builtin = builtinSource();
  const isKnown = Kinds.used(definition['spec']).every((kind) => builtin.resourceOf(kind) !== undefined);
  const graph = isKnown ? target.compiled : undefined;
  return graph === undefined ? compileFor(api, definition, signal) : { graph: asInstance(graph), schemas: builtin };
}

function nameOf(definition: JsonObject): string {
  const metadata = definition['metadata'];
  return isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : 'without a name';
}
