import { beforeEach, expect, test, vi } from 'vitest';
import { optimizeLate } from './optimize-late.ts';

const flags: string[] = [];
vi.mock('node:v8', () => ({ setFlagsFromString: (flag: string) => void flags.push(flag) }));
beforeEach(() => void (flags.length = 0));

test.each(['validate', 'plan', 'why', '--help'])('%s is optimized late', (command) => {
  optimizeLate(command);
  expect(flags).toEqual(['--interrupt-budget=1000000']);
});

test.each(['up', 'dev', 'test', 'mcp', 'lsp', undefined])('%s keeps the optimization defaults of V8', (command) => {
  optimizeLate(command);
  expect(flags).toEqual([]);
});
