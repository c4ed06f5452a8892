import { expect, it } from 'vitest';
import { StreamBody } from './body.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('tells what came on a stream when the turn is over in which it came: answers to writes come first', async () => {
  const source = { pause: () => undefined, resume: () => undefined };
  const body = new StreamBody(source, () => undefined);
  const told: string[] = [];
  const reading = (async () => {
    for await (const chunk of body) told.push(new TextDecoder().decode(chunk));
  })();
  await turn();
  body.push(bytes('a'));
  // What is settled now goes as far as it can before the stream is read.
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
  body.push(bytes('b'));
  expect(told).toEqual([]);
  await turn();
  expect(told).toEqual(['a', 'b']);
  body.push(bytes('c'));
  body.end();
  await reading;
  expect(told).toEqual(['a', 'b', 'c']);
});
