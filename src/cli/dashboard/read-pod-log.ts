import { TypeKroError } from '../../core/index.ts';
import type { LogRequest, PodLog } from '../../inspect/index.ts';
import { InspectFailure } from '../../inspect/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { podLogPath } from '../../kubernetes/index.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import type { LogSource } from '../instance/pod-logs.ts';
import { logSources } from '../instance/pod-logs.ts';

/** The maximum size of a log in an answer. */
const MAX_LOG_BYTES = 512 * 1024;

/**
 * Reads the last lines of a container's log. The pod must be one that an object of the instance made: a caller that may
 * read the instance gets no other log.
 *
 * @throws InspectFailure 404 for another pod or container, and KubeError when the log cannot be read.
 */
export async function readPodLog(
  { api, observation }: { readonly api: KubernetesApi; readonly observation: InstanceObservation },
  { pod, container, previous, tail }: LogRequest,
  signal: AbortSignal,
): Promise<PodLog> {
  const sources = await logSources(api, observation, undefined, signal).catch(noneWithoutPods);
  const source = sources.find(
    (each) => each.namespace === pod.namespace && each.pod === pod.name && each.container === container,
  );
  if (source === undefined) {
    throw new InspectFailure(`the instance has no container ${container} in a pod ${pod.name}`, {
      status: 404,
      code: 'inspect/no-container',
    });
  }
  const query = new URLSearchParams({
    container,
    // One line more shows whether the log is longer.
    tailLines: String(tail + 1),
    limitBytes: String(MAX_LOG_BYTES),
    ...(previous ? { previous: 'true' } : {}),
  });
  const path = podLogPath({ namespace: source.namespace, name: source.pod }, query);
  const { text } = await api.raw({ path, signal });
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return { lines: lines.slice(-tail), truncated: lines.length > tail };
}

/** An instance without pods has no log. The page may still show a pod that is gone. */
function noneWithoutPods(error: unknown): readonly LogSource[] {
  if (error instanceof TypeKroError && error.code === 'instance/no-pods') return [];
  throw error;
}
