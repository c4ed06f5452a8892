import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import { eventually, logOf, nodeProgram, processPod, readText } from '../../test-support/process-pod.ts';
import { createAuthority } from '@typekro/kube/certificates';

const WEB = `require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    response.setHeader('x-answer', 'yes');
    response.end([request.method, request.url, request.headers.authorization, request.headers['x-own'], body].join(' '));
  });
}).listen(8080, process.env.TYPEKRO_POD_IP);`;

const service = (name: string, port: number, targetPort: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ name: 'main', port, targetPort }] },
});

const isReady = (story: ClusterStory, name = 'p') =>
  eventually(async () =>
    expect((await story.get('v1 Pod', name)).status).toMatchObject({ containerStatuses: [{ ready: true }] }),
  );

const READINESS = { readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 } };

test('the proxy subresource of a pod, and of a Service, forwards requests to the process of the pod', async () => {
  await using story = await startClusterStory({ runProcesses: true, adminToken: 'secret' });
  await story.create(service('web', 80, 8080));
  const container = nodeProgram(WEB, { ...READINESS, ports: [{ containerPort: 8080 }] });
  await story.create(processPod({ containers: [container] }, { labels: { app: 'web' } }));
  await eventually(async () => {
    await story.advance(1);
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ ready: true }] });
  });
  const base = '/api/v1/namespaces/default';
  const headers = { authorization: 'Bearer secret', 'x-own': 'mine' };
  const answer = (path: string) => ({ status: 200, text: `GET ${path}  mine ` });
  expect(await readText(story, `${base}/pods/p/proxy/a%20b?c=d`, headers)).toEqual(answer('/a%20b?c=d'));
  expect(await readText(story, `${base}/pods/http:p:8080/proxy`, headers)).toEqual(answer('/'));
  expect(await readText(story, `${base}/services/web:main/proxy/x/`, headers)).toEqual(answer('/x/'));
  const { status, text } = await readText(story, `${base}/pods/p:8081/proxy/`);
  expect([status, text]).toEqual([503, expect.stringContaining('error trying to reach service: connect ECONNREFUSED')]);
  expect((await readText(story, `${base}/pods/p:0/proxy/`)).status).toBe(400);
});

test('the proxy subresource aborts its request to the process when the client disconnects', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const { url } = await story.cluster.listen({ https: false });
  const program = `require('node:http').createServer((request, response) => {
    response.on('close', () => console.log('left'));
    console.log('asked');
  }).listen(8080, process.env.TYPEKRO_POD_IP, () => console.log('up'));`;
  await story.create(processPod({ containers: [nodeProgram(program)] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  const client = get(`${url}/api/v1/namespaces/default/pods/p:8080/proxy/`);
  client.on('error', () => undefined);
  await eventually(async () => expect(await logOf(story)).toBe('up\nasked\n'));
  client.destroy();
  await eventually(async () => expect(await logOf(story)).toBe('up\nasked\nleft\n'));
});

// Systems other than Linux do not report which process listens.
test.runIf(process.platform === 'linux').each(['127.0.0.1', '0.0.0.0'])(
  'an unrelated program that listens at %s receives neither probes nor proxy requests of a pod',
  async (host) => {
    await using story = await startClusterStory({ runProcesses: true });
    const foreign = createServer((_request, response) => response.end('foreign'));
    await new Promise<void>((resolve) => foreign.listen(0, host, resolve));
    const { port } = foreign.address() as AddressInfo;
    try {
      const probe = { readinessProbe: { httpGet: { port }, periodSeconds: 1, failureThreshold: 1 } };
      const idle = nodeProgram('setInterval(() => undefined, 1000)', { ...probe, ports: [{ containerPort: port }] });
      await story.create(processPod({ containers: [idle] }));
      await eventually(async () => {
        await story.advance(1);
        expect(await story.reasons('p')).toContain('Unhealthy');
      });
      expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ ready: false }] });
      const { status, text } = await readText(story, `/api/v1/namespaces/default/pods/p:${port}/proxy/`);
      expect([status, text]).toEqual([503, expect.stringContaining('no process of the pod listens there')]);
    } finally {
      await new Promise((resolve) => foreign.close(resolve));
    }
  },
);

test.runIf(process.platform === 'linux').each(['127.0.0.1', '0.0.0.0', '::'])(
  'a program of the pod that listens at %s is reachable through the proxy',
  async (host) => {
    await using story = await startClusterStory({ runProcesses: true });
    const program = `const server = require('node:http').createServer((_request, response) => response.end('own'));
server.listen(0, '${host}', () => console.log(server.address().port));`;
    await story.create(processPod({ containers: [nodeProgram(program)] }));
    await eventually(async () => expect(await logOf(story)).toMatch(/^\d+\n$/));
    const port = (await logOf(story)).trim();
    const found = await readText(story, `/api/v1/namespaces/default/pods/p:${port}/proxy/`);
    expect(found).toEqual({ status: 200, text: 'own' });
  },
);

test('a request fails while the Service of its webhook is missing, lacks the port, or has no ready pod', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const webhook = {
    name: 'h.example.com',
    clientConfig: { service: { name: 'hook', namespace: 'default', port: 443 }, caBundle: '' },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    objectSelector: { matchLabels: { checked: 'yes' } },
  };
  await story.create({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'h' },
    webhooks: [webhook],
  });
  const checked = () =>
    story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', labels: { checked: 'yes' } } });
  const start = 'failed to call webhook: Post "https://hook.default.svc:443/?timeout=10s": ';
  await expect(checked()).rejects.toThrow(`${start}service "hook" not found`);
  await story.create(service('hook', 444, 9443));
  await expect(checked()).rejects.toThrow(`${start}no service port 443 found for service "hook"`);
  await story.remove('v1 Service', 'hook');
  await story.create(service('hook', 443, 9443));
  await expect(checked()).rejects.toThrow(`${start}no endpoints available for service "hook"`);
});

const HOOK = `const { readFileSync } = require('node:fs');
const folder = process.env.TYPEKRO_ROOT + '/certs/';
const [cert, key] = ['tls.crt', 'tls.key'].map((name) => readFileSync(folder + name));
require('node:https').createServer({ cert, key }, (request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const { uid } = JSON.parse(body).request;
    const status = { message: 'not on a Wednesday', code: 403 };
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: false, status } }));
  });
}).listen(9443, process.env.TYPEKRO_POD_IP, () => console.log('up'));`;

test('a webhook that names a Service calls the process of the pod of the Service', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const authority = createAuthority(Date.now());
  const { cert, key } = authority.issue(['hook.default.svc'], []);
  await story.create(service('hook', 443, 9443));
  await story.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'certs' },
    stringData: { 'tls.crt': cert, 'tls.key': key },
  });
  await story.create(
    processPod(
      {
        volumes: [{ name: 'certs', secret: { secretName: 'certs' } }],
        containers: [nodeProgram(HOOK, { volumeMounts: [{ name: 'certs', mountPath: '/certs' }] })],
      },
      { labels: { app: 'hook' } },
    ),
  );
  await isReady(story);
  await story.client.create({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'days' },
    webhooks: [
      {
        name: 'days.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: {
          service: { name: 'hook', namespace: 'default' },
          caBundle: Buffer.from(authority.ca).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  });
  // The call may fail at first, because the pod is ready before its server listens.
  await eventually(() =>
    expect(story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'c-' } })).rejects.toThrow(
      'not on a Wednesday',
    ),
  );
});
