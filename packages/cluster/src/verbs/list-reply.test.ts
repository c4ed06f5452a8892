import { describe, afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { type Cluster, createEmbeddedCluster } from '../index.ts';
import { parseYaml } from '../codec/yaml.ts';
import { createManualClock } from '../cluster-clock.ts';
import { Turns, replyParts } from './list-reply.ts';

describe('list reply', () => {
  const YAML = 'application/yaml';
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const PARTIAL = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const BOXES = '/apis/example.com/v1/namespaces/default/boxes';
  const MAPS = '/api/v1/namespaces/default/configmaps';

  const textOf = (body: unknown): string => Buffer.concat([body as Buffer | Buffer[]].flat()).toString();
  const json = { yaml: false, contentType: 'application/json' };

  test('the items of a list are created one by one, with turns between', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const order: string[] = [];
    const items = function* () {
      for (const name of ['a', 'b', 'c', 'd']) {
        now += 6;
        order.push(name);
        yield name;
      }
    };
    const turns = new Turns(() => {
      order.push('turn');
      return Promise.resolve();
    });
    const { body } = await replyParts({ head: { kind: 'L' }, member: 'items', items: items() }, json, {}, turns);
    expect(order).toEqual(['a', 'b', 'turn', 'c', 'd', 'turn']);
    expect(textOf(body)).toBe('{"kind":"L","items":["a","b","c","d"]}');
    vi.restoreAllMocks();
  });

  test.each([
    ['each a copy are made one after the other', (): unknown => 'x'.repeat(100_000), 1],
    ['with shared bytes are made together', (): unknown => Buffer.alloc(100_000), 3],
  ])('long lists %s', async (_, item, together) => {
    let [open, most] = [0, 0];
    const items = function* () {
      for (let index = 0; index < 6; index++) {
        if (index === 4) most = Math.max(most, ++open);
        yield item();
      }
      open -= 1;
    };
    const turns = { next: () => new Promise<void>(setImmediate) } as Turns;
    await Promise.all([1, 2, 3].map(() => replyParts({ head: {}, member: 'items', items: items() }, json, {}, turns)));
    expect(most).toBe(together);
  });

  test('a list that is too long is refused before it is complete', async () => {
    let created = 0;
    const items = function* () {
      for (;;) {
        created += 1;
        yield 'x'.repeat(98);
      }
    };
    const reply = replyParts({ head: {}, member: 'items', items: items() }, json, {}, new Turns(), 1000);
    await expect(reply).rejects.toMatchObject({
      httpCode: 413,
      message: expect.stringContaining('limit=100') as string,
    });
    expect(created).toBe(11);
  });

  let cluster: Cluster;

  async function call(method: string, path: string, accept: string, body?: JsonValue): Promise<string> {
    const headers = { accept, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await cluster.transport().request({ method, path, headers, ...sent });
    const chunks: Uint8Array[] = [];
    for await (const chunk of reply.body) chunks.push(chunk);
    expect(reply.status).toBeLessThan(300);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** The text of a response, and the turns of the event loop until it was there. */
  async function turnsOf(path: string, accept: string): Promise<{ text: string; turns: number }> {
    let [turns, isDone] = [0, false];
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const text = await call('GET', path, accept);
    isDone = true;
    return { text, turns };
  }

  const OBJECTS = 12;
  const items = (length: number, value?: JsonObject) =>
    crdOf(
      'Box',
      {
        properties: {
          spec: {
            type: 'object',
            properties: {
              a: {
                type: 'array',
                maxItems: length,
                items: {
                  type: 'object',
                  properties: {
                    b: {
                      type: 'object',
                      additionalProperties: { type: 'string' },
                      ...(value === undefined ? {} : { default: value }),
                    },
                  },
                },
              },
            },
          },
        },
      },
      { names: { plural: 'boxes' } },
    );

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    await call('POST', CRDS, 'application/json', items(4500));
    for (let index = 0; index < OBJECTS; index += 1) {
      const spec = { a: Array.from({ length: 4500 }, () => ({})) };
      const metadata = { name: `b${index}`, labels: { a: 'b' } };
      await call('POST', BOXES, 'application/json', { apiVersion: 'example.com/v1', kind: 'Box', metadata, spec });
    }
    for (let index = 0; index < 500; index += 1) {
      const data = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`k${at}`, `value: "${at}"`]));
      await call('POST', MAPS, 'application/json', { metadata: { name: `m${index}` }, data });
    }
    const value = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'x'.repeat(50)]));
    const path = `${CRDS}/boxes.example.com`;
    const stored = JSON.parse(await call('GET', path, 'application/json')) as JsonObject;
    await call('PUT', path, 'application/json', { ...stored, spec: items(4500, value)['spec'] ?? null });
  });
  afterAll(() => cluster.close());

  test.each([
    ['JSON', ''],
    ['JSON of selected objects', '?labelSelector=a%3Db'],
    [YAML, ''],
    [TABLE, ''],
    [PARTIAL, ''],
  ])('other requests are served between objects with long defaults: %s', async (form, query) => {
    const { text, turns } = await turnsOf(`${BOXES}${query}`, form.startsWith('JSON') ? 'application/json' : form);
    expect(text.length).toBeGreaterThan(OBJECTS * 200);
    // Each object needs much more than the time of a turn.
    expect(turns).toBeGreaterThanOrEqual(OBJECTS);
  });

  test.each([
    ['a long list', MAPS],
    ['a short list', `${MAPS}?limit=2`],
    ['a list of custom resources', `${BOXES}?limit=2`],
    ['a long object', `${BOXES}/b0`],
    ['an object', `${MAPS}/m0`],
  ])('%s has the same content in YAML as in JSON', async (_, path) => {
    const withoutToken = (text: string) => text.replaceAll(/"?continue"?: ?"?[\w-]+"?/g, 'continue: x');
    const [yaml, plain] = [await call('GET', path, YAML), await call('GET', path, 'application/json')];
    const value = plain.length > 1_000_000 ? undefined : parseYaml(withoutToken(yaml)).value;
    if (value === undefined) expect(yaml.match(/x{50}/g)).toHaveLength(plain.match(/x{50}/g)?.length ?? 0);
    else expect(value).toEqual(parseYaml(withoutToken(plain)).value);
  });

  test(
    'a deletion of a collection whose response would be too long deletes nothing',
    { timeout: 180_000 },
    async () => {
      const path = `${CRDS}/boxes.example.com`;
      const read = async () => JSON.parse(await call('GET', path, 'application/json')) as JsonObject;
      const withDefault = await read();
      await call('PUT', path, 'application/json', { ...withDefault, spec: items(4500)['spec'] ?? null });
      const spec = { a: Array.from({ length: 4500 }, () => ({})) };
      for (let index = OBJECTS; index < 45; index += 1) {
        const metadata = { name: `b${index}` };
        await call('POST', BOXES, 'application/json', { apiVersion: 'example.com/v1', kind: 'Box', metadata, spec });
      }
      await call('PUT', path, 'application/json', { ...(await read()), spec: withDefault['spec'] ?? null });
      expect((await cluster.transport().request({ method: 'DELETE', path: BOXES })).status).toBe(413);
      expect((JSON.parse(await call('GET', BOXES, PARTIAL)) as { items: unknown[] }).items).toHaveLength(45);
    },
  );
});

describe('pages', () => {
  const MAPS = '/api/v1/namespaces/default/configmaps';

  interface Answer {
    readonly message?: string;
    readonly metadata: { readonly continue?: string; readonly resourceVersion?: string };
    readonly items?: readonly { readonly metadata: { readonly name: string } }[];
  }

  async function story() {
    const clock = createManualClock();
    const cluster = await createEmbeddedCluster({ controllers: false, clock });
    const transport = cluster.transport();
    const send = async (method: string, path: string, body?: object) => {
      const reply = await transport.request({
        method,
        path,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      let text = '';
      for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
      return { status: reply.status, answer: JSON.parse(text) as Answer };
    };
    for (const name of ['a', 'b', 'c']) {
      await send('POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    }
    return { send, clock, [Symbol.asyncDispose]: () => cluster.close() };
  }

  const namesOf = ({ items = [] }: Answer) =>
    items.map(({ metadata }) => metadata.name).filter((name) => name.length === 1);

  test('a list with resourceVersion=0 ignores its limit, even with a token', async () => {
    await using cluster = await story();
    const first = (await cluster.send('GET', `${MAPS}?limit=1`)).answer;
    const token = first.metadata.continue ?? '';
    expect([namesOf(first), token === '']).toEqual([['a'], false]);
    for (const [query, names] of [
      ['limit=1&resourceVersion=0', ['a', 'b', 'c']],
      [`limit=1&resourceVersion=0&continue=${token}`, ['b', 'c']],
    ] as const) {
      const { answer } = await cluster.send('GET', `${MAPS}?${query}`);
      expect([namesOf(answer), answer.metadata.continue]).toEqual([names, undefined]);
    }
  });

  test('all pages have the resource version of the first page, and the last page has no token', async () => {
    await using cluster = await story();
    const query = 'limit=2&fieldSelector=metadata.name%21%3Dkube-root-ca.crt';
    const first = (await cluster.send('GET', `${MAPS}?${query}`)).answer;
    await cluster.send('POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' } });
    await cluster.send('DELETE', `${MAPS}/c`);
    const second = (await cluster.send('GET', `${MAPS}?${query}&continue=${first.metadata.continue}`)).answer;
    expect([namesOf(first), namesOf(second), second.metadata.continue]).toEqual([['a', 'b'], ['c'], undefined]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test('a list can be continued for five minutes at its version, and later only with the current objects', async () => {
    await using cluster = await story();
    const page = async (token: string | undefined) =>
      cluster.send('GET', `${MAPS}?limit=1${token === undefined ? '' : `&continue=${token}`}`);
    const first = (await page(undefined)).answer.metadata.continue;
    cluster.clock.advance(299_999);
    const second = await page(first);
    expect([second.status, namesOf(second.answer)]).toEqual([200, ['b']]);
    cluster.clock.advance(1);
    // The age counts from the first page of the list, not from the last page.
    for (const token of [first, second.answer.metadata.continue]) {
      const refused = await page(token);
      expect(refused).toMatchObject({ status: 410, answer: { reason: 'Expired' } });
      const rest = await page(refused.answer.metadata.continue);
      expect([rest.status, namesOf(rest.answer)]).toEqual([200, [token === first ? 'b' : 'c']]);
    }
  });

  test('the remaining pages of an expired list have a later version, although no object has changed', async () => {
    await using cluster = await story();
    const page = async (token?: string) =>
      (await cluster.send('GET', `${MAPS}?limit=1${token === undefined ? '' : `&continue=${token}`}`)).answer.metadata;
    const first = await page();
    cluster.clock.advance(300_000);
    const refused = await page(first.continue);
    const second = await page(refused.continue);
    expect(Number(second.resourceVersion)).toBeGreaterThan(Number(first.resourceVersion));
    // For another list that expired at the same version, the version does not increase again.
    await page(first.continue);
    const third = await page(second.continue);
    expect(third.resourceVersion).toBe(second.resourceVersion);
    expect((await page()).resourceVersion).toBe(second.resourceVersion);
  });

  test('neither a deletion with a failing precondition nor the dry run of a deletion deletes the object', async () => {
    await using cluster = await story();
    const { metadata } = (await cluster.send('GET', `${MAPS}/a`)).answer;
    for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
      expect((await cluster.send('DELETE', `${MAPS}/a`, { preconditions })).status).toBe(409);
    }
    expect((await cluster.send('DELETE', `${MAPS}/a?dryRun=All`)).status).toBe(200);
    const left = (await cluster.send('GET', `${MAPS}/a`)).answer.metadata;
    expect(left.resourceVersion).toBe(metadata.resourceVersion);
  });

  test('a token and a resourceVersion other than 0 cannot be combined', async () => {
    await using cluster = await story();
    const { metadata } = (await cluster.send('GET', `${MAPS}?limit=1`)).answer;
    const { status, answer } = await cluster.send(
      'GET',
      `${MAPS}?limit=1&resourceVersion=${metadata.resourceVersion}&continue=${metadata.continue}`,
    );
    expect([status, answer.message]).toEqual([400, 'specifying resource version is not allowed when using continue']);
  });

  test('a deletion with an invalid grace period does not delete the object', async () => {
    await using cluster = await story();
    const { status, answer } = await cluster.send('DELETE', `${MAPS}/a?gracePeriodSeconds=x`);
    expect([status, answer.message]).toEqual([400, 'strconv.ParseInt: parsing "x": invalid syntax']);
    expect((await cluster.send('GET', `${MAPS}/a`)).status).toBe(200);
  });
});
