import { expect, test } from 'vitest';
import { checkedCall, checkFactoryOptions } from './factory-options.ts';

test.each([{}, { namespace: 'a', timeout: 5 }, { debugLogging: { enabled: true }, httpTimeouts: {} }])(
  '%o is taken',
  (options) => {
    expect(() => checkFactoryOptions(options)).not.toThrow();
  },
);

test.each([
  [{ timout: 5 }, 'compose/unknown-option'],
  [{ constructor: 1 }, 'compose/unknown-option'],
  [{ applyPolicy: { strategy: 'create-only' } }, 'compose/superseded-option'],
  [{ kroPrerequisites: {} }, 'compose/superseded-option'],
])('%o is refused', (options, code) => {
  expect(() => checkFactoryOptions(options)).toThrow(expect.objectContaining({ code }));
});

test('an option of a call that would not be heeded is refused', () => {
  expect(checkedCall({ timeout: 5 })).toEqual({ timeout: 5 });
  const scoped = { scopes: ['a'] } as object;
  expect(() => checkedCall(scoped)).toThrow(expect.objectContaining({ code: 'compose/unknown-option' }));
});
