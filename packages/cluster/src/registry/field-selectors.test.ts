import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { KubeClient } from '@typekro/kube';
import { createEmbeddedCluster } from '../cluster.ts';

async function listAnswers(requests: readonly (readonly [path: string, fieldSelector: string])[]) {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const answers: { code: number | undefined; message: string | undefined }[] = [];
  for (const [path, fieldSelector] of requests) {
    const reply = await transport.request({
      method: 'GET',
      path: `${path}?fieldSelector=${encodeURIComponent(fieldSelector)}`,
    });
    const { code, message } = JSON.parse(await text(reply.body)) as { code?: number; message?: string };
    answers.push({ code, message });
  }
  return answers;
}

describe('field selectors', () => {
  test('the error message for an unknown field depends on the kind', async () => {
    const plain = '"x" is not a known field selector: only "metadata.name", "metadata.namespace"';
    const cases = [
      ['/api/v1/pods', 'field label not supported: x'],
      ['/api/v1/nodes', 'field label not supported: x'],
      ['/api/v1/persistentvolumes', plain],
      ['/apis/apps/v1/replicasets', plain],
      ['/apis/apps/v1/deployments', plain],
      ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', plain],
      ['/apis/batch/v1/jobs', 'field label "x" not supported for Job'],
      ['/apis/certificates.k8s.io/v1/certificatesigningrequests', 'field label not supported: x'],
      ['/apis/events.k8s.io/v1/events', 'field label not supported: x'],
      [
        '/apis/resource.k8s.io/v1/resourceslices',
        'field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: x',
      ],
    ] as const;
    const answers = await listAnswers(cases.map(([path]) => [path, 'x=1'] as const));
    expect(answers).toEqual(cases.map(([, message]) => ({ code: 400, message })));
  });

  test('for field selectors, status.podIPs is always empty, and status.podIP is the address of the pod', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const client = new KubeClient({ transport: cluster.transport() });
    const spec = { containers: [{ name: 'a', image: 'a' }] };
    await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default' }, spec });
    const status = { podIP: '10.0.0.7', podIPs: [{ ip: '10.0.0.7' }] };
    await client.patch(
      { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'default' },
      { status },
      { subresource: 'status' },
    );
    const names = async (fieldSelector: string) =>
      (await client.list({ apiVersion: 'v1', kind: 'Pod' }, { fieldSelector })).items.map(
        ({ metadata }) => metadata.name,
      );
    expect(await names('status.podIP=10.0.0.7')).toEqual(['a']);
    expect(await names('status.podIPs=10.0.0.7')).toEqual([]);
    expect(await names('status.podIPs=')).toEqual(['a']);
    expect(await names('status.podIPs=[{"ip":"10.0.0.7"}]')).toEqual([]);
  });

  test('a selector of a custom kind compares the value of the field, even if a built-in kind has a special rule for a field with this name', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const client = new KubeClient({ transport: cluster.transport() });
    const text = { type: 'string' };
    const fields = {
      spec: { type: 'object', properties: { host: text, hostNetwork: text, unschedulable: text } },
      source: text,
      status: { type: 'object', properties: { successful: text, podIPs: text, replicas: { type: 'integer' } } },
    };
    const paths = [
      'spec.host',
      'spec.hostNetwork',
      'spec.unschedulable',
      'source',
      'status.successful',
      'status.podIPs',
      'status.replicas',
    ];
    await client.create({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'events.acme.dev' },
      spec: {
        group: 'acme.dev',
        scope: 'Namespaced',
        names: { plural: 'events', kind: 'Event' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: fields } },
            selectableFields: paths.map((path) => ({ jsonPath: `.${path}` })),
          },
        ],
      },
    });
    const custom = { apiVersion: 'acme.dev/v1', kind: 'Event' };
    const full = {
      spec: { host: 'a', hostNetwork: 'a', unschedulable: 'a' },
      source: 'a',
      status: { successful: 'a', podIPs: 'a', replicas: 3 },
    };
    await client.create({ ...custom, metadata: { name: 'empty', namespace: 'default' } });
    await client.create({ ...custom, metadata: { name: 'full', namespace: 'default' }, ...full });
    const names = async (fieldSelector: string) =>
      (await client.list(custom, { fieldSelector })).items.map(({ metadata }) => metadata.name);
    for (const path of paths) {
      const value = path === 'status.replicas' ? '3' : 'a';
      expect([path, await names(`${path}=${value}`), await names(`${path}=`)]).toEqual([path, ['full'], ['empty']]);
    }
  });

  test('a field selector may stand for a field at another path, and an absent field may match a string such as "false" or "0"', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const client = new KubeClient({ transport: cluster.transport() });
    const template = { spec: { containers: [{ name: 'a', image: 'a' }], restartPolicy: 'Never' } };
    const metadata = { name: 'a', namespace: 'default' };
    await client.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...template.spec, nodeName: 'n' } });
    await client.create({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } });
    await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
    const involvedObject = { kind: 'Pod', name: 'a', namespace: 'default' };
    await client.create({ apiVersion: 'v1', kind: 'Event', metadata, involvedObject, source: { component: 'c' } });
    const cases = [
      ['v1', 'Pod', 'spec.host=n'],
      ['v1', 'Pod', 'spec.hostNetwork=false'],
      ['batch/v1', 'Job', 'status.successful=0'],
      ['v1', 'Node', 'spec.unschedulable=false'],
      ['v1', 'Event', 'source=c'],
    ] as const;
    for (const [apiVersion, kind, fieldSelector] of cases) {
      const { items } = await client.list({ apiVersion, kind }, { fieldSelector });
      expect([fieldSelector, items.map((item) => item.metadata.name)]).toEqual([fieldSelector, ['a']]);
    }
  });

  test('a kind supports only its own fields', async () => {
    const cases = [
      ['/api/v1/pods', 'spec.host=a', undefined],
      ['/api/v1/pods', 'metadata.namespace=a', undefined],
      ['/api/v1/nodes', 'metadata.namespace=a', 400],
      ['/api/v1/persistentvolumes', 'metadata.namespace=a', undefined],
      ['/api/v1/replicationcontrollers', 'status.replicas=0', undefined],
      ['/apis/apps/v1/replicasets', 'status.replicas=0', 400],
      ['/apis/resource.k8s.io/v1/resourceslices', 'spec.driver=a', undefined],
    ] as const;
    const answers = await listAnswers(cases.map(([path, selector]) => [path, selector] as const));
    expect(answers.map(({ code }) => code)).toEqual(cases.map(([, , code]) => code));
  });
});
