import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Transport, KubeError } from '@typekro/kube';
import { Api } from '../api.ts';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import type { ApiReply } from '../protocol/request.ts';
import { inProcessTransport } from './in-process.ts';

const WATCH = { method: 'GET', path: '/api/v1/namespaces/default/configmaps?watch=true' };

let cluster: Cluster;
let transport: Transport;
beforeEach(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  transport = cluster.transport();
});
afterEach(() => cluster.close());

/** The number of open watches. */
async function openWatches(): Promise<number> {
  // A request that is still being handled may open a watch in a later turn of the event loop.
  for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
  let text = '';
  for await (const chunk of (await cluster.transport().request({ method: 'GET', path: '/metrics' })).body)
    text += Buffer.from(chunk).toString();
  return Number(/^apiserver_longrunning_requests\{verb="WATCH"\} (\d+)$/m.exec(text)?.[1]);
}

describe('a watch without a socket', () => {
  test('stays open until its client gives up', async () => {
    const leaving = new AbortController();
    await transport.request({ ...WATCH, signal: leaving.signal });
    expect(await openWatches()).toBe(1);
    leaving.abort();
    expect(await openWatches()).toBe(0);
  });

  test('is not opened for a client that gives up before the response', async () => {
    const leaving = new AbortController();
    const answer = transport.request({ ...WATCH, signal: leaving.signal });
    leaving.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(await openWatches()).toBe(0);
  });

  test('is stopped when its client gives up while a fault rule delays the response', async () => {
    const api = new Api({});
    let answer: (reply: ApiReply) => void = () => undefined;
    let reached: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (reached = resolve));
    api.intercept = () => {
      reached();
      return new Promise((resolve) => (answer = resolve));
    };
    const leaving = new AbortController();
    const response = inProcessTransport(api).request({ ...WATCH, signal: leaving.signal });
    await held;
    leaving.abort(new Error('enough'));
    await expect(response).rejects.toThrow('enough');
    const stopped = new Promise<void>((resolve) => {
      answer({ status: 200, headers: {}, stream: { start: () => undefined, stop: resolve } });
    });
    await stopped;
  });

  test('is not opened by a transport that closes before the response', async () => {
    const answer = transport.request(WATCH);
    await transport.close();
    await expect(answer).rejects.toBeInstanceOf(KubeError);
    expect(await openWatches()).toBe(0);
  });
});
