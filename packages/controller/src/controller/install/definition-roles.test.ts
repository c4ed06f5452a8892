import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { definitionRoles } from './definition-roles.ts';
import { controllerManifests } from './manifests.ts';

const CONTROLLER = { namespace: 'kro-system', name: 'typekro' };

/** A definition of the kind `App` with these resources. */
function definition(resources: readonly object[], annotations: Record<string, string> = {}, name = 'app') {
  const object: KubeObject = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name, annotations },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'App', spec: { name: 'string' } },
      resources: [...resources] as never,
    },
  };
  const { graph, diagnostics } = compile(object, { sources: builtinSource() });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return { graph, definition: object };
}

const owned = (apiVersion: string, kind: string, id = kind.toLowerCase(), more: object = {}) => ({
  id,
  template: { apiVersion, kind, metadata: { name: '${schema.spec.name}' }, ...more },
});
const external = (apiVersion: string, kind: string) => ({
  id: `ext${kind}`,
  externalRef: { apiVersion, kind, metadata: { name: 'shared' } },
});

/** The rules of an object as `verbs resources.group`. */
function lines(object: KubeObject | undefined): string[] {
  const rules = (object?.['rules'] ?? []) as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  return rules.map(({ apiGroups, resources, verbs }) => `${verbs.join()} ${resources.join()}.${apiGroups.join()}`);
}

const INSTANCE = [
  'get,list,watch,patch apps.kro.run',
  'get,patch apps/status.kro.run',
  'update apps/finalizers.kro.run',
];

describe('the rights of definitions', () => {
  test('children are read and written, external objects only read', () => {
    const app = definition([owned('v1', 'ConfigMap'), external('v1', 'Secret'), owned('v1', 'Service')]);
    const { objects } = definitionRoles([app], { name: 'all', controller: CONTROLLER });
    expect(objects.map(({ kind, metadata }) => [kind, metadata.name, metadata.labels])).toEqual([
      ['ClusterRole', 'all', { 'rbac.kro.run/aggregate-to-controller': 'true' }],
    ]);
    expect(lines(objects[0]).sort()).toEqual(
      [...INSTANCE, 'get,list,watch secrets.', 'get,list,watch,create,patch,delete configmaps,services.'].sort(),
    );
  });

  test('a kind has one rule when one node creates objects of the kind and another node reads an object of the kind', () => {
    const app = definition([owned('v1', 'Secret'), external('v1', 'Secret')]);
    const { objects } = definitionRoles([app], { name: 'all', controller: CONTROLLER });
    expect(lines(objects[0])).toContain('get,list,watch,create,patch,delete secrets.');
    expect(lines(objects[0]).filter((line) => line.includes('secrets'))).toHaveLength(1);
  });

  test('with a ServiceAccount the account has the rights, and the controller may impersonate only this account', () => {
    const app = definition([owned('v1', 'Secret')], { 'typekro.dev/service-account': 'team/deployer' });
    const { objects, diagnostics } = definitionRoles([app], { name: 'all', controller: CONTROLLER });
    expect(diagnostics).toEqual([]);
    expect(lines(objects[0]).sort()).toEqual([...INSTANCE].sort());
    expect(objects.slice(1).map(({ kind, metadata, subjects }) => [kind, metadata.namespace, subjects])).toEqual([
      ['ClusterRole', undefined, undefined],
      ['ClusterRoleBinding', undefined, [{ kind: 'ServiceAccount', namespace: 'team', name: 'deployer' }]],
      ['Role', 'team', undefined],
      ['RoleBinding', 'team', [{ kind: 'ServiceAccount', ...CONTROLLER }]],
    ]);
    expect(objects[3]?.['rules']).toEqual([
      { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['deployer'], verbs: ['impersonate'] },
    ]);
  });

  test('warns if a definition names no account or an invalid one, and if it creates roles', () => {
    const role = owned('rbac.authorization.k8s.io/v1', 'Role', 'role', { rules: [] });
    const codes = (annotations: Record<string, string>) =>
      definitionRoles([definition([role], annotations)], { name: 'all', controller: CONTROLLER }).diagnostics.map(
        ({ code }) => code,
      );
    expect(codes({})).toEqual(['rbac/controller-identity', 'rbac/escalation']);
    expect(codes({ 'typekro.dev/service-account': 'a/b' })).toEqual(['rbac/escalation']);
    expect(codes({ 'typekro.dev/service-account': 'b' })).toEqual(['rbac/annotation']);
  });

  test('with an account in the namespace of each instance the role has no binding, and the controller may impersonate the account', () => {
    const options = { name: 'all', controller: CONTROLLER, instanceServiceAccount: 'deployer' };
    const { objects, diagnostics } = definitionRoles([definition([owned('v1', 'Secret')])], options);
    expect(diagnostics).toEqual([]);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ClusterRole all',
      'ClusterRole typekro:definition:app',
    ]);
    expect(objects[0]?.['rules']).toContainEqual({
      apiGroups: [''],
      resources: ['serviceaccounts'],
      resourceNames: ['deployer'],
      verbs: ['impersonate'],
    });
    expect(lines(objects[0]).join()).not.toContain('secrets');
    expect(lines(objects[1])).toEqual(['get,list,watch,create,patch,delete secrets.']);
  });

  test.each(['controller', 'controller-own', 'definitions', 'definition', 'leader-election', 'edit', 'graphs', 'view'])(
    'the roles of a definition named %s replace no object of the installation',
    (name) => {
      const key = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
      const installed = controllerManifests({ image: 'typekro:1' }).map(key);
      const named = definition([owned('v1', 'Secret')], {}, name);
      for (const more of [{ perDefinition: true }, { instanceServiceAccount: 'deployer' }]) {
        const { objects } = definitionRoles([named], { name: 'typekro:definitions', controller: CONTROLLER, ...more });
        const keys = objects.map(key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.filter((each) => installed.includes(each))).toEqual([]);
      }
    },
  );

  test('with perDefinition, each definition has its own account, and rights come before the objects that need them', () => {
    const options = { name: 'all', controller: CONTROLLER, perDefinition: true };
    const { objects, diagnostics } = definitionRoles([definition([owned('v1', 'Secret')], { kept: 'yes' })], options);
    expect(diagnostics).toEqual([]);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`)).toEqual([
      'ClusterRole  typekro:definition:app:instances',
      'ServiceAccount kro-system definition-app',
      'ClusterRole  typekro:definition:app',
      'ClusterRoleBinding  typekro:definition:app',
      'Role kro-system typekro:definition:app:impersonate',
      'RoleBinding kro-system typekro:definition:app:impersonate',
      'ResourceGraphDefinition  app',
    ]);
    expect(objects[0]?.metadata.labels).toEqual({ 'rbac.kro.run/aggregate-to-controller': 'true' });
    expect(lines(objects[0]).sort()).toEqual([...INSTANCE].sort());
    expect(objects[1]?.['automountServiceAccountToken']).toBe(false);
    expect(lines(objects[2])).toEqual(['get,list,watch,create,patch,delete secrets.']);
    expect(objects[2]?.metadata.labels).toBeUndefined();
    expect(objects[6]?.metadata.annotations).toEqual({
      kept: 'yes',
      'typekro.dev/service-account': 'kro-system/definition-app',
    });
  });

  test('with perDefinition, an account that the definition names stays, and is not created', () => {
    const app = definition([owned('v1', 'Secret')], { 'typekro.dev/service-account': 'team/deployer' });
    const { objects } = definitionRoles([app], { name: 'all', controller: CONTROLLER, perDefinition: true });
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ClusterRole',
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
    ]);
    expect(objects[2]?.['subjects']).toEqual([{ kind: 'ServiceAccount', namespace: 'team', name: 'deployer' }]);
  });

  test.each([
    [242, []],
    [243, ['rbac/account-name']],
  ])('with perDefinition, a definition name of %d characters causes the errors %j', (length, expected) => {
    const { graph, definition: object } = definition([owned('v1', 'Secret')]);
    const long = { graph: { ...graph, name: 'a'.repeat(length) }, definition: object };
    const { objects, diagnostics } = definitionRoles([long], {
      name: 'all',
      controller: CONTROLLER,
      perDefinition: true,
    });
    expect(diagnostics.map(({ code }) => code)).toEqual(expected);
    expect(objects.length > 0).toBe(expected.length === 0);
  });

  test('without definitions the result has no objects', () => {
    expect(definitionRoles([], { name: 'all', controller: CONTROLLER })).toEqual({ objects: [], diagnostics: [] });
  });
});
