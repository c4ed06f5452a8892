import { describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';
import { createManualClock } from './cluster-clock.ts';

const PODS = '/api/v1/namespaces/kro-system/pods';

async function get(cluster: Cluster, path: string, method = 'GET'): Promise<{ status: number; text: string }> {
  const reply = await cluster.transport().request({ method, path });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  return { status: reply.status, text };
}

interface Shown {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly status: { readonly phase?: string };
}

async function podsOf(cluster: Cluster): Promise<Shown[]> {
  await cluster.idle();
  return (JSON.parse((await get(cluster, PODS)).text) as { items: Shown[] }).items;
}

async function presented() {
  const clock = createManualClock(Date.UTC(2026, 0, 1));
  const cluster = await createEmbeddedCluster({ clock });
  const process = await cluster.presentProcess({ name: 'kro', labels: { team: 'a' } });
  const [pod] = await podsOf(cluster);
  if (pod === undefined) throw new Error('no pod');
  const log = (query = '') => get(cluster, `${PODS}/${pod.metadata.name}/log${query}`);
  return { cluster, clock, process, pod, log };
}

describe('a process that is presented as a Deployment', () => {
  test('is a Deployment with a running pod, marked as simulated', async () => {
    const { cluster, pod } = await presented();
    expect(pod.metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'kro',
      'typekro.dev/simulated': 'true',
      team: 'a',
    });
    expect(pod.status.phase).toBe('Running');
    const { text } = await get(cluster, '/apis/apps/v1/namespaces/kro-system/deployments/kro');
    expect(JSON.parse(text)).toMatchObject({ status: { availableReplicas: 1 } });
    await cluster.close();
  });

  test('has a log with the options tailLines, since, limitBytes and timestamps', async () => {
    const { cluster, clock, process, log } = await presented();
    process.log('one\n');
    clock.advance(10_000);
    process.log('two\nthree');
    expect((await log()).text).toBe('one\ntwo\nthree\n');
    expect((await log('?tailLines=1')).text).toBe('three\n');
    expect((await log('?tailLines=0')).text).toBe('');
    expect((await log('?sinceSeconds=5')).text).toBe('two\nthree\n');
    expect((await log('?sinceTime=2026-01-01T00:00:05Z&container=kro')).text).toBe('two\nthree\n');
    expect((await log('?limitBytes=5')).text).toBe('one\nt');
    expect((await log('?tailLines=1&timestamps=true')).text).toBe('2026-01-01T00:00:10.000000000Z three\n');
    await cluster.close();
  });

  test.each([
    ['?tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['?sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0: must be greater than 0'],
    ['?sinceSeconds=1&sinceTime=2026-01-01T00:00:05Z', 422, 'at most one of'],
    ['?tailLines=x', 400, 'invalid syntax'],
    ['?container=other', 400, 'container other is not valid for pod'],
    ['?previous=true', 400, 'previous terminated container'],
  ])('refuses %s', async (query, status, message) => {
    const { cluster, log } = await presented();
    const reply = await log(query);
    expect(reply.status).toBe(status);
    expect((JSON.parse(reply.text) as { message: string }).message).toContain(message);
    await cluster.close();
  });

  test('has a log that outlives its pod, although the stream of a follower ends with the pod', async () => {
    const { cluster, process, pod } = await presented();
    process.log('before');
    const reply = await cluster
      .transport()
      .request({ method: 'GET', path: `${PODS}/${pod.metadata.name}/log?follow=true` });
    process.log('after');
    await get(cluster, `${PODS}/${pod.metadata.name}?gracePeriodSeconds=0`, 'DELETE');
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
    expect(text).toBe('before\nafter\n');
    const [next] = await podsOf(cluster);
    expect(next?.metadata.name).not.toBe(pod.metadata.name);
    process.log('later');
    expect((await get(cluster, `${PODS}/${next?.metadata.name}/log`)).text).toBe('before\nafter\nlater\n');
    await cluster.close();
  });

  test('is removed with its pod, and the stream of a follower ends', async () => {
    const { cluster, process, pod } = await presented();
    const path = `${PODS}/${pod.metadata.name}/log?follow=true`;
    const reply = await cluster.transport().request({ method: 'GET', path });
    const end = (async () => {
      for await (const chunk of reply.body) expect(chunk).toBeUndefined();
    })();
    await process.remove();
    expect(await podsOf(cluster)).toEqual([]);
    await cluster.close();
    await end;
  });

  test('an invalid Deployment name is refused', async () => {
    await using cluster = await createEmbeddedCluster();
    await expect(cluster.presentProcess({ name: 'No Name' })).rejects.toThrow('could not be shown');
  });
});
