import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import type { Plan } from '@typekro/controller/inspect';
import { conditionText, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import { GraphObject } from '@typekro/engine/graph';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

let plans: PlanWorld;
beforeEach(async () => {
  plans = await planWorld({
    controller: { features: { graphKind: true }, serviceAccount: { namespace: 'kro-system', name: 'kro' } },
  });
  await plans.world.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'accounts' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'team-a' }],
  });
});
afterEach(() => plans.close());

const map = (id: string, name: string, data: JsonObject): JsonObject => ({
  id,
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
});
const mark: JsonObject = {
  id: 'mark',
  patch: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'target', labels: { tier: 'gold' } } },
};
const graph = (...nodes: JsonObject[]): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'team-a' },
  spec: { nodes },
});
const target = (labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'target', namespace: 'team-a', ...(labels === undefined ? {} : { labels }) },
});

/** Returns the output of a command, without the lines about the cluster or the snapshot. */
async function outputOf(line: string, ...objects: KubeObject[]): Promise<string> {
  const { out } = await plans.run(line, ...objects);
  return out.replaceAll(/^ {2}(?:From (?:cluster|snapshot)|Decided by) .*\n?/gm, '').trimEnd();
}
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'team-a' });

test('the plan of a new Graph lists its objects in order, and the fields of its patch', async () => {
  await plans.world.apply(target());
  const chain = [map('first', 'first', { k: 'v' }), map('second', 'second', { of: '${first.metadata.name}' }), mark];
  expect(await outputOf('plan FILE', graph(...chain))).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      team-a/g  + the instance
                + ConfigMap first  (first)
                ~ ConfigMap target  (mark)  takes it over
                    metadata.labels  + {"tier":"gold"}
                + ConfigMap second  (second)
                order: first, mark → second

    Plan: 3 to create, 1 to change, 0 to prune.
      Checked by dry runs of the API server: 4 writes."
  `);
});

test('the plan of a changed Graph lists changed and deleted objects and released fields, and apply makes exactly these changes', async () => {
  await plans.world.apply(target());
  await plans.run('apply FILE', graph(map('first', 'first', { k: 'v' }), map('gone', 'gone', { k: 'v' }), mark));
  await plans.world.advance(2000);
  const changed = graph(map('first', 'first', { k: 'w' }));
  expect(await outputOf('plan FILE', changed)).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      team-a/g  ~ the instance
                    spec.nodes  [{"id":"first","template":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"first"},"data":{"k":"v"}}},{"id":"gone","template":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"gone"},… (334 characters; plan -o json shows all) → [{"id":"first","template":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"first"},"data":{"k":"w"}}}]
                ~ ConfigMap first  (first)  data.k  "v" → "w"
                - ConfigMap gone  (gone)  no node wants it any more
                ~ ConfigMap target  not checked
                    metadata.labels.tier  - "gold"
                order: first → gone → ConfigMap

    Plan: 0 to create, 3 to change, 1 to prune.
      Of 3 writes: 2 checked by dry runs of the API server, 1 not checked. Without a check: 1 deletion."
  `);
  const saved = await plans.save('plan FILE', changed);
  expect(await outputOf(`apply ${saved}`)).toMatchInlineSnapshot(`
    "configured Graph team-a/g
    The controller carries out the rest: typekro why explains what an instance waits for."
  `);
  await plans.world.advance(2000);
  const { user } = plans.world;
  expect((await user.get(mapRef('first')))['data']).toEqual({ k: 'w' });
  expect(await user.find(mapRef('gone'))).toBeUndefined();
  expect((await user.get(mapRef('target'))).metadata.labels).toBeUndefined();
  expect(await outputOf('plan FILE', changed)).toMatchInlineSnapshot(`
    "Instances 1   unchanged 1

    Plan: 0 to create, 0 to change, 0 to prune.
      No write to check."
  `);
});

test('the plan shows no value of a def that is written into a Secret', async () => {
  const made = (pw: string): KubeObject => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { v: '${vars.pw}' } };
    return graph({ id: 'vars', def: { pw, open: pw.length } }, { id: 'sec', template: secret });
  };
  await plans.world.apply(made('QFirstValue1'));
  await plans.world.advance(2000);
  const text = await outputOf('plan FILE -o json', made('QSecondValue22'));
  expect(text).toContain('spec.nodes[0].def.open');
  expect(text).not.toMatch(/QFirst|QSecond/);
});

const color = (value: string): JsonObject => ({
  id: 'mark',
  patch: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'target' }, data: { color: value } },
});
const named = (name: string, ...nodes: JsonObject[]): KubeObject => ({
  ...graph(...nodes),
  metadata: { name, namespace: 'team-a' },
});
const [FIRST, SECOND, TARGET] = [named('one', color('red')), named('two', color('blue')), target()];
const POT = { ...pot('p'), metadata: { name: 'p', namespace: 'team-a' } };
const RED = map('map', 'target', { color: 'red' });
const POTS = potDefinition([RED]);

test.each<[what: string, before: KubeObject[], files: KubeObject[], owner?: string]>([
  ['a Graph of the plan', [TARGET], [FIRST, SECOND], 'Graph team-a/one'],
  ['a Graph of the cluster', [TARGET, FIRST], [SECOND], 'Graph team-a/one'],
  ['a Graph that creates the object', [], [named('one', RED), SECOND], 'Graph team-a/one'],
  ['another client', [{ ...TARGET, data: { color: 'green' } }], [SECOND], 'user'],
  ['an instance of the plan', [POTS], [POT, SECOND], 'Pot team-a/p'],
  ['an instance of the cluster', [POTS, POT], [SECOND], 'Pot team-a/p'],
  ['a Graph of the plan with the same object', [], [named('one', RED), named('two', RED)], 'Graph team-a/one'],
  ['nobody, because the values are equal', [TARGET], [FIRST, named('two', color('red'))]],
])(
  'the plan of a Graph names the other writer, as the controller does: %s',
  async (_what, before, files, owner = '') => {
    const apply = async (object: KubeObject): Promise<void> => {
      await plans.world.apply(object);
      await plans.world.advance(3000);
    };
    for (const object of before) await apply(object);
    const { instances } = JSON.parse((await plans.run('plan FILE -o json', ...files)).out) as Plan;
    const two = instances.find(({ instance }) => instance.name === 'two');
    expect(two?.state).toBe(owner === '' ? 'changed' : 'blocked');
    const refusals = (two?.writes ?? []).flatMap(({ refusal = [] }) => refusal);
    const reasons = [...refusals, ...(two?.blocked ?? []).map(({ reason }) => reason)];
    for (const reason of reasons) expect(reason).toContain(owner);
    expect(refusals).toEqual(
      owner === '' || files.at(-1) !== SECOND
        ? []
        : [`Apply failed with 1 conflict: conflict with "${owner}": .data.color`],
    );
    for (const object of files) await apply(object);
    const live = await plans.world.user.get({ ...GraphObject.KIND, name: 'two', namespace: 'team-a' });
    expect(conditionText(live, 'Ready').startsWith('True')).toBe(owner === '');
  },
);

test('the plan for the deletion of a Graph lists its objects first, then the fields of its patches', async () => {
  const made = graph(map('first', 'first', { k: 'v' }), mark);
  await plans.world.apply(target(), made);
  await plans.world.advance(2000);
  expect(await outputOf('plan --delete FILE', made)).toMatchInlineSnapshot(`
    "Instances 1   deleted 1
      team-a/g  - the instance
                - ConfigMap first  (first)
                ~ ConfigMap target  not checked
                    metadata.labels.tier  - "gold"
                order: first → ConfigMap

    Plan: 2 to delete.
      Of 1 write: 1 not checked. Without a check: 2 deletions."
  `);
});

test('the deletion of a Graph whose spec does not compile deletes the recorded objects', async () => {
  const made = graph(map('first', 'first', { k: 'v' }));
  await plans.world.apply(made);
  await plans.world.advance(2000);
  await plans.world.apply(graph(map('first', 'first', { k: '${nothing.here}' })));
  await plans.world.advance(2000);
  expect(await outputOf('plan --delete FILE', made)).toMatchInlineSnapshot(`
    "Instances 1   deleted 1
      team-a/g  ? deleted: the Graph does not compile: nothing here is named nothing; the controller deletes the objects that the status of the Graph records
                - the instance

    Plan: 1 to delete.
      Without a check: 1 deletion."
  `);
  expect(await plans.run(`apply ${await plans.save('plan --delete FILE', made)}`)).toMatchObject({ code: 0, err: '' });
  await plans.world.advance(2000);
  expect(await plans.world.user.find(mapRef('first'))).toBeUndefined();
});

test('a Graph can use a kind that a definition in the same files declares', async () => {
  const out = await outputOf(
    'plan FILE',
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'pots' },
      spec: { schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: { size: 'integer' } }, resources: [] },
    },
    graph({
      id: 'pot',
      template: { apiVersion: 'kro.run/v1alpha1', kind: 'Pot', metadata: { name: 'p' }, spec: { size: 1 } },
    }),
  );
  expect(out).toMatchInlineSnapshot(`
    "Definition  + pots  (Pot)  revision 1  app.yaml:1

    Instances 2   changed 2
      team-a/g  + the instance
                + Pot p  (pot)
      team-a/p  by Graph team-a/g

    Plan: 3 to create, 0 to change, 0 to prune.
      Of 3 writes: 2 checked by dry runs of the API server, 1 checked by the rules of Kubernetes (not by webhooks, policies and quotas)."
  `);
});

test('a snapshot contains Graphs with their objects, and no Secret value', async () => {
  const secret: JsonObject = {
    id: 'login',
    template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { key: 'hush-hush' } },
  };
  const copy = map('copy', 'copy', { key: '${string(login.data.key)}' });
  const made = graph(map('first', 'first', { k: 'v' }), secret, copy, mark);
  await plans.world.apply(target());
  await plans.run('apply FILE', made);
  await plans.world.advance(2000);
  expect((await plans.world.user.get(mapRef('copy')))['data']).toEqual({ key: 'hush-hush' });
  await plans.run('snapshot snap.json');
  const text = readFileSync(join(plans.cwd, 'snap.json'), 'utf8');
  expect(text).not.toContain('hush-hush');
  expect(text).not.toContain(Buffer.from('hush-hush').toString('base64'));
  expect(await outputOf('plan FILE --snapshot snap.json', made)).toMatchInlineSnapshot(`
    "Instances 1   unchanged 1

    Plan: 0 to create, 0 to change, 0 to prune.
      No write to check."
  `);
  const changed = graph(map('first', 'first', { k: 'w' }), secret, copy, mark);
  expect(await outputOf('plan FILE --snapshot snap.json', changed)).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      team-a/g  ~ the instance
                    spec.nodes[0].template.data.k  "v" → "w"
                ~ ConfigMap first  (first)  data.k  "v" → "w"

    Plan: 0 to create, 2 to change, 0 to prune.
      Of 2 writes: 2 checked by the rules of Kubernetes (not by webhooks, policies and quotas)."
  `);
});

const pots = potDefinition([map('map', 'of-pot', { v: '${string(10 / schema.spec.count)}' })]);
const inTeam = (count: number) => ({ ...pot('p', { count }), metadata: { name: 'p', namespace: 'team-a' } });

test.each<[what: string, files: readonly KubeObject[], code: number, words: string]>([
  ['a Graph whose patch conflicts', [graph(mark)], 3, 'Blocked or refused in part: Graph team-a/g.'],
  ['a Graph beside it', [graph(map('first', 'first', { k: 'v' }))], 0, 'created Graph'],
  ['an instance with a failing node', [pots, inTeam(0)], 3, 'Blocked or refused in part: Pot team-a/p.'],
  ['an instance', [pots, inTeam(1)], 0, 'created Pot'],
])('apply of %s gives the exit code of a blocked plan, or 0', async (_what, files, code, words) => {
  await plans.world.user.apply(target({ tier: 'iron' }), { fieldManager: 'rival' });
  const plan = await plans.run('plan FILE --exit-code', ...files);
  const applied = await plans.run('apply FILE', ...files);
  expect([plan.code === 3, applied.code, applied.out]).toEqual([code === 3, code, expect.stringContaining(words)]);
});
