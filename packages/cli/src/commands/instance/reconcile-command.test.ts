import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failure } from '@typekro/testing/test-support/intercept-request';
import { commandRunner, entriesOf } from '../../../test-support/run-command.ts';
import * as sim from '@typekro/testing/test-support/virtual-world';
import { waitForObject } from '@typekro/kube';
import { keys } from '@typekro/engine/runtime';
import { runCommandLine } from '../../adapter.ts';
import { commands } from '../index.ts';

let world: sim.VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-reconcile-'));
beforeEach(async () => {
  world = await sim.virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
});
afterEach(() => world.close());

const run = (line: string) => commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
const withoutAges = (text: string) => text.replaceAll(/(?<![\w-])\d+(?:y|d|h|m|s)(?:\d+[a-z])? /g, 'AGE ').split('\n');
const annotations = async (ref = sim.potRef('shop')) => (await world.user.get(ref)).metadata.annotations ?? {};
const REQUEST = 'typekro.dev/reconcile-requested';
/** Makes the API server refuse the controller's writes of children. */
const refuseChildren = () => {
  world.intercept = ({ method, path }) =>
    method === 'PATCH' && path.includes('/configmaps/') ? failure(403, 'Forbidden', 'no right') : undefined;
};

test('a requested pass without changes rereads the children, writes only to the instance, and prints the state', async () => {
  world.requests.length = 0;
  const reconciled = await run('reconcile shop');
  expect(await annotations()).not.toHaveProperty([REQUEST]);
  expect(sim.writesOf(world.requests)).toEqual(['PATCH /apis/acme.test/v1/namespaces/default/pots/shop']);
  const reads = world.requests.filter(({ method, path }) => method === 'GET' && path.includes('configmaps/shop-map'));
  expect(reads).toHaveLength(1);
  const status = await run('status shop');
  expect({ ...reconciled, out: withoutAges(reconciled.out) }).toEqual({ ...status, out: withoutAges(status.out) });
});

test('a failed write is retried without a backoff pause', async () => {
  refuseChildren();
  await world.user.patch(sim.potRef('shop'), { spec: { text: 'new' } });
  await world.advance(60_000);
  world.intercept = undefined;
  const text = async () => (await world.user.get(sim.mapRef('shop-map')))['data'];
  expect(await text()).toEqual({ text: 'x' });
  expect((await run('reconcile shop')).code).toBe(0);
  expect(await text()).toEqual({ text: 'new' });
});

test('a pass that ends in an error is reported, with exit code 1', async () => {
  refuseChildren();
  await world.user.patch(sim.potRef('shop'), { spec: { text: 'new' } });
  await world.advance(1000);
  const { code, out } = await run('reconcile shop');
  expect(code).toBe(1);
  expect(out).toContain('no right');
});

test('for a definition, the controller makes a pass, and retries its instances without a pause', async () => {
  refuseChildren();
  await world.user.patch(sim.potRef('shop'), { spec: { text: 'new' } });
  await world.advance(60_000);
  world.intercept = undefined;
  const { code, out } = await run('reconcile pots');
  expect(code).toBe(0);
  expect(out.split('\n')).toMatchInlineSnapshot(`
    [
      "ResourceGraphDefinition pots   Active",
      "conditions",
      "  GraphRevisionsResolved  True       revision 1 compiled and active",
      "  GraphAccepted           True       resource graph and schema are valid",
      "  KindReady               True       kind Pot has been accepted and ready",
      "  ControllerReady         True       controller is running",
      "  Ready                   True       Ready",
    ]
  `);
  await world.settle();
  expect((await world.user.get(sim.mapRef('shop-map')))['data']).toEqual({ text: 'new' });
  expect(await annotations(sim.potsRef)).not.toHaveProperty([REQUEST]);
});

test('when no controller runs, the command removes its request', async () => {
  await world.controller.stop();
  const { code, err } = await run('reconcile shop --timeout 200ms');
  expect({ code, err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: no controller completed a pass over Pot default/shop in 200ms [reconcile/not-answered]
      hint: the request was withdrawn; check whether the controller runs; stock kro and older versions of TypeKro need --by-suspension",
    }
  `);
  expect(await annotations()).not.toHaveProperty([REQUEST]);
  await world.restart();
});

test('--by-suspension, for kro, suspends the instance for a moment and resumes it', async () => {
  const { code, out } = await run('reconcile shop --by-suspension');
  expect(code).toBe(0);
  expect(withoutAges(out)[0]).toMatch(/^Pot default\/shop {3}ACTIVE/);
  expect(await annotations()).not.toHaveProperty(['kro.run/reconcile']);
});

test.each([
  ['', REQUEST],
  [' --by-suspension', keys.RECONCILE_ANNOTATION],
])('an interrupted reconcile%s removes its annotation', async (option, key) => {
  await world.controller.stop();
  const interrupt = new AbortController();
  const ended = runCommandLine(entriesOf(commands), '0', `reconcile shop${option} --kubeconfig kubeconfig`.split(' '), {
    cwd,
    env: {},
    print: () => undefined,
    printError: () => undefined,
    readInput: () => Promise.resolve(''),
    signal: interrupt.signal,
  });
  const never = new AbortController().signal;
  await waitForObject(world.user, sim.potRef('shop'), never, (found) =>
    found?.metadata.annotations?.[key] === undefined ? undefined : true,
  );
  interrupt.abort();
  expect(await ended).toBe(130);
  expect(await annotations()).not.toHaveProperty([key]);
  await world.restart();
});

test('--by-suspension ends when the instance is deleted before the controller reports the suspension', async () => {
  await world.controller.stop();
  const ended = run('reconcile shop --by-suspension');
  await waitForObject(world.user, sim.potRef('shop'), new AbortController().signal, (found) =>
    found?.metadata.annotations?.[keys.RECONCILE_ANNOTATION] === undefined ? undefined : true,
  );
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: null } }, { fieldManager: 'test' });
  await world.user.delete(sim.potRef('shop'));
  const { code, err } = await ended;
  expect(err).toContain('there is no');
  expect(code).not.toBe(0);
  await world.restart();
});

test('a dry run and --timeout 0 do not wait', async () => {
  expect((await run('reconcile shop --dry-run')).out).toMatchInlineSnapshot(
    `"Pot default/shop would be requested (dry run): the controller would make a pass"`,
  );
  expect(await annotations()).not.toHaveProperty([REQUEST]);
  expect((await run('reconcile shop --timeout 0 -o json')).out).toContain('"result": "requested"');
  await world.settle();
  expect(await annotations()).not.toHaveProperty([REQUEST]);
});

test.each([
  ['reconcile shap', 2, 'shap'],
  ['reconcile pots --by-suspension', 2, '--by-suspension needs an instance and a --timeout above 0'],
])('%s ends with the exit code %i', async (line, code, text) => {
  const ended = await run(line);
  expect(ended.err).toContain(text);
  expect(ended.code).toBe(code);
});

test('a suspended instance is refused', async () => {
  await run('suspend shop');
  await world.settle();
  const { code, err } = await run('reconcile shop');
  expect({ code, err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: Pot default/shop is suspended: a pass writes none of its objects [reconcile/suspended]
      hint: typekro resume pot/default/shop",
    }
  `);
});

test('a suspended instance that is being deleted is reconciled, because its deletion continues', async () => {
  await run('suspend shop');
  await world.controller.stop();
  await world.user.delete(sim.potRef('shop'));
  expect((await run('reconcile shop --timeout 0')).code).toBe(0);
  await world.restart();
});
