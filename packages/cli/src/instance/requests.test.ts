import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient, readSession } from '@typekro/kube';
import { rootCausesOf } from '@typekro/engine/runtime';
import { findEvidence } from './evidence.ts';
import { observe } from './observation.ts';

let world: VirtualWorld;
afterEach(async () => {
  await world.close();
});

const NEVER = new AbortController().signal;
const yaml = (text: string) => parse(text) as KubeObject;

/** Starts a world and applies a definition with these resources (YAML). */
async function start(resources: string): Promise<void> {
  world = await virtualWorld({ cluster: { workloads: true } });
  await world.apply(
    yaml(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1alpha1, kind: App, spec: { names: '[]string', spaces: '[]string' } }
  resources:
${resources.replaceAll(/^/gm, '    ')}`),
  );
  await world.advance(2000);
}

const instance = (names: readonly string[] = [], spaces = names): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'App',
  metadata: { name: 'shop', namespace: 'default' },
  spec: { names: [...names], spaces: [...spaces] },
});

/** Runs `why` and returns the requests that it makes. */
async function requestsOfWhy(): Promise<string[]> {
  const seen: string[] = [];
  const inner = world.cluster.transport();
  const client = new KubeClient({
    transport: {
      request: (request) => {
        seen.push(`${request.method} ${request.path}`);
        return inner.request(request);
      },
      close: () => inner.close(),
    },
    clock: world.clock,
  });
  const api = readSession(client);
  const observation = await observe(api, 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
  const decision = observation.decision;
  const roots = rootCausesOf(decision.nodes);
  expect(roots).toHaveLength(1);
  await findEvidence(api, roots, observation, NEVER);
  return seen;
}

test("`why` makes at most 15 requests when a Deployment's container crashes", async () => {
  await start(`
- id: web
  readyWhen: ["\${web.status.readyReplicas == 1}"]
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web }
    spec:
      replicas: 1
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web }, annotations: { typekro.dev/simulate-failure: CrashLoopBackOff } }
        spec: { containers: [{ name: main, image: nginx }] }
- id: service
  template: { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }
- id: settings
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: web } }
- id: ingress
  template:
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: { name: web, annotations: { ready: "\${string(web.status.readyReplicas)}" } }
    spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }`);
  await world.apply(instance());
  await world.advance(60_000);
  const requests = await requestsOfWhy();
  expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(15);
});

test('`why` makes at most 16 reads with 740 missing children and children in 60 namespaces', async () => {
  const names = Array.from({ length: 800 }, (_, index) => `n${index}`);
  await start(`
- id: parts
  forEach: [{ name: "\${schema.spec.names}" }]
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${name}" } }
- id: spread
  forEach: [{ name: "\${schema.spec.spaces}" }]
  template: { apiVersion: v1, kind: Secret, metadata: { name: spread, namespace: "\${name}" } }
`);
  for (const name of names.slice(0, 60)) {
    await world.user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await world.apply(instance(names.slice(0, 60)));
  await world.advance(10_000);
  await world.controller.stop();
  await world.user.patch(
    { apiVersion: 'kro.run/v1alpha1', kind: 'App', name: 'shop', namespace: 'default' },
    { spec: { names } },
  );
  const requests = await requestsOfWhy();
  const writes = requests.filter((text) => !text.startsWith('GET'));
  expect(requests.length - writes.length, requests.join('\n')).toBeLessThanOrEqual(16);
});
