import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { type VirtualWorld, mapResource, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { UpgradeCheck } from '@typekro/app/upgrade';
import { commands } from './index.ts';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-upgrade-'));

const definition = (kind: string, resources: JsonObject[], spec: JsonObject = { text: 'string' }): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: `${kind.toLowerCase()}s` },
  spec: { schema: { apiVersion: 'v1alpha1', kind, spec }, resources },
});
const instance = (kind: string, name: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name, namespace: 'default', annotations },
  spec: { text: 'x' },
});

beforeAll(async () => {
  world = await virtualWorld({ controller: { kroCompatibility: '0.9' } });
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply(definition('Plain', [mapResource('map', { text: '${schema.spec.text}' })]));
  // kro 0.9 treats an expression without an end as literal text, and accepts the id `graphengine`.
  await world.apply(definition('Open', [mapResource('map', { text: '${not closed' })]));
  await world.apply(definition('Engine', [mapResource('graphengine', { text: 'a' })]));
  await world.apply(
    definition('Broken', [mapResource('map', { text: '${schema.spec.nothing}', more: '${schema.spec.none}' })]),
  );
  await world.advance(2000);
  await world.apply(instance('Plain', 'one'), instance('Plain', 'two'), instance('Open', 'old'));
  await world.apply(instance('Open', 'kept', { 'typekro.dev/revision': '1' }));
  await world.advance(2000);
});
afterAll(async () => {
  await world.close();
});

const run = (line: string) => commandRunner(commands, cwd)(line);

test('prints for both levels the refused definitions, the changed objects, and the controllers that accept each definition', async () => {
  const { code, out, err } = await run('upgrade --check --kubeconfig kubeconfig');
  expect(err).toBe('');
  expect(out.replace(/typekro \d\S* /, 'typekro V ').split('\n')).toMatchInlineSnapshot(`
    [
      "Upgrade check  controller of typekro V   cluster: typekro (v1.36.0+typekro)",
      "",
      "DEFINITION   KIND     INSTANCES   AT 0.9            AT 0.10           ACCEPTED BY",
      "brokens      Broken   0           refused, as now   refused, as now   none",
      "engines      Engine   0           unchanged         refused           kro 0.9, typekro 0.9",
      "opens        Open     2           unchanged         refused           kro 0.9, typekro 0.9",
      "plains       Plain    2           unchanged         changes           kro 0.9, kro 0.10, typekro 0.9, typekro 0.10",
      "",
      "brokens at 0.9",
      "  ! refused: spec.resources[0].template.data.text: undefined field 'nothing' [cel/unknown-field]",
      "    try: known fields: text",
      "  ! refused: spec.resources[0].template.data.more: undefined field 'none' [cel/unknown-field]",
      "    try: known fields: text",
      "",
      "brokens at 0.10",
      "  ! refused: spec.resources[0].template.data.text: undefined field 'nothing' [cel/unknown-field]",
      "    try: known fields: text",
      "  ! refused: spec.resources[0].template.data.more: undefined field 'none' [cel/unknown-field]",
      "    try: known fields: text",
      "",
      "engines at 0.10",
      "  ! refused: spec.resources[0].id: the id "graphengine" is a reserved word [graph/reserved-name]",
      "    try: choose another id; kro 0.9 accepts this, and so does --kro-compatibility=0.9",
      "",
      "opens at 0.10",
      "  ! refused: spec.resources[0].template.data.text: this \${ has no end [graph/unclosed-expression]",
      "    try: close it with }; write a string that contains "\${" as \${"\${"}; kro 0.9 accepts this, and so does --kro-compatibility=0.9",
      "  ! default/kept: pinned to revision 1, which is refused: spec.resources[0].template.data.text: this \${ has no end [graph/unclosed-expression]",
      "",
      "plains at 0.10",
      "  ~ in 2 objects of 2 instances, only labels and annotations change: internal.kro.run/node-path",
      "",
      "At 0.9: 3 unchanged, 1 refused as now.  At 0.10: 1 with changes, 2 refused, 1 refused as now.",
    ]
  `);
  expect(code).toBe(3);
});

test('at the level of the controller in the cluster, no accepted definition is refused and nothing is written', async () => {
  const { code, out } = await run('upgrade --check --kro-compatibility 0.9 --kubeconfig kubeconfig -o json');
  expect(code).toBe(0);
  const { definitions } = JSON.parse(out) as { definitions: { name: string; levels: { plans: object[] }[] }[] };
  expect(definitions.map(({ name, levels }) => [name, ...levels.map(({ plans }) => plans.length)].join(' ')))
    .toMatchInlineSnapshot(`
      [
        "brokens 0",
        "engines 0",
        "opens 0",
        "plains 0",
      ]
    `);
});

test('a child that another client changed while no controller ran is shown field by field', async () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one-map', namespace: 'default' };
  await world.controller.stop();
  await world.user.patch(map, { metadata: { labels: { 'kro.run/node-id': 'other' } }, data: { text: 'old' } });
  const { code, out } = await run('upgrade --check --kro-compatibility 0.9 --kubeconfig kubeconfig');
  expect(code).toBe(2);
  expect(out.split('\n').slice(8)).toMatchInlineSnapshot(`
    [
      "brokens at 0.9",
      "  ! refused: spec.resources[0].template.data.text: undefined field 'nothing' [cel/unknown-field]",
      "    try: known fields: text",
      "  ! refused: spec.resources[0].template.data.more: undefined field 'none' [cel/unknown-field]",
      "    try: known fields: text",
      "",
      "plains at 0.9",
      "  Instances 1   changed 1",
      "    default/one  ~ ConfigMap one-map  (map)  puts back what another client changed",
      "                     data.text  "old" → "x"",
      "",
      "At 0.9: 2 unchanged, 1 with changes, 1 refused as now.",
    ]
  `);
  await world.restart();
});

test('the revision of a pinned instance is compiled, too, and instances of a refused definition keep the newest accepted revision', async () => {
  await world.apply(definition('Shift', [mapResource('map', { text: 'a ${b' })]));
  await world.advance(2000);
  await world.apply(instance('Shift', 'late', { 'typekro.dev/revision': '1' }), instance('Shift', 'early'));
  await world.apply(definition('Shift', [mapResource('map', { text: 'a' })]));
  await world.advance(2000);
  await world.apply(definition('Shift', [mapResource('map', { text: 'a' }), mapResource('more', { text: '${c' })]));
  await world.advance(2000);
  const { out } = await run('upgrade --check --kro-compatibility 0.10 --kubeconfig kubeconfig');
  expect(out.slice(out.indexOf('shifts at')).split('\n')).toMatchInlineSnapshot(`
    [
      "shifts at 0.10",
      "  ! refused: spec.resources[1].template.data.text: this \${ has no end [graph/unclosed-expression]",
      "    try: close it with }; write a string that contains "\${" as \${"\${"}; kro 0.9 accepts this, and so does --kro-compatibility=0.9",
      "  = revision 2 stays in force for its instances",
      "  ! default/late: pinned to revision 1, which is refused: spec.resources[0].template.data.text: this \${ has no end [graph/unclosed-expression]",
      "  ~ in 1 object of 1 instance, only labels and annotations change: internal.kro.run/node-path",
      "  Instances 1   changed 1",
      "    default/early  - ConfigMap early-more  (more)  no node wants it any more",
      "                   = 1 object with new labels or annotations of the controller",
      "",
      "At 0.10: 1 with changes, 3 refused, 1 refused as now.",
    ]
  `);
});

test('the result for a snapshot equals the result for its cluster', async () => {
  expect((await run('snapshot prod.json --kubeconfig kubeconfig')).code).toBe(0);
  const [live, snapshot] = [
    await run('upgrade --check --kubeconfig kubeconfig -o json'),
    await run('upgrade --check --snapshot prod.json -o json'),
  ];
  expect(snapshot.code).toBe(live.code);
  const definitionsOf = (text: string) => (JSON.parse(text) as { definitions: unknown }).definitions;
  const unchecked = (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll(/"checked":"\w+"/g, '"checked":""')) as unknown;
  expect(unchecked(definitionsOf(snapshot.out))).toEqual(unchecked(definitionsOf(live.out)));
});

test('a definition whose kind another definition owns has no instances, and is refused, as it is now', async () => {
  await world.apply({
    ...definition('Plain', [mapResource('map', { text: 'other' })]),
    metadata: { name: 'aaa-plains' },
  });
  await world.advance(2000);
  const { code, out } = await run('upgrade --check --kro-compatibility 0.9 --kubeconfig kubeconfig');
  expect(code).not.toBe(2);
  expect(out).toMatch(/aaa-plains +Plain +0 +refused, as now/);
  expect(out.slice(out.indexOf('aaa-plains at'), out.indexOf('brokens at')).split('\n')).toMatchInlineSnapshot(`
    [
      "aaa-plains at 0.9",
      "  ! refused: failed to update CRD plains.kro.run: CRD is owned by another ResourceGraphDefinition plains",
      "",
      "",
    ]
  `);
  await world.user.delete({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'aaa-plains' });
});

test.each(['0.9', '0.10'])(
  'at level %s, instances keep their revision when the schema of the definition is refused',
  async (level) => {
    const kind = `Kept${level.replace('.', '')}`;
    await world.apply(definition(kind, [mapResource('map', { text: '${schema.spec.text}' })]));
    await world.advance(2000);
    await world.apply(instance(kind, 'kept'));
    await world.advance(2000);
    await world.apply(definition(kind, [mapResource('map', { text: 'changed' })], { other: 'string' }));
    await world.advance(3000);
    const { out } = await run(`upgrade --check --kro-compatibility ${level} --kubeconfig kubeconfig -o json`);
    const { definitions } = JSON.parse(out) as UpgradeCheck;
    const [check] = definitions.find((each) => each.kind === kind)?.levels ?? [];
    expect(check).toMatchObject({
      refusal: expect.stringContaining('breaking') as string,
      crd: 'refused',
      revision: 1,
    });
    expect(
      check?.plans.flatMap(({ writes }) => writes.map(({ action }) => action)).filter((each) => each !== 'labels'),
    ).toEqual([]);
  },
);

test.each([
  ['definitions', 'resourcegraphdefinitions.kro.run could not be read, and so every definition is treated as new'],
  ['revisions', 'graphrevisions.internal.kro.run could not be read, and so numbers of revisions are not known'],
  ['instances', 'plains.kro.run in the whole cluster could not be read'],
])('the check fails when the user may not list the %s', async (_what, limit) => {
  expect((await run('snapshot blind.json --kubeconfig kubeconfig')).code).toBe(0);
  const file = join(cwd, 'blind.json');
  const taken = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...taken, limits: [`${limit}: no right`] }));
  const { code, out, err } = await run('upgrade --check --snapshot blind.json');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  const seen = limit.replace(/, and so.*/, '');
  expect(err).toContain(`the definitions cannot be checked: ${seen}: no right [upgrade/not-read]`);
});

test.each([
  ['upgrade', 2, 'upgrade needs the reference of a package, or --check'],
  ['upgrade --check --kro-compatibility 0.11', 1, '--kro-compatibility takes 0.9 or 0.10, not "0.11"'],
  ['upgrade --check --feature-gates CELOmitFunction=perhaps', 1, 'invalid value of CELOmitFunction=perhaps'],
  ['upgrade --check --nothing', 1, "unknown option '--nothing'"],
  ['upgrade --check --snapshot nowhere.json', 1, 'there is no file nowhere.json'],
  ['upgrade --check --snapshot a.json --context x', 1, '--snapshot needs no cluster, and --context chooses one'],
])('%s ends with the exit code %i', async (line, code, text) => {
  const { err, ...ended } = await run(line.includes('--snapshot') ? line : `${line} --kubeconfig kubeconfig`);
  expect(err).toContain(text);
  expect(ended.code).toBe(code);
});

test('the versions of an API are named, because kro ignores them', async () => {
  const newer = await virtualWorld();
  const { kubeconfig } = await newer.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'versions'), kubeconfig);
  const plain = definition('Plain', [mapResource('map', { text: '${schema.spec.text}' })]);
  const schema = { apiVersion: 'v1', kind: 'Plain', spec: { text: 'string' } };
  const versions = [
    {
      name: 'v1alpha1',
      spec: { words: 'string' },
      convertTo: { 'spec.text': '${self.spec.words}' },
      convertFrom: { 'spec.words': '${self.spec.text}' },
    },
  ];
  await newer.apply({ ...plain, spec: { ...plain.spec, schema: { ...schema, versions } } });
  await newer.advance(2000);
  const { out } = await run(
    'upgrade --check --kro-compatibility 0.10 --feature-gates APIVersions=true --kubeconfig versions',
  );
  expect(out.split('\n').slice(2)).toMatchInlineSnapshot(`
    [
      "DEFINITION   KIND    INSTANCES   AT 0.10   ACCEPTED BY",
      "plains       Plain   0           changes   kro 0.9, kro 0.10, typekro 0.9, typekro 0.10",
      "",
      "plains: kro ignores its versions (v1alpha1) and serves only its schema.apiVersion",
      "",
      "plains at 0.10",
      "  ~ the CustomResourceDefinition is created",
      "",
      "At 0.10: 1 with changes.",
    ]
  `);
  await newer.close();
});

test('the output names annotations that only one level writes', async () => {
  const newer = await virtualWorld();
  const { kubeconfig } = await newer.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'newer'), kubeconfig);
  await newer.apply(definition('Plain', [mapResource('map', { text: '${schema.spec.text}' })]));
  await newer.advance(2000);
  await newer.apply(instance('Plain', 'one'));
  await newer.advance(2000);
  const { out } = await run('upgrade --check --kro-compatibility 0.9 --kubeconfig newer');
  expect(out.slice(out.indexOf('plains at')).split('\n')).toMatchInlineSnapshot(`
    [
      "plains at 0.9",
      "  ~ in 1 object of 1 instance, only labels and annotations change: internal.kro.run/node-path",
      "",
      "At 0.9: 1 with changes.",
    ]
  `);
  await newer.close();
});
