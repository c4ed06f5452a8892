import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../test-support/run-command.ts';
import { commands } from './commands/index.ts';

const all = await Promise.all(commands.map(({ load }) => load()));

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-empty-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Options for which an empty string is a valid value. */
const EMPTY_OPTIONS = ['render --set', 'test --filter'];

test('an empty value of an option is refused, and nothing is written', async () => {
  const run = commandRunner(commands, cwd);
  const accepted: string[] = [];
  for (const { name, options, positionals, passThrough } of all) {
    if (passThrough === true) continue;
    const words = positionals.filter(({ required }) => required === true).map(() => 'nothing.yaml');
    for (const option of options.filter(({ value }) => value !== undefined)) {
      if (option.allowsEmpty === true) {
        accepted.push(`${name} --${option.name}`);
        continue;
      }
      const { code, err } = await run([name, ...words, `--${option.name}`, '']);
      expect({ line: `${name} --${option.name}`, code }).toEqual({ line: `${name} --${option.name}`, code: 2 });
      expect(err).toContain(`the value of --${option.name} is empty`);
    }
  }
  expect(accepted.sort()).toEqual(EMPTY_OPTIONS);
  expect(readdirSync(cwd)).toEqual([]);
});

test('an empty argument is refused, and nothing is written', async () => {
  const run = commandRunner(commands, cwd);
  for (const { name, positionals, passThrough } of all) {
    if (passThrough === true) continue;
    for (const [index, positional] of positionals.entries()) {
      if (positional.allowsEmpty === true) continue;
      const { code, err } = await run([name, ...positionals.slice(0, index).map(() => 'nothing.yaml'), '']);
      expect({ name, argument: positional.name, code }).toEqual({ name, argument: positional.name, code: 2 });
      expect(err).toContain(`the argument "${positional.name}" is empty`);
    }
  }
  expect(readdirSync(cwd)).toEqual([]);
});

test('completion receives the empty word before the cursor', async () => {
  const { code, out } = await commandRunner(commands, cwd)(['completion', 'candidates', '']);
  expect(code).toBe(0);
  expect(out).toContain('validate');
});
