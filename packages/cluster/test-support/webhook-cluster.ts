import type { JsonObject } from '@typekro/kit/core';
import { type Transport, createEmbeddedCluster } from '@typekro/cluster';
import { type ReviewAnswer, type ReviewRequest, type WebhookServer, openWebhookServer } from './webhook-server.ts';

/** The API paths of ConfigMaps and of the webhook configurations. */
export const MAPS = '/api/v1/namespaces/default/configmaps';
export const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';

/** A response of the cluster. */
export interface Answer {
  readonly status: number;
  readonly warning: string | undefined;
  readonly body: JsonObject & { readonly metadata: JsonObject; readonly message?: string };
}

/** Sends a request and reads the response. */
export async function call(
  transport: Transport,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
): Promise<Answer> {
  const response = await transport.request({
    method,
    path,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  const { warning } = response.headers as Record<string, string>;
  return { status: response.status, warning, body: JSON.parse(text) as Answer['body'] };
}

/** Creates an object of the group `admissionregistration.k8s.io`. */
export const addConfiguration = (transport: Transport, kind: string, plural: string, name: string, spec: object) =>
  call(transport, 'POST', `${CONFIGURATIONS}/${plural}`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name },
    spec,
  });

/** A ConfigMap. */
export const map = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

/** A cluster with a webhook server. */
export interface Setup extends AsyncDisposable {
  readonly transport: Transport;
  readonly server: WebhookServer;
  /** Adds a configuration with one webhook for ConfigMaps. */
  configure(kind: 'Mutating' | 'Validating', name: string, hook?: object): Promise<Answer>;
}

/** Starts a webhook server and a cluster. The Service `hooks/mapped` of the cluster has the address of the server. */
export async function setUp(
  decide: (request: ReviewRequest, path: string) => ReviewAnswer,
  serverNames?: string[],
): Promise<Setup> {
  const server = await openWebhookServer(decide, serverNames);
  const webhookServices = { 'hooks/mapped': server.url };
  const cluster = await createEmbeddedCluster({ controllers: false, webhookServices });
  const transport = cluster.transport();
  const { url, caBundle } = server;
  return {
    transport,
    server,
    configure: (kind, name, hook = {}) =>
      call(transport, 'POST', `${CONFIGURATIONS}/${kind.toLowerCase()}webhookconfigurations`, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: `${kind}WebhookConfiguration`,
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            clientConfig: { url: `${url}/${name}`, caBundle },
            rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps', 'services'] }],
            ...hook,
          },
        ],
      }),
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The response of a webhook that allows every request. */
export const allow = () => ({ allowed: true });
