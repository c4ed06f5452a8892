import { describe, expect, test } from 'vitest';
import { type TestCluster, createCluster } from './create-cluster.ts';

const configMap = (text: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'default' },
  data: { text },
});

describe('createCluster', () => {
  test('a hundred parallel clusters are independent, with and without controllers', async () => {
    const texts = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        await using cluster = await createCluster();
        if (index % 20 === 0) await cluster.startController();
        const { client } = cluster;
        await client.create(configMap(String(index)));
        const { items } = await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
        return items.flatMap((item) => (item.metadata.name === 'a' ? [item['data']] : []));
      }),
    );
    expect(texts).toEqual(Array.from({ length: 100 }, (_, index) => [{ text: String(index) }]));
  });

  test.each([
    [{ contollers: false }, 'did you mean "controllers"?'],
    [{ nodes: 3 }, /^the options are kubernetesVersion, workloads, /],
    [{ audit: { polcy: {} } }, 'did you mean "policy"?'],
  ])('an option that does not exist is refused: %j', async (options, remedy) => {
    await expect(createCluster(options as never)).rejects.toMatchObject({
      code: 'testing/unknown-option',
      remedy: typeof remedy === 'string' ? remedy : (expect.stringMatching(remedy) as string),
    });
  });

  test.each<readonly [call: string, make: (cluster: TestCluster) => unknown, message: string]>([
    ['connect', (cluster) => cluster.connect({ retrys: 1 } as never), 'connect() has no option "retrys"'],
    ['listen', (cluster) => cluster.listen({ prot: 1 } as never), 'listen() has no option "prot"'],
    [
      'presentProcess',
      (cluster) => cluster.presentProcess({ name: 'a', label: {} } as never),
      'presentProcess() has no option "label"',
    ],
    [
      'startController',
      (cluster) => cluster.startController({ maxGraphRevision: 1 } as never),
      'a controller has no option "maxGraphRevision"',
    ],
    [
      'faults.add, condition',
      (cluster) => cluster.faults.add({ resources: 'pods' } as never, { kind: 'conflict' }),
      'the match of a fault has no option "resources"',
    ],
    [
      'faults.add, fault',
      (cluster) => cluster.faults.add({}, { kind: 'latency', millis: 5 } as never),
      'the fault latency has no option "millis"',
    ],
    [
      'faults.add, kind',
      (cluster) => cluster.faults.add({}, { kind: 'conflicts' } as never),
      'there is no fault "conflicts"',
    ],
    [
      'faults.add, options',
      (cluster) => cluster.faults.add({}, { kind: 'conflict' }, { time: 2 } as never),
      'a rule of faults has no option "time"',
    ],
  ])('a misspelt member is refused: %s', async (_call, make, message) => {
    await using cluster = await createCluster();
    await expect(Promise.resolve(cluster).then(make)).rejects.toThrow(message);
  });

  test('after close, open watches have ended, later requests are refused, and a second call of close has no effect', async () => {
    const cluster = await createCluster();
    await cluster.startController();
    const types: string[] = [];
    const watching = (async () => {
      for await (const { type } of cluster.client.watch({ apiVersion: 'v1', kind: 'ConfigMap' })) {
        types.push(type);
        if (type === 'SYNCED') await Promise.all([cluster.close(), cluster.close()]);
      }
    })();
    await watching;
    expect(types).toContain('SYNCED');
    await expect(cluster.transport.request({ method: 'GET', path: '/api' })).rejects.toThrow('closed');
  });
});
