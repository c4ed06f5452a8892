import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlanWorld, planWorld } from '../../test-support/plan-world.ts';
import { withoutTimes } from '@typekro/app/test-support/without-times';
import { mapResource, pot, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { blockerOfDeletion } from '@typekro/app/plan';

let plans: PlanWorld;
beforeAll(async () => {
  plans = await planWorld();
});
afterAll(() => plans.close());

const lines = (text: string): string[] =>
  withoutTimes(text.split('\n').filter((line) => !/^ {2}(?:From|Decided|Checked|No write) /.test(line)));

/** Removes all finalizers of an object, so that its deletion completes. */
const release = (ref: ObjectRef) => plans.world.user.patch(ref, { metadata: { finalizers: null } });
const hold = (ref: ObjectRef, finalizer: string) =>
  plans.world.user.patch(ref, { metadata: { finalizers: [finalizer] } });

test('an object of the files is refused while it is being deleted, and apply says how to wait for the end of the deletion', async () => {
  const { world, run } = plans;
  const definition = potDefinition([mapResource('map', { a: '${schema.spec.text}' })]);
  const config: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain', namespace: 'default' } };
  const configRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'plain', namespace: 'default' };
  await world.apply(definition, config);
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
  await hold(configRef, 'example.com/hold');
  await world.user.delete(configRef);
  await world.user.patch(potRef('shop'), { metadata: { finalizers: ['kro.run/finalizer', 'example.com/hold'] } });
  await world.user.delete(potRef('shop'));
  await world.advance(5000);
  for (const files of [[pot('shop')], [definition, pot('shop')]]) {
    const planned = await run('plan FILE', ...files);
    expect(lines(planned.out).filter((line) => /Pot|shop|try:/.test(line))).toMatchSnapshot();
    const { code, out, err } = await run('apply FILE', ...files);
    expect({ code, out: lines(out).at(-1), err: withoutTimes([err]) }).toMatchSnapshot();
  }
  expect(lines((await run('plan FILE', config)).out)).toMatchInlineSnapshot(`
    [
      "Objects",
      "  ! ConfigMap default/plain",
      "      refused: it is being deleted (since TIME), and its finalizers hold it (example.com/hold)",
      "      try: wait until it is gone, then plan again: kubectl wait --for=delete configmap plain -n default",
      "",
      "Plan: 0 to create, 0 to change, 0 to prune, 1 refused.",
    ]
  `);
  expect(withoutTimes([(await run('apply FILE', config)).err])).toMatchInlineSnapshot(`
    [
      "error: ConfigMap default/plain cannot be applied: it is being deleted (since TIME), and its finalizers hold it (example.com/hold) [apply/refused]
      hint: nothing was applied; wait until it is gone, then plan again: kubectl wait --for=delete configmap plain -n default",
    ]
  `);
  await release(configRef);
  await release(potRef('shop'));
});

test('an instance without its definition is not deleted, and plan, apply and a saved plan name the remedy', async () => {
  const { world, run, save } = plans;
  const definition = potDefinition([mapResource('map', { a: '${schema.spec.text}' })]);
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('kept'));
  await world.advance(5000);
  const before = await save('plan --delete FILE', pot('kept'));
  await world.user.delete(potsRef);
  await world.advance(5000);
  expect(withoutTimes([(await run(`apply ${before}`)).err])).toMatchInlineSnapshot(`
    [
      "error: the cluster has changed since the plan: Pot default/kept: it was changed in the plan, and is blocked now: the definition pots is gone, so no controller deletes the objects and removes the finalizer kro.run/finalizer [apply/cluster-moved]
      hint: nothing was applied; plan again, and compare the plans: typekro plan app.yaml --delete --dry-run server --save",
    ]
  `);
  for (const files of [[pot('kept')], [definition, pot('kept')]]) {
    const planned = await run('plan --delete FILE --exit-code', ...files);
    expect(planned.code).toBe(3);
    expect(lines(planned.out)).toMatchSnapshot();
    const saved = await save('plan --delete FILE', ...files);
    const { code, out, err } = await run(`apply ${saved}`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('Pot default/kept would never be gone: the definition pots is gone');
    expect(err).toContain(
      `kubectl patch pot.acme.test kept -n default --type merge -p '{"metadata":{"finalizers":null}}'`,
    );
    expect((await world.user.get(potRef('kept'))).metadata.deletionTimestamp).toBeUndefined();
  }
  await release(potRef('kept'));
  expect((await run('plan --delete FILE', pot('kept'))).out).not.toContain('blocked');
});

test('the deletion of an instance whose definition is gone ends after an apply of the definition', async () => {
  const { world, run } = plans;
  const definition = potDefinition([mapResource('map', { a: '${schema.spec.text}' })]);
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('stuck'));
  await world.advance(5000);
  await world.user.delete(potsRef);
  await world.advance(5000);
  await world.user.delete(potRef('stuck'));
  await world.advance(5000);
  expect(await world.user.find(potRef('stuck'))).toBeDefined();
  const alone = await run('apply FILE', pot('stuck'));
  expect({ code: alone.code, err: withoutTimes([alone.err]) }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": [
        "error: Pot default/stuck cannot be applied: the definition pots is gone, so no controller deletes the objects and removes the finalizer kro.run/finalizer [apply/refused]
      hint: nothing was applied; apply the definition pots again; its controller then completes the deletion. To remove the instance and keep its objects: kubectl patch pot.acme.test stuck -n default --type merge -p '{"metadata":{"finalizers":null}}'",
      ],
    }
  `);
  const planned = await run('plan FILE --exit-code', definition, pot('stuck'));
  expect(planned.code).toBe(2);
  expect(lines(planned.out).filter((line) => /Pot|deleted|try:/.test(line))).toMatchInlineSnapshot(`
    [
      "Definition  + pots  (Pot)  revision 1  app.yaml:1",
      "  default/stuck  = deferred: it is being deleted (since TIME); its deletion ends once the definition pots is served",
    ]
  `);
  const { code, out, err } = await run('apply FILE', definition, pot('stuck'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(lines(out).slice(-4)).toMatchInlineSnapshot(`
    [
      "Plan: 1 to create, 0 to change, 0 to prune, 1 deferred.",
      "",
      "created ResourceGraphDefinition pots",
      "Pot default/stuck was not applied: it is being deleted; apply the files again when it is gone",
    ]
  `);
  await world.advance(5000);
  expect(await world.user.find(potRef('stuck'))).toBeUndefined();
  expect((await run('apply FILE', definition, pot('stuck'))).code).toBe(0);
  expect((await world.user.get(potRef('stuck'))).metadata.deletionTimestamp).toBeUndefined();
});

test('instances are blocked while a finalizer of another program delays the deletion of their definition', async () => {
  const { world, run } = plans;
  const definition = potDefinition([mapResource('map', { a: '${schema.spec.text}' })]);
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('bound'));
  await world.advance(5000);
  await world.user.patch(potsRef, { metadata: { finalizers: ['kro.run/finalizer', 'example.com/hold'] } });
  await world.user.delete(potsRef);
  await world.advance(5000);
  expect((await world.user.get(potsRef)).metadata.finalizers).toEqual(['example.com/hold']);
  const changed = await run('plan FILE --exit-code', pot('bound', { text: 'new' }), pot('later'));
  expect({ code: changed.code, out: lines(changed.out) }).toMatchInlineSnapshot(`
    {
      "code": 3,
      "out": [
        "Instances 2   blocked 2",
        "  default/bound  ! blocked: the definition pots is being deleted (since TIME, held by example.com/hold), and no controller works on its instances",
        "                     try: typekro why rgd/pots says how to end the deletion of the definition. When it is gone, apply it again",
        "                 ~ the instance",
        "                     spec.text  "x" → "new"",
        "  default/later  ! blocked: the definition pots is being deleted (since TIME, held by example.com/hold), and no controller works on its instances",
        "                     try: typekro why rgd/pots says how to end the deletion of the definition. When it is gone, apply it again",
        "                 + the instance",
        "",
        "Plan: 0 to create, 0 to change, 0 to prune, 2 blocked.",
      ],
    }
  `);
  for (const files of [[pot('bound')], [definition, pot('bound')]]) {
    const planned = await run('plan --delete FILE --exit-code', ...files);
    expect({ code: planned.code, out: lines(planned.out) }).toMatchSnapshot();
  }
  await world.user.delete(potRef('bound'));
  await world.advance(5000);
  expect(withoutTimes([(await run('apply FILE', pot('bound'))).err])).toMatchInlineSnapshot(`
    [
      "error: Pot default/bound cannot be applied: the definition pots is being deleted (since TIME, held by example.com/hold), so no controller deletes the objects and removes the finalizer kro.run/finalizer [apply/refused]
      hint: nothing was applied; typekro why rgd/pots says how to end the deletion of the definition. When it is gone, apply it again; its controller then completes the deletion. To remove the instance and keep its objects: kubectl patch pot.acme.test bound -n default --type merge -p '{"metadata":{"finalizers":null}}'",
    ]
  `);
  await release(potsRef);
  await run('apply FILE', definition, pot('bound'));
  await world.advance(5000);
  expect(await world.user.find(potRef('bound'))).toBeUndefined();
});

test('only a deletion that the controller has yet to end prints a note about the controller', async () => {
  const { world, run, save } = plans;
  const definition = potDefinition([mapResource('map', { a: '${schema.spec.text}' })]);
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('slow'));
  await world.advance(5000);
  const alone = await run(`apply ${await save('plan --delete FILE', pot('slow'))}`);
  expect({ code: alone.code, err: alone.err }).toEqual({ code: 0, err: '' });
  expect(lines(alone.out)).toMatchInlineSnapshot(`
    [
      "deleted Pot default/slow",
      "The controller deletes the objects of each instance first: typekro why shows what a deletion waits for.",
    ]
  `);
  await world.apply(pot('slow'));
  await world.advance(5000);
  const saved = await save('plan --delete FILE', definition, pot('slow'));
  const { out, err, code } = await run(`apply ${saved}`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(lines(out)).toMatchInlineSnapshot(`
    [
      "deleted Pot default/slow",
      "deleted ResourceGraphDefinition pots",
    ]
  `);
});

test.each([
  [
    'nothing is known to be left',
    [],
    /^wait until it is gone, then plan again: kubectl wait --for=delete namespace team/,
  ],
  [
    'objects are left',
    ['Some resources are remaining: pods. has 1 resource instances'],
    /^wait until it is gone, then plan again/,
  ],
  [
    'instances hold it',
    ['Some content in the namespace has finalizers remaining: kro.run/finalizer in 1 resource instances'],
    /^only a controller that serves their definitions removes the finalizer kro\.run\/finalizer .*: typekro why KIND\/team\/NAME/,
  ],
])('the remedy for a Namespace that is being deleted fits its conditions: %s', (_what, messages, remedy) => {
  const conditions = messages.map((message) => ({
    type: message.includes('finalizers') ? 'NamespaceFinalizersRemaining' : 'NamespaceContentRemaining',
    status: 'True',
    message,
  }));
  const metadata = { name: 'team', deletionTimestamp: '2026-11-01T00:00:00Z' };
  const blocker = blockerOfDeletion({ apiVersion: 'v1', kind: 'Namespace', metadata, status: { conditions } });
  expect(blocker?.remedy).toMatch(remedy);
  for (const message of messages) expect(blocker?.reason).toContain(message);
});

test.each([
  ['the present state', 'plan FILE', { count: 0 }],
  ['a deletion that has begun', 'plan --delete FILE', undefined],
])('the plan names the finalizer that holds an object: %s', async (_what, command, spec) => {
  const { world, run } = plans;
  const node = mapResource('map', { a: '${schema.spec.text}' }, { finalizers: ['example.com/hold'] });
  await world.apply(potDefinition([{ ...node, includeWhen: ['${schema.spec.count > 0}'] }]));
  await world.advance(2000);
  await world.apply(pot('held', { count: 1 }));
  await world.advance(5000);
  if (spec === undefined) await world.user.delete(potRef('held'));
  else await world.apply(pot('held', spec));
  await world.advance(5000);
  const { out } = await run(command, pot('held', spec ?? {}));
  expect(out).toMatch(/ map .*waits until ConfigMap v1 default\/held-map is gone .*held by example.com\/hold/);
  await release({ apiVersion: 'v1', kind: 'ConfigMap', name: 'held-map', namespace: 'default' });
  await world.advance(5000);
});
