import { beforeEach, expect, test, vi } from 'vitest';
import { optimizeLate } from './process/optimize-late.ts';

const flags: string[] = [];
vi.mock('node:v8', () => ({ setFlagsFromString: (flag: string) => void flags.push(flag) }));
beforeEach(() => void (flags.length = 0));

test.each(['validate', 'plan', 'why', '--help'])('V8 optimizes the command %s late', (command) => {
  optimizeLate(command);
  expect(flags).toEqual(['--interrupt-budget=1000000']);
});

test.each(['up', 'dev', 'test', 'mcp', 'lsp', 'dashboard', undefined])(
  'the command %s keeps the defaults of V8',
  (command) => {
    optimizeLate(command);
    expect(flags).toEqual([]);
  },
);
