import { beforeEach, expect, test, vi } from 'vitest';
import { commands } from './commands/index.ts';
import { limitHeapGrowth } from './process/small-heap.ts';

const flags: string[] = [];
vi.mock('node:v8', () => ({ setFlagsFromString: (flag: string) => void flags.push(flag) }));
beforeEach(() => void (flags.length = 0));

test.each<[string, string[], string[]]>([
  ['without options', [], ['--semi-space-growth-factor=1', '--heap-growing-percent=70']],
  ['with an unrelated option', ['--inspect'], ['--semi-space-growth-factor=1', '--heap-growing-percent=70']],
  [
    'with a limit as a percentage of the memory, which does not count as a size',
    ['--max-old-space-size-percentage=75'],
    ['--semi-space-growth-factor=1', '--heap-growing-percent=70'],
  ],
  ['with a maximum heap', ['--max-old-space-size=4096'], []],
  ['with a maximum heap in V8 spelling', ['--max_old_space_size=4096'], []],
  ['with a size of the young generation in NODE_OPTIONS', ['', '--inspect --max-semi-space-size=64'], []],
])('limits the growth of the heap if no option sets a heap size: %s', (_title, options, expected) => {
  limitHeapGrowth(options);
  expect(flags).toEqual(expected);
});

test('the commands that read the objects of many instances limit the growth of the heap', () => {
  expect(commands.flatMap(({ name, readsMany }) => (readsMany === true ? [name] : []))).toEqual([
    'lsp',
    'plan',
    'apply',
    'adopt',
    'snapshot',
    'install',
    'upgrade',
    'doctor',
  ]);
});
