import { connect } from 'node:net';
import { describe, expect, it, test } from 'vitest';
import { TypeKroError } from '@typekro/kit/core';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { parseListenAddress, serveProbes } from './probes.ts';
import { consoleLogger, failureLogger, jsonLogger } from './logger.ts';
import { readPolicies } from './definition/definition-policies.ts';
import { type ServedKind, instanceTypeOf, movedInstances } from './served-kinds.ts';

describe('serveProbes', () => {
  it('serves metrics and probes, and is ready only when the controller is ready', async () => {
    const source = { ready: false, metricsText: () => 'a 1\n' };
    const server = await serveProbes('127.0.0.1:0', source);
    const get = async (path: string) => {
      const response = await fetch(server.url + path);
      return `${response.status} ${await response.text()}`;
    };
    expect(await get('/metrics')).toBe('200 a 1\n');
    expect(await get('/healthz')).toBe('200 ok');
    expect(await get('/readyz')).toBe('503 not ready: the watched kinds are being read');
    source.ready = true;
    expect(await get('/readyz')).toBe('200 ok');
    expect(await get('/other')).toContain('404');
    await server.close();
  });

  it.each(['//', 'http://[/', '/../..', '/readyz?verbose=%', '*'])(
    'responds to a request for the target %s',
    async (target) => {
      const server = await serveProbes('127.0.0.1:0', { ready: true, metricsText: () => '' });
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(server.url.split(':').at(-1)), '127.0.0.1');
        socket.once('error', reject).once('data', (data) => resolve(data.toString()));
        socket.write(`GET ${target} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n`);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 (200|404) /);
      await server.close();
    },
  );
});

describe('parseListenAddress', () => {
  it.each([
    [':8078', undefined, 8078],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:99', '::1', 99],
  ])('reads %s', (address, host, port) => {
    expect(parseListenAddress(address)).toEqual({ host, port });
  });
  it.each(['8078', 'a:b', ':99999', ''])('%j is not an address', (address) => {
    expect(() => parseListenAddress(address)).toThrow(/not an address/);
  });
});

const now = () => Date.UTC(2026, 7, 1);

test.each([
  [jsonLogger, '{"time":"2026-08-01T00:00:00.000Z","level":"warn","message":"a pass failed","retryInMs":100}'],
  [consoleLogger, '2026-08-01T00:00:00.000Z\tWARN\ta pass failed\t{"retryInMs":100}'],
])('%o writes a line only for entries that have at least the level of the logger', (open, line) => {
  const lines: string[] = [];
  const logger = open((text) => lines.push(text), now, 'info');
  logger.log('debug', 'too small');
  logger.log('warn', 'a pass failed', { retryInMs: 100 });
  expect(lines).toEqual([`${line}\n`]);
});

test('a console line without fields ends with the message', () => {
  const lines: string[] = [];
  consoleLogger((text) => lines.push(text), now).log('info', 'the controller is ready');
  expect(lines).toEqual(['2026-08-01T00:00:00.000Z\tINFO\tthe controller is ready\n']);
});

test.each<[string, Error, object]>([
  [
    'a known failure is logged with its code',
    new TypeKroError('no', { code: 'test/no' }),
    { error: 'no', code: 'test/no' },
  ],
  [
    'a mistake of the program is logged with its stack',
    new TypeError('x is not a function'),
    { error: 'x is not a function', code: 'controller/unexpected', stack: expect.stringContaining('probes.test') },
  ],
])('%s', (_title, error, expected) => {
  const entries: unknown[] = [];
  failureLogger({ log: (...entry) => entries.push(entry) })(error, 'GET /api/v1/meta');
  expect(entries).toEqual([['error', 'a request failed', { request: 'GET /api/v1/meta', ...expected }]]);
});

test.each([jsonLogger, consoleLogger])('%o escapes what could change a terminal, and the fields stay JSON', (open) => {
  const lines: string[] = [];
  const error = '\u001b[2J\u009b31m\u202e\u{e0041}\r\nnext';
  open((text) => lines.push(text), now).log('warn', 'flag \u001b[31m\u202e', { error });
  const [line = '', ...others] = lines;
  expect(others).toEqual([]);
  expect(line).toMatch(/^[\x20-\x7e\t]*\n$/);
  const fields = line.slice(line.startsWith('{') ? 0 : line.indexOf('{"'));
  expect(JSON.parse(fields)).toMatchObject({ error });
});

const graph = graphOf('schema: {spec: {}}\nresources: []\n');
const policies = readPolicies({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: {} });
const identity = {} as ServedKind['identity'];

/** A definition whose second revision goes to these instances first. With `undefined`, no instances are chosen yet. */
function servedTo(members: readonly string[] | undefined, base = 1): ServedKind {
  const canary = {
    base: { revision: base, graph },
    members: members === undefined ? undefined : new Set(members),
    heldBack: 1,
    key: String(members),
  };
  const type = instanceTypeOf(graph);
  return { definition: 'd', definitionUid: 'u', type, graph, revision: 2, policies, identity, canary };
}

const { canary: _canary, ...done } = servedTo(['a']);

test('when the members of a canary change, only the instances that join or leave the members are moved', () => {
  expect(movedInstances(servedTo(['a', 'b']), servedTo(['b', 'c', 'd']))).toEqual(['a', 'c', 'd']);
});

test.each([
  ['the first revision', undefined, servedTo(['a'])],
  ['the first choice of instances', servedTo(undefined), servedTo(['a'])],
  ['the end of a roll-out', servedTo(['a']), done],
  ['another revision', { ...servedTo(['a']), revision: 1 }, servedTo(['a'])],
  ['another base', servedTo(['a'], 0), servedTo(['a'])],
  ['another identity', servedTo(['a']), { ...servedTo(['a']), identity: {} as ServedKind['identity'] }],
  ['another policy', servedTo(['a']), { ...servedTo(['a']), policies: { ...policies, explain: true } }],
] as const)('after %s, any instance may be moved', (_title, before, after) => {
  expect(movedInstances(before, after)).toBeUndefined();
});
