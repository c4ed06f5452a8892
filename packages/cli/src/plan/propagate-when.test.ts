import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { mapRef, mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { refusingClient } from '@typekro/cluster/test-support/refusing-client';
import type { Plan } from '@typekro/controller/inspect';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { upgrade } from '../commands/upgrade-command.ts';
import { why } from '../commands/instance/why-command.ts';
import { loadFiles } from './check-files.ts';
import { planOfFiles } from './plan-of-files.ts';
import { type SavedPlan, parseSavedPlan, withDigests } from '@typekro/app/plan';

describe('propagate when', () => {
  let plans: PlanWorld;
  beforeEach(async () => {
    plans = await planWorld({ controller: { features: { propagateWhen: true } } });
  });
  afterEach(() => plans.close());

  /** Returns a resource that is ready when its annotation `ok` equals `spec.text` of the instance. */
  const approved = (id: string): JsonObject => ({
    ...mapResource(id, { text: '${schema.spec.text}' }),
    readyWhen: [`\${${id}.metadata.?annotations.ok.orValue('') == ${id}.data.text}`],
  });

  async function define(...resources: JsonObject[]): Promise<void> {
    await plans.world.apply(potDefinition(resources));
    await plans.world.advance(5000);
  }

  /** Returns the output of `plan` for an instance, without the lines about the cluster. */
  async function planned(spec: JsonObject): Promise<string> {
    const { out } = await plans.run('plan FILE', pot('p', spec));
    return out.replaceAll(/^ {2}(?:From cluster|Decided by) .*\n?/gm, '').trimEnd();
  }

  /**
   * Returns the output of `why`, with the age removed. The age varies, because it is the difference between the cluster's
   * clock and the machine's clock.
   */
  async function whyText(): Promise<string> {
    const { out } = await commandRunner([why], plans.cwd)('why default/p --kubeconfig kubeconfig');
    return out.replace(/IN_PROGRESS \d+d /, 'IN_PROGRESS AGE ');
  }

  test('the plan lists a held write after the node that it waits for, and why names the condition', async () => {
    const web = { ...mapResource('web', { text: '${schema.spec.text}' }), propagateWhen: ['${db.ready()}'] };
    await define(approved('db'), web);
    expect(await planned({ text: '1' })).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      default/p  + the instance
                 + ConfigMap p-db  (db)
                 + ConfigMap p-web  (web)  after db is ready
                 order: db → web

    Plan: 3 to create, 0 to change, 0 to prune.
      Checked by dry runs of the API server: 3 writes."
  `);
    await plans.world.apply(pot('p', { text: '1' }));
    await plans.world.advance(5000);
    expect(await plans.world.user.find(mapRef('p-web'))).toBeUndefined();
    expect(await whyText()).toMatchInlineSnapshot(`
    "Pot default/p   IN_PROGRESS AGE   revision 1   0 of 2 nodes ready

    … db  waiting: waits until db.metadata.?annotations.ok.orValue('') == db.data.text is true of ConfigMap v1 default/p-db; it is false
       └ because  ConfigMap default/p-db reports no problem
       do         look at it with kubectl get configmap p-db -n default -o yaml, and correct readyWhen if its condition can never be true
       look       kubectl describe configmap p-db -n default
       waiting    web

    the controller reports: waiting for unresolved resource: apply "db": node "db": readyWhen "db.metadata.?annotations.ok.orValue('') == db.data.text" is false: waiting for readiness (executor: node not ready)"
  `);
  });

  test('for a node that a condition about the spec holds back, the plan shows "known later" and no write', async () => {
    const app = { ...mapResource('app', { text: '${schema.spec.text}' }), propagateWhen: ['${schema.spec.count > 1}'] };
    await define(app, mapResource('copy', { text: '${app.data.text}' }));
    expect(await planned({ text: '1', count: 1 })).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      default/p  + the instance
                 ? app  known later: holds back the creation of its object until propagateWhen schema.spec.count > 1 is true; it is false
                 ? copy  known later: waits for app (waiting)

    Plan: 1 to create, 0 to change, 0 to prune, 2 nodes known later.
      Checked by dry runs of the API server: 1 write."
  `);
    await plans.world.apply(pot('p', { text: '1', count: 2 }));
    await plans.world.advance(5000);
    expect(await planned({ text: '2', count: 1 })).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      default/p  ~ the instance
                     spec.text  "1" → "2"
                     spec.count  2 → 1
                 ? app  known later: holds back a change of its object until propagateWhen schema.spec.count > 1 is true; it is false

    Plan: 0 to create, 1 to change, 0 to prune, 1 node known later.
      Checked by dry runs of the API server: 1 write."
  `);
    expect(await planned({ text: '2', count: 2 })).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      default/p  ~ the instance
                     spec.text  "1" → "2"
                 ~ ConfigMap p-app  (app)  data.text  "1" → "2"
                 ~ ConfigMap p-copy  (copy)  data.text  "1" → "2"
                 order: app → copy

    Plan: 0 to create, 3 to change, 0 to prune.
      Checked by dry runs of the API server: 3 writes."
  `);
  });

  test('a node that waits for a blocked node is blocked', async () => {
    const first = mapResource('first', { value: '${string(10 / schema.spec.count)}' });
    const web = { ...mapResource('web', { text: '${schema.spec.text}' }), propagateWhen: ['${first.ready()}'] };
    await define(first, web);
    expect(await planned({ text: '1', count: 0 })).toMatchInlineSnapshot(`
    "Instances 1   blocked 1
      default/p  + the instance
                 ! first  blocked: failed at data.value: eval "string(10 / schema.spec.count)": division by zero
                     try: test the divisor first: x == 0 ? 0 : 10 / x
                 ! web  blocked: holds back the creation of its object until propagateWhen first.ready() is true; it is false; it reads first (failed)

    Plan: 1 to create, 0 to change, 0 to prune, 1 blocked.
      Checked by dry runs of the API server: 1 write."
  `);
  });

  test('the plan lists the batches of a collection in order', async () => {
    const maps: JsonObject = {
      ...approved('maps'),
      forEach: [{ key: "${['a', 'b', 'c']}" }],
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: '${key}' },
        data: { text: '${schema.spec.text}' },
      },
      readyWhen: ["${each.metadata.?annotations.ok.orValue('') == each.data.text}"],
      propagateWhen: ['${exponentiallyReady(key, maps)}'],
    };
    await define(maps);
    expect(await planned({ text: '1' })).toMatchInlineSnapshot(`
    "Instances 1   changed 1
      default/p  + the instance
                 + ConfigMap a  (maps)
                 + ConfigMap b  (maps)  after maps is ready
                 + ConfigMap c  (maps)  after maps is ready
                 order: maps (create) → maps (create)

    Plan: 4 to create, 0 to change, 0 to prune.
      Checked by dry runs of the API server: 4 writes."
  `);
  });

  test('the plan of a definition says which instances get the revision, and which are held back', async () => {
    await define(mapResource('map', { version: 'v1' }));
    for (const name of ['a', 'b', 'c']) await plans.world.apply(pot(name));
    await plans.world.advance(5000);
    const second = potDefinition([mapResource('map', { version: 'v2' })]);
    const gated = (when: string) => ({ ...second, spec: { ...second.spec, propagateWhen: [when] } });
    const batches = gated('${linearlyReady(pot, pots, 2)}');
    const lines = async (definition: KubeObject) => {
      const { out } = await plans.run('plan FILE', definition);
      // The instances are ordered by their UIDs, so their names are replaced.
      const found = out.split('\n').filter((line) => /default\/|^Plan/.test(line));
      return found.map((line) => line.replaceAll(/\b[abc](?=-map|  )/g, '*')).toSorted();
    };
    expect(await lines(batches)).toMatchInlineSnapshot(`
    [
      "  default/*  = deferred: propagateWhen of the definition holds the revision back: linearlyReady(pot, pots, 2) is false",
      "  default/*  ~ ConfigMap *-map  (map)  data.version  "v1" → "v2"",
      "Plan: 0 to create, 3 to change, 0 to prune, 1 deferred.",
    ]
  `);
    await plans.world.apply(gated("${pot.metadata.name == 'b'}"));
    await plans.world.advance(5000);
    expect(await lines(gated("${pot.metadata.name == 'b'}"))).toMatchInlineSnapshot(`
    [
      "  default/*  = deferred: propagateWhen of the definition holds the revision back: pot.metadata.name == 'b' is false",
      "Plan: 0 to create, 0 to change, 0 to prune, 2 deferred.",
    ]
  `);
  });

  test('the plan has all items of a long collection that is written one item after the other', async () => {
    const maps = {
      ...mapResource('maps', { text: 'a' }, { name: '${schema.metadata.name}-${string(n)}' }),
      forEach: [{ n: '${lists.range(100)}' }],
      propagateWhen: ['${linearlyReady(each, maps, 1)}'],
    };
    await define(maps);
    expect(await planned({})).toContain('Plan: 101 to create, 0 to change');
  });

  test('in a condition, now() returns the time of the plan, even when the plan is saved and applied later', async () => {
    await define(mapResource('map', { version: 'v1' }));
    await plans.world.apply(pot('p'));
    await plans.world.advance(5000);
    const { spec, ...second } = potDefinition([mapResource('map', { version: 'v2' })]);
    const gated = { ...second, spec: { ...spec, propagateWhen: ["${now() > timestamp('2020-01-01T00:00:00Z')}"] } };
    const file = join(plans.cwd, await plans.save('plan FILE', gated));
    const { parts: _digests, ...saved } = parseSavedPlan(readFileSync(file, 'utf8'), file) as SavedPlan;
    const earlier = withDigests({ ...saved, now: Date.parse('2019-01-01T00:00:00Z') });
    writeFileSync(file, stringifyJson(earlier));
    const { err } = await plans.run(`apply ${file}`);
    expect(err).toContain('Pot default/p: it was changed in the plan, and is deferred now: propagateWhen');
  });

  test('upgrade --check names the field that a controller without the feature gate refuses', async () => {
    await define(mapResource('db', {}), { ...mapResource('web', {}), propagateWhen: ['${db.ready()}'] });
    const run = commandRunner([upgrade], plans.cwd);
    const check = async (gates: string) => {
      const { code, out } = await run(`upgrade --check --kro-compatibility 0.10 ${gates}--kubeconfig kubeconfig`);
      return [`exit code ${code}`, ...out.split('\n').slice(2)].join('\n');
    };
    expect(await check('--feature-gates PropagateWhen=true ')).toMatchInlineSnapshot(`
    "exit code 0
    DEFINITION   KIND   INSTANCES   AT 0.10     ACCEPTED BY
    pots         Pot    0           unchanged   typekro 0.9, typekro 0.10

    At 0.10: 1 unchanged."
  `);
    expect(await check('')).toMatchInlineSnapshot(`
    "exit code 3
    DEFINITION   KIND   INSTANCES   AT 0.10   ACCEPTED BY
    pots         Pot    0           refused   none

    pots at 0.10
      ! refused: spec.resources[1].propagateWhen: propagateWhen requires the PropagateWhen feature gate to be enabled [graph/feature-gate]
        try: start the controller with --feature-gates=PropagateWhen=true

    At 0.10: 1 refused."
  `);
  });
});

describe('rollout candidates', () => {
  const CANARY = { 'typekro.dev/canary': '1' };
  const definition = (text: string): KubeObject => potDefinition([mapResource('map', { text })], CANARY);

  let place: PlanWorld;
  beforeAll(async () => {
    place = await planWorld();
    await place.world.apply(definition('one'));
    await place.world.advance(3000);
    for (const namespace of ['default', 'team-a']) {
      for (const name of ['a', 'b']) await place.world.apply({ ...pot(name), metadata: { name, namespace } });
    }
    await place.world.advance(3000);
  });
  afterAll(() => place.close());

  /** Returns the instances of a plan that get the revision first. */
  const firstOf = ({ instances }: Plan): string[] =>
    instances.flatMap(({ instance, rollout }) => (rollout === 'first' ? `${instance.namespace}/${instance.name}` : []));

  async function planIn(namespace?: string): Promise<Plan> {
    const only = namespace === undefined ? '' : ` -n ${namespace}`;
    return JSON.parse((await place.run(`plan FILE${only} -o json`, definition('two'))).out) as Plan;
  }

  test('a canary selects from the instances of all namespaces, even when only one namespace is planned', async () => {
    const all = await planIn();
    const parts = await Promise.all([planIn('default'), planIn('team-a')]);
    expect(firstOf(all)).toHaveLength(1);
    expect(parts.flatMap(firstOf)).toEqual(firstOf(all));
    expect(parts.map(({ instances }) => instances.map(({ instance }) => instance.namespace))).toEqual([
      ['default', 'default'],
      ['team-a', 'team-a'],
    ]);
    for (const { definitions } of parts) expect(definitions[0]?.canary).toEqual(all.definitions[0]?.canary);
  });

  test('the plan reports that the selection is unknown when the user may list only one namespace', async () => {
    const { client } = refusingClient(place.world.cluster, { refuses: /^GET \/apis\/acme\.test\/v1\/pots/ });
    const context = {
      cwd: place.cwd,
      env: {},
      print: () => undefined,
      printError: () => undefined,
      readInput: () => Promise.resolve(''),
      signal: new AbortController().signal,
    };
    writeFileSync(join(place.cwd, 'two.json'), stringifyJson(definition('two')));
    const target = {
      api: client,
      source: { kind: 'cluster', name: 'test' },
      namespace: 'team-a',
      checkedBy: 'server',
    } as const;
    const input = { positionals: ['two.json'], options: { namespace: 'team-a' } };
    const made = await planOfFiles(context, input, await loadFiles(context, ['two.json']), target);
    expect(made?.plan.limits[0]).toMatch(
      /^the instances of pots that get its revision first are unknown, because the instances in other namespaces could not be read: /,
    );
  });
});
