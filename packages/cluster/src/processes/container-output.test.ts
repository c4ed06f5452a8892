import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createManualClock } from '../cluster-clock.ts';
import { LineCutter } from './output-lines.ts';
import { probeOnce } from './probe.ts';
import { PodTokens } from './pod-tokens.ts';

const MAX = 256 * 1024;
const x = (count: number) => 'x'.repeat(count);

/** The lines into which the chunks are cut, including the last line, which `end` writes. */
function linesOf(chunks: readonly (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter((line) => lines.push(line));
  for (const chunk of chunks) cutter.add(Buffer.from(chunk));
  cutter.end();
  return lines;
}

test.each<[string, (string | Buffer)[], string[]]>([
  ['lines of one chunk', ['a\n\nb\n'], ['a', '', 'b']],
  ['a line in two chunks, and a last line without a line break', ['a', 'b\nc'], ['ab', 'c']],
  ['a character whose bytes are in two chunks', [Buffer.from([0xc3]), Buffer.from([0xa9, 10])], ['é']],
  ['a line of the maximum length', [`${x(MAX)}\n`, 'b'], [x(MAX), 'b']],
  ['a too long line with its line break in the same chunk', [`${x(MAX + 1)}\nb\n`], [x(MAX), 'x', 'b']],
  ['a too long line with its line break in a later chunk', [x(MAX + 1), `${x(MAX)}\n`], [x(MAX), x(MAX), 'x']],
  ['a too long line without a line break', [x(2 * MAX + 1)], [x(MAX), x(MAX), 'x']],
  ['a too long last line with an incomplete character', [x(MAX), Buffer.from([0xc3])], [x(MAX), '\uFFFD']],
  ['a too long line whose cut would split a character', [`${x(MAX - 1)}😀\n`], [x(MAX - 1), '😀']],
])('cuts %s into lines', (_, chunks, lines) => {
  expect(linesOf(chunks)).toEqual(lines);
});

test.each([
  ['tcpSocket', { tcpSocket: { port: 80 } }],
  ['httpGet', { httpGet: { port: 80 } }],
])('a %s probe fails after its timeout when the connection never opens', async (_title, action) => {
  const context = {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: {} },
    container: {},
    address: '127.64.0.1',
    connect: () => new Promise<Socket>(() => undefined),
    run: () => Promise.reject(new Error('no command')),
  };
  expect(await probeOnce(context, action, 10)).toEqual({ succeeded: false, output: 'no connection within 0.01 s' });
});

const HOUR_MS = 3_600_000;

test.each([
  [600, 480_000],
  [3607, 2_885_600],
  [108_000, 24 * HOUR_MS],
  [365 * 86_400, 24 * HOUR_MS],
])('a token with a lifetime of %d s is renewed after %d ms', (expirationSeconds, renewalMs) => {
  const clock = createManualClock(0);
  const tokens = new PodTokens(clock);
  let count = 0;
  const next = () => tokens.get({ audience: '', expirationSeconds }, () => `token ${++count}`);
  expect(tokens.untilRenewalMs).toBeUndefined();
  expect(next()).toBe('token 1');
  expect(tokens.untilRenewalMs).toBe(renewalMs);
  clock.advance(renewalMs - 1);
  expect([next(), tokens.untilRenewalMs, tokens.dropDue()]).toEqual(['token 1', 1, false]);
  clock.advance(1);
  expect([tokens.untilRenewalMs, next(), tokens.untilRenewalMs]).toEqual([0, 'token 2', renewalMs]);
});

test('each combination of audience and lifetime has its own token, and untilRenewalMs is the time until the earliest renewal', () => {
  const clock = createManualClock(0);
  const tokens = new PodTokens(clock);
  const get = (audience: string, expirationSeconds: number) =>
    tokens.get({ audience, expirationSeconds }, () => `${audience} ${expirationSeconds} ${clock.now()}`);
  expect([get('', 1000), get('a', 1000), get('a', 2000)]).toEqual([' 1000 0', 'a 1000 0', 'a 2000 0']);
  clock.advance(800_000);
  expect(tokens.dropDue()).toBe(true);
  expect(tokens.untilRenewalMs).toBe(800_000);
  expect([get('a', 1000), get('a', 2000)]).toEqual(['a 1000 800000', 'a 2000 0']);
});

test('a token that was issued in the future is renewed, because the clock was moved back', () => {
  let now = 1000;
  const tokens = new PodTokens({ now: () => now });
  const get = () => tokens.get({ audience: '', expirationSeconds: 600 }, () => `at ${now}`);
  expect(get()).toBe('at 1000');
  now = 999;
  expect([tokens.untilRenewalMs, get()]).toEqual([0, 'at 999']);
});
