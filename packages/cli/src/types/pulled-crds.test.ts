import { expect, test } from 'vitest';
import { pulledCrds } from './pulled-crds.ts';

const crd = (name: string, group: string, more: object = {}, spec: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name, uid: 'u', resourceVersion: '5', managedFields: [], ...more },
  spec: { group, scope: 'Namespaced', names: { kind: 'Queue', plural: 'queues' }, versions: [{ name: 'v1' }], ...spec },
  status: { conditions: [] },
});

test('a file contains the name and the parts that describe the kind, and no state of the cluster', () => {
  const conversion = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://10.0.0.1', caBundle: 'x' } } };
  const { files } = pulledCrds([crd('queues.example.com', 'example.com', {}, { conversion })]);
  expect(Object.fromEntries(files)).toMatchInlineSnapshot(`
    {
      "queues.example.com.yaml": "apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: queues.example.com
    spec:
      group: example.com
      scope: Namespaced
      names:
        kind: Queue
        plural: queues
      versions:
        - name: v1
    ",
    }
  `);
});

test.each([
  ['only the kinds of the given group', [crd('b.x.io', 'x.io'), crd('a.y.io', 'y.io')], 'y.io', ['a.y.io.yaml'], 0],
  [
    'the files in the order of their names',
    [crd('b.x.io', 'x.io'), crd('a.x.io', 'x.io')],
    undefined,
    ['a.x.io.yaml', 'b.x.io.yaml'],
    0,
  ],
  [
    'no file for a kind that a ResourceGraphDefinition declares; it is only counted',
    [crd('a.x.io', 'x.io', { labels: { 'kro.run/owned': 'true' } })],
    undefined,
    [],
    1,
  ],
  [
    'no file for a CRD whose name is a path, and for a value that is not a CRD',
    [crd('../a', 'x.io'), crd('a/b.x.io', 'x.io'), 'text', null],
    undefined,
    [],
    0,
  ],
])('pulledCrds returns %s', (_name, crds, group, names, generated) => {
  const pulled = pulledCrds(crds as never, group);
  expect({ names: [...pulled.files.keys()], generated: pulled.generated }).toEqual({ names, generated });
});
