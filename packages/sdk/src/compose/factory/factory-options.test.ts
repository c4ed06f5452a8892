import { expect, test } from 'vitest';
import { checkedCall, checkedName, checkFactoryOptions, checkGraphFactoryOptions } from './factory-options.ts';

test.each([
  {},
  { retryPolicy: { maxRetries: 0 }, eventMonitoring: { enabled: true } },
  { retryPolicy: undefined, eventMonitoring: undefined },
  { namespace: 'a', timeout: 5 },
  { debugLogging: { enabled: true }, httpTimeouts: {} },
])('%o is accepted', (options) => {
  expect(() => checkFactoryOptions(options)).not.toThrow();
});

test.each([
  [{ timout: 5 }, 'compose/unknown-option'],
  [{ constructor: 1 }, 'compose/unknown-option'],
  [{ applyPolicy: { strategy: 'create-only' } }, 'compose/superseded-option'],
  [{ kroPrerequisites: {} }, 'compose/superseded-option'],
  [{ timeout: '60s' }, 'compose/invalid-option'],
  [{ timeout: Number.NaN }, 'compose/invalid-option'],
  [{ timeout: 0 }, 'compose/invalid-option'],
  [{ namespace: '' }, 'compose/invalid-option'],
  [{ namespace: { name: 'a' } }, 'compose/invalid-option'],
  [{ waitForReady: 'no' }, 'compose/invalid-option'],
  [{ progressCallback: 'log' }, 'compose/invalid-option'],
  [{ abortSignal: new AbortController() }, 'compose/invalid-option'],
  [{ retryPolicy: { retries: 3 } }, 'compose/unknown-option'],
  [{ retryPolicy: { maxDelay: '5s' } }, 'compose/invalid-option'],
  [{ retryPolicy: 3 }, 'compose/invalid-option'],
  [{ retryPolicy: null }, 'compose/invalid-option'],
  [{ retryPolicy: [] }, 'compose/invalid-option'],
  [{ eventMonitoring: 5 }, 'compose/invalid-option'],
  [{ eventMonitoring: true }, 'compose/invalid-option'],
])('%o is refused', (options, code) => {
  expect(() => checkFactoryOptions(options)).toThrow(expect.objectContaining({ code }));
});

test.each([{ instanceNamespace: 'a' }, { allowBreakingChanges: false }, { timout: 5 }])(
  '%o is refused for a graph',
  (options) => {
    expect(() => checkGraphFactoryOptions(options)).toThrow(
      expect.objectContaining({ code: 'compose/unknown-option' }),
    );
  },
);

test.each([{ namespace: 'a', timeout: 5 }, { instanceNamespace: undefined }])(
  '%o is accepted for a graph',
  (options) => {
    expect(() => checkGraphFactoryOptions(options)).not.toThrow();
  },
);

test('an unknown option of a call is refused', () => {
  expect(checkedCall({ timeout: 5 })).toEqual({ timeout: 5 });
  const scoped = { scopes: ['a'] } as object;
  expect(() => checkedCall(scoped)).toThrow(expect.objectContaining({ code: 'compose/unknown-option' }));
});

test.each<[options: object, message: string, remedy: string]>([
  [{ timeout: '60s' }, "timeout takes a number of milliseconds above 0, not '60s'", 'timeout: 60_000'],
  [{ timeout: 0 }, 'timeout takes a number of milliseconds above 0, not 0', 'timeout: 60_000'],
  [{ namespace: '' }, "namespace takes a non-empty string, not ''", "namespace: 'shop'"],
  [{ retryPolicy: { maxRetries: -1 } }, 'retryPolicy.maxRetries takes a number of at least 0, not -1', 'maxRetries: 3'],
  [{ retryPolicy: 3 }, 'retryPolicy takes an object, not 3', 'retryPolicy: { maxRetries: 3 }'],
  [{ eventMonitoring: true }, 'eventMonitoring takes an object, not true', 'eventMonitoring: { enabled: true }'],
])('the error for %o names the expected values, with an example', (options, message, remedy) => {
  expect(() => checkFactoryOptions(options)).toThrow(
    expect.objectContaining({ message: `the option ${message}`, remedy: `write e.g. ${remedy}` }),
  );
});

test.each([
  [{ name: 'hello', image: 'nginx' }, "pass its name: deleteInstance('hello')"],
  [undefined, 'getInstances() lists the instances and their names'],
  ['', 'getInstances() lists the instances and their names'],
])('%o is not a valid name of an instance', (name, remedy) => {
  expect(() => checkedName(name, 'deleteInstance()')).toThrow(
    expect.objectContaining({ code: 'compose/invalid-option', remedy }),
  );
  expect(checkedName('hello', 'deleteInstance()')).toBe('hello');
});
