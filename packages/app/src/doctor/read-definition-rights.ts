import type { DefinitionRights } from '@typekro/controller/controller';
import { compileLive, definitionRevisions, readDefinitionObject } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { KubernetesApi } from '@typekro/kube';
import { controllerSettings } from '../controllers/controller-settings.ts';
import { type Reading, readingOrRefusal } from './finding.ts';

/**
 * Finds the rights that the definitions of a cluster need. Compiles each definition with the schemas of the cluster and
 * by the rules of its controller. When the present spec does not compile, the newest revision that compiles determines
 * the rights, because the instances follow it. A definition that has no such revision needs no rights. If the settings
 * of the controller, a schema or a revision cannot be read, the result is only the reason.
 */
export async function readDefinitionRights(
  api: KubernetesApi,
  definitions: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Reading<readonly DefinitionRights[]>> {
  if (definitions.length === 0) return { value: [] };
  const rules = await readingOrRefusal(() => controllerSettings(api, signal));
  if ('unread' in rules) return { unread: `the settings of the controller: ${rules.unread}` };
  const compiled: DefinitionRights[] = [];
  for (const definition of definitions) {
    const { name, spec } = readDefinitionObject(definition);
    const compileSpec = async (each: JsonObject) => (await compileLive(api, name, each, signal, rules.value)).graph;
    const graph = await readingOrRefusal(() => compileSpec(spec));
    if ('unread' in graph) return { unread: `the schemas of ${name}: ${graph.unread}` };
    const served =
      graph.value === undefined ? await readingOrRefusal(() => newestGraph(api, name, compileSpec, signal)) : graph;
    if ('unread' in served) return { unread: `the revisions of ${name}: ${served.unread}` };
    if (served.value !== undefined) compiled.push({ graph: served.value, definition });
  }
  return { value: compiled };
}

/** The graph of the newest revision that compiles. */
async function newestGraph(
  api: KubernetesApi,
  name: string,
  compileSpec: (spec: JsonObject) => Promise<Graph | undefined>,
  signal: AbortSignal,
): Promise<Graph | undefined> {
  for (const { spec } of (await definitionRevisions(api, name, signal)).toReversed()) {
    const graph = await compileSpec(spec);
    if (graph !== undefined) return graph;
  }
  return undefined;
}
