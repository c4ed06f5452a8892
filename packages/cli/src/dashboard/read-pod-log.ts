import { TypeKroError } from '@typekro/kit/core';
import { type LogRequest, type PodLog, InspectFailure } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { podLogPath } from '@typekro/kit/kubernetes';
import { type InstanceObservation, type LogSource, logSources } from '@typekro/app/instance';

/** The maximum size of a log in a response, in bytes. */
const MAX_LOG_BYTES = 512 * 1024;

/** The size of a byte order mark in UTF-8. The decoder of the response removes the mark. */
const BYTE_ORDER_MARK_BYTES = 3;

/**
 * Reads the last lines of a container's log: at most `tail` lines, and at most `MAX_LOG_BYTES` bytes. The pod must
 * belong to an object of the instance, so that a caller cannot read the logs of other pods.
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
  for (let wanted = tail; ; wanted = Math.floor(wanted / 2)) {
    const query = new URLSearchParams({
      container,
      // One additional line is requested, to find out whether the log is longer.
      tailLines: String(wanted + 1),
      limitBytes: String(MAX_LOG_BYTES),
      ...(previous ? { previous: 'true' } : {}),
    });
    const path = podLogPath({ namespace: source.namespace, name: source.pod }, query);
    const { text } = await api.raw({ path, signal });
    // If the lines are too long, the kubelet truncates them at the end, where the newest lines are. Fewer lines are
    // requested until all of them fit.
    const isCut = Buffer.byteLength(text) >= MAX_LOG_BYTES - BYTE_ORDER_MARK_BYTES;
    if (isCut && wanted > 1) continue;
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return { lines: lines.slice(-wanted), truncated: isCut || wanted < tail || lines.length > wanted };
  }
}

/**
 * Returns an empty list in place of the error for an instance without pods. The dashboard may still show a pod that no
 * longer exists.
 */
function noneWithoutPods(error: unknown): readonly LogSource[] {
  if (error instanceof TypeKroError && error.code === 'instance/no-pods') return [];
  throw error;
}
