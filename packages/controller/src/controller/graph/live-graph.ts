import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import { type Graph, compileGraphObject } from '@typekro/engine/graph';
import { type KubernetesApi, LiveSchemas } from '@typekro/kube';
import { type SchemaSource, combineSources } from '@typekro/engine/schema';
import { keys } from '@typekro/engine/runtime';
import { serviceAccountUser } from '../acting-identity.ts';
import { compiledSpec } from '../definition/compiler.ts';
import type { InstanceStepOptions } from '../definition/instance-step.ts';
import { type ControllerSettings, compileOptionsOf, stepOptionsOf } from '../settings.ts';
import { accountOf, kindsNamed } from './graph-object.ts';

/**
 * The graph and the options that a controller uses for a Graph. Another program can read all of them from a cluster.
 */
export interface LiveGraph {
  /** `undefined` when the Graph does not compile. */
  readonly graph?: Graph;
  /**
   * The message of the first error, as the controller reports it in the condition Accepted. Absent when the Graph
   * compiles.
   */
  readonly refusal?: string;
  readonly step: InstanceStepOptions;
  /** The user as which the controller reads and writes the objects. */
  readonly actingAs: string;
  /** The errors of the spec. */
  readonly problems: readonly Diagnostic[];
}

/** The inputs of the compiler in addition to the Graph and the kinds of the cluster. */
export interface LiveGraphOptions {
  /** Kinds that the cluster does not serve yet, but is going to serve. */
  readonly declared?: SchemaSource;
  /** The schemas of the cluster, for a caller that compiles several Graphs. Default: the schemas are read again. */
  readonly schemas?: LiveSchemas;
}

/**
 * The graph in the spec of a Graph, compiled against the schemas of the cluster.
 *
 * @throws KubeError when schemas cannot be read.
 */
export async function liveGraph(
  api: KubernetesApi,
  object: KubeObject,
  signal: AbortSignal,
  settings: ControllerSettings,
  { declared, schemas = new LiveSchemas(api) }: LiveGraphOptions = {},
): Promise<LiveGraph> {
  const { apiVersion, kind, metadata, spec = {} } = object;
  const { name = '', namespace = '' } = metadata;
  const live = await schemas.sourceFor(kindsNamed(object).types, { signal });
  const sources = declared === undefined ? live : combineSources(live, declared);
  const input = { apiVersion, kind, metadata: { name, namespace }, spec };
  const { graph, diagnostics } = compileGraphObject(input, { ...compileOptionsOf(settings), sources });
  const actingAs = serviceAccountUser(accountOf(object));
  const step = { ...stepOptionsOf(settings), version: keys.DEFAULT_VERSION, account: actingAs };
  const problems = diagnostics.filter(({ severity }) => severity === 'error');
  if (graph !== undefined) return { graph, step, actingAs, problems: [] };
  return { refusal: compiledSpec(undefined, diagnostics).message ?? '', step, actingAs, problems };
}
