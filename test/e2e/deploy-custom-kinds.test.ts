import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { ConfigMap } from '../../packages/sdk/src/factories/simple/index.ts';
import { createResource, kubernetesComposition } from '@typekro/sdk';
import type { DeployServer } from '../support/deploy-server.ts';
import { startDeployServer } from '../support/deploy-server.ts';

const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

const condition = { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } };

/**
 * The CRD of a kind whose status has these properties. The tests use a kind with conditions and a kind whose status has
 * no fields.
 */
const definitionOf = (kind: string, properties: JsonObject): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.sdk.example.com` },
  spec: {
    group: 'sdk.example.com',
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              status: { type: 'object', properties },
            },
          },
        },
      },
    ],
  },
});

const app = kubernetesComposition({ name: 'gears', spec }, ((input: { name: string }) => {
  createResource({ id: 'gear', apiVersion: 'sdk.example.com/v1', kind: 'Gear', metadata: { name: input.name } });
  createResource({ id: 'bolt', apiVersion: 'sdk.example.com/v1', kind: 'Bolt', metadata: { name: input.name } });
}) as never);

let server: DeployServer;
beforeAll(async () => {
  server = await startDeployServer();
  for (const [kind, status] of [
    ['Gear', { conditions: { type: 'array', items: condition } }],
    ['Bolt', {}],
  ] as const) {
    await server.client.create(definitionOf(kind, status));
  }
}, 90_000);
afterAll(() => server.close());

const options = (more: object = {}) => ({ namespace: 'gears', transport: server.transport, timeout: 20_000, ...more });

test('a custom resource with conditions is ready when its condition Ready is True, and one without status fields when it exists', async () => {
  const factory = app.factory('direct', options());
  const waited: string[] = [];
  const ref = { apiVersion: 'sdk.example.com/v1', kind: 'Gear', name: 'a', namespace: 'gears' };
  for await (const event of factory.deployEvents({ name: 'a' })) {
    if (event.resourceId === 'gear' && event.message.includes('no status.conditions')) {
      waited.push(event.type);
      await server.client.patch(
        ref,
        { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
        { type: 'merge', subresource: 'status' },
      );
    }
  }
  expect(waited.length).toBeGreaterThan(0);
});

test('a deploy creates the namespace of the factory, and an object may use a namespace that the graph creates', async () => {
  const rooms = kubernetesComposition({ name: 'rooms', spec }, ((input: { name: string }) => {
    ConfigMap({ id: 'inside', name: input.name, namespace: 'sdk-room', data: {} });
    createResource({ id: 'room', apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sdk-room' } });
    createResource({ id: 'own', apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sdk-own' } });
  }) as never);
  const factory = rooms.factory('direct', options({ namespace: 'sdk-own' }));
  await factory.deploy({ name: 'a' });
  const inside = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'sdk-room' };
  expect(await server.client.find(inside)).toBeDefined();
  expect(await factory.deleteInstance('a')).toMatchObject({ status: 'complete' });
});
