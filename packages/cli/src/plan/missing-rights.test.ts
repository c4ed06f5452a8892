import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { loadFiles } from './check-files.ts';
import { paintFor } from './printed/paint.ts';
import { planLines } from './printed/plan-lines.ts';
import { planOfFiles } from './plan-of-files.ts';
import type { Plan } from '@typekro/controller/inspect';

let plans: PlanWorld;

const definition = (value: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'rights' },
  spec: {
    schema: { apiVersion: 'v1alpha1', kind: 'Right', spec: { text: 'string | default="a"' } },
    resources: [
      { id: 'config', template: template('ConfigMap', { data: { value } }) },
      { id: 'secret', template: template('Secret', { stringData: { value } }) },
    ],
  },
});
const template = (kind: string, more: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: '${schema.metadata.name}' },
  ...more,
});

const instanceOf = (namespace: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Right',
  metadata: { name: 'right', namespace },
  spec: {},
});

beforeAll(async () => {
  plans = await planWorld();
  const { world } = plans;
  await world.apply(definition('one'));
  await world.advance(2000);
  await world.apply(instanceOf('team-a'), instanceOf('default'));
  await world.advance(2000);
});
afterAll(() => plans.close());

/** Plans the changed definition for a user. The server refuses the user's requests that match the pattern. */
async function planWithout(refuses: RegExp | undefined, annotations = {}): Promise<Plan> {
  const changed = { ...definition('two'), metadata: { name: 'rights', annotations } };
  return (await linesWithout(refuses, [changed], {})).plan;
}

/**
 * Summarizes a plan: the revisions, the state and the writes of each instance, the limits, the counts of checked
 * writes, and the controller.
 */
function outline({ definitions, instances, limits, summary, source }: Plan) {
  return {
    revision: definitions.map(({ revision }) => `${revision.from} → ${revision.to}`).join(),
    instances: instances.map(
      ({ instance, state, writes, later }) =>
        `${instance.namespace ?? ''} ${state} ${writes.map(({ object, action }) => `${object.kind} ${action}`).join()}${later.map(({ node }) => ` ${node} later`).join('')}`,
    ),
    limits: limits.map((limit) => limit.split(': ')[0]),
    checked: summary.checked,
    controller: source.controller?.from.split(': ')[0],
  };
}

const ALL = {
  revision: '1 → 2',
  instances: ['default changed ConfigMap change,Secret change', 'team-a changed ConfigMap change,Secret change'],
  limits: [],
  checked: { server: 5, rules: 0, none: 0 },
  controller: 'no Deployment of a controller was found',
};

test.each<[string, RegExp | undefined, Partial<ReturnType<typeof outline>>]>([
  ['nothing', undefined, {}],
  [
    'lists of definitions',
    /^GET \/apis\/kro\.run\/v1alpha1\/resourcegraphdefinitions/,
    {
      limits: [
        'resourcegraphdefinitions.kro.run could not be read, and so every definition is treated as new',
        'resourcegraphdefinitions.kro.run in the whole cluster could not be read',
      ],
    },
  ],
  [
    'lists of revisions',
    /^GET \/apis\/internal\.kro\.run/,
    {
      revision: '0 → 2',
      limits: ['graphrevisions.internal.kro.run could not be read, and so numbers of revisions are not known'],
    },
  ],
  [
    'lists of CRDs',
    /^GET \/apis\/apiextensions/,
    {
      limits: [
        'customresourcedefinitions.apiextensions.k8s.io could not be read, and so changes of schemas and kinds of other groups are not known',
      ],
    },
  ],
  ['Deployments', /^GET \/apis\/apps/, { controller: 'Deployments could not be read' }],
  [
    'instances of the whole cluster',
    /^GET \/apis\/kro\.run\/v1alpha1\/rights/,
    {
      instances: ['team-a changed ConfigMap change,Secret change'],
      limits: ['rights.kro.run in the whole cluster could not be read'],
      checked: { server: 3, rules: 0, none: 0 },
    },
  ],
  [
    'Secrets of the whole cluster',
    /^GET \/api\/v1\/secrets/,
    { limits: ['secrets in the whole cluster could not be read'] },
  ],
  [
    'any Secret',
    /^GET \/api\/v1\/(?:namespaces\/[^/]+\/)?secrets/,
    {
      instances: ['default changed ConfigMap change secret later', 'team-a changed ConfigMap change secret later'],
      limits: [
        'secrets in namespace default could not be read',
        'secrets in namespace team-a could not be read',
        'secrets in the whole cluster could not be read',
      ],
      checked: { server: 3, rules: 0, none: 0 },
    },
  ],
  [
    'dry runs of ConfigMaps',
    /^PATCH .*configmaps/,
    {
      limits: [
        'configmaps in namespace default cannot be written with your rights, and so no dry run was made',
        'configmaps in namespace team-a cannot be written with your rights, and so no dry run was made',
      ],
      checked: { server: 3, rules: 2, none: 0 },
    },
  ],
  ['the identity of the cluster and its version', /^GET \/(?:version|api\/v1\/namespaces\/kube-system)/, {}],
])(
  'when the server refuses %s, the plan continues, and its limits say what could not be read',
  async (what, refuses, seen) => {
    const found = outline(await planWithout(refuses));
    expect({ ...found, limits: [...found.limits].sort() }, what).toEqual({ ...ALL, ...seen });
  },
);

/**
 * Plans these objects for a user whose requests are partly refused. Returns the plan, and the lines of the plan that
 * have an indent of two, or a note.
 */
async function linesWithout(
  refuses: RegExp | undefined,
  objects: readonly KubeObject[],
  options: Record<string, true | string>,
) {
  const { client } = refusingClient(plans.world.cluster, { refuses });
  const errors: string[] = [];
  const context = {
    cwd: plans.cwd,
    env: {},
    print: () => undefined,
    printError: (text: string) => void errors.push(text),
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  };
  const names = objects.map((object, index) => {
    writeFileSync(join(plans.cwd, `unread-${index}.json`), stringifyJson(object));
    return `unread-${index}.json`;
  });
  const source = { kind: 'cluster', name: 'test' } as const;
  const target = { api: client, source, namespace: 'team-a', checkedBy: 'server' } as const;
  const made = await planOfFiles(context, { positionals: names, options }, await loadFiles(context, names), target);
  if (made === undefined) throw new Error(errors.join('\n'));
  const lines = planLines(made.plan, { paint: paintFor(false), all: false });
  return { plan: made.plan, lines: lines.filter((line) => /^ {2}\S|^Definition|note|try:/.test(line)) };
}

const right: KubeObject = { ...instanceOf('team-a'), spec: { text: 'new' } };
const map = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'team-a' },
  data: { a: 'b' },
});

test('all objects of one kind that the user may not write result in one limit', async () => {
  const { plan } = await linesWithout(/^PATCH .*configmaps/, ['a', 'b', 'c'].map(map), {});
  expect(plan.limits).toEqual([
    expect.stringMatching(
      /^configmaps in namespace team-a cannot be written with your rights, and so no dry run was made: /,
    ),
  ]);
});

test('an object that the user may not read counts neither as new nor as absent', async () => {
  const refuses = /^GET \/api\/v1\/(?:namespaces\/[^/]+\/)?configmaps/;
  const { plan, lines } = await linesWithout(refuses, [map('right')], {});
  expect(plan.objects).toMatchObject([{ action: 'change', unread: true, checked: 'server' }]);
  expect(lines[0]).toBe('  ? ConfigMap team-a/right  cannot be read with your rights, so it may be new or different');
  expect(plan.summary).toMatchObject({ create: 0, change: 1 });
  const deleted = await linesWithout(refuses, [map('right')], { delete: true });
  expect(deleted.plan.objects).toMatchObject([{ action: 'delete', unread: true }]);
  expect(deleted.lines[0]).toMatch(/^ {2}\? ConfigMap/);
});

test('an instance that the user may not read counts neither as new nor as absent', async () => {
  const refuses = /^GET \/apis\/kro\.run\/v1alpha1\/(?:namespaces\/[^/]+\/)?rights/;
  const { plan, lines } = await linesWithout(refuses, [right], {});
  expect(plan.instances).toMatchObject([{ action: 'change', unread: true }]);
  expect(lines[0]).toBe(
    '  team-a/right  ? the instance  cannot be read with your rights, so it may be new or different',
  );
  const deleted = await linesWithout(refuses, [right], { delete: true });
  expect(deleted.plan.instances).toMatchObject([{ action: 'delete', unread: true, state: 'blocked' }]);
});

test('a definition that the user may not read counts neither as new nor as unchanged', async () => {
  const refuses = /^GET \/apis\/kro\.run\/v1alpha1\/resourcegraphdefinitions/;
  const { plan, lines } = await linesWithout(refuses, [definition('two')], {});
  expect(plan.definitions).toMatchObject([
    { action: 'change', unread: true, nodes: [{ change: 'changed' }, { change: 'changed' }] },
  ]);
  expect(lines[0]).toMatch(/^Definition {2}\? rights/);
  expect(lines).toContain('  note    cannot be read with your rights, so it may be new or different');
  // Without the revisions of the definition, the plan has no lines about nodes.
  const without = await linesWithout(
    /^GET \/apis\/(?:kro\.run\/v1alpha1\/resourceg|internal)/,
    [definition('two')],
    {},
  );
  expect(without.plan.definitions).toMatchObject([{ action: 'change', unread: true, nodes: [] }]);
});

test('an object and an instance in a missing namespace are refused with a remedy', async () => {
  const inNowhere = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, namespace: 'nowhere' },
  });
  const { plan } = await linesWithout(/^GET \/nothing/, [inNowhere(map('right')), inNowhere(right)], {
    namespace: 'nowhere',
  });
  const remedy =
    'create the namespace (kubectl create namespace nowhere), put it into the files, or use another namespace';
  const advice = { remedy, command: 'kubectl create namespace nowhere' };
  expect(plan.objects).toMatchObject([
    { refusal: expect.stringContaining('"nowhere" not found') as string, ...advice },
  ]);
  expect(plan.instances).toMatchObject([{ state: 'blocked', ...advice }]);
});

test('a plan says that it does not see the rights of the account of a definition', async () => {
  const { limits } = await planWithout(undefined, { 'typekro.dev/service-account': 'default/deployer' });
  expect(limits).toEqual([expect.stringContaining('the rights of system:serviceaccount:default:deployer')]);
});
