import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { sendJson } from '../../test-support/send-json.ts';
import { createEmbeddedCluster } from '../cluster.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Body {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: JsonObject;
  readonly status: { readonly conditions?: readonly { readonly reason: string; readonly status: string }[] };
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
}

async function story() {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body?: JsonObject, type?: string) => {
    const { status: code, body: answer } = await sendJson<Body>(cluster, method, path, { body, type });
    return { code, body: answer };
  };
  const create = (spec: JsonObject, name = `${String(spec['version'])}.${String(spec['group'])}`) =>
    send('POST', SERVICES, { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name }, spec });
  const define = (plural: string, versions: readonly string[]) =>
    send('POST', CRDS, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.example.com` },
      spec: {
        group: 'example.com',
        names: { plural, kind: plural },
        scope: 'Namespaced',
        versions: versions.map((name, index) => ({
          name,
          served: name !== 'v0',
          storage: index === 0,
          schema: { openAPIV3Schema: { type: 'object' } },
        })),
      },
    });
  return { cluster, send, create, define, [Symbol.asyncDispose]: () => cluster.close() };
}

const PRIORITIES = { groupPriorityMinimum: 1000, versionPriority: 15 };
const REMOTE = { group: 'a.io', version: 'v1', ...PRIORITIES, service: { namespace: 'ops', name: 'api' } };

describe('an APIService', () => {
  test.each<[string, JsonObject, string | undefined, string[]]>([
    ['of another server', REMOTE, undefined, []],
    [
      'with another name',
      REMOTE,
      'v2.a.io',
      ['metadata.name: Invalid value: "v2.a.io": must be `spec.version+"."+spec.group`: "v1.a.io"'],
    ],
    [
      'without a group',
      { ...REMOTE, group: '', version: 'v2' },
      'v2.',
      ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
    ],
    [
      'with priorities out of range',
      { ...REMOTE, groupPriorityMinimum: 0, versionPriority: 1001 },
      undefined,
      [
        'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
      ],
    ],
    [
      'of this server with settings for a remote server',
      { group: 'a.io', version: 'v1', ...PRIORITIES, caBundle: 'YWJj', insecureSkipTLSVerify: true },
      undefined,
      [
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'with a nameless service and an invalid port',
      { ...REMOTE, service: { port: 70_000 }, caBundle: 'YWJj', insecureSkipTLSVerify: true },
      undefined,
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
        'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
      ],
    ],
  ])('%s is accepted or refused as by an API server', async (_what, spec, name, expected) => {
    await using cluster = await story();
    const { code, body } = await cluster.create(spec, name);
    const problems = (body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
    expect([code, problems]).toEqual([expected.length === 0 ? 201 : 422, expected]);
  });

  test('of this server is available at once, and an APIService of another server has the default port 443', async () => {
    await using cluster = await story();
    const local = await cluster.create({ group: 'b.io', version: 'v1', ...PRIORITIES });
    expect(local.body.status.conditions?.map(({ reason, status }) => [reason, status])).toEqual([['Local', 'True']]);
    const remote = await cluster.create(REMOTE);
    expect(remote.body.spec['service']).toEqual({ namespace: 'ops', name: 'api', port: 443 });
  });

  test('refuses an unknown condition status', async () => {
    await using cluster = await story();
    await cluster.create(REMOTE);
    const status = { conditions: [{ type: 'Available', status: 'Maybe' }] };
    const type = 'application/merge-patch+json';
    const { body } = await cluster.send('PATCH', `${SERVICES}/v1.a.io/status`, { status }, type);
    expect(body.details?.causes?.map(({ message }) => message)).toEqual([
      'Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ]);
  });
});

describe('the versions of a CRD', () => {
  const registered = async ({ send, cluster }: Awaited<ReturnType<typeof story>>) => {
    await cluster.idle();
    const { body } = await send('GET', SERVICES);
    const { items } = body as unknown as { items: Body[] };
    return items.map(({ metadata }) => metadata.name).filter((name) => name.endsWith('.example.com'));
  };

  test('have APIServices if they are served, and the cluster recreates a deleted APIService', async () => {
    await using cluster = await story();
    await cluster.define('cats', ['v1', 'v0']);
    expect(await registered(cluster)).toEqual(['v1.example.com']);
    await cluster.send('DELETE', `${SERVICES}/v1.example.com`);
    expect(await registered(cluster)).toEqual(['v1.example.com']);
    const { body } = await cluster.send('GET', `${SERVICES}/v1.example.com`);
    expect([body.metadata.labels, body.spec]).toEqual([
      { 'kube-aggregator.kubernetes.io/automanaged': 'true' },
      { group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 100 },
    ]);
  });

  test('have APIServices while any CRD of the group serves them', async () => {
    await using cluster = await story();
    await cluster.define('cats', ['v1']);
    await cluster.define('dogs', ['v1', 'v2']);
    expect(await registered(cluster)).toEqual(['v1.example.com', 'v2.example.com']);
    await cluster.send('DELETE', `${CRDS}/dogs.example.com`);
    expect(await registered(cluster)).toEqual(['v1.example.com']);
    await cluster.send('DELETE', `${CRDS}/cats.example.com`);
    expect(await registered(cluster)).toEqual([]);
  });

  test('do not change or delete the APIService of a user', async () => {
    await using cluster = await story();
    await cluster.create({ ...REMOTE, group: 'example.com' });
    await cluster.define('cats', ['v1']);
    await cluster.send('DELETE', `${CRDS}/cats.example.com`);
    expect(await registered(cluster)).toEqual(['v1.example.com']);
  });

  test('have APIServices again after the restore of a snapshot without APIServices', async () => {
    await using cluster = await story();
    await cluster.define('cats', ['v1']);
    const snapshot = cluster.cluster.snapshot();
    const collections = snapshot.collections.filter(({ plural }) => plural !== 'apiservices');
    cluster.cluster.restore({ ...snapshot, collections });
    expect(await registered(cluster)).toEqual(['v1.example.com']);
  });
});
