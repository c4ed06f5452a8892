import { expect, test } from 'vitest';
import { TypeKroError } from '@typekro/kit/core';
import { consoleLogger, failureLogger, jsonLogger } from './logger.ts';

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
    { error: 'x is not a function', code: 'controller/unexpected', stack: expect.stringContaining('logger.test') },
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
