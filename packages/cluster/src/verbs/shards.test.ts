import { describe, expect, test, vi } from 'vitest';
import { createManualClock } from '../cluster-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const FIRST = "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')";
const SECOND = "shardRange(object.metadata.uid, '0x8000000000000000', '0x10000000000000000')";

interface Answer {
  readonly message?: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly remainingItemCount?: number;
    readonly shardInfo?: { readonly selector: string };
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

async function story(count = 0) {
  const clock = createManualClock(0);
  const cluster = await createEmbeddedCluster({ controllers: false, clock });
  const transport = cluster.transport();
  const send = async (method: string, path: string, body?: object, accept = 'application/json') => {
    const headers = { 'content-type': 'application/json', accept };
    const reply = await transport.request({
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
    return { status: reply.status, answer: JSON.parse(text) as Answer };
  };
  const create = (name: string) => send('POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const list = (query: Record<string, string>, accept?: string) =>
    send('GET', `${MAPS}?${String(new URLSearchParams(query))}`, undefined, accept);
  const watch = async (query: Record<string, string>) => {
    const path = `${MAPS}?watch=true&${String(new URLSearchParams(query))}`;
    const reply = await transport.request({ method: 'GET', path });
    return async (lines: number) => {
      let text = '';
      for await (const chunk of reply.body) {
        text += Buffer.from(chunk).toString('utf8');
        if (text.split('\n').length > lines) break;
      }
      return text
        .split('\n')
        .slice(0, -1)
        .map(
          (line) =>
            JSON.parse(line) as { type: string; object: Answer & { metadata: { name: string }; code?: number } },
        );
    };
  };
  for (let index = 0; index < count; index++) await create(`m${String(index).padStart(2, '0')}`);
  return { clock, send, create, list, watch, [Symbol.asyncDispose]: () => cluster.close() };
}

const namesOf = ({ items }: Answer) => items.map(({ metadata }) => metadata.name);

describe('a shard selector', () => {
  test('of a list selects a part of the objects, and is in the metadata of the response', async () => {
    await using cluster = await story(20);
    const all = namesOf((await cluster.list({})).answer);
    const halves = [];
    for (const shardSelector of [FIRST, SECOND]) {
      const { answer } = await cluster.list({ shardSelector });
      expect(answer.metadata.shardInfo).toEqual({ selector: shardSelector });
      halves.push(namesOf(answer));
    }
    expect(halves.flat().toSorted()).toEqual(all);
    expect(halves.map((names) => names.length > 0)).toEqual([true, true]);
    const both = await cluster.list({ shardSelector: `${FIRST} || ${SECOND}`, labelSelector: 'app=none' });
    expect(namesOf(both.answer)).toEqual([]);
  });

  test('is not in the metadata of tables', async () => {
    await using cluster = await story(1);
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect((await cluster.list({ shardSelector: FIRST }, accept)).answer.metadata.shardInfo).toBeUndefined();
  });

  test('of a paged list does not change remainingItemCount', async () => {
    await using cluster = await story(60);
    const total = namesOf((await cluster.list({})).answer).length;
    const { answer } = await cluster.list({ shardSelector: FIRST, limit: '2' });
    expect([namesOf(answer).length, answer.metadata.remainingItemCount]).toEqual([2, total - 2]);
  });

  test('of a watch selects from both initial and later objects', async () => {
    await using cluster = await story(6);
    const expected = namesOf((await cluster.list({ shardSelector: SECOND })).answer);
    const events = await cluster.watch({ shardSelector: SECOND });
    const { answer } = await cluster.list({ shardSelector: SECOND, resourceVersion: '0' });
    expect(namesOf(answer)).toEqual(expected);
    for (let index = 0; index < 20; index++) await cluster.create(`n${String(index).padStart(2, '0')}`);
    const all = namesOf((await cluster.list({ shardSelector: SECOND })).answer);
    const shown = (await events(all.length)).map(({ object }) => object.metadata.name);
    expect(shown.toSorted()).toEqual(all.toSorted());
  });

  test('of a collection deletion selects the objects to delete', async () => {
    await using cluster = await story(20);
    const kept = namesOf((await cluster.list({ shardSelector: SECOND })).answer);
    await cluster.send('DELETE', `${MAPS}?${String(new URLSearchParams({ shardSelector: FIRST }))}`);
    expect(namesOf((await cluster.list({})).answer)).toEqual(kept);
  });

  test('that is malformed is refused for lists and watches', async () => {
    await using cluster = await story();
    for (const query of [{}, { watch: 'true' }]) {
      const { status, answer } = await cluster.list({ ...query, shardSelector: 'x' });
      expect([status, answer.message]).toEqual([
        500,
        'invalid shard selector: unexpected expression kind 3; expected shardRange() call or || operator',
      ]);
    }
  });
});

describe('a watch from a resource version that does not exist yet', () => {
  test('waits for the version if it requests initial events, and fails after a timeout', async () => {
    await using cluster = await story();
    const timers = cluster.clock.pending;
    const events = await cluster.watch({
      resourceVersion: '100000',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
    });
    const shown = events(1);
    await vi.waitFor(() => expect(cluster.clock.pending).toBeGreaterThan(timers));
    cluster.clock.advance(3000);
    expect((await shown).map(({ type, object }) => [type, object.code, object.message?.slice(0, 42)])).toEqual([
      ['ERROR', 504, 'Timeout: Too large resource version: 10000'],
    ]);
  });

  test('gets only events after this version', async () => {
    await using cluster = await story();
    const { answer } = await cluster.create('a');
    const events = await cluster.watch({ resourceVersion: String(Number(answer.metadata.resourceVersion) + 1) });
    await cluster.create('b');
    await cluster.create('c');
    expect((await events(1)).map(({ object }) => object.metadata.name)).toEqual(['c']);
  });
});

test('a continue token with a version that does not exist yet is refused after a wait', async () => {
  await using cluster = await story();
  const token = Buffer.from('{"v":"meta.k8s.io/v1","rv":100000,"start":"a"}').toString('base64url');
  const timers = cluster.clock.pending;
  const pending = cluster.list({ continue: token });
  await vi.waitFor(() => expect(cluster.clock.pending).toBeGreaterThan(timers));
  cluster.clock.advance(3000);
  expect((await pending).status).toBe(504);
});

test('a resource version with more than 64 bits is out of range', async () => {
  await using cluster = await story();
  const { status, answer } = await cluster.list({ resourceVersion: '18446744073709551616' });
  expect([status, answer.message]).toEqual([
    400,
    'invalid resource version: resourceVersion: Invalid value: "18446744073709551616": strconv.ParseUint: parsing "18446744073709551616": value out of range',
  ]);
});

test('a watch of one name refuses a field selector with another name', async () => {
  await using cluster = await story(1);
  const path = '/api/v1/watch/namespaces/default/configmaps/m00?fieldSelector=metadata.name%3Dm01';
  const { status, answer } = await cluster.send('GET', path);
  expect([status, answer.message]).toEqual([400, "fieldSelector metadata.name doesn't match requested name"]);
});
