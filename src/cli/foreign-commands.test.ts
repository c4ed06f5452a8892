import { expect, test } from 'vitest';
import { commands } from './commands/index.ts';
import { FOREIGN_COMMANDS } from './foreign-commands.ts';

test('no command of another tool is a command of typekro, and each has one hint', () => {
  const own = new Set(commands.map(({ name }) => name));
  expect(own.size).toBeGreaterThan(10);
  expect(FOREIGN_COMMANDS.filter((word) => own.has(word))).toEqual([]);
  expect(new Set(FOREIGN_COMMANDS).size).toBe(FOREIGN_COMMANDS.length);
});
