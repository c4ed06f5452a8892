import { expect, test } from 'vitest';
import { commands } from './commands/index.ts';
import { FOREIGN_COMMANDS } from './foreign-commands.ts';

test('each command of another tool has one hint, and none is also a command of typekro', () => {
  const own = new Set(commands.map(({ name }) => name));
  expect(own.size).toBeGreaterThan(10);
  expect(FOREIGN_COMMANDS.filter((word) => own.has(word))).toEqual([]);
  expect(new Set(FOREIGN_COMMANDS).size).toBe(FOREIGN_COMMANDS.length);
});
