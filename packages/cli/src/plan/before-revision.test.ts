import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { mapResource, pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';
import type { Plan } from '@typekro/controller/inspect';

/** The world in which the tests make plans. Each plan changes a definition together with its instances. */
let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
});
afterAll(() => place.close());
afterEach(async () => {
  for (const name of ['rose', 'blue']) await place.world.user.delete(potRef(name));
  await place.world.advance(3000);
});

/**
 * A definition whose ConfigMap has a string from the spec, and the value `value`, which differs between revisions. A
 * second ConfigMap exists when `count` is at least `minCount`.
 */
const definition = (value: string, minCount: number, annotations: Record<string, string> = {}) =>
  potDefinition(
    [
      mapResource('map', { text: '${schema.spec.text}', value }),
      { ...mapResource('extra', { value: 'same' }), includeWhen: [`\${schema.spec.count >= ${minCount}}`] },
    ],
    annotations,
  );

async function start(annotations: Record<string, string> = {}): Promise<void> {
  await place.world.apply(definition('one', 1, annotations));
  await place.world.advance(3000);
  await place.world.apply(pot('rose', { text: 'x' }), pot('blue', { text: 'x' }));
  await place.world.advance(3000);
}

/** Returns the lines about the instance. */
const linesOf = (text: string, name: string): string =>
  new RegExp(`^  default/${name} .*\n(?:   .*\n)*`, 'm').exec(text)?.[0] ?? text;

test('the plan of an instance that waits for a canary includes its writes with the present revision', async () => {
  const canary = { 'typekro.dev/canary': '1' };
  await start(canary);
  const files = [definition('two', 1, canary), pot('rose', { text: 'y' }), pot('blue', { text: 'y' })];
  const { out } = await place.run('plan FILE -o json', ...files);
  const { instances, summary } = JSON.parse(out) as Plan;
  const [later] = instances.filter(({ rollout }) => rollout === 'later');
  const [first] = instances.filter(({ rollout }) => rollout === 'first');
  expect(first?.meanwhile).toBeUndefined();
  expect(later?.meanwhile?.writes.map(({ fields }) => fields)).toEqual([[{ path: 'data.text', from: 'x', to: 'y' }]]);
  // The definition, two instances, and one object per instance.
  expect(summary.change).toBe(5);
  const text = await place.run('plan FILE', ...files);
  const name = later?.instance.name ?? '';
  expect(linesOf(text.out, name).replaceAll(name, 'NAME')).toMatchInlineSnapshot(`
    "  default/NAME  ~ the instance
                        spec.text  "x" → "y"
                    at once, with its present revision
                    ~ ConfigMap NAME-map  (map)  data.text  "x" → "y"
                    after the canary
                    ~ ConfigMap NAME-map  (map)
                        data.text  "x" → "y"
                        data.value  "one" → "two"
    "
  `);
});

test('an object that the new revision leaves out with the old spec, but not with the new spec, is reported as deleted and created again', async () => {
  await start();
  const files = [definition('one', 2), pot('rose', { text: 'x', count: 2 }), pot('blue', { text: 'x' })];
  const { out } = await place.run('plan FILE', ...files);
  expect(out.replaceAll(/^ {2}(?:From|Decided) .*\n/gm, '')).toMatchInlineSnapshot(`
    "Definition  ~ pots  (Pot)  revision 1 → 2  app.yaml:1
      nodes   ~ extra  (ConfigMap)
                  includeWhen[0]  "\${schema.spec.count >= 1}" → "\${schema.spec.count >= 2}"

    Instances 2   changed 2
      default/blue  - ConfigMap blue-extra  (extra)  no node wants it any more
      default/rose  ~ the instance
                        spec.count  1 → 2
                    -/+ ConfigMap default/rose-extra is deleted and created again, because the new revision leaves it out until the instance is applied as well
                        try: typekro suspend pot/default/rose before the apply, and typekro resume pot/default/rose after it

    Plan: 0 to create, 2 to change, 1 to replace, 1 to prune.
      Of 3 writes: 2 checked by dry runs of the API server, 1 not checked. Without a check: 1 deletion.
      Decided by the rules of kro 0.10 (no Deployment of a controller was found)."
  `);
  expect((await place.run('plan FILE -o markdown', ...files)).out).toContain('ConfigMap default/rose-extra');
  expect((await place.run('apply FILE', ...files)).err).toContain(
    'error: ConfigMap default/rose-extra is deleted and created again, because the new revision leaves it out',
  );
  expect(await place.run('apply FILE --replace', ...files)).toMatchObject({ code: 0 });
});

test('an object that is deleted only after the canary, and created again, is also reported', async () => {
  const canary = { 'typekro.dev/canary': '1' };
  await start(canary);
  const files = [
    definition('one', 2, canary),
    pot('rose', { text: 'x', count: 2 }),
    pot('blue', { text: 'x', count: 2 }),
  ];
  const { out } = await place.run('plan FILE', ...files);
  expect(out.match(/-extra is deleted and created again,/g)).toHaveLength(1);
  expect(out.match(/-extra is deleted and created again if the canary ends before the instance is/g)).toHaveLength(1);
});

test.each([
  ['keeps', 1],
  ['leaves out', 5],
])('an object that the new revision %s with both specs is not reported', async (_effect, minCount) => {
  await start();
  const { out } = await place.run('plan FILE -o json', definition('two', minCount), pot('rose', { text: 'y' }));
  expect((JSON.parse(out) as Plan).instances.map(({ recreated }) => recreated)).toEqual([undefined, undefined]);
});
