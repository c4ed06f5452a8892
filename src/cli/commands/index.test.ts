import { expect, test } from 'vitest';
import { commands } from './index.ts';

test.each(commands)('$name is listed under its own name', async ({ name, load }) => {
  expect((await load()).name).toBe(name);
});
