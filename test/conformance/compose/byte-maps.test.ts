import { expect, test } from 'vitest';
import { externalRef, kubernetesComposition } from '@typekro/sdk';
import { secret } from '../../../packages/sdk/src/factories/kubernetes/index.ts';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

interface Bytes {
  readonly data: Readonly<Record<string, string>>;
}
const store = externalRef('v1', 'Secret', 'store') as unknown as Bytes;

/**
 * In the API, the values of a Secret are base64 strings. kro decodes them, so the graph must encode the bytes again.
 */
test.each<[string, (from: Bytes) => string, string]>([
  ['printed', (from) => `a${from.data['t']}`, 'v: a${base64.encode(storeOf.data.t)}'],
  ['compared', (from) => (from.data['t'] === 'eA==' ? 'y' : 'n'), 'base64.encode(storeOf.data.t) == "eA=="'],
  ['measured', (from) => ((from.data['t'] ?? '').length > 3 ? 'y' : 'n'), 'size(has(storeOf.data.t) ? base64.encode(storeOf.data.t)'],
  ['read with Object.values', (from) => Object.values(from.data).join(','), 'base64.encode(storeOf.data[k])'],
  ['read with Object.entries', (from) => Object.entries(from.data).map(([k, v]) => `${k}=${v}`).join(), 'base64.encode(storeOf.data['],
])('a value of a Secret is a base64 string when it is %s', (_, use, expected) => {
  const graph = kubernetesComposition({ name: 'a', spec: { type: 'object', properties: {} } }, () => {
    ConfigMap({ id: 'c', name: 'c', data: { v: use(store) } });
    return {};
  });
  expect(graph.toYaml()).toContain(expected.replaceAll('storeOf', 'secretStore'));
});

test('a value of a Secret that is copied into another Secret is encoded as base64 again', () => {
  const graph = kubernetesComposition({ name: 'a', spec: { type: 'object', properties: {} } }, () => {
    secret({ id: 'copy', metadata: { name: 'copy' }, data: { v: store.data['t'] as string } });
    return {};
  });
  expect(graph.toYaml()).toContain('v: ${dyn(base64.encode(secretStore.data.t))}');
});
