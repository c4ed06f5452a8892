import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { upgrade } from '../commands/upgrade-command.ts';
import type { UpgradeCheck } from '@typekro/app/upgrade';

let plans: PlanWorld;
beforeEach(async () => {
  plans = await planWorld({ controller: { kroCompatibility: '0.9', features: { propagateWhen: true } } });
});
afterEach(() => plans.close());

const run = (line: string) =>
  commandRunner(
    [upgrade],
    plans.cwd,
  )(`upgrade --check --kro-compatibility 0.10 --feature-gates PropagateWhen=true ${line}--kubeconfig kubeconfig`);

async function define(definition: KubeObject): Promise<void> {
  await plans.world.apply(definition);
  await plans.world.advance(5000);
}

const CANARY = { 'typekro.dev/canary': '1' };
/** kro 0.9 treats an unclosed expression as a plain string. At level 0.10, it is an error. */
const ONLY_OLD = mapResource('map', { text: '${not closed' });
/** Fails for instances with the count 0. */
const FAILING = mapResource('map', { text: '${string(10 / schema.spec.count)}' });

/**
 * Creates two instances of a definition with the resource `first`, and then changes the resource to `FAILING`. The
 * first instance that gets the new revision (the canary) fails, so the other instance is held back.
 */
async function heldBack(first: JsonObject): Promise<void> {
  await define(potDefinition([first], CANARY));
  await plans.world.apply(pot('a', { count: 0 }), pot('b', { count: 0 }));
  await plans.world.advance(5000);
  await define(potDefinition([FAILING], CANARY));
}

/** Replaces the names of the two instances, because their random UIDs decide which instance is first. */
const anonymous = (text: string): string =>
  text.replaceAll(/default\/[ab]\b/g, 'default/*').replaceAll(/\b[ab]-map\b/g, '*-map');

/** Runs the check. Returns its exit code and the lines about the definition. */
async function textOfCheck(): Promise<readonly [code: number, lines: string[]]> {
  const { code, out } = await run('');
  return [code, anonymous(out.slice(out.indexOf('pots at'))).split('\n')];
}

test('an instance that a canary holds back gets the newest revision when its own revision is refused', async () => {
  await heldBack(ONLY_OLD);
  expect(await textOfCheck()).toMatchInlineSnapshot(`
    [
      3,
      [
        "pots at 0.10",
        "  ! default/*: held back at revision 1, which is refused, so revision 2 takes its place: spec.resources[0].template.data.text: this \${ has no end [graph/unclosed-expression]",
        "  Instances 2   blocked 2",
        "    default/*  ! map  blocked: failed at data.text: eval "string(10 / schema.spec.count)": division by zero",
        "                   try: test the divisor first: x == 0 ? 0 : 10 / x",
        "               … and 1 instance like it",
        "",
        "At 0.10: 1 refused.",
      ],
    ]
  `);
});

test('the objects of an instance that a canary holds back are compared with its own revision', async () => {
  await heldBack(mapResource('map', { text: 'a' }));
  const [code, lines] = await textOfCheck();
  expect([code, ...lines]).toMatchInlineSnapshot(`
    [
      2,
      "pots at 0.10",
      "  ~ in 1 object of 1 instance, only labels and annotations change: internal.kro.run/node-path",
      "  Instances 1   blocked 1",
      "    default/*  ! map  blocked: failed at data.text: eval "string(10 / schema.spec.count)": division by zero",
      "                   try: test the divisor first: x == 0 ? 0 : 10 / x",
      "",
      "At 0.10: 1 with changes.",
    ]
  `);
});

test('an instance that waits for a running canary keeps its revision', async () => {
  await define(potDefinition([mapResource('map', { text: 'a' })], CANARY));
  await plans.world.apply(pot('a'), pot('b'));
  await plans.world.advance(5000);
  await define(
    potDefinition([{ ...mapResource('map', { text: 'b' }), readyWhen: ["${map.data.text == 'c'}"] }], CANARY),
  );
  expect(await textOfCheck()).toMatchInlineSnapshot(`
    [
      2,
      [
        "pots at 0.10",
        "  ~ in 2 objects of 2 instances, only labels and annotations change: internal.kro.run/node-path",
        "",
        "At 0.10: 1 with changes.",
      ],
    ]
  `);
});

test.each<[string, JsonObject, string[], unknown]>([
  ['is refused', ONLY_OLD, ['change', 'change'], { instances: ['default/a', 'default/b'], revision: 1, follows: 2 }],
  ['compiles', mapResource('map', { text: 'a' }), ['labels', 'labels'], undefined],
])(
  'an instance that propagateWhen holds back is checked, and its present revision %s',
  async (_what, first, actions, broken) => {
    await define(potDefinition([first]));
    await plans.world.apply(pot('a'), pot('b'));
    await plans.world.advance(5000);
    const second = potDefinition([mapResource('map', { text: 'b' })]);
    await define({ ...second, spec: { ...second.spec, propagateWhen: ["${pot.metadata.name == 'none'}"] } });
    const { out } = await run('-o json ');
    const { held = [], plans: found = [] } = (JSON.parse(out) as UpgradeCheck).definitions[0]?.levels[0] ?? {};
    expect(found.flatMap(({ writes }) => writes.map(({ action }) => action))).toEqual(actions);
    expect(held.map(({ refusal: _refusal, ...rest }) => rest)[0]).toEqual(broken);
  },
);
