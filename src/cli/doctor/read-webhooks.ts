import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { asTexts, objectsAt, optionalAt, textAt, valueAt } from '../../kubernetes/index.ts';
import type { Webhook } from './cluster-facts.ts';
import { reading } from './reading.ts';

const KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

/** Reads all admission webhooks, with the number of ready endpoints of their Services. */
export async function readWebhooks(api: KubernetesApi, signal: AbortSignal): Promise<Webhook[]> {
  const webhooks: Webhook[] = [];
  for (const kind of KINDS) {
    const { items } = await api.list({ apiVersion: 'admissionregistration.k8s.io/v1', kind }, { signal });
    for (const configuration of items) {
      for (const webhook of objectsAt(configuration, 'webhooks')) {
        webhooks.push(await readWebhook(api, `${kind} ${configuration.metadata.name ?? ''}`, webhook, signal));
      }
    }
  }
  return webhooks;
}

async function readWebhook(
  api: KubernetesApi,
  configuration: string,
  webhook: JsonObject,
  signal: AbortSignal,
): Promise<Webhook> {
  const of = optionalAt(webhook, 'clientConfig', 'service');
  const service = of === undefined ? undefined : { namespace: textAt(of, 'namespace'), name: textAt(of, 'name') };
  return {
    configuration,
    name: textAt(webhook, 'name'),
    blocks: textAt(webhook, 'failurePolicy') !== 'Ignore',
    rules: objectsAt(webhook, 'rules').map((rule) => ({
      groups: asTexts(rule['apiGroups']),
      resources: asTexts(rule['resources']),
    })),
    ...(service === undefined ? {} : { service, endpoints: await reading(() => readyEndpoints(api, service, signal)) }),
  };
}

async function readyEndpoints(
  api: KubernetesApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<number> {
  const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const { items } = await api.list(slices, { namespace, labelSelector, signal });
  return items.flatMap(readyOf).length;
}

/** A condition that is absent counts as ready, as for kube-proxy. */
const readyOf = (slice: KubeObject): readonly JsonObject[] =>
  objectsAt(slice, 'endpoints').filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false);
