import { expect, test } from 'vitest';
import { failsAtCaller } from './caller-error.ts';
import { TypeKroError } from './error.ts';

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
    expect(first).toMatch(/at (?:Object\.)?userCode .*caller-error\.test\.ts/);
    expect([first, ...others].join('\n')).not.toMatch(/deep|node:internal/);
  },
);

test('the place of an error that is not a TypeKroError does not change', async () => {
  expect(String(((await caught(() => called.bug())) as Error).stack)).toMatch(
    /RangeError: a bug\n\s+at .*caller-error\.test\.ts/,
  );
});

test('the result of the function is returned unchanged', async () => {
  expect(failsAtCaller((a: number) => a + 1)(1)).toBe(2);
  await expect(failsAtCaller((a: number) => Promise.resolve(a + 1))(1)).resolves.toBe(2);
});
