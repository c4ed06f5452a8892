import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commandRunner } from '../../test-support/run-command.ts';
import { withoutTimes } from '../../test-support/without-times.ts';
import { diff } from '../commands/instance/diff-command.ts';
import { tree } from '../commands/instance/tree-command.ts';
import { why } from '../commands/instance/why-command.ts';

let world: VirtualWorld;
let cwd: string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-instance-'));
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'App', spec: {} },
      resources: [
        {
          id: 'map',
          readyWhen: ['${map.data.a == "c"}'],
          template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data: { a: 'b' } },
        },
      ],
    },
  });
  await world.advance(2000);
  const metadata = { name: 'shop', namespace: 'default' };
  await world.apply({ apiVersion: 'kro.run/v1alpha1', kind: 'App', metadata, spec: {} });
  await world.advance(2000);
});

afterAll(async () => {
  await world.close();
  rmSync(cwd, { recursive: true, force: true });
});

const run = (line: string) => commandRunner([why, tree, diff], cwd)(line);

test('why prints the cause as text', async () => {
  const { code, out, err } = await run('why shop --kubeconfig kubeconfig');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('… map  waiting: waits until map.data.a == "c" is true');
});

test.each([
  ['why -o json', (text: string) => JSON.parse(text) as unknown],
  ['tree --output json', (text: string) => JSON.parse(text) as unknown],
  ['diff -n default -o json', (text: string) => JSON.parse(text) as unknown],
])('%s prints data with a schemaVersion', async (line, parse) => {
  const { code, out } = await run(`${line} shop --kubeconfig kubeconfig`);
  expect(code).toBe(0);
  expect(parse(out)).toMatchObject({ schemaVersion: 1, instance: { kind: 'App', name: 'shop', namespace: 'default' } });
});

test('tree -o yaml prints data with a schemaVersion', async () => {
  expect((await run('tree shop -o yaml --kubeconfig kubeconfig')).out).toMatch(/^schemaVersion: 1\ninstance:\n/);
});

test('an unknown output format is refused before the first request', async () => {
  const { code, out, err } = await run('tree shop -o wide --kubeconfig missing');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('--output wide is not one of text, json, yaml');
});

test.each([
  ['why shp --kubeconfig kubeconfig', 2, 'did you mean app/default/shop?'],
  ['why', 2, "missing required argument 'instance'"],
  ['diff shop/nothing --kubeconfig kubeconfig', 2, 'its nodes are map'],
])('typekro %s ends with the exit code %d', async (line, code, output) => {
  const ended = await run(line);
  expect(ended.code).toBe(code);
  expect(ended.err).toContain(output);
});

test('why accepts the name of a definition or of its kind', async () => {
  const lamp = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'lamps' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'Lamp', spec: {} },
      resources: [
        { id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${mp.metadata.name}' } } },
      ],
    },
  };
  await world.apply(lamp);
  const refused = await run('why lamp --kubeconfig kubeconfig');
  expect({ ...refused, out: withoutTimes(refused.out.split('\n')) }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": [
        "ResourceGraphDefinition lamps   Inactive AGE   kind Lamp",
        "",
        "✗ GraphAccepted  False: failed to build dependency graph: failed to extract dependencies: references unknown identifiers: [mp]",
        "   do         correct the definition as the message says, and apply it again; typekro plan FILE checks it against this cluster first",
        "",
        "error: nothing here is named mp [graph/unknown-identifier]",
        "  at spec.resources[0].template.metadata.name",
        "  hint: did you mean "map"?",
      ],
    }
  `);
  expect((await run('why rgd/lamps --kubeconfig kubeconfig')).out).toBe(refused.out);
  expect((await run('why rgd/lmps --kubeconfig kubeconfig')).err).toContain('did you mean lamps?');
  expect(withoutTimes((await run('why app -o text --kubeconfig kubeconfig')).out.split('\n'))).toMatchInlineSnapshot(`
    [
      "ResourceGraphDefinition app   Active AGE   kind App   1 instance, 1 not ACTIVE",
      "",
      "nothing is wrong with the definition: the controller serves it",
      "",
      "not ACTIVE: app/default/shop",
      "   look       typekro why app/default/shop",
    ]
  `);
  const { out } = await run('why lamps -o json --kubeconfig kubeconfig');
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    definition: { name: 'lamps' },
    problems: [{ code: 'graph/unknown-identifier' }],
  });
  await world.user.delete({ apiVersion: lamp.apiVersion, kind: lamp.kind, name: 'lamps' });
});

test('why compiles a definition by the rules of the level that --kro-compatibility names', async () => {
  const spec = { schema: { apiVersion: 'v1alpha1', kind: 'Open', spec: {} }, resources: [] as object[] };
  const data = { a: '${ without an end' };
  spec.resources.push({
    id: 'map',
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'open' }, data },
  });
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'opens' } };
  await world.apply({ ...definition, spec } as never);
  await world.advance(2000);
  expect((await run('why opens --kubeconfig kubeconfig')).out).toMatch(/^error: /m);
  expect((await run('why opens --kro-compatibility 0.9 --kubeconfig kubeconfig')).out).not.toMatch(/^error: /m);
  await world.user.delete({ apiVersion: definition.apiVersion, kind: definition.kind, name: 'opens' });
});

test('diff exits with 4 when there is a difference', async () => {
  await world.controller.stop();
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'map', namespace: 'default' };
  await world.user.patch(ref, { data: { a: 'edited' } }, { fieldManager: 'kubectl-edit' });
  const { code, out } = await run('diff shop --kubeconfig kubeconfig');
  expect({ code, out }).toEqual({
    code: 4,
    out: [
      '~ ConfigMap default/map  drift (map), last written by kubectl-edit',
      '    data.a  "edited" in the cluster, by kubectl-edit; "b" is wanted and will be put back',
    ].join('\n'),
  });
});
