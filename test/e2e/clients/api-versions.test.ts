import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { controllerCrds, jsonLogger, runController } from '@typekro/controller/controller';
import { listAt } from '@typekro/kit/kubernetes';
import { type ApiServer, freePort } from '../../support/api-server.ts';
import { findClient } from '../../support/clients.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { ClientProgram, Transcript } from '../../support/transcript.ts';
import { stepsOfPage } from '../../support/walked-page.ts';

// The files of the guide about versions, with kubectl and a controller outside of the cluster, which the API server
// reaches by --conversion-url.

const program = findClient('kubectl') ?? '';
const transcript = new Transcript();
const [first = '', instance = '', second = '', third = ''] = stepsOfPage(
  readFileSync(join(import.meta.dirname, '../../../docs/guides/api-versions.md'), 'utf8'),
).flatMap((step) => (step.kind === 'file' ? [step.text] : []));

afterAll(() => transcript.print());

describe.skipIf(program === '').each(clientServers())('versions of an API on $name', ({ name, start }) => {
  let server: ApiServer;
  let kubectl: ClientProgram;
  let controller: Promise<void>;
  const ended = new AbortController();
  const log: string[] = [];
  const ok = (line: string): Promise<string> => kubectl.ok(line.split(' '));
  const apply = (text: string): Promise<string> => kubectl.ok(['apply', '-f', '-'], text);
  const specOf = async (version: string): Promise<unknown> =>
    JSON.parse(await ok(`get sites.${version}.example.com blog -o jsonpath={.spec}`));

  beforeAll(async () => {
    server = await start();
    kubectl = new ClientProgram({ program, name: 'kubectl', server, serverName: name, transcript });
    await ok('create namespace kro-system');
    for (const crd of controllerCrds()) await server.client.create(crd);
    for (const crd of controllerCrds())
      await ok(`wait --for=condition=Established crd/${crd.metadata.name} --timeout=60s`);
    const address = `127.0.0.1:${await freePort()}`;
    controller = runController({
      client: server.client,
      logger: jsonLogger((line) => log.push(line), Date.now),
      signal: ended.signal,
      identity: 'versions',
      args: [
        '--feature-gates=APIVersions=true',
        '--conversion-service=kro-system/conversions',
        `--conversion-bind-address=${address}`,
        `--conversion-url=https://${address}`,
        '--metrics-bind-address=0',
        '--health-probe-bind-address=0',
        '--leader-elect=false',
      ],
    });
  }, 120_000);
  afterAll(async () => {
    ended.abort();
    await controller;
    await server.close();
  });

  test('both versions are read and written, objects are stored again, and a client of the former version does not notice', async () => {
    await apply(first);
    await ok('wait --for=condition=Ready rgd/site --timeout=60s');
    await apply(instance);
    await apply(second);
    await ok('wait --for=jsonpath={.spec.versions[0].name}=v1 crd/sites.example.com --timeout=60s');
    // A real API server serves a new version a moment after it has accepted the CRD.
    await vi.waitFor(() => specOf('v1'), { timeout: 60_000, interval: 500 });
    expect(await specOf('v1alpha1')).toEqual({ host: 'blog.example.com' });
    await ok('patch sites.v1.example.com blog --type merge -p {"spec":{"port":8080}}');
    await ok('patch sites.v1alpha1.example.com blog --type merge -p {"spec":{"host":"b.example.com"}}');
    expect(await specOf('v1')).toEqual({ hostname: 'b.example.com', port: 8080 });
    // The file of the former version is applied again, as a pipeline of another team does.
    await apply(instance);
    expect(await specOf('v1')).toEqual({ hostname: 'blog.example.com', port: 8080 });
    await ok('wait --for=condition=StorageMigrated rgd/site --timeout=120s');
    await ok('wait --for=jsonpath={.data.url}=http://blog.example.com:8080 configmap/blog --timeout=60s');
    const ref = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'sites.example.com' };
    expect(listAt((await server.client.get(ref)).status, 'storedVersions')).toEqual(['v1']);
  }, 300_000);

  test('the former version leaves the CRD, and the object is as it was and can be applied', async () => {
    await apply(third);
    const names = () => ok('get crd/sites.example.com -o jsonpath={.spec.versions[*].name}');
    await vi.waitFor(async () => expect(await names()).toBe('v1'), { timeout: 120_000, interval: 500 });
    expect(await specOf('v1')).toEqual({ hostname: 'blog.example.com', port: 8080 });
    const managers = await ok(`get sites.v1.example.com blog -o jsonpath={.metadata.managedFields[*].apiVersion}`);
    expect(new Set(managers.split(' '))).toEqual(new Set(['example.com/v1']));
    const blog = {
      apiVersion: 'example.com/v1',
      kind: 'Site',
      metadata: { name: 'blog' },
      spec: { hostname: 'c.test' },
    };
    await kubectl.ok(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(blog));
    expect(await specOf('v1')).toEqual({ hostname: 'c.test', port: 8080 });
  }, 300_000);
});
