import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { FieldManager } from '@typekro/engine/runtime';
import { accountOf, ANY_KIND, graphIndexOf } from './graph-object.ts';

function graph(spec: JsonObject, status: JsonObject = {}, deletionTimestamp?: string): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'team-a', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    spec,
    status,
  };
}

const APPLIED = { appliedServiceAccount: 'system:serviceaccount:team-a:first' };
const DELETED = '2026-01-01T00:00:00Z';

describe('the account of a Graph', () => {
  it.each<[string, KubeObject, string]>([
    ['is `default` when the spec names none', graph({}), 'default'],
    ['is the one in the spec', graph({ serviceAccountName: 'deployer' }), 'deployer'],
    ['is the new one after a change of the spec', graph({ serviceAccountName: 'second' }, APPLIED), 'second'],
    [
      'is, during a deletion, the one that applied the objects',
      graph({ serviceAccountName: 'second' }, APPLIED, DELETED),
      'first',
    ],
    [
      'is, during a deletion, the one in the spec when nothing was applied',
      graph({ serviceAccountName: 'second' }, {}, DELETED),
      'second',
    ],
    [
      'is never one of another namespace, although a user may write the status',
      graph({}, { appliedServiceAccount: 'system:serviceaccount:kube-system:admin' }, DELETED),
      'default',
    ],
    [
      'comes from the status only if the status has a valid name',
      graph({}, { appliedServiceAccount: 'system:serviceaccount:team-a:other:admin' }, DELETED),
      'default',
    ],
  ])('%s', (_name, object, name) => {
    expect(accountOf(object)).toEqual({ namespace: 'team-a', name });
  });
});

describe('the kinds of CRDs that concern a Graph', () => {
  const node = (id: string, more: JsonObject): JsonObject => ({ id, ...more });
  const pod = { apiVersion: 'v1', kind: 'Pod' };
  it.each<[string, JsonObject[], string[]]>([
    [
      'those of templates, references and patches',
      [
        node('a', { template: pod }),
        node('b', { ref: { apiVersion: 'apps/v1', kind: 'Deployment' } }),
        node('c', { patch: { apiVersion: 'x.io/v1', kind: 'X' } }),
      ],
      ['/Pod', 'apps/Deployment', 'x.io/X'],
    ],
    [
      'those of subgraphs',
      [node('s', { graph: { nodes: [node('t', { graph: { nodes: [node('a', { template: pod })] } })] } })],
      ['/Pod'],
    ],
    ['none of a def', [node('a', { def: pod })], []],
    ['each kind once', [node('a', { template: pod }), node('b', { ref: pod })], ['/Pod']],
    ['any kind for a computed kind', [node('a', { template: { apiVersion: 'v1', kind: '${d.kind}' } })], [ANY_KIND]],
    ['any kind for a computed version', [node('a', { ref: { apiVersion: 'x.io/${d.v}', kind: 'X' } })], [ANY_KIND]],
    ['none of a malformed node', [node('a', { template: { kind: 'X' }, graph: { nodes: 'x' } })], []],
  ])('%s', (_name, nodes, expected) => {
    expect(graphIndexOf(graph({ nodes }))).toEqual([...expected, FieldManager.ofTemplate('')]);
  });
});
