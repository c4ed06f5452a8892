import { describe, expect, it } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import { type LogLevel, controllerCrds, runController } from '@typekro/controller/controller';
import { controllerSettings } from '../../packages/app/src/controllers/controller-settings.ts';
import { createMetrics, createProcessMetrics } from '../../packages/controller/src/controller/metrics/metrics.ts';
import { RuntimeMetrics } from '../../packages/controller/src/controller/metrics/runtime-meter.ts';
import { type Clock, type Transport, KubeClient, systemClock } from '@typekro/kube';
import { freePort } from '../support/api-server.ts';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';

const POLL = { timeout: 60_000 };

async function setup() {
  const cluster = await createEmbeddedCluster({ workloads: false });
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  await cluster.idle();
  await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } }, { fieldManager: 't' });
  /** Starts a process. `logged` resolves when the log has the given message, and `end` stops the process. */
  const start = (identity: string, ...rest: readonly (string | Partial<Parameters<typeof runController>[0]>)[]) => {
    const args = rest.filter((each) => typeof each === 'string');
    const options = rest.find((each) => typeof each !== 'string');
    const stop = new AbortController();
    const messages: string[] = [];
    const entries: { readonly message: string; readonly fields?: object }[] = [];
    const waiters: [string, () => void][] = [];
    const log = (_level: LogLevel, message: string, fields?: object) => {
      messages.push(message);
      entries.push({ message, ...(fields === undefined ? {} : { fields }) });
      for (const [text, resolve] of waiters) if (text === message) resolve();
    };
    const ended = runController({
      client,
      args: ['--metrics-bind-address=0', '--health-probe-bind-address=0', ...args],
      logger: { log },
      signal: stop.signal,
      identity,
      ...options,
    });
    const logged = (text: string) =>
      messages.includes(text) ? Promise.resolve() : new Promise<void>((resolve) => waiters.push([text, resolve]));
    return { ended, messages, entries, logged, end: () => (stop.abort(), ended) };
  };
  return { cluster, client, start };
}

/** A process that can be paused: its clock goes on, but its timers do not fire. */
function pausable(inner: Transport) {
  let pausedMs = 0;
  /** The writes after the pause, without those of Leases. */
  const late: string[] = [];
  const writes: string[] = [];
  let pauseAfter: RegExp | undefined;
  const transport: Transport = {
    async request(request) {
      const name = `${request.method} ${request.path.replace(/\?.*/, '')}`;
      // The pause can also come while the request waits for its turn.
      await new Promise(setImmediate);
      if (request.mayBeSent?.() === false) throw new Error('aborted');
      const isWrite = request.method !== 'GET' && !request.path.includes('/leases');
      if (isWrite) (pausedMs > 0 ? late : writes).push(name);
      const response = await inner.request(request);
      if (pauseAfter?.test(name) === true) pausedMs = 60_000;
      return response;
    },
    close: () => inner.close(),
  };
  const clock: Clock = {
    ...systemClock,
    elapsed: () => (systemClock.elapsed?.() ?? 0) + pausedMs,
    // Timers that were set before the pause fire after it, later than the events that arrived meanwhile.
    setTimer: (milliseconds, callback) =>
      systemClock.setTimer(milliseconds, () => {
        if (pausedMs === 0) callback();
      }),
  };
  return { transport, clock, late, writes, pauseAt: (pattern: RegExp) => (pauseAfter = pattern) };
}

/** A transport that breaks requests for the controller's own kinds until `resets.left` is 0. */
function resetting(inner: Transport, resets: { left: number }): Transport {
  return {
    request(request) {
      if (request.path !== '/apis/kro.run/v1alpha1' || resets.left === 0) return inner.request(request);
      resets.left -= 1;
      return Promise.reject(new Error('read ECONNRESET'));
    },
    close: () => inner.close(),
  };
}

describe('runController', () => {
  it('runs until its signal aborts, and reports the flags that have no effect', async () => {
    const { cluster, client, start } = await setup();
    const process = start('one', '--instance-requeue-interval=5s');
    await process.logged('the controller is ready');
    await process.end();
    const shown = await controllerSettings(client, new AbortController().signal);
    expect(shown).toMatchObject({ level: '0.10', graphKind: false, from: 'published by its controller' });
    expect(process.messages).toEqual([
      'a flag has no effect here',
      'the controller is ready',
      'the controller stopped',
    ]);
    await cluster.close();
  });

  it('makes one of two processes the leader, and makes the other one the leader after the first has ended', async () => {
    const { cluster, client, start } = await setup();
    const flags = ['--leader-elect', '--leader-election-retry-period=20ms'];
    const one = start('one', ...flags);
    await one.logged('the controller is ready');
    const two = start('two', ...flags);
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: 'kro-system',
      name: 'controller.kro.run',
    };
    expect((await client.get(lease)).spec?.['holderIdentity']).toBe('one');
    expect(two.messages).toEqual(['waiting for the lease']);
    await one.end();
    await two.logged('the controller is ready');
    expect((await client.get(lease)).spec?.['holderIdentity']).toBe('two');
    await two.end();
    await cluster.close();
  });

  it.each([
    ['a leader', ['--leader-elect'], /PATCH .*\/configmaps\/p-map/],
    ['a leader', ['--leader-elect'], /PATCH .*\/pots\/p$/],
    ['a replica with shards', ['--shards=2'], /PATCH .*\/configmaps\/p-map/],
  ])('%s that was paused until its Lease expired writes nothing afterwards (%j, %s)', async (_name, flags, pattern) => {
    const { cluster, client: user, start } = await setup();
    const { transport, clock, late, writes, pauseAt } = pausable(cluster.transport());
    const client = new KubeClient({ transport, clock, retries: 4 });
    const process = start('one', { client, clock }, ...flags);
    await process.logged('the controller is ready');
    if (flags.includes('--shards=2')) await process.logged('took over a shard');
    pauseAt(pattern);
    const map = mapResource('map', { text: '${schema.spec.text}' });
    await user.apply(potDefinition([map, mapResource('next', { text: '${map.data.text}' })]), { fieldManager: 'user' });
    await expect
      .poll(
        () =>
          user.apply(pot('p'), { fieldManager: 'user' }).then(
            () => true,
            () => false,
          ),
        POLL,
      )
      .toBe(true);
    await expect.poll(() => writes.some((name) => pattern.test(name)), POLL).toBe(true);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    await cluster.idle();
    expect(late).toEqual([]);
    void process.end();
    await cluster.close();
  });

  it('remains the leader when its first requests get no response, because the Lease has shown that the server is reachable', async () => {
    const { cluster, start } = await setup();
    const resets = { left: 2 };
    const client = new KubeClient({ transport: resetting(cluster.transport(), resets), retries: 0 });
    const clock: Clock = {
      ...systemClock,
      // Ends the pause before the next attempt at once. The times of the election are not changed.
      setTimer: (milliseconds, callback) => systemClock.setTimer(milliseconds < 2000 ? 0 : milliseconds, callback),
    };
    const process = start('one', { client, clock }, '--leader-elect');
    await process.logged('the controller is ready');
    await process.end();
    expect(resets.left).toBe(0);
    expect(process.messages).not.toContain('the API server refuses to describe its kinds');
    await cluster.close();
  });

  it('exits if it has never reached the server', async () => {
    const { cluster, start } = await setup();
    const resets = { left: Number.POSITIVE_INFINITY };
    const client = new KubeClient({ transport: resetting(cluster.transport(), resets), retries: 0 });
    await expect(start('one', { client }).ended).rejects.toMatchObject({ code: 'kube/transport' });
    await cluster.close();
  });

  it('logs why it does not become leader', async () => {
    const { cluster, start } = await setup();
    const process = start('one', '--leader-elect', '--leader-election-namespace=nowhere');
    await process.logged('the lease cannot be read or renewed');
    await process.end();
    expect(process.messages).toEqual(['waiting for the lease', 'the lease cannot be read or renewed']);
    await cluster.close();
  });

  it('serves metrics of the runtime, and each series has the labels that its metric declares', async () => {
    const { cluster, start } = await setup();
    const address = `127.0.0.1:${await freePort()}`;
    const process = start('one', '--leader-elect', `--metrics-bind-address=${address}`);
    await process.logged('the controller is ready');
    const text = await (await fetch(`http://${address}/metrics`)).text();
    await process.end();
    await cluster.close();
    const declared = new Map(
      [...createMetrics().all, ...createProcessMetrics(), ...new RuntimeMetrics().all].map(({ name, labels }) => [
        name,
        [...labels].sort().join(),
      ]),
    );
    const lines = [...text.matchAll(/^(\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/gm)];
    const written = lines.map(([, name = '', suffix = '', labels = '']) => {
      const whole = declared.has(name + suffix) ? name + suffix : name;
      const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
      return [
        whole,
        names
          .filter((label) => label !== 'le' || suffix !== '_bucket')
          .sort()
          .join(),
      ] as const;
    });
    expect(written.filter(([name, labels]) => declared.get(name) !== labels)).toEqual([]);
    const names = new Set(written.map(([name]) => name));
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'leader_election_master_status', 'workqueue_depth']) {
      expect(names).toContain(name);
    }
  });

  it('logs the token of the inspect interface only if it has made the token itself', async () => {
    const { cluster, start } = await setup();
    const inspectToken = 'a-token-of-a-secret';
    const flag = async () => `--inspect-bind-address=127.0.0.1:${await freePort()}`;
    for (const options of [{ inspectToken }, {}]) {
      const process = start('one', await flag(), options);
      await process.logged('the controller is ready');
      const open = process.entries.find(({ message }) => message === 'the inspect interface is open');
      const { url, token } = (open?.fields ?? {}) as { readonly url?: string; readonly token?: string };
      expect(token === undefined).toBe('inspectToken' in options);
      const valid = token ?? inspectToken;
      const answers = [valid, `${valid}x`].map((each) =>
        fetch(`${url}/api/v1/definitions`, { headers: { authorization: `Bearer ${each}` } }),
      );
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 401]);
      await process.end();
    }
    await expect(start('one', await flag(), { inspectToken: 'short' }).ended).rejects.toMatchObject({
      code: 'controller/usage',
    });
    await cluster.close();
  });

  it('refuses an invalid command line, and a cluster without the CRDs', async () => {
    const { cluster, start } = await setup();
    await expect(start('one', '--nonsense').ended).rejects.toMatchObject({ code: 'controller/usage' });
    await cluster.close();
    const bare = await createEmbeddedCluster({ workloads: false });
    const client = new KubeClient({ transport: bare.transport() });
    const args = ['--metrics-bind-address=0', '--health-probe-bind-address=0'];
    const ended = runController({
      client,
      args,
      logger: { log: () => undefined },
      signal: new AbortController().signal,
      identity: 'x',
    });
    await expect(ended).rejects.toMatchObject({ code: 'controller/missing-crds' });
    await bare.close();
  });
});
