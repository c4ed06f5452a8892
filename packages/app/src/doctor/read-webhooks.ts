import type { JsonObject } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { asTexts, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { Webhook } from './cluster-facts.ts';
import { readWebhookTarget } from './read-webhook-target.ts';

const KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

/** Reads all admission webhooks, with the state of their Services. */
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
  // With any `matchPolicy` other than `Exact`, the API server converts an object to the webhook's version first, so the
  // versions of the rule do not matter.
  const isExact = textAt(webhook, 'matchPolicy') === 'Exact';
  return {
    configuration,
    name: textAt(webhook, 'name'),
    blocks: textAt(webhook, 'failurePolicy') !== 'Ignore',
    rules: objectsAt(webhook, 'rules').map((rule) => ({
      groups: asTexts(rule['apiGroups']),
      ...(isExact ? { versions: asTexts(rule['apiVersions']) } : {}),
      resources: asTexts(rule['resources']),
      operations: asTexts(rule['operations']),
    })),
    target: await readWebhookTarget(api, webhook, signal),
  };
}
