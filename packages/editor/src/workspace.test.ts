import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { SHOP } from '../test-support/editor.ts';
import { Workspace } from './workspace.ts';

const KIND = { group: 'acme.dev', version: 'v1', kind: 'Widget' };

/** Returns the CRD of a Widget when its group is requested, as the package does for the CRDs that it contains. */
const shipped = (groups: ReadonlySet<string>): KubeObject[] =>
  groups.has(KIND.group)
    ? [
        {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'widgets.acme.dev' },
          spec: {
            group: KIND.group,
            scope: 'Namespaced',
            names: { kind: KIND.kind, plural: 'widgets' },
            versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
          },
        },
      ]
    : [];
const WIDGET = 'apiVersion: acme.dev/v1\nkind: Widget\nmetadata: {name: a}\n';
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

const uses: readonly (readonly [string, (workspace: Workspace) => void])[] = [
  ['a file that is opened', (workspace) => workspace.open('file:///b.yaml', '/b.yaml', 1, WIDGET)],
  ['a change of an open file', (workspace) => workspace.change('file:///a.yaml', 2, [{ text: WIDGET }])],
  ['a file on disk', (workspace) => workspace.setFile('file:///b.yaml', '/b.yaml', WIDGET)],
];

test.each(uses)('the kinds that come with the package are known after %s uses their group', (_what, use) => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///a.yaml', '/a.yaml', 1, MAP);
  expect(workspace.source.resourceOf(KIND)).toBeUndefined();
  use(workspace);
  expect(workspace.source.resourceOf(KIND)).toBeDefined();
});

test('a file whose groups are already known does not change the source of schemas', () => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///a.yaml', '/a.yaml', 1, WIDGET);
  const { source } = workspace;
  workspace.open('file:///b.yaml', '/b.yaml', 1, WIDGET + '---\n' + MAP);
  expect(workspace.source).toBe(source);
});

test('the kind of a definition with a wrong expression is known with its schema, and every field of its status', () => {
  const workspace = new Workspace(shipped);
  workspace.open('file:///app.yaml', '/app.yaml', 1, SHOP.replace('${web.metadata.name}', '${web.metadata.nam}'));
  workspace.noteCompiled('file:///app.yaml', []);
  const kind = { group: 'kro.run', version: 'v1alpha1', kind: 'Shop' };
  const schema = workspace.source.schemaOf(kind);
  expect(Object.keys(schema?.properties?.['spec']?.properties ?? {})).toEqual(['name', 'replicas', 'tier', 'ports']);
  expect(schema?.properties?.['status']?.['x-kubernetes-preserve-unknown-fields']).toBe(true);
});
