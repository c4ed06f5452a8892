import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compileGraphObject } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { graphRoles } from './graph-roles.ts';

const CONTROLLER = { namespace: 'kro-system', name: 'typekro' };

function graph(
  nodes: readonly JsonObject[],
  spec: JsonObject = {},
  metadata: JsonObject = { name: 'g', namespace: 'team' },
) {
  const object: JsonObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata,
    spec: { nodes: [...nodes], ...spec },
  };
  const { graph: compiled, diagnostics } = compileGraphObject(object, { sources: builtinSource() });
  if (compiled === undefined) throw new Error(JSON.stringify(diagnostics));
  return compiled;
}

const map = (metadata: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

/** The roles of the account, as `Kind namespace: verbs resources`. */
function rights(objects: readonly KubeObject[]): string[] {
  return objects
    .filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name?.endsWith(':impersonate') !== true)
    .flatMap(({ kind, metadata, ...rest }) => {
      const rules = rest['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
      return rules.map(
        ({ resources, verbs }) => `${kind} ${metadata.namespace ?? '-'}: ${verbs.join()} ${resources.join()}`,
      );
    });
}

describe('the account of a Graph may', () => {
  test.each<[string, JsonObject, string[]]>([
    [
      'write and delete the objects of a template',
      { template: map({ name: 'a' }) },
      ['Role team: get,list,watch,create,patch,delete configmaps'],
    ],
    ['read a reference', { ref: map({ name: 'a' }) }, ['Role team: get,list,watch configmaps']],
    [
      'read and patch the target of a patch',
      { patch: { ...map({ name: 'a' }), data: { k: 'v' } } },
      ['Role team: get,list,watch,patch configmaps'],
    ],
    [
      'patch only the status where only the status is patched',
      { patch: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, status: { replicas: 1 } } },
      ['Role team: get,list,watch deployments', 'Role team: patch deployments/status'],
    ],
    [
      'work in the namespace that the template names',
      { template: map({ name: 'a', namespace: 'other' }) },
      ['Role other: get,list,watch,create,patch,delete configmaps'],
    ],
    [
      'work in all namespaces if the namespace is computed',
      { template: map({ name: 'a', namespace: "${'x'}" }) },
      ['ClusterRole -: get,list,watch,create,patch,delete configmaps'],
    ],
    [
      'work on kinds without a namespace',
      { template: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } } },
      ['ClusterRole -: get,list,watch,create,patch,delete namespaces'],
    ],
    [
      'read all namespaces for a selector without a namespace',
      { ref: map({ selector: {} }) },
      ['ClusterRole -: get,list,watch configmaps'],
    ],
    [
      'work on the nodes of a subgraph',
      { graph: { nodes: [{ id: 'inner', template: map({ name: 'a' }) }] } },
      ['Role team: get,list,watch,create,patch,delete configmaps'],
    ],
    ['do nothing for a node with `def`, which has no object', { def: { k: 'v' } }, []],
  ])('%s', (_name, payload, expected) => {
    expect(rights(graphRoles([graph([{ id: 'n', ...payload }])], CONTROLLER).objects)).toEqual(expected);
  });
});

test('Graphs with one account share its roles, and the controller may impersonate only this account', () => {
  const first = graph([{ id: 'a', template: map({ name: 'a' }) }], { serviceAccountName: 'deployer' });
  const second = graph(
    [{ id: 'b', ref: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b' } } }],
    { serviceAccountName: 'deployer' },
    { name: 'h', namespace: 'team' },
  );
  const { objects } = graphRoles([first, second], CONTROLLER);
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
    'Role team/typekro:graphs:team:deployer',
    'RoleBinding team/typekro:graphs:team:deployer',
    'Role team/typekro:graphs:deployer:impersonate',
    'RoleBinding team/typekro:graphs:deployer:impersonate',
  ]);
  expect(objects[1]?.['subjects']).toEqual([{ kind: 'ServiceAccount', namespace: 'team', name: 'deployer' }]);
  expect(objects[2]?.['rules']).toEqual([
    { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['deployer'], verbs: ['impersonate'] },
  ]);
  expect(objects[3]?.['subjects']).toEqual([{ kind: 'ServiceAccount', ...CONTROLLER }]);
});

test('a Graph that names neither a namespace nor an account uses the account default of the namespace default', () => {
  const { objects } = graphRoles([graph([{ id: 'a', template: map({ name: 'a' }) }], {}, { name: 'g' })], CONTROLLER);
  expect(objects[1]?.['subjects']).toEqual([{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }]);
});

test('the diagnostics name nodes with a computed kind, and nodes that grant rights', () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' } };
  const { diagnostics } = graphRoles(
    [
      graph([
        { id: 'd', def: { kind: 'ConfigMap' } },
        { id: 'any', template: { ...map({ name: 'a' }), kind: '${d.kind}' } },
        { id: 'role', template: role },
      ]),
    ],
    CONTROLLER,
  );
  expect(diagnostics.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    [
      'rbac/computed-kind',
      'g: the kind of any is computed; its rights are not in these rules',
      'add a rule for each kind that any may have, with the verbs get, list, watch, create, patch and delete',
    ],
    ['rbac/escalation', expect.stringContaining('g: role is a Role'), undefined],
  ]);
});
