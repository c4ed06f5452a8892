import { describe, expect, test } from 'vitest';
import { graphOf } from '../../../test/support/compile-graph.ts';
import type { ObjectRef } from '../../core/index.ts';
import { builtinSource, compileGraphObject } from '../../graph/index.ts';
import { liveNodesOf, secretExpressions, secretFields, secretLiveFields } from './secret-fields.ts';

const map = (id: string, value: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {v: '${value}'}}}`;
const graph = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
${map('direct', '${string(login.data.key)}')}
${map('deferred', '${defer(string(login.data.key))}')}
${map('through', '${deferred.data.v}')}
${map('plain', '${plainer.metadata.name}')}
${map('plainer', 'x')}
  - {id: keyed, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: k, labels: {a: b}}, data: {"\${plainer.data.v}": "\${string(login.data.key)}"}}}
`);

test.each([
  ['login', 'data.key', true],
  ['login', 'metadata.name', false],
  ['direct', 'data.v', true],
  ['direct', 'metadata.name', false],
  ['deferred', 'data.v', true],
  ['through', 'data.v', true],
  ['plain', 'data.v', false],
  // The key of the field in the object is not known.
  ['keyed', 'data.x', true],
  ['keyed', 'metadata.labels.a', false],
  ['gone', 'data.v', true],
])('%s: %s can contain a value of a Secret: %s', (node, path, hides) => {
  expect(secretFields(graph)(node, path)).toBe(hides);
});

const refTo = (kind: string, name: string, apiVersion = 'v1'): ObjectRef => ({ apiVersion, kind, name });

describe('an object of two nodes', () => {
  const shared = graphOf(`
resources:
  - {id: login, template: {apiVersion: v1, kind: Secret, metadata: {name: login}, stringData: {key: hush}}}
${map('web', '${string(login.data.key)}')}
${map('other', 'x')}
  - {id: all, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: x}}}}}
${map('copy', '${all[0].data.v}')}
`);
  const apart = [['web', refTo('ConfigMap', 'web')] as const, ['other', refTo('ConfigMap', 'other')] as const];

  test.each<[string, readonly (readonly [string, ObjectRef])[], string, boolean]>([
    ['a selected object of a node that reads a Secret', [...apart, ['all', refTo('ConfigMap', 'web')]], 'copy', true],
    [
      'a selected object of a retired node',
      [...apart, ['all', refTo('ConfigMap', 'x')], ['old', refTo('ConfigMap', 'x')]],
      'copy',
      true,
    ],
    ['a selected object of another node', [...apart, ['all', refTo('ConfigMap', 'other')]], 'copy', false],
    ['no selected object', apart, 'copy', false],
    [
      'the other object of a collection that selects both',
      [...apart, ['all', refTo('ConfigMap', 'web')], ['all', refTo('ConfigMap', 'other')]],
      'other',
      false,
    ],
  ])('%s: what reads it is secret', (_title, known, node, expected) => {
    const live = liveNodesOf(known);
    expect(secretLiveFields(shared, live)(node, 'data.v')).toBe(expected);
    const [hole] = shared.nodes.get('copy')!.template.holes;
    expect(secretExpressions(shared, live)(shared.nodes.get('copy'), hole!.expression)).toBe(
      node === 'copy' ? expected : true,
    );
  });

  test('the nodes of an object are found in each version of its kind', () => {
    const live = liveNodesOf([
      ['a', refTo('Deployment', 'x', 'apps/v1')],
      ['b', refTo('Deployment', 'x', 'apps/v1beta1')],
      ['c', refTo('Deployment', 'x', 'other/v1')],
    ]);
    expect([live.sharing('a'), live.sharing('b'), live.sharing('c')]).toEqual([['b'], ['a'], []]);
  });
});

describe('a node with a computed kind', () => {
  const { graph: computed, diagnostics } = compileGraphObject(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: 'g', namespace: 'n' },
      spec: {
        nodes: [
          { id: 'env', def: { kind: 'Secret', text: 'x' } },
          { id: 'dyn', template: { apiVersion: 'v1', kind: '${env.kind}', metadata: { name: 'd' }, data: { v: 'x' } } },
          {
            id: 'copy',
            template: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'c' },
              data: { v: '${dyn.data.v}', w: '${env.text}' },
            },
          },
        ],
      },
    },
    { sources: builtinSource() },
  );
  if (computed === undefined) throw new Error(JSON.stringify(diagnostics));

  test.each<[string, readonly (readonly [string, ObjectRef])[], readonly [boolean, boolean, boolean]]>([
    ['is secret while its object is not known', [], [true, true, false]],
    ['is secret when its object is a Secret', [['dyn', refTo('Secret', 'd')]], [true, true, false]],
    ['is not secret when its object has another kind', [['dyn', refTo('ConfigMap', 'd')]], [false, false, false]],
    [
      'is not secret when its object is called Secret in another group',
      [['dyn', refTo('Secret', 'd', 'x/v1')]],
      [false, false, false],
    ],
  ])('%s', (_title, known, expected) => {
    const live = liveNodesOf(known);
    for (const hides of [secretLiveFields(computed, live), secretFields(computed, live)]) {
      expect([hides('dyn', 'data.v'), hides('copy', 'data.v'), hides('copy', 'data.w')]).toEqual(expected);
    }
  });
});
