import type { DefinitionRights } from '../../controller/index.ts';
import { compileLive, readDefinitionObject } from '../../controller/index.ts';
import type { KubeObject } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { deployedSettings } from '../controller-settings.ts';
import type { Reading } from './finding.ts';
import { readingOrRefusal } from './reading.ts';

/**
 * Finds the rights that the definitions of a cluster need. Compiles each definition with the schemas of the cluster and
 * by the rules of its controller. A definition that does not compile needs no rights. When the schemas of a definition
 * cannot be read, the result has the reason.
 */
export async function readDefinitionRights(
  api: KubernetesApi,
  definitions: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Reading<readonly DefinitionRights[]>> {
  const rules = definitions.length === 0 ? {} : await deployedSettings(api, signal);
  const compiled: DefinitionRights[] = [];
  for (const definition of definitions) {
    const { name, spec } = readDefinitionObject(definition);
    const graph = await readingOrRefusal(async () => (await compileLive(api, name, spec, signal, rules)).graph);
    if ('unread' in graph) return { unread: `the schemas of ${name}: ${graph.unread}` };
    if (graph.value !== undefined) compiled.push({ graph: graph.value, definition });
  }
  return { value: compiled };
}
