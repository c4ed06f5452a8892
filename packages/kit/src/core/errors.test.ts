import { expect, test } from 'vitest';
import { failsAtCaller } from './caller-error.ts';
import { TypeKroError, errorCode } from './error.ts';
import { userFrames } from './user-frame.ts';

class Refused extends TypeKroError {
  readonly nodes = [1];
}

const deep = (): never => {
  throw new Refused('no', { code: 'a/b', remedy: 'do it' });
};
const called = {
  now: failsAtCaller(() => deep()),
  later: failsAtCaller(async () => {
    await Promise.resolve();
    return deep();
  }),
  bug: failsAtCaller(() => {
    throw new RangeError('a bug');
  }),
};

async function caught(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

test.each(['now', 'later'] as const)(
  'a TypeKroError of a function that fails %s has the place of the call',
  async (name) => {
    const error = await caught(function userCode() {
      return called[name]();
    });
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ message: 'no', code: 'a/b', remedy: 'do it', name: 'Refused', nodes: [1] });
    const [head, first, ...others] = String((error as Error).stack).split('\n');
    expect(head).toBe('Refused: no');
    expect(first).toMatch(/at (?:Object\.)?userCode .*errors\.test\.ts/);
    expect([first, ...others].join('\n')).not.toMatch(/deep|node:internal/);
  },
);

test('the place of an error that is not a TypeKroError does not change', async () => {
  expect(String(((await caught(() => called.bug())) as Error).stack)).toMatch(
    /RangeError: a bug\n\s+at .*errors\.test\.ts/,
  );
});

test('the result of the function is returned unchanged', async () => {
  expect(failsAtCaller((a: number) => a + 1)(1)).toBe(2);
  await expect(failsAtCaller((a: number) => Promise.resolve(a + 1))(1)).resolves.toBe(2);
});

test.each([
  [Object.assign(new Error('a'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('a'), { code: 7 }), undefined],
  [new Error('a'), undefined],
  ['ENOENT', undefined],
  [null, undefined],
  [undefined, undefined],
])('the code of %s is %s', (error, code) => {
  expect(errorCode(error)).toBe(code);
});

const at = (file: string) => ({ file, line: 3, column: 5 });

test.each([
  ['at /app/a.ts:3:5', '/app/a.ts'],
  ['at compose (/app/a.ts:3:5)', '/app/a.ts'],
  ['at async file:///app/a.ts:3:5', '/app/a.ts'],
  ['at async Object.run [as go] (file:///app/a%20b.ts:3:5)', '/app/a b.ts'],
  ['at new App (/app/a.ts?t=1:3:5)', '/app/a.ts'],
  ['at run (C:\\app\\a.ts:3:5)', 'C:\\app\\a.ts'],
  ['at run (/app/(shop)/page.ts:3:5)', '/app/(shop)/page.ts'],
  ['at /app/project (1)/a.ts:3:5', '/app/project (1)/a.ts'],
  ['at async run (file:///app/project%20(1)/a.ts:3:5)', '/app/project (1)/a.ts'],
])('the frame "%s" names %s', (frame, file) => {
  expect([...userFrames(`Error: x\n    ${frame}`)]).toEqual([at(file)]);
});

test.each([
  'at node:internal/modules/run_main:3:5',
  'at run (node:internal/x:3:5)',
  'at run (/app/node_modules/a/index.js:3:5)',
  'at async Promise.all (index 0)',
  'at eval (eval at run (/app/a.ts:1:2), <anonymous>:3:5)',
  'at run (native)',
  'at run (file://server/app/a.ts:3:5)',
  'at run (file:///app%2Fa.ts:3:5)',
])('the frame "%s" names no file of the user', (frame) => {
  expect([...userFrames(`Error: x\n    ${frame}`)]).toEqual([]);
});

test('a long line of a message is skipped in less than a second', () => {
  const started = performance.now();
  expect([...userFrames(`Error: x\n    at ${' (/:1'.repeat(30_000)}`)]).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('a formatted error has no line of more than 4,000 characters and their number', () => {
  const error = new TypeKroError('x', { code: 'a/b', remedy: `use one of: ${'name, '.repeat(9_000)}` });
  expect(error.format()).toMatch(/^x \[a\/b\]\n {2}hint: use one of: .{3900,4000}… \(54020 characters\)$/);
});
