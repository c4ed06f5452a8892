import { describe, expect, test } from 'vitest';
import { KubeClient } from '../../kube/index.ts';
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
    const chunks: Uint8Array[] = [];
    for await (const chunk of reply.body) chunks.push(chunk);
    const { code, message } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { code?: number; message?: string };
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

  test('status.podIPs is compared with the empty text, status.podIP with the address', async () => {
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
