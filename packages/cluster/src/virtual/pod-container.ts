import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Route } from '../verbs/route.ts';
import { type ApiError, badRequest, notFound } from '../errors/api-error.ts';
import { storeKey } from '../store/store.ts';

/** The pod that the path of a request names. Throws 404 when it does not exist. */
export function podOf({ resource, namespace, name }: Route): KubeObject {
  const stored = resource.collection.get(storeKey(namespace, name));
  if (stored === undefined) throw notFound(resource, name);
  return stored.object;
}

const namesIn = (pod: KubeObject, list: string): string[] =>
  objectsAt(pod.spec, list).map((container) => textAt(container, 'name'));

/**
 * The container of a request for a log or a command: the container `wanted`, or the only container of the pod. Throws
 * 400 when the pod has several containers and the request names none, and when the pod does not have the named
 * container.
 */
export function containerOf(pod: KubeObject, wanted: string): string {
  const own = namesIn(pod, 'containers');
  const name = pod.metadata.name ?? '';
  if (wanted === '' && own.length > 1)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${own.join(' ')}]`);
  const container = wanted === '' ? (own[0] ?? '') : wanted;
  const all = [...own, ...namesIn(pod, 'initContainers'), ...namesIn(pod, 'ephemeralContainers')];
  if (!all.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  return container;
}

/**
 * The specification of a container, init container or ephemeral container; `undefined` when no container has this name.
 */
export const containerSpec = ({ spec }: KubeObject, container: string): JsonObject | undefined =>
  ['containers', 'initContainers', 'ephemeralContainers']
    .flatMap((list) => objectsAt(spec, list))
    .find(({ name }) => name === container);

/** The status of a container, init container or ephemeral container; `undefined` when it has no status yet. */
export const containerStatus = ({ status }: KubeObject, container: string): JsonObject | undefined =>
  ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']
    .flatMap((list) => objectsAt(status, list))
    .find(({ name }) => name === container);

/** The error for a connection to a container that does not run. It contains the reason from the container's status. */
export function notRunning(pod: KubeObject, container: string): ApiError {
  const status = containerStatus(pod, container);
  for (const is of ['waiting', 'terminated']) {
    const state = optionalAt(status, 'state', is);
    if (state === undefined) continue;
    const reason = [textAt(state, 'reason'), textAt(state, 'message')].filter((text) => text !== '').join(': ');
    const name = pod.metadata.name ?? '';
    return badRequest(`container ${goQuote(container)} in pod ${goQuote(name)} is ${is}: ${reason}`);
  }
  return badRequest(`container not found (${goQuote(container)})`);
}

/** A note in the responses of simulated containers, so that users do not search for a mistake in their image. */
export const SIMULATED_NOTE = 'the embedded cluster simulates containers, no process runs in them';
