import { beforeEach, expect, test, vi } from 'vitest';

const calls: string[] = [];
vi.mock('./process/small-heap.ts', () => ({ keepHeapSmall: () => void calls.push('small heap') }));
vi.mock('./run.ts', () => ({ main: () => undefined }));
const { argv } = process;
beforeEach(() => {
  calls.length = 0;
  vi.resetModules();
  return () => void (process.argv = argv);
});

test.each(['controller', '--debug controller', '--debug --debug controller --leader-elect'])(
  'typekro %s keeps its heap small',
  async (line) => {
    process.argv = ['node', 'typekro', ...line.split(' ')];
    await import('./main.ts');
    expect(calls).toEqual(['small heap']);
  },
);
