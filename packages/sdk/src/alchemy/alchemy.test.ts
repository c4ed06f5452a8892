import { expect, test } from 'vitest';
import { loadAlchemy } from './alchemy-package.ts';
import { declareResource } from './declare.ts';
import type { InstanceLocation, StoredConnection, StoredProps } from './kro-resource-props.ts';

const missing = (text: string) => Object.assign(new Error(text), { code: 'ERR_MODULE_NOT_FOUND' });

test.each<[string, () => Promise<object>, string, string]>([
  [
    'it is not installed',
    () => Promise.reject(missing("Cannot find package 'alchemy' imported from /a/b.js")),
    'alchemy/not-installed',
    'npm install alchemy@~0.94.0',
  ],
  [
    'one of its dependencies is missing',
    () => Promise.reject(missing("Cannot find package 'yaml' imported from /node_modules/alchemy/lib/serde.js")),
    'alchemy/not-loaded',
    "Cannot find package 'yaml'",
  ],
  ['its import throws', () => Promise.reject(new Error('no password')), 'alchemy/not-loaded', 'no password'],
  [
    'its version is not supported',
    () => Promise.resolve({ Resource: () => {} }),
    'alchemy/version',
    'does not know this version',
  ],
])('reports the package when %s', async (_, load, code, text) => {
  await expect(loadAlchemy(load)).rejects.toMatchObject({ code, message: expect.stringContaining(text) as unknown });
});

const place: InstanceLocation = {
  mode: 'direct',
  definition: 'shop',
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Shop',
  namespace: 'default',
  name: 'a',
};
const props = (
  changes: Partial<InstanceLocation> = {},
  connection: StoredConnection = { by: 'default' },
): StoredProps => ({
  place: { ...place, ...changes },
  digest: '',
  spec: '{}',
  secrets: [],
  settings: {},
  connection,
  local: () => ({ transport: undefined, deploy: () => Promise.reject(new Error('not called')) }),
});
const twice = expect.objectContaining({ code: 'alchemy/declared-twice' });

test('an instance that another resource has already declared is refused, in every mode and scope', () => {
  const root = {};
  declareResource({ root }, 'one', props());
  expect(() => declareResource({ root }, 'two', props())).toThrow(twice);
  expect(() => declareResource({ root }, 'one', props({ mode: 'kro' }))).toThrow(twice);
});

test.each([
  ['another name', props({ name: 'b' })],
  ['another namespace', props({ namespace: 'other' })],
  ['another cluster', props({}, { by: 'kubeconfig', kubeConfig: 'other.yaml' })],
])('an instance with %s is a different instance', (_, other) => {
  const root = {};
  declareResource({ root }, 'one', props());
  expect(() => declareResource({ root }, 'two', other)).not.toThrow();
});

test('a resource can be declared again at another location, and then another resource can use the first location', () => {
  const scope = {};
  declareResource(scope, 'one', props());
  declareResource(scope, 'one', props({ name: 'b' }));
  expect(() => declareResource(scope, 'two', props())).not.toThrow();
});

test('each run of the program has its own root scope', () => {
  declareResource({}, 'one', props());
  expect(() => declareResource({}, 'two', props())).not.toThrow();
});
