import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { objectsAt, optionalAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import type { ServiceState, WebhookTarget } from './cluster-facts.ts';
import { readingOrRefusal } from './finding.ts';

/**
 * Reads the target of a webhook, and the state of its Service. `webhook` is the object with the field `clientConfig`.
 */
export async function readWebhookTarget(
  api: KubernetesApi,
  webhook: JsonObject,
  signal: AbortSignal,
): Promise<WebhookTarget> {
  const of = optionalAt(webhook, 'clientConfig', 'service');
  if (of === undefined) return { url: textAt(webhook, 'clientConfig', 'url') };
  const service = { namespace: textAt(of, 'namespace'), name: textAt(of, 'name') };
  return { service, state: await readingOrRefusal(() => readService(api, service, signal)) };
}

async function readService(
  api: KubernetesApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<ServiceState> {
  const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const { items } = await api.list(slices, { namespace, labelSelector, signal });
  const ready = items.flatMap(readyOf).length;
  if (ready > 0) return { exists: true, ready };
  const service = await api.find({ apiVersion: 'v1', kind: 'Service', namespace, name }, { signal });
  return { exists: service !== undefined, ready };
}

/** An endpoint without the condition `ready` counts as ready, as for kube-proxy. */
const readyOf = (slice: KubeObject): readonly JsonObject[] =>
  objectsAt(slice, 'endpoints').filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false);
