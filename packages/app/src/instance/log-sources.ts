import { type KubeObject, TypeKroError, nearestName } from '@typekro/kit/core';
import { type KubeClient, type KubernetesApi, readFamilies } from '@typekro/kube';
import { objectsAt, podLogPath, textAt } from '@typekro/kit/kubernetes';
import { printable } from '../text/output-text.ts';
import type { InstanceObservation } from './observation.ts';

/** A container whose log is printed. */
export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The printed part of each log. */
export interface LogSelection {
  /** True for the log of the previous run of the container. */
  readonly previous: boolean;
  readonly follow: boolean;
  /** The number of lines from the end. By default, all lines. */
  readonly tail?: number;
}

/**
 * Lists the containers of the pods behind the objects of an instance, or of one of its nodes.
 *
 * @param container lists only containers of this name
 * @throws TypeKroError `instance/no-pods` when no pod exists, `cli/usage` when no pod has such a container.
 */
export async function logSources(
  api: KubernetesApi,
  { decision, node }: InstanceObservation,
  container: string | undefined,
  signal: AbortSignal,
): Promise<LogSource[]> {
  const refs = decision.nodes
    .filter(({ id }) => node === undefined || id === node)
    .flatMap(({ objects }) => objects)
    .flatMap(({ object, state }) => (state === 'present' || state === 'deleting' ? [object] : []));
  const families = await readFamilies(api, refs, signal);
  const pods = families.flatMap(({ family }) => family).filter(({ kind }) => kind === 'Pod');
  const byName = new Map(pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]));
  const sources = [...byName.values()].flatMap(logSourcesOf);
  if (sources.length === 0) {
    throw new TypeKroError(`there is no pod behind ${node === undefined ? 'the instance' : `the node ${node}`}`, {
      code: 'instance/no-pods',
      remedy: 'typekro why explains what the instance waits for; only pods that its objects create have logs',
    });
  }
  const chosen = sources.filter((source) => container === undefined || source.container === container);
  if (chosen.length > 0) return chosen;
  const names = [...new Set(sources.map((source) => source.container))];
  const near = nearestName(container ?? '', names);
  throw new TypeKroError(`no pod has a container ${container}`, {
    code: 'cli/usage',
    remedy: near === undefined ? `the containers are ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

/** The containers of a pod, init containers first. */
export function logSourcesOf(pod: KubeObject): LogSource[] {
  const { namespace = '', name = '' } = pod.metadata;
  const all = [...objectsAt(pod, 'spec', 'initContainers'), ...objectsAt(pod, 'spec', 'containers')];
  return all.map((container) => ({ namespace, pod: name, container: textAt(container, 'name') }));
}

/** The length in UTF-16 units at which a line without an end is divided. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Yields the lines of one container as they arrive. */
export async function* logLines(
  client: KubeClient,
  { namespace, pod, container }: LogSource,
  { previous, follow, tail }: LogSelection,
  signal: AbortSignal,
): AsyncIterable<string> {
  const query = new URLSearchParams({
    container,
    ...(previous ? { previous: 'true' } : {}),
    ...(follow ? { follow: 'true' } : {}),
    ...(tail === undefined ? {} : { tailLines: String(tail) }),
  });
  const path = podLogPath({ namespace, name: pod }, query);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of client.stream({ path, signal })) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield printable(line);
    // A program may print without a line break for ever.
    if (rest.length < MAX_LINE_LENGTH) continue;
    yield printable(rest);
    rest = '';
  }
  rest += decoder.decode();
  if (rest !== '') yield printable(rest);
}
