/**
 * A process is killed during a deploy, at any request, before or after the server has executed the request. Then
 * another process deploys again. The result must equal the result of a deploy without the kill, and no object that is
 * kept may be created again.
 */
import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { kubernetesComposition } from '@typekro/sdk';
import { ConfigMap, Deployment } from '../../packages/sdk/src/factories/simple/index.ts';
import type { Transport, TransportRequest } from '@typekro/kube';
import { type TestCluster, createCluster } from '@typekro/testing';
import { share } from '@typekro/kit/test-support/budget';
import { pick, seededChoices } from '../support/choices.ts';

const spec = type({ name: 'string', parts: 'string[]', debug: 'boolean' });
const app = kubernetesComposition(
  { name: 'mortal', apiVersion: 'example.com/v1alpha1', kind: 'Mortal', spec, status: type({ address: 'string' }) },
  (s) => {
    const config = ConfigMap({ id: 'config', name: `${s.name}-config`, data: { parts: s.parts.join(',') } });
    Deployment({ id: 'web', name: s.name, image: 'nginx', env: { CONFIG: config.metadata.name } });
    for (const part of s.parts) ConfigMap({ id: 'part', name: `${config.metadata.name}-${part}`, data: { part } });
    if (s.debug) ConfigMap({ id: 'debug', name: `${s.name}-debug`, data: {} });
    return { address: config.metadata.name };
  },
);

type Mode = 'direct' | 'kro';
/** A deploy in a mode, or a deletion of the instance if there is no spec. */
interface Operation {
  readonly mode: Mode;
  readonly spec?: { readonly parts: string[]; readonly debug: boolean };
}

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createCluster({ clock: 'real' });
  await cluster.startController({ features: { omit: true, now: true } });
});
afterAll(() => cluster.close());

/**
 * The transport of a process that is killed at a request. The server may or may not execute this last request. All
 * later requests fail.
 */
class MortalTransport implements Transport {
  requests = 0;
  readonly dead = new AbortController();
  readonly #last: number;
  readonly #carriedOut: boolean;

  constructor(last: number, carriedOut: boolean) {
    this.#last = last;
    this.#carriedOut = carriedOut;
  }

  async request(request: TransportRequest) {
    if (this.dead.signal.aborted) throw new Error('the process is dead');
    this.requests += 1;
    if (this.requests <= this.#last) return cluster.transport.request(request);
    if (this.#carriedOut) await cluster.transport.request(request);
    this.dead.abort(new Error('killed'));
    throw new Error('the process is dead');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function carryOut(
  operation: Operation,
  name: string,
  transport: Transport,
  abortSignal?: AbortSignal,
): Promise<unknown> {
  const options = { namespace: 'default', transport, timeout: 120_000, ...(abortSignal && { abortSignal }) };
  const factory = app.factory(operation.mode, options);
  return operation.spec === undefined ? factory.deleteInstance(name) : factory.deploy({ name, ...operation.spec });
}

const KINDS = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
];

/** The children of an instance: their content, and a map from kind and name to the UID. */
async function children(name: string): Promise<{ readonly content: unknown; readonly uids: Map<string, string> }> {
  const lists = await Promise.all(KINDS.map((kind) => cluster.client.list(kind, { namespace: 'default' })));
  const own = lists
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.name === name || metadata.name?.startsWith(`${name}-`) === true);
  const key = (object: KubeObject) => `${object.kind} ${object.metadata.name?.slice(name.length)}`;
  return {
    content: own.map((object) => [key(object), object.data]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    uids: new Map(own.map((object) => [key(object), object.metadata.uid ?? ''])),
  };
}

/** The operations of a seed: one to three deploys, and sometimes a deletion. The process of one operation is killed. */
function story(seed: number) {
  const choices = seededChoices(seed);
  const randomOperation = (): Operation => {
    const mode = pick<Mode>(choices, ['direct', 'kro']);
    return { mode, spec: { parts: pick(choices, [['a'], ['a', 'b'], ['b', 'c'], []]), debug: choices.below(2) === 0 } };
  };
  const operations = Array.from({ length: 1 + choices.below(3) }, randomOperation);
  const last = operations.at(-1);
  if (last !== undefined && choices.below(5) === 0) operations.push({ mode: last.mode });
  return { operations, killed: choices.below(operations.length), at: choices.below(22), after: choices.below(2) === 0 };
}

describe('deploys that are killed', () => {
  test('and then repeated have the same result as an uninterrupted deploy', async () => {
    let killed = 0;
    const { first, count } = share('deployKills');
    let seed = first;
    const worker = async () => {
      while (seed < first + count) {
        seed += 1;
        if (await runs(seed)) killed += 1;
      }
    };
    // Seeds run in parallel. Their instances share only the definition and its controller.
    await Promise.all(Array.from({ length: 6 }, worker));
    // In some seeds no process is killed, because the operation sends too few requests to reach the kill.
    expect(killed).toBeGreaterThan(count / 3);
  }, 1_800_000);
});

/** Runs a seed. Returns true if a process was killed. */
async function runs(seed: number): Promise<boolean> {
  const { operations, killed, at, after } = story(seed);
  const name = `s${seed}`;
  const twin = `t${seed}`;
  let happened = false;
  for (const [index, operation] of operations.entries()) {
    const before = await children(name);
    if (index === killed) {
      const transport = new MortalTransport(at, after);
      await carryOut(operation, name, transport, transport.dead.signal).then(
        () => undefined,
        (error: unknown) => {
          if (!transport.dead.signal.aborted) throw error;
          happened = true;
        },
      );
    }
    await carryOut(operation, name, cluster.transport);
    await carryOut(operation, twin, cluster.transport);
    const [now, expected] = await Promise.all([children(name), children(twin)]);
    const label = `seed ${seed}, operation ${index}`;
    expect(JSON.stringify(now.content).replaceAll(name, twin), label).toBe(JSON.stringify(expected.content));
    for (const [key, uid] of now.uids)
      if (before.uids.has(key)) expect(uid, `${label}: ${key}`).toBe(before.uids.get(key));
  }
  for (const mode of ['direct', 'kro'] as const) {
    for (const left of [name, twin]) await carryOut({ mode }, left, cluster.transport);
  }
  expect((await children(name)).content, `seed ${seed}: nothing stays after a deletion`).toEqual([]);
  return happened;
}
