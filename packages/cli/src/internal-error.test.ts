import { expect, test } from 'vitest';
import { commandRunner } from '../test-support/run-command.ts';
import type { Command } from './command.ts';

const seen: (readonly string[])[] = [];
const broken: Command = {
  name: 'broken',
  description: 'Fails.',
  positionals: [{ name: 'word', summary: 'any word', variadic: true }],
  options: [{ name: 'fine', summary: 'does not fail' }],
  examples: [],
  run(_context, { positionals, options }) {
    seen.push(positionals);
    if (options['fine'] === true) return Promise.resolve(0);
    return Promise.reject(new Error('a wheel came off'));
  },
};
const run = commandRunner([broken], '.');

/** A line of a stack. */
const FRAME = /^ +at .*:\d+:\d+\)?$/m;

test('an internal error is printed without a stack by default', async () => {
  const { code, out, err } = await run('broken');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err.split('\n')[0]).toBe('internal error: a wheel came off');
  expect(err).toContain('hint: run the same command with --debug');
  expect(err).not.toMatch(FRAME);
});

test.each(['--debug broken', 'broken --debug', 'broken a --debug b'])('%s prints the stack', async (line) => {
  const { code, err } = await run(line);
  expect(code).toBe(1);
  expect(err).toContain('internal error: Error: a wheel came off');
  expect(err).toMatch(FRAME);
  expect(err).not.toContain('run the same command with --debug');
});

test('--debug after -- is an argument', async () => {
  seen.length = 0;
  await run('broken a --debug --fine');
  await run('broken --fine -- --debug');
  expect(seen).toEqual([['a'], ['--debug']]);
});

test('help lists --debug', async () => {
  expect((await run('--help')).out).toMatch(/--debug +print the stack of an internal error/);
});
