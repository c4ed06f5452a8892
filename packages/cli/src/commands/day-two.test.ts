import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandInProcess } from '../../test-support/command-in-process.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import * as sim from '@typekro/testing/test-support/virtual-world';
import { commands } from './index.ts';
import type { JsonObject } from '@typekro/kit/core';

let world: sim.VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-day-two-'));
beforeEach(async () => {
  world = await sim.virtualWorld({ cluster: { workloads: true } });
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.text}' })]));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
});
afterEach(() => world.close());

/** Runs a command that must end with exit code 0. Returns its output, with each age replaced by `AGE`. */
async function run(line: string): Promise<string[]> {
  const { code, out, err } = await commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.replaceAll(/(?<![\w-])\d+(?:y|d|h|m|s)(?:\d+[a-z])? /g, 'AGE ').split('\n');
}

const annotations = async () => (await world.user.get(sim.potRef('shop'))).metadata.annotations ?? {};
const textOfMap = async () => (await world.user.get(sim.mapRef('shop-map')))['data'];

test('status shows the state of an instance and its conditions', async () => {
  expect(await run('status shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop   ACTIVE AGE   revision 1   1 of 1 nodes ready",
      "conditions",
      "  InstanceManaged  True       AGE  instance is properly managed with finalizers and labels",
      "  GraphResolved    True       AGE  runtime graph created and all resources resolved",
      "  ResourcesReady   True       AGE  all resources are created and ready",
      "  Ready            True       AGE  Ready",
    ]
  `);
});

test('suspend delays the effect of a change to the instance until resume', async () => {
  expect(await run('suspend shop --dry-run')).toMatchInlineSnapshot(`
    [
      "Pot default/shop would be configured (dry run): then it is suspended: the controller writes none of its objects, and does not revert changes by other clients",
      "   next  typekro suspend pot/default/shop",
    ]
  `);
  expect(await annotations()).not.toHaveProperty('kro.run/reconcile');
  expect((await run('suspend shop'))[0]).toMatch(/^Pot default\/shop configured: it is suspended/);
  expect((await run('suspend shop'))[0]).toMatch(/^Pot default\/shop unchanged: it is suspended/);
  await world.settle();
  await world.user.patch(sim.potRef('shop'), { spec: { text: 'new' } });
  await world.advance(2000);
  expect(await textOfMap()).toEqual({ text: 'x' });
  expect(await run('resume shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop configured: it is not suspended: the controller keeps all objects as the graph wants them",
      "   next  typekro wait pot/default/shop",
    ]
  `);
  await world.advance(2000);
  expect(await textOfMap()).toEqual({ text: 'new' });
  expect((await run('resume shop'))[0]).toMatch(/unchanged/);
});

test.each(['delete', 'suspend', 'resume', 'pin', 'wait --timeout 50ms'])(
  '%s refuses the name of a node where an instance is expected, and changes nothing',
  async (command) => {
    const before = await world.user.get(sim.potRef('shop'));
    const { code, err } = await commandRunner(commands, cwd)(`${command} shop/map --kubeconfig kubeconfig`);
    expect(code).not.toBe(0);
    expect(err).toContain('there is no instance shop/map');
    expect((await world.user.get(sim.potRef('shop'))).metadata).toEqual(before.metadata);
  },
);

test('rollback undoes a change for which no revision was issued; pin without --revision keeps the revision that the instance follows', async () => {
  await change();
  await world.apply(sim.potDefinition([sim.mapResource('map', { text: '${schema.spec.nothing}' })]));
  await world.advance(2000);
  expect((await run('pin shop'))[0]).toContain('it stays with revision 2');
  expect((await run('rollback pot'))[0]).toContain('its spec becomes that of revision 2');
  await world.advance(2000);
  expect(await textOfMap()).toEqual({ text: 'second' });
});

/** Changes the definition, so that it gets a second revision. */
async function change(): Promise<void> {
  await world.apply(
    sim.potDefinition([sim.mapResource('map', { text: 'second' }), sim.mapResource('more', { a: 'b' })]),
  );
  await world.advance(2000);
}

test('pin keeps revision 1, revisions lists the changes, and rollback restores revision 1', async () => {
  expect(await run('pin shop')).toMatchInlineSnapshot(`
    [
      "Pot default/shop configured: it stays with revision 1",
      "   next  typekro pin pot/default/shop --remove",
    ]
  `);
  await change();
  expect(await textOfMap()).toEqual({ text: 'x' });
  expect(await run('revisions pots')).toMatchInlineSnapshot(`
    [
      "revision 2   AGE ago   is the definition",
      "   changed  node map, + node more",
      "revision 1   AGE ago",
      "   pinned   default/shop",
    ]
  `);
  expect(await run('pin shop --remove')).toMatchInlineSnapshot(`
    [
      "Pot default/shop configured: it follows the newest revision",
      "   next  typekro tree pot/default/shop",
    ]
  `);
  await world.advance(2000);
  expect(await textOfMap()).toEqual({ text: 'second' });
  expect(await run('rollback pot --dry-run')).toMatchInlineSnapshot(`
    [
      "ResourceGraphDefinition pots would be configured (dry run): then its spec becomes that of revision 1; changed: node map, - node more",
      "   next  typekro rollback pots --to 1",
    ]
  `);
  expect((await run('rollback pot'))[0]).toMatch(/^ResourceGraphDefinition pots configured: its spec becomes/);
  await world.advance(2000);
  expect(await textOfMap()).toEqual({ text: 'x' });
  expect((await run('rollback pot --to 1'))[0]).toMatch(/unchanged: its spec is that of revision 1$/);
});

const graph = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'g', namespace: 'default' },
  spec: { nodes: [{ id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'of-graph' } } }] },
};

test('a Graph is shown, waited for and deleted like an instance', async () => {
  expect(await run('wait graph/g --for deleted')).toEqual(['graph/g is gone: there is no such instance']);
  await world.apply(graph);
  // The ServiceAccount of the Graph has no rights.
  expect(await run('tree g')).toEqual([
    'Graph default/g   no controller has written its status yet   0 of 1 nodes ready',
    expect.stringContaining(
      '└─ ✗ map  ConfigMap default/of-graph  failed: cannot be read: ConfigMap v1 default/of-graph: configmaps "of-graph" is forbidden',
    ),
  ]);
  expect(await run('events graphs/default/g')).toEqual(['no events']);
  const { code, err } = await commandRunner(commands, cwd)('wait g --timeout 0 --kubeconfig kubeconfig');
  expect(code).toBe(1);
  expect(err).toContain('Graph default/g is not ACTIVE after 0: no controller has written its status yet');
  expect(await run('delete g')).toEqual(['Graph default/g deleted: its controller has no object to delete']);
});

test.each(['suspend g', 'resume g', 'pin g --revision 1', 'reconcile g --by-suspension'])(
  '%s is refused for a Graph',
  async (line) => {
    await world.apply(graph);
    const { code, err } = await commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
    expect(code).toBe(2);
    expect(err).toMatch(/Graph default\/g (?:cannot be suspended|has no revisions)/);
  },
);

test('delete does not count an object of another instance', async () => {
  const { spec = {} } = sim.potDefinition([sim.mapResource('map', {}, { name: 'shop-map' })]);
  const schema = { ...(spec['schema'] as JsonObject), kind: 'Cup' };
  await world.apply({ ...sim.potDefinition([]), metadata: { name: 'cups' }, spec: { ...spec, schema } });
  await world.advance(3000);
  await world.apply({ ...sim.pot('other'), kind: 'Cup' });
  await world.advance(3000);
  expect(await run('delete cup/other')).toEqual([
    'Cup default/other deleted: its controller has no object to delete',
    expect.any(String),
  ]);
  await world.advance(5000);
  expect(await world.user.find(sim.mapRef('shop-map'))).toBeDefined();
});

test('delete prints what is deleted, and wait ends when the instance is gone', async () => {
  expect(await run('delete shop --dry-run')).toMatchInlineSnapshot(`
    [
      "Pot default/shop would be deleted (dry run): it would exist until its controller has deleted 1 object",
      "   next  typekro delete pot/default/shop",
    ]
  `);
  expect(await world.user.find(sim.mapRef('shop-map'))).toBeDefined();
  expect((await run('delete shop'))[0]).toMatch(/^Pot default\/shop deleted: /);
  await world.advance(5000);
  expect(await run('wait shop --for deleted')).toEqual(['shop is gone: there is no such instance']);
});

test('delete changes nothing when the deletion of the definition is blocked by another program', async () => {
  await world.user.patch(sim.potsRef, { metadata: { finalizers: ['kro.run/finalizer', 'example.com/hold'] } });
  await world.user.delete(sim.potsRef);
  await world.advance(2000);
  const { code, err } = await commandRunner(commands, cwd)('delete pot/shop --kubeconfig kubeconfig');
  expect(code).toBe(1);
  expect(err).toContain('held by example.com/hold), so no controller deletes the objects');
  expect((await world.user.get(sim.potRef('shop'))).metadata.deletionTimestamp).toBeUndefined();
});

test('delete changes nothing when no controller could complete the deletion, and prints the remedy', async () => {
  await world.user.delete(sim.potsRef);
  await world.advance(2000);
  const { code, err } = await commandRunner(commands, cwd)('delete pot/shop --kubeconfig kubeconfig');
  expect(code).toBe(1);
  expect(err).toMatchInlineSnapshot(`
    "error: Pot default/shop would never be gone: the definition pots is gone, so no controller deletes the objects and removes the finalizer kro.run/finalizer [instance/not-deleted]
      hint: nothing was deleted; apply the definition pots again; its controller then completes the deletion. To remove the instance and keep its objects: kubectl patch pot.acme.test shop -n default --type merge -p '{"metadata":{"finalizers":null}}'"
  `);
  expect((await world.user.get(sim.potRef('shop'))).metadata.deletionTimestamp).toBeUndefined();
});

test('wait ends when the instance reaches the expected state, and fails at the time limit', async () => {
  expect(await run('wait shop')).toEqual(['Pot default/shop is ACTIVE']);
  expect(await run('wait shop --for condition=Ready --timeout 0')).toEqual(['Pot default/shop is Ready=True']);
  await world.controller.stop();
  await world.user.patch(sim.potRef('shop'), { spec: { text: 'newer' } });
  const late = await commandRunner(commands, cwd)('wait shop --timeout 50ms --kubeconfig kubeconfig');
  expect(late.code).toBe(1);
  expect(late.err).toMatchInlineSnapshot(`
    "waiting until Pot default/shop is ACTIVE: it was ACTIVE, and no controller has processed its last change
    error: Pot default/shop is not ACTIVE after 50ms: it was ACTIVE, and no controller has processed its last change [instance/not-reached]
      hint: typekro why pot/default/shop shows what it waits for"
  `);
});

test('wait prints the reason why it waits, and prints each new reason', async () => {
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: ['kro.run/finalizer', 'example.com/hold'] } });
  const waiting = new CommandInProcess(commands, cwd, 'wait shop --for deleted --kubeconfig kubeconfig');
  await waiting.until(/^waiting until Pot default\/shop is deleted: it is ACTIVE\n/);
  await world.user.delete(sim.potRef('shop'));
  await world.advance(2000);
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: null } });
  await world.advance(2000);
  expect(await waiting.code).toBe(0);
  expect(waiting.output).toMatch(/is deleted: it is \w+, being deleted since [^]*\nPot default\/shop is deleted\n$/);
});

test.each(['--kro-compatibility 0.9', '--crds crds'])(
  'apply with a saved plan refuses %s, because the plan sets this option itself',
  async (option) => {
    writeFileSync(join(cwd, 'shop.json'), JSON.stringify(sim.pot('shop', { text: 'new' })));
    const own = commandRunner(commands, cwd);
    const [file = ''] = /plan-\w+\.json/.exec((await own('plan shop.json --save --kubeconfig kubeconfig')).err) ?? [];
    const { code, err } = await own(`apply ${file} ${option} --kubeconfig kubeconfig`);
    expect(code).toBe(2);
    expect(err).toContain(`${file} is a saved plan, which has its own ${option.split(' ')[0] ?? ''}`);
    expect(await textOfMap()).toEqual({ text: 'x' });
  },
);

test('wait ends when the instance is deleted, and its error does not name the time limit', async () => {
  const line = 'wait shop --for condition=Nothing --timeout 720h --kubeconfig kubeconfig';
  const waiting = new CommandInProcess(commands, cwd, line);
  await waiting.until(/^waiting until /);
  await world.controller.stop();
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: null } });
  await world.user.delete(sim.potRef('shop'));
  expect(await waiting.code).toBe(1);
  expect(waiting.output.split('\n').slice(-3)).toEqual([
    'error: Pot default/shop is not Nothing=True: it was deleted [instance/not-reached]',
    '  hint: apply the instance again, then wait again',
    '',
  ]);
});

/**
 * Forwards connections to a port. At the first request for a watch, ends all connections and accepts no new connection.
 */
async function endsAtFirstWatch(port: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    for (const each of [socket, upstream]) sockets.add(each.on('error', () => {}));
    upstream.pipe(socket);
    socket.on('data', (bytes) => {
      if (!bytes.includes('watch=')) return void upstream.write(bytes);
      server.close();
      for (const each of sockets) each.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('wait reports an outage of the cluster, and events --watch ends with an error', async () => {
  for (const [line, said] of [
    ['wait shop --for deleted --timeout 1500ms', /has not responded since \S+ \(.+\); last known: it is ACTIVE/],
    ['events shop --watch', /^error: /],
  ] as const) {
    const { kubeconfig, url } = await world.cluster.listen({ port: 0, https: false });
    const port = await endsAtFirstWatch(Number(new URL(url).port));
    writeFileSync(join(cwd, 'short'), kubeconfig.replaceAll(url, `http://127.0.0.1:${port}`));
    const { code, err } = await commandRunner(commands, cwd)(`${line} --kubeconfig short`);
    expect(code).toBe(1);
    expect(err).toMatch(said);
  }
});

test('events prints the events of the instance, its objects and the objects that these own', async () => {
  await world.apply(
    sim.potDefinition([
      {
        id: 'web',
        template: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: '${schema.metadata.name}' },
          spec: {
            selector: { matchLabels: { app: 'web' } },
            template: {
              metadata: { labels: { app: 'web' } },
              spec: { containers: [{ name: 'main', image: 'nginx' }] },
            },
          },
        },
      },
    ]),
  );
  await world.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shopkeeper', namespace: 'default' },
    spec: { containers: [{ name: 'other', image: 'nginx' }] },
  });
  await world.advance(10_000);
  const lines = (await run('events shop')).map((line) =>
    line.replaceAll(/shop-[a-z0-9]{6,}(?:-[a-z0-9]{5})?/g, 'shop-…'),
  );
  expect(lines.join('\n')).not.toContain('shopkeeper');
  expect(lines).toMatchInlineSnapshot(`
    [
      " AGE  Normal   ACTIVE  Pot default/shop  kro-controller: none -> ACTIVE",
      " AGE  Normal   ScalingReplicaSet  Deployment default/shop  deployment-controller: Scaled up replica set shop-… from 0 to 1",
      " AGE  Normal   SuccessfulCreate  ReplicaSet default/shop-…  replicaset-controller: Created pod: shop-…",
      " AGE  Normal   Scheduled  Pod default/shop-…  default-scheduler: Successfully assigned default/shop-… to fake-0",
      " AGE  Normal   Pulled  Pod default/shop-…  kubelet: Container image "nginx" already present on machine and can be accessed by the pod",
      " AGE  Normal   Created  Pod default/shop-…  kubelet: Container created",
      " AGE  Normal   Started  Pod default/shop-…  kubelet: Container started",
      " AGE  Normal   Simulated  Pod default/shop-…  kubelet: the containers of this pod are simulated: no image is pulled, and no process runs in them",
    ]
  `);
  expect((await run('events shop/web -o json')).join('\n')).toContain('"reason": "ScalingReplicaSet"');
  expect(await run('logs shop --tail 1')).toMatchInlineSnapshot(`
    [
      "the containers of this pod are simulated: no image is pulled, and no process runs in them",
    ]
  `);
});

test.each([
  ['wait shop --for nothing', 2, '--for cannot wait for nothing'],
  ['wait shop --timeout soon', 2, '--timeout soon is not a duration'],
  ['wait shop --for condition=Nothing --timeout 0', 1, 'Pot default/shop is not Nothing=True after 0: it is ACTIVE'],
  ['logs shop', 1, 'there is no pod behind the instance'],
  ['logs shop --tail some', 2, '--tail some is not a number of lines'],
  ['pin shop --remove --revision 1', 2, '--remove and --revision exclude each other'],
  ['pin shop --revision 9', 2, 'hint: the revisions of pots are 1 (typekro revisions pots shows them)'],
  ['rollback pots', 2, 'pots has no earlier revision'],
  ['rollback pits', 2, 'did you mean pots?'],
  ['revisions pits', 2, 'did you mean pots?'],
  ['delete shp', 2, 'did you mean pot/default/shop?'],
])('%s ends with the exit code %d', async (line, code, output) => {
  const ended = await commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
  expect(ended.code).toBe(code);
  expect(ended.err).toContain(output);
});
