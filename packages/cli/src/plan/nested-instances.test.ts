import { crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import type { Plan } from '@typekro/controller/inspect';

let plans: PlanWorld;
beforeAll(async () => {
  plans = await planWorld();
});
afterAll(() => plans.close());

/** A definition of the kind, with these fields of its spec and status. Its kinds are in a group of their own. */
const definition = (
  group: string,
  kind: string,
  resources: JsonObject[],
  status: JsonObject = {},
  spec: JsonObject = {},
): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: `${group}-${kind.toLowerCase()}` },
  spec: {
    schema: { apiVersion: 'v1', kind, group: `${group}.test`, spec: { size: 'string | default="s"', ...spec }, status },
    resources,
  },
});
const NAME = '${schema.metadata.name}';
const SIZE = '${schema.spec.size}';
const map = (id: string, value: string, more: JsonObject = {}): JsonObject => ({
  id,
  ...more,
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${NAME}-${id}` }, data: { value } },
});
const child = (group: string, kind: string, id: string, spec: JsonObject, name = `${NAME}-${id}`): JsonObject => ({
  id,
  template: { apiVersion: `${group}.test/v1`, kind, metadata: { name }, spec },
});
const instance = (group: string, kind: string, spec: JsonObject, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: `${group}.test/v1`,
  kind,
  metadata: { name: group, namespace: 'team-a', ...metadata },
  spec,
});

/** An inner definition, and an outer one that has one inner instance and one for each item of a list. */
function twoLevels(group: string, size = SIZE, fields: JsonObject = {}, spec: JsonObject = {}): KubeObject[] {
  const inner = definition(group, 'Inner', [map('map', size)], { out: '${map.data.value}' }, spec);
  const many = child(group, 'Inner', 'many', { size: '${schema.spec.size}-${part}' }, `${NAME}-\${part}`);
  const resources = [
    child(group, 'Inner', 'single', { size: SIZE, ...fields }),
    { ...many, forEach: [{ part: '${schema.spec.list}' }] },
    map('tail', '${single.status.out}'),
  ];
  return [inner, definition(group, 'Outer', resources, {}, { list: '[]string | default=["a","b"]' })];
}

/** Three definitions, each of which has an instance of the one before. */
const threeLevels = (group: string): KubeObject[] => [
  definition(group, 'Low', [map('map', SIZE)], { out: '${map.data.value}' }),
  definition(group, 'Middle', [child(group, 'Low', 'low', { size: SIZE })], { out: '${low.status.out}' }),
  definition(group, 'Top', [child(group, 'Middle', 'middle', { size: SIZE }), map('tail', '${middle.status.out}')]),
];

const conditional = (group: string): KubeObject[] => [
  definition(group, 'Inner', [map('map', SIZE)]),
  definition(group, 'Outer', [
    { ...child(group, 'Inner', 'inner', { size: SIZE }), includeWhen: ['${schema.spec.size != "none"}'] },
  ]),
];

/** The signs of the actions that a plan lists. */
const SIGNS: Readonly<Record<string, string>> = { create: '+', change: '~', prune: '-', delete: '-' };

function planned({ instances }: Plan): string[] {
  const own = instances.map(({ action, instance: object }) => ({ action, object }));
  return [...own, ...instances.flatMap(({ writes }) => writes)]
    .flatMap(({ action, object: { kind, name } }) => (action in SIGNS ? [`${SIGNS[action]} ${kind} ${name}`] : []))
    .sort();
}

/** The ConfigMaps and the instances of the group in the namespace, with their data or spec. */
async function objectsOf(group: string, kinds: readonly string[]): Promise<Map<string, JsonValue>> {
  const found = new Map<string, JsonValue>();
  for (const [apiVersion, kind] of [['v1', 'ConfigMap'], ...kinds.map((each) => [`${group}.test/v1`, each])] as const) {
    const { items } = await plans.world.user.list({ apiVersion: apiVersion ?? '', kind: kind ?? '' }, {});
    for (const { metadata, spec, ...rest } of items) {
      if (metadata.name?.startsWith(group) !== true) continue;
      found.set(`${kind} ${metadata.name}`, spec ?? rest['data'] ?? {});
    }
  }
  return found;
}

function changes(before: ReadonlyMap<string, JsonValue>, after: ReadonlyMap<string, JsonValue>): string[] {
  return [
    ...[...after.keys()].filter((key) => !before.has(key)).map((key) => `+ ${key}`),
    ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `- ${key}`),
    ...[...after].flatMap(([key, value]) => {
      const old = before.get(key);
      return old === undefined || jsonEquals(old, value) ? [] : [`~ ${key}`];
    }),
  ].sort();
}

test.each<[what: string, group: string, before: KubeObject[], files: KubeObject[], line: string, expected: string[]]>([
  [
    'the first apply of three levels',
    'first',
    threeLevels('first'),
    [instance('first', 'Top', { size: 'm' })],
    'plan FILE',
    [
      '+ ConfigMap first-middle-low-map',
      '+ ConfigMap first-tail',
      '+ Low first-middle-low',
      '+ Middle first-middle',
      '+ Top first',
    ],
  ],
  [
    'a changed spec, over two levels, with the status that flows back',
    'spec',
    [...twoLevels('spec'), instance('spec', 'Outer', { size: 'm' })],
    [...twoLevels('spec'), instance('spec', 'Outer', { size: 'l', list: ['a', 'c'] })],
    'plan FILE',
    [
      '+ ConfigMap spec-c-map',
      '+ Inner spec-c',
      '- ConfigMap spec-b-map',
      '- Inner spec-b',
      '~ ConfigMap spec-a-map',
      '~ ConfigMap spec-single-map',
      '~ ConfigMap spec-tail',
      '~ Inner spec-a',
      '~ Inner spec-single',
      '~ Outer spec',
    ],
  ],
  [
    'a changed spec, when the definitions are only in the cluster',
    'live',
    [...threeLevels('live'), instance('live', 'Top', { size: 'm' })],
    [instance('live', 'Top', { size: 'l' })],
    'plan FILE',
    [
      '~ ConfigMap live-middle-low-map',
      '~ ConfigMap live-tail',
      '~ Low live-middle-low',
      '~ Middle live-middle',
      '~ Top live',
    ],
  ],
  [
    'an inner definition whose status changes the objects of the outer instance',
    'flow',
    [...twoLevels('flow'), instance('flow', 'Outer', { list: [] })],
    twoLevels('flow', '${schema.spec.size}-x'),
    'plan FILE',
    ['~ ConfigMap flow-single-map', '~ ConfigMap flow-tail'],
  ],
  [
    'a new field of the inner schema that the outer definition sets',
    'field',
    [...twoLevels('field'), instance('field', 'Outer', { list: [] })],
    twoLevels('field', '${schema.spec.size}-${schema.spec.zone}', { zone: 'z' }, { zone: 'string | default="y"' }),
    'plan FILE',
    ['~ ConfigMap field-single-map', '~ ConfigMap field-tail', '~ Inner field-single'],
  ],
  [
    'an inner instance that is no longer included',
    'gone',
    [...conditional('gone'), instance('gone', 'Outer', {})],
    [instance('gone', 'Outer', { size: 'none' })],
    'plan FILE',
    ['- ConfigMap gone-inner-map', '- Inner gone-inner', '~ Outer gone'],
  ],
  [
    'a deletion',
    'all',
    [...threeLevels('all'), instance('all', 'Top', {})],
    [instance('all', 'Top', {})],
    'plan --delete FILE',
    [
      '- ConfigMap all-middle-low-map',
      '- ConfigMap all-tail',
      '- Low all-middle-low',
      '- Middle all-middle',
      '- Top all',
    ],
  ],
])('a plan lists what the controller then does: %s', async (_what, group, before, files, line, expected) => {
  const { world, run } = plans;
  for (const object of before) {
    await world.apply(object);
    await world.advance(3000);
  }
  await world.advance(10_000);
  const kinds = ['Inner', 'Outer', 'Low', 'Middle', 'Top'].filter((kind) =>
    before.some(({ metadata }) => metadata.name === `${group}-${kind.toLowerCase()}`),
  );
  const live = await objectsOf(group, kinds);
  const { out, err } = await run(`${line} -o json`, ...files);
  expect(err).toBe('');
  expect(planned(JSON.parse(out) as Plan)).toEqual(expected);
  if (line.includes('--delete'))
    for (const { apiVersion, kind, metadata } of files)
      await world.user.delete({ apiVersion, kind, name: metadata.name ?? '', namespace: 'team-a' });
  else for (const object of files) await world.apply(object);
  await world.advance(20_000);
  expect(changes(live, await objectsOf(group, kinds))).toEqual(expected);
});

/** An outer definition whose inner instance reads a map that is ready with this value. */
function waiting(group: string, annotations: Record<string, string> = {}, value = SIZE): KubeObject[] {
  const first = map('first', SIZE, {
    readyWhen: ['${first.data.value != "slow"}'],
    includeWhen: ['${schema.spec.zone != ""}'],
  });
  const inner = child(group, 'Inner', 'inner', { size: value });
  const outer = definition(group, 'Outer', [first, inner], {}, { zone: 'string | default="z"' });
  return [definition(group, 'Inner', [map('map', SIZE)]), { ...outer, metadata: { ...outer.metadata, annotations } }];
}
const ofFirst = '${first.data.value}';
const outers = (group: string, spec: JsonObject): KubeObject[] =>
  ['one', 'two'].map((name) => instance(group, 'Outer', spec, { name: `${group}-${name}` }));

/** The writes of a nested instance, and what they wait for. */
const nestedOf = ({ instances }: Plan): JsonValue[] =>
  instances.flatMap(({ parent, after, rollout, meanwhile, writes, recreated }) => {
    if (parent === undefined) return [];
    const texts = (of: typeof writes) => of.map(({ action, object }) => `${action} ${object.kind}`);
    const waits = after === undefined ? (rollout ?? '') : `after ${after.join()}`;
    return [[waits, texts(meanwhile?.writes ?? []), texts(writes), (recreated ?? []).map(({ kind }) => kind)]];
  });

test.each<[what: string, group: string, before: KubeObject[], files: KubeObject[], expected: JsonValue[]]>([
  [
    'whose parent waits for a node before it writes it',
    'after',
    waiting('after', {}, ofFirst),
    [instance('after', 'Outer', { size: 'slow' })],
    [['after first', [], ['create ConfigMap'], []]],
  ],
  [
    'of a parent that waits for a canary, and changes it with its present revision before',
    'later',
    [...waiting('later', { 'typekro.dev/canary': '1' }), ...outers('later', { size: 'm' })],
    [...waiting('later', { 'typekro.dev/canary': '1' }, '${schema.spec.size}-x'), ...outers('later', { size: 'l' })],
    [
      ['', [], ['change ConfigMap'], []],
      ['later', ['change ConfigMap'], ['change ConfigMap'], []],
    ],
  ],
  [
    'that is recreated with its own objects, because the new revision leaves it out for the old spec',
    'anew',
    [...waiting('anew'), instance('anew', 'Outer', { size: 'm', zone: '' })],
    [...waiting('anew', {}, ofFirst), instance('anew', 'Outer', { size: 'm', zone: 'y' })],
    [['', [], [], ['ConfigMap']]],
  ],
])('a plan says what happens to an instance %s', async (_what, _group, before, files, expected) => {
  const { world, run } = plans;
  for (const object of before) {
    await world.apply(object);
    await world.advance(3000);
  }
  await world.advance(10_000);
  const { out } = await run('plan FILE -o json', ...files);
  expect(nestedOf(JSON.parse(out) as Plan).sort()).toEqual(expected);
  expect((await run('plan FILE', ...files)).out).toContain('by Outer team-a/');
});

test('definitions whose instances create each other end the plan with a limit', async () => {
  const { world, run } = plans;
  const ping = definition('loop', 'Ping', [child('loop', 'Pong', 'pong', {})]);
  const pong = definition('loop', 'Pong', [map('map', 'x')]);
  for (const object of [pong, ping]) {
    await world.apply(object);
    await world.advance(3000);
  }
  const endless = definition('loop', 'Pong', [map('map', 'x'), child('loop', 'Ping', 'ping', {})]);
  const { out } = await run('plan FILE -o json', endless, instance('loop', 'Pong', {}));
  const { instances, limits } = JSON.parse(out) as Plan;
  expect(limits).toContain('instances that instances create were planned for 8 levels only');
  expect(instances).toHaveLength(9);
});

test('the objects of a CRD whose schema a file changes are checked by the new schema', async () => {
  const { world, run } = plans;
  const crd = (properties: JsonObject): KubeObject =>
    crdOf('Widget', { properties: { spec: { type: 'object', properties } } }, { group: 'parts.test' });
  const text = { type: 'string' };
  const widgets = (spec: JsonObject) => definition('parts', 'Outer', [child('parts', 'Widget', 'widget', spec)]);
  for (const object of [crd({ size: text }), widgets({ size: SIZE }), instance('parts', 'Outer', {})]) {
    await world.apply(object);
    await world.advance(5000);
  }
  const { out } = await run('plan FILE -o json', crd({ size: text, zone: text }), widgets({ size: SIZE, zone: 'z' }));
  const [plan] = (JSON.parse(out) as Plan).instances;
  expect(plan?.writes).toMatchObject([
    { action: 'change', checked: 'rules', fields: [{ path: 'spec.zone', to: 'z' }], object: { name: 'parts-widget' } },
  ]);
  expect(plan?.writes[0]?.refusal).toBeUndefined();
});
