import { expect, test } from 'vitest';
import { createManualClock } from '../cluster-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';

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
