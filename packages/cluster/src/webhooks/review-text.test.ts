import { expect, test } from 'vitest';
import { MAX_OPEN_REVIEW_BYTES, ReviewText, SendTurns } from './review-text.ts';
import { Reviews } from '../admission/review.ts';
import { allow, call, map, MAPS, setUp } from '../../test-support/webhook-cluster.ts';

test('a review has the uid of each webhook, and is read once for all of them', () => {
  let reads = 0;
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '"uid":""' },
    get spec() {
      return (reads += 1);
    },
  };
  const facts = { group: '', version: 'v1', kind: 'Pod', plural: 'pods' };
  const attributes = {
    kind: facts,
    resource: facts,
    user: { name: 'a', groups: [] },
    object,
  } as unknown as Reviews['attributes'];
  const reviews = new Reviews(attributes);
  const versioned = { resource: facts, kind: facts, object } as unknown as Parameters<Reviews['of']>[0];
  for (const uid of ['a', '"', 'b']) {
    const text = Buffer.concat(reviews.of(versioned, 'v1').withUid(uid)).toString();
    expect(JSON.parse(text)).toMatchObject({ request: { uid, object: { metadata: object.metadata } } });
  }
  reviews.close();
  expect(reads).toBe(1);
});

test('a request gets 429 while the reviews that wait for responses are too large', async () => {
  await using story = await setUp(allow);
  await story.configure('Validating', 'v');
  const open = new ReviewText({ request: { uid: '', object: 'x'.repeat(MAX_OPEN_REVIEW_BYTES) } });
  const create = () => call(story.transport, 'POST', MAPS, map('a'));
  expect(await create()).toMatchObject({ status: 429 });
  open.close();
  open.close();
  expect(await create()).toMatchObject({ status: 201 });
});

test('bytes are sent in turns, and a sender that gives up has no turn', async () => {
  const turns = new SendTurns(10);
  const begun: string[] = [];
  const giveUp = new AbortController();
  const take = async (name: string, bytes: number, signal = new AbortController().signal) => {
    const end = await turns.take(bytes, signal);
    begun.push(end === undefined ? `${name} gave up` : name);
    return end;
  };
  const first = await take('large', 50);
  const all = [take('a', 6), take('b', 20, giveUp.signal), take('c', 4), take('d', 1)];
  first?.();
  first?.();
  const end = await all[0];
  giveUp.abort();
  await Promise.all([all[1], all[2]]);
  expect(begun).toEqual(['large', 'a', 'b gave up', 'c']);
  end?.();
  await all[3];
});
