import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { crdOf } from '@typekro/kit/test-support/crd';
import { describe, afterAll, beforeAll, expect, test } from 'vitest';
import { mapResource, pot, potDefinition, potRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import type { OpenNode, Plan, WhyReport } from '@typekro/controller/inspect';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { plan } from '../commands/plan-command.ts';
import { why } from '../commands/instance/why-command.ts';
import { diff } from '../commands/instance/diff-command.ts';

describe('blocked nodes', () => {
  let plans: PlanWorld;
  beforeAll(async () => {
    plans = await planWorld();
  });
  afterAll(() => plans.close());

  const external = (name: string): JsonObject => ({
    id: 'other',
    externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
  });
  const second = mapResource('second', { value: '${first.data.value}' });

  /** Plans the creation of an instance with this spec. Then creates the instance, and runs `why`. */
  async function outline(resources: JsonObject[], spec: JsonObject) {
    const { world, cwd } = plans;
    const run = commandRunner([plan, why], cwd);
    await world.apply(potDefinition(resources));
    await world.advance(2000);
    writeFileSync(join(cwd, 'pot.json'), stringifyJson(pot('shop', spec)));
    const planned = await run('plan pot.json -o json --kubeconfig kubeconfig');
    await world.apply(pot('shop', spec));
    await world.advance(2000);
    const explained = await run('why default/shop -o json --kubeconfig kubeconfig');
    await world.user.delete({ apiVersion: 'acme.test/v1', kind: 'Pot', namespace: 'default', name: 'shop' });
    await world.advance(2000);
    const [instance] = (JSON.parse(planned.out) as Plan).instances;
    const { causes } = JSON.parse(explained.out) as WhyReport;
    const text = ({ node, reason }: Pick<OpenNode, 'node' | 'reason'>) => `${node} ${reason}`;
    return {
      state: instance?.state,
      blocked: instance?.blocked.map(text),
      later: instance?.later.map(text),
      why: causes.map(text),
    };
  }

  const DIVIDES = 'eval "string(10 / schema.spec.count)": division by zero';
  const INT = `failed at readyWhen: eval "int(first.data.value) > 0": type conversion error from 'string' to 'int'; it reads data.value of ConfigMap v1 default/shop-first`;
  const LABEL = 'waits for data: schema.metadata.labels.tier has no value, "tier" does not exist';

  test.each<[what: string, resources: JsonObject[], spec: JsonObject, expected: JsonObject]>([
    [
      'an expression that fails for the spec',
      [mapResource('first', { value: '${string(10 / schema.spec.count)}' }), second],
      { count: 0 },
      {
        state: 'blocked',
        blocked: [`first failed at data.value: ${DIVIDES}`, 'second waits for first (failed)'],
        later: [],
        why: [`first failed at data.value: ${DIVIDES}`],
      },
    ],
    [
      'data that is missing in the instance itself',
      [mapResource('first', { value: '${schema.metadata.labels.tier}' }), second],
      {},
      {
        state: 'blocked',
        blocked: [`first ${LABEL}`, 'second waits for first (pending)'],
        later: [],
        why: [`first ${LABEL}`],
      },
    ],
    [
      'a readyWhen that fails with the spec of a new object',
      [{ ...mapResource('first', { value: 'x' }), readyWhen: ['${int(first.data.value) > 0}'] }, second],
      {},
      {
        state: 'blocked',
        blocked: [`first ${INT}`, 'second waits for first (failed)'],
        later: [],
        why: [`first ${INT}`],
      },
    ],
    [
      'an object that another client must create',
      [external('none'), mapResource('first', { value: '${other.data.value}' }), second],
      {},
      {
        state: 'changed',
        blocked: [],
        later: [
          'other waits for ConfigMap v1 default/none, which another client must create',
          'first waits for other (waiting)',
          'second waits for first (pending)',
        ],
        why: ['other waits for ConfigMap v1 default/none, which another client must create'],
      },
    ],
  ])('plan and why agree: %s', async (_what, resources, spec, expected) => {
    expect(await outline(resources, spec)).toEqual(expected);
  });

  const size = { type: 'object', properties: { size: { type: 'integer' } } };
  const widgetCrd: JsonObject = { ...crdOf('Widget', { properties: { spec: size } }, { group: 'ready.test' }) };

  const ESTABLISHED = "${crd.status.conditions.exists(c, c.type == 'Established' && c.status == 'True')}";
  const ESTABLISHED_ITEM = ESTABLISHED.replace('crd.', 'each.');

  test.each<[what: string, crd: JsonObject]>([
    ['with the conditions that a dry run leaves empty', { readyWhen: [ESTABLISHED] }],
    ['in each item of a collection', { readyWhen: [ESTABLISHED_ITEM], forEach: [{ index: '${["widgets"]}' }] }],
  ])('a node waits for a new object whose readyWhen fails %s', async (_what, more) => {
    const { world, run } = plans;
    const isCollection = 'forEach' in more;
    const name = isCollection ? '${index}.ready.test' : 'widgets.ready.test';
    const label = isCollection ? '${crd[0].metadata.name}' : '${crd.metadata.name}';
    const widget = {
      apiVersion: 'ready.test/v1',
      kind: 'Widget',
      metadata: { name: 'w', labels: { crd: label } },
      spec: { size: 3 },
    };
    await world.apply(potDefinition([mapResource('first', {})]));
    await world.advance(2000);
    const crd = { id: 'crd', ...more, template: { ...widgetCrd, metadata: { name } } };
    const { out } = await run(
      'plan FILE -o json',
      potDefinition([crd, { id: 'widget', template: widget }]),
      pot('shop'),
    );
    const [instance] = (JSON.parse(out) as Plan).instances;
    expect(instance).toMatchObject({ state: 'changed', blocked: [], later: [] });
    expect(instance?.writes.map(({ action, node, after }) => ({ action, node, after }))).toEqual([
      { action: 'create', node: 'crd' },
      { action: 'create', node: 'widget', after: ['crd'] },
    ]);
  });
});

describe('orphaned objects', () => {
  let world: VirtualWorld;
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-orphans-'));

  const kept: JsonObject = {
    ...mapResource('kept', { text: '${schema.spec.text}' }),
    includeWhen: ['${schema.spec.count < 2}'],
    deletionPolicy: 'Orphaned',
  };

  beforeAll(async () => {
    world = await virtualWorld({ controller: { features: { deletionPolicy: true } } });
    const { kubeconfig } = await world.cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    await world.apply(potDefinition([kept, mapResource('other', { text: 'x' })]));
    await world.advance(5000);
    await world.apply(pot('p', { count: 1 }));
    await world.advance(5000);
  });

  afterAll(async () => {
    await world.close();
  });

  async function linesOf(line: string, object?: KubeObject): Promise<string[]> {
    if (object !== undefined) writeFileSync(join(cwd, 'app.yaml'), stringifyJson(object));
    const { out, err } = await commandRunner([diff, plan, why], cwd)(`${line} --kubeconfig kubeconfig`);
    return [out, err].join('\n').split('\n');
  }

  test('the plan of an instance that drops an object with deletionPolicy orphan says that the object stays', async () => {
    const lines = await linesOf('plan app.yaml', pot('p', { count: 2 }));
    expect(lines).toContainEqual(
      expect.stringMatching(/~ ConfigMap p-kept .*stays in the cluster \(deletionPolicy: Orphaned\)/),
    );
    expect(lines).toContainEqual(expect.stringContaining('0 to prune, 1 to leave behind'));
  });

  test('the plan of a deletion says which objects stay and which are deleted', async () => {
    const lines = await linesOf('plan --delete app.yaml', pot('p'));
    expect(lines).toContainEqual(expect.stringMatching(/~ ConfigMap p-kept .*stays in the cluster/));
    expect(lines).toContainEqual(expect.stringMatching(/- ConfigMap p-other/));
    expect(lines).toContainEqual(expect.stringContaining('1 to leave behind'));
  });

  test('diff and why name an object that is about to be released', async () => {
    await world.controller.stop();
    await world.user.patch(potRef('p'), { spec: { count: 2 } }, { type: 'merge' });
    expect(await linesOf('diff pot/p')).toContainEqual(
      expect.stringMatching(/~ ConfigMap default\/p-kept {2}orphan \(kept\)/),
    );
    expect(await linesOf('why pot/p')).toContainEqual(
      expect.stringContaining('of ConfigMap default/p-kept is pending, and no controller has carried it out'),
    );
  });
});
