import { crdOf } from '@typekro/kit/test-support/crd';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { compile, compileGraphObject } from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { packagedTest, packageLayout, type PackageParts } from './package-layout.ts';
import { rightsLines, rightsProblem } from './package-rights.ts';
import { readPackage, refuseNewerEngine } from './read-package.ts';

function partOf(
  name: string,
  kind: string,
  template: string,
  metadata: object = {},
  sources: SchemaSource = builtinSource(),
) {
  const [apiVersion, made] = template.split(' ');
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name, ...metadata },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind, spec: { text: 'string | default="a"' } },
      resources: [{ id: 'a', template: { apiVersion, kind: made, metadata: { name: '${schema.metadata.name}' } } }],
    },
  } as unknown as KubeObject;
  const { graph, diagnostics } = compile(definition, { sources, target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return { graph, definition };
}

const GRAPH = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'one', namespace: 'team-a' },
  spec: {
    serviceAccountName: 'own',
    nodes: [{ id: 'a', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } } }],
  },
} as unknown as KubeObject;
const graphOf = () => {
  const { graph, diagnostics } = compileGraphObject(GRAPH, { sources: builtinSource(), target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return graph;
};
const [POT, PAN] = [
  partOf('pots', 'Pot', 'v1 ConfigMap', {
    uid: 'u',
    resourceVersion: '3',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: 'x' },
  }),
  partOf('pans', 'Pan', 'apps/v1 ControllerRevision'),
];
const PARTS: PackageParts = {
  name: 'team/kitchen',
  version: '1.2.0',
  definitions: [POT, PAN],
  graphs: [],
  examples: ['b', 'a'].map((name) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'Pot', metadata: { name } })),
  tests: [
    { path: 'pots.test.yaml', text: packagedTest('# mine\nschemaVersion: 1\nkind: GraphTest\ntests: []\n', 'pots') },
  ],
  needs: [],
};
const bytes = (files: ReturnType<typeof packageLayout>['files']) =>
  files.map(({ path, text }) => ({ path, content: Buffer.from(text) }));
const layout = packageLayout(PARTS);
const textOf = (path: string) => layout.files.find((file) => file.path === path)?.text;

describe('the files of a package', () => {
  test('are those that kubectl, Flux and Argo CD apply, and others beside them', () => {
    expect(layout.diagnostics).toEqual([]);
    expect(layout.files.map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "manifests/resourcegraphdefinition-pans.yaml",
        "manifests/resourcegraphdefinition-pots.yaml",
        "manifests/clusterrole-typekro-package-team-kitchen.yaml",
        "manifests/kustomization.yaml",
        "examples/pot-a.yaml",
        "examples/pot-b.yaml",
        "examples/kustomization.yaml",
        "schemas/pans.kro.run.yaml",
        "schemas/pots.kro.run.yaml",
        "kustomization.yaml",
        "typekro.package.json",
        "README.md",
        "tests/pots.test.yaml",
      ]
    `);
    expect(
      [
        'kustomization.yaml',
        'manifests/kustomization.yaml',
        'typekro.package.json',
        'README.md',
        'tests/pots.test.yaml',
        'manifests/clusterrole-typekro-package-team-kitchen.yaml',
      ]
        .map(textOf)
        .join('---\n'),
    ).toMatchInlineSnapshot(`
      "apiVersion: kustomize.config.k8s.io/v1beta1
      kind: Kustomization
      resources:
        - manifests
      ---
      apiVersion: kustomize.config.k8s.io/v1beta1
      kind: Kustomization
      resources:
        - resourcegraphdefinition-pans.yaml
        - resourcegraphdefinition-pots.yaml
        - clusterrole-typekro-package-team-kitchen.yaml
      ---
      {
        "formatVersion": 1,
        "name": "team/kitchen",
        "version": "1.2.0",
        "engine": {
          "typekro": "1.0.0-alpha.0",
          "features": []
        },
        "provides": [
          {
            "group": "kro.run",
            "kind": "Pan",
            "versions": [
              "v1alpha1"
            ],
            "definition": "pans"
          },
          {
            "group": "kro.run",
            "kind": "Pot",
            "versions": [
              "v1alpha1"
            ],
            "definition": "pots"
          }
        ],
        "requires": [],
        "rights": {
          "digest": "sha256:6271c61e0c3f20f4d959796ddb0824b8947154a266c8bd1b94c3bd7ab1ab6a94"
        }
      }
      ---
      # team/kitchen 1.2.0

      It provides these kinds:

      - Pan (kro.run/v1alpha1)
      - Pot (kro.run/v1alpha1)

      Apply it with \`kubectl apply -k manifests\`.
      ---
      # mine
      schemaVersion: 1
      kind: GraphTest
      tests: []
      definition: ../manifests
      name: pots
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        labels:
          rbac.kro.run/aggregate-to-controller: 'true'
        name: typekro:package:team:kitchen
      rules:
        - apiGroups:
            - ''
          resources:
            - configmaps
          verbs:
            - get
            - list
            - watch
            - create
            - patch
            - delete
        - apiGroups:
            - apps
          resources:
            - controllerrevisions
          verbs:
            - get
            - list
            - watch
            - create
            - patch
            - delete
        - apiGroups:
            - kro.run
          resources:
            - pans
            - pots
          verbs:
            - get
            - list
            - watch
            - patch
        - apiGroups:
            - kro.run
          resources:
            - pans/status
            - pots/status
          verbs:
            - get
            - patch
        - apiGroups:
            - kro.run
          resources:
            - pans/finalizers
            - pots/finalizers
          verbs:
            - update
      "
    `);
  });

  test('do not depend on the order of the parts, nor on what a cluster has written', () => {
    const { examples, definitions } = PARTS;
    const again = packageLayout({ ...PARTS, definitions: definitions.toReversed(), examples: examples.toReversed() });
    expect(again.files).toEqual(layout.files);
    expect(textOf('manifests/resourcegraphdefinition-pots.yaml')).not.toMatch(/uid|resourceVersion|last-applied/);
    expect(textOf('manifests/resourcegraphdefinition-pots.yaml')).toContain('mine: x');
  });

  test('have a Graph with the rights of its account, which no other package replaces', () => {
    const own = packageLayout({ ...PARTS, definitions: [], examples: [], tests: [], graphs: [graphOf()] });
    expect(own.info).toMatchObject({ provides: [], engine: { features: ['GraphKind'] } });
    expect(own.files.map(({ path }) => path).filter((path) => path.startsWith('manifests/'))).toMatchInlineSnapshot(`
      [
        "manifests/graph-team-a-one.yaml",
        "manifests/role-team-a-typekro-package-team-kitchen-graphs-own-impersonate.yaml",
        "manifests/role-team-a-typekro-package-team-kitchen-graphs-team-a-own.yaml",
        "manifests/rolebinding-team-a-typekro-package-team-kitchen-graphs-own-impersonate.yaml",
        "manifests/rolebinding-team-a-typekro-package-team-kitchen-graphs-team-a-own.yaml",
        "manifests/kustomization.yaml",
      ]
    `);
    expect(readPackage(bytes(own.files)).graphs).toEqual([GRAPH]);
  });

  test('name the kinds of others, and the gates that their API needs', () => {
    const sources = combineSources(builtinSource(), crdSource([POT.graph.instance.crd]));
    const pan = partOf('pans', 'Pan', 'kro.run/v1alpha1 Pot', {}, sources);
    expect(packageLayout({ ...PARTS, definitions: [pan], examples: [] }).info.requires).toEqual([
      { group: 'kro.run', kind: 'Pot', versions: ['v1alpha1'] },
    ]);
    expect(packageLayout({ ...PARTS, definitions: [pan, POT] }).info.requires).toEqual([]);
    const pots = { group: 'kro.run', kind: 'Pot', versions: ['v1', 'v1alpha1'], definition: 'pots' };
    const [first, second] = ['oci://a.test/a', 'oci://a.test/b'] as const;
    const { info, files } = packageLayout({
      ...PARTS,
      definitions: [pan],
      examples: [],
      needs: [
        { reference: second, range: '^2', provides: [{ ...pots, versions: ['v1'] }] },
        { reference: first, range: '^1', provides: [pots] },
      ],
    });
    expect(info.needs).toEqual([
      { reference: first, range: '^1', kinds: [{ group: 'kro.run', kind: 'Pot', versions: ['v1alpha1'] }] },
      { reference: second, range: '^2', kinds: [] },
    ]);
    expect(files.find(({ path }) => path === 'README.md')?.text).toContain(
      '- oci://a.test/a@^1\n- oci://a.test/b@^2\n',
    );
  });
});

describe('a package from outside', () => {
  test('is read as what was written', () => {
    const read = readPackage(bytes(layout.files));
    expect(read.info).toMatchObject(layout.info);
    expect(read.definitions.map(({ metadata }) => metadata.name)).toEqual(['pans', 'pots']);
    expect(read.crds.map(({ metadata }) => metadata.name)).toEqual(['pans.kro.run', 'pots.kro.run']);
    expect(rightsLines(read.rights)).toMatchInlineSnapshot(`
      [
        "ClusterRole typekro:package:team:kitchen",
        "  get, list, watch, create, patch, delete configmaps",
        "  get, list, watch, create, patch, delete controllerrevisions.apps",
        "  get, list, watch, patch pans.kro.run",
        "  get, list, watch, patch pots.kro.run",
        "  get, patch pans/status.kro.run",
        "  get, patch pots/status.kro.run",
        "  update pans/finalizers.kro.run",
        "  update pots/finalizers.kro.run",
      ]
    `);
  });

  const changed = (path: string, change: (text: string) => string) => [path, (text: string) => change(text)] as const;
  const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
  test.each<[string, readonly [string, (text: string) => string | undefined], string]>([
    ['without its description', ['typekro.package.json', () => undefined], 'it was not made by typekro push'],
    ['without a Kustomization', ['kustomization.yaml', () => undefined], 'it has no kustomization.yaml'],
    [
      'with a Kustomization that patches',
      changed('kustomization.yaml', (text) => `${text}patches: []\n`),
      'has the field "patches"',
    ],
    [
      'with a Kustomization that reads another address',
      changed('kustomization.yaml', (text) => text.replace('manifests', 'https://a.test/b')),
      'does not list exactly manifests',
    ],
    [
      'with two Kustomizations in a file',
      changed('kustomization.yaml', (text) => `${text}---\n${text}`),
      'does not have exactly one document',
    ],
    [
      'with a manifest that is not listed',
      ['manifests/new.yaml', () => POD],
      'manifests/kustomization.yaml does not list exactly',
    ],
    [
      'with a Pod in a manifest',
      changed('manifests/resourcegraphdefinition-pans.yaml', (text) => `${text}---\n${POD}`),
      'has the kind Pod',
    ],
    [
      'with a manifest that is no YAML',
      changed('manifests/resourcegraphdefinition-pans.yaml', () => 'a: [1'),
      'is no valid YAML',
    ],
    [
      'with a large manifest',
      changed('manifests/resourcegraphdefinition-pans.yaml', () => ' '.repeat(2 * 1024 * 1024 + 1)),
      'has more than 2097152 bytes',
    ],
    [
      'with aliases of aliases',
      changed(
        'manifests/resourcegraphdefinition-pans.yaml',
        (text) => `${text}a: &a [${'b,'.repeat(400)}]\nc: &c [${'*a,'.repeat(400)}]\nd: [${'*c,'.repeat(400)}]\n`,
      ),
      'the aliases expand',
    ],
    [
      'with a manifest that is no object',
      changed('manifests/resourcegraphdefinition-pans.yaml', () => 'a: 1'),
      'is no Kubernetes object',
    ],
    [
      'with more rights',
      changed('manifests/clusterrole-typekro-package-team-kitchen.yaml', (text) =>
        text.replace('configmaps', 'secrets'),
      ),
      'its rights do not have the digest',
    ],
    [
      'with another kind',
      changed('manifests/resourcegraphdefinition-pans.yaml', (text) => text.replace('kind: Pan', 'kind: Pen')),
      'do not make the kinds',
    ],
    ['without a schema', ['schemas/pans.kro.run.yaml', () => undefined], 'schemas has no schema of Pan'],
    [
      'with a schema of other versions',
      changed('schemas/pans.kro.run.yaml', (text) => text.replace('name: v1alpha1', 'name: v2')),
      'schemas has no schema of Pan',
    ],
  ])('is refused %s', (_, [path, change], message) => {
    const others = layout.files.filter((file) => file.path !== path);
    const text = change(textOf(path) ?? '');
    const files = bytes(text === undefined ? others : [...others, { path, text }]);
    expect(() => readPackage(files)).toThrow(
      expect.objectContaining({ code: 'oci/package', message: expect.stringContaining(message) }),
    );
  });

  const ROLE = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'a' }, rules: [] };
  const BINDING = {
    apiVersion: ROLE.apiVersion,
    metadata: ROLE.metadata,
    kind: 'ClusterRoleBinding',
    roleRef: { kind: 'ClusterRole', name: 'a' },
    subjects: [{ kind: 'ServiceAccount', name: 'b', namespace: 'c' }],
  };
  test.each<[string, object[], boolean]>([
    ['a role', [ROLE], true],
    ['a role and its binding', [ROLE, BINDING], true],
    [
      'a role with a label',
      [{ ...ROLE, metadata: { name: 'a', labels: { 'rbac.kro.run/aggregate-to-controller': 'true' } } }],
      true,
    ],
    [
      'a role that adds to that of users',
      [{ ...ROLE, metadata: { name: 'a', labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } } }],
      false,
    ],
    ['a role that takes from others', [{ ...ROLE, aggregationRule: {} }], false],
    ['a rule for addresses', [{ ...ROLE, rules: [{ nonResourceURLs: ['*'], verbs: ['get'] }] }], false],
    ['a rule that is none', [{ ...ROLE, rules: [{ resources: 'pods' }] }], false],
    [
      'the binding of another role',
      [{ ...BINDING, roleRef: { kind: 'ClusterRole', name: 'cluster-admin' } }, ROLE],
      false,
    ],
    [
      'the binding of a role to all',
      [{ ...BINDING, subjects: [{ kind: 'Group', name: 'system:authenticated' }] }, ROLE],
      false,
    ],
  ])('with %s grants what its rules show: %#', (_, objects, expected) => {
    const problem = rightsProblem(objects as KubeObject[], { used: [], crds: [] });
    expect(problem === undefined).toBe(expected);
    if (!expected) expect(problem).toContain('grants more than its rules show');
  });

  const NEEDS = {
    used: [
      { group: 'apps', version: 'v1', kind: 'Deployment' },
      { group: 'a.test', version: 'v1', kind: 'Other' },
    ],
    crds: [crdOf('Pan', {}, { group: 'kro.run' })],
  };
  test.each<[group: string, resource: string, verbs: string, name?: string]>([
    ['apps', 'deployments', 'get list watch create patch delete'],
    ['apps', 'deployments/scale', 'patch'],
    ['a.test', 'others', 'get create'],
    ['kro.run', 'pans', 'get patch'],
    ['kro.run', 'pans/status', 'get patch'],
    ['kro.run', 'pans/finalizers', 'update'],
    ['', 'serviceaccounts', 'impersonate', 'cook'],
  ])('may grant what its definitions need: %s/%s %s', (group, resource, verbs, name) => {
    expect(rightsProblem([roleWith(group, resource, verbs, name)], NEEDS)).toBeUndefined();
  });

  test.each<[group: string, resource: string, verbs: string]>([
    ['*', '*', '*'],
    ['apps', '*', 'get'],
    ['a.test', '*', 'get'],
    ['a.test', 'others/*', 'patch'],
    ['*', 'deployments', 'get'],
    ['apps', 'deployments', '*'],
    ['apps', 'deployments', 'deletecollection'],
    ['apps', 'daemonsets', 'get'],
    ['apps', 'deployments/scale', 'create'],
    ['', 'secrets', 'get'],
    ['', 'serviceaccounts', 'impersonate'],
    ['', 'users', 'impersonate'],
    ['kro.run', 'others', 'get'],
    ['kro.run', 'pans/status', 'delete'],
    ['rbac.authorization.k8s.io', 'clusterroles', 'escalate'],
  ])('is refused with more rights than its definitions need: %s/%s %s', (group, resource, verbs) => {
    const problem = rightsProblem([roleWith(group, resource, verbs)], NEEDS);
    expect(problem).toMatch(/^ClusterRole a allows to .*, which its definitions and Graphs do not need$/);
  });

  function roleWith(group: string, resource: string, verbs: string, name?: string): KubeObject {
    const named = name === undefined ? {} : { resourceNames: [name] };
    return { ...ROLE, rules: [{ apiGroups: [group], resources: [resource], verbs: verbs.split(' '), ...named }] };
  }

  test('is refused with more than 8 MiB to parse', () => {
    const more = Array.from({ length: 5 }, (_, index) => ({
      path: `schemas/${index}.yaml`,
      text: ' '.repeat(2_000_000),
    }));
    expect(() => readPackage(bytes([...layout.files, ...more]))).toThrow('have more than 8388608 bytes');
  });

  test('is refused by an older engine', () => {
    expect(() => refuseNewerEngine(layout.info, '1.0.0')).not.toThrow();
    expect(() => refuseNewerEngine(layout.info, '0.9.0')).toThrow(
      expect.objectContaining({
        code: 'oci/newer-engine',
        message: 'the package team/kitchen 1.2.0 needs typekro 1.0.0-alpha.0, and this is 0.9.0',
      }),
    );
  });
});
