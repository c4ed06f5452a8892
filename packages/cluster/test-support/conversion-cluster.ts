import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Cluster, type ClusterOptions, type Transport, createEmbeddedCluster } from '@typekro/cluster';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { call } from './webhook-cluster.ts';
import { openTlsServer } from './webhook-server.ts';

/** The API path of the panels in the namespace `default` and in the given version. */
export const panels = (version: 'v1' | 'v2' | 'v3'): string => `/apis/example.com/${version}/namespaces/default/panels`;

/** The API path of the CRD of panels. */
export const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/panels.example.com';

/** The request of a ConversionReview. */
export interface ConversionRequest {
  readonly uid: string;
  readonly desiredAPIVersion: string;
  readonly objects: readonly (KubeObject & JsonObject)[];
}

/** Returns the converted objects, or a function that writes the response. */
export type Convert = (
  request: ConversionRequest,
  path: string,
) => readonly unknown[] | ((response: ServerResponse, request: ConversionRequest) => void);

/** A panel: version `v1` has `spec.size`, such as `3x4`, and `v2` has `spec.width` and `spec.height`. */
export const panel = (version: 'v1' | 'v2', name: string, spec: JsonObject, metadata: JsonObject = {}) => ({
  apiVersion: `example.com/${version}`,
  kind: 'Panel',
  metadata: { name, ...metadata },
  spec,
});

/** Converts panels between `v1` and `v2`. */
export function convertPanels({ objects, desiredAPIVersion }: ConversionRequest): unknown[] {
  return objects.map((object) => {
    const { size, width, height, ...spec } = { ...object.spec };
    const [w, h] = String(size).split('x').map(Number);
    const own = desiredAPIVersion.endsWith('/v1')
      ? { size: `${String(width)}x${String(height)}` }
      : { width: w, height: h };
    return { ...object, apiVersion: desiredAPIVersion, spec: { ...spec, ...own } };
  });
}

const integer = { type: 'integer' };
const status = { type: 'object', properties: { lit: { type: 'boolean' } } };

/** The CRD of panels. A webhook converts its versions. `storage` is the stored version. */
export function panelCrd(conversion: JsonObject, storage: 'v1' | 'v2' = 'v1'): KubeObject {
  const crd = crdOf('Panel');
  const version = (name: string, spec: JsonObject, more: JsonObject = {}): JsonObject => ({
    name,
    served: true,
    storage: name === storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: spec }, status } } },
    subresources: { status: {} },
    ...more,
  });
  const level = { level: { ...integer, default: 5 } };
  const scale = { specReplicasPath: '.spec.width', statusReplicasPath: '.status.width' };
  return {
    ...crd,
    spec: {
      ...crd.spec,
      versions: [
        version('v1', { size: { type: 'string' }, ...level }),
        version(
          'v2',
          { width: { ...integer, maximum: 100 }, height: integer, level: integer },
          {
            subresources: { status: {}, scale },
            selectableFields: [{ jsonPath: '.spec.width' }],
            additionalPrinterColumns: [{ name: 'Width', type: 'integer', jsonPath: '.spec.width' }],
          },
        ),
      ],
      conversion,
    },
  };
}

/** A cluster with panels and the server of their webhook. */
export interface ConversionSetup extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly transport: Transport;
  /** The requests of the received reviews, in order. */
  readonly seen: ConversionRequest[];
  /** The member `conversion` of the CRD. */
  readonly conversion: JsonObject;
}

/** Starts the webhook server, and a cluster with the CRD of panels. */
export async function setUpConversion(
  convert: Convert = convertPanels,
  options: ClusterOptions = { controllers: false },
): Promise<ConversionSetup> {
  const seen: ConversionRequest[] = [];
  const server = await openTlsServer(['hook.system.svc'], async (message, response) => {
    const { request, apiVersion } = JSON.parse(await text(message)) as {
      request: ConversionRequest;
      apiVersion: string;
    };
    seen.push(request);
    const answer = convert(request, message.url ?? '');
    if (typeof answer === 'function') return answer(response, request);
    const result = { uid: request.uid, result: { status: 'Success' }, convertedObjects: answer };
    response.end(JSON.stringify({ kind: 'ConversionReview', apiVersion, response: result }));
  });
  const cluster = await createEmbeddedCluster({ ...options, webhookServices: { 'system/hook': server.url } });
  const transport = cluster.transport();
  const conversion = {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: { url: `${server.url}/convert`, caBundle: server.caBundle },
    },
  };
  await call(transport, 'POST', DEFINITION.slice(0, DEFINITION.lastIndexOf('/')), panelCrd(conversion));
  await cluster.idle();
  return {
    cluster,
    transport,
    seen,
    conversion,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
