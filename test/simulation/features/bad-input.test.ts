import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { budget } from '@typekro/kit/test-support/budget';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
function failure(code: number, reason: string, message: string): sim.Answer {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code };
  return { status: code, headers: { 'content-type': 'application/json' }, body: bytes(JSON.stringify(status)) };
}
async function define(resources: JsonObject[], annotations: Record<string, string> = {}): Promise<void> {
  await world.apply(sim.potDefinition(resources, annotations));
  await world.advance(5000);
}
const readyOf = async (name: string) => sim.conditionText(await world.user.get(sim.potRef(name)), 'ResourcesReady');
const secret: JsonObject = {
  id: 'secret',
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: '${schema.metadata.name}-secret' } },
};

it('a refused definition has one event per problem, with its path and a remedy', async () => {
  await define([sim.mapResource('map', { a: '${mpa.data.a}', b: 'x' })]);
  const events = await world.eventsOf('pots');
  expect(events).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^Problem: spec\.resources\[0\]\.template\.data\.a: nothing here is named mpa \[graph\/unknown-identifier\]; hint: did you mean "map"\?/,
      ),
    ]),
  );
});

describe('malformed definitions', () => {
  const schema = { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec: {} };
  const rows: [string, JsonValue][] = [
    ['a spec without anything', {}],
    ['a schema without a kind', { schema: { apiVersion: 'v1' }, resources: [] }],
    ['a kind that is not a name', { schema: { ...schema, kind: 'not a kind' }, resources: [] }],
    ['a type that does not exist', { schema: { ...schema, spec: { a: 'strnig' } }, resources: [] }],
    [
      'a kind that does not exist',
      { schema, resources: [{ id: 'a', template: { apiVersion: 'no.such/v1', kind: 'No', metadata: { name: 'a' } } }] },
    ],
    ['a template without a kind', { schema, resources: [{ id: 'a', template: { metadata: { name: 'a' } } }] }],
    ['an invalid expression', { schema, resources: [sim.mapResource('a', { x: '${1 + }' })] }],
    [
      'a cycle',
      { schema, resources: [sim.mapResource('a', { x: '${b.data.x}' }), sim.mapResource('b', { x: '${a.data.x}' })] },
    ],
    ['two nodes with the same id', { schema, resources: [sim.mapResource('a', {}), sim.mapResource('a', {})] }],
    [
      'an id that every JavaScript object inherits',
      { schema, resources: [sim.mapResource('constructor', { x: '${__proto__.x}' })] },
    ],
  ];

  it.each(rows)(
    '%s is refused by the API server or in the condition, and a valid definition can replace the refused definition',
    async (_name, spec) => {
      const bad = { ...sim.potDefinition([]), spec } as KubeObject;
      const refused = await world.apply(bad).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      await world.advance(MINUTE);
      if (refused === undefined) {
        const definition = await world.user.get(sim.potsRef);
        expect(sim.conditionText(definition, 'GraphAccepted')).toMatch(/^False InvalidResourceGraph: ./);
        expect(definition.status?.['state']).toBe('Inactive');
        world.requests.length = 0;
        await world.advance(60 * MINUTE);
        expect(sim.writesOf(world.requests)).toEqual([]);
      }
      await define([sim.mapResource('map', { text: 'x' })]);
      expect(sim.conditionText(await world.user.get(sim.potsRef), 'Ready')).toMatch(/^True/);
    },
  );
});

describe('malformed instances', () => {
  it('are refused by the API server if they violate the schema, and otherwise do not affect other instances', async () => {
    await define([sim.mapResource('map', { text: '${schema.spec.text}' })]);
    await expect(world.user.create(sim.pot('a', { count: 'many' }))).rejects.toMatchObject({ status: 422 });
    await world.apply(sim.pot('nul', { text: 'a\u0000b' }), sim.pot('b'));
    expect(await readyOf('b')).toMatch(/^True/);
  });
});

describe('an expression that would never end', () => {
  const forever = (items: number): JsonObject => {
    const list = `[${Array.from({ length: items }, (_, index) => index).join(',')}]`;
    const loops = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const body = loops.reduceRight((inner, name) => `${list}.all(${name}, ${inner})`, 'true');
    return sim.mapResource('spin', { x: `\${string(${body})}` });
  };

  it('is stopped by its budget, and reported with its node', async () => {
    await define([sim.mapResource('map', { text: 'x' }), forever(50)]);
    const began = performance.now();
    await world.apply(sim.pot('p'));
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await readyOf('p')).toMatch(/^False NotReady: .*node "spin": .*(cost|budget)/);
    expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ text: 'x' });
  });

  it('has the budget that an annotation of its definition sets', async () => {
    await define([forever(2)], { 'typekro.dev/cel-budget': '10' });
    await world.apply(sim.pot('p'));
    expect(await readyOf('p')).toMatch(/^False NotReady: .*node "spin"/);
    await define([forever(2)], { 'typekro.dev/cel-budget': '1000000' });
    await world.advance(MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
  });
});

describe('sizes', () => {
  it('a forEach over 100,000 elements is refused in the condition, and creates no object', async () => {
    const metadata = { name: '${schema.metadata.name}-${n}' };
    const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    const list = { id: 'many', forEach: [{ n: '${schema.spec.text.split(",")}' }], template };
    await define([sim.mapResource('map', { text: 'x' }), list]);
    const text = Array.from({ length: 100_000 }, (_, index) => index).join(',');
    const began = performance.now();
    await world.apply(sim.pot('p', { text }));
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await readyOf('p')).toBe(
      'False NotReady: resource reconciliation failed: apply "many": resolve: node "many": collection size 100000 exceeds the maximum of 1000',
    );
    expect((await world.eventsOf('p')).some((reported) => reported.includes('collection size 100000'))).toBe(true);
    const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    expect(
      items.filter(({ metadata }) => metadata.name?.startsWith('p-')).map(({ metadata }) => metadata.name),
    ).toEqual(['p-map']);
  });

  it('an instance with a spec of 1 MB works, and causes no write without a change', async () => {
    await define([sim.mapResource('map', { size: '${string(size(schema.spec.text))}', text: '${schema.spec.text}' })]);
    await world.apply(sim.pot('p', { text: 'x'.repeat(1_000_000) }));
    expect(await readyOf('p')).toMatch(/^True/);
    expect((await world.user.get(sim.mapRef('p-map')))['data']).toMatchObject({ size: '1000000' });
    world.requests.length = 0;
    await world.advance(60 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });

  it(`many definitions at once all become active: ${budget('definitionsAtOnce')}`, { timeout: 900_000 }, async () => {
    const count = budget('definitionsAtOnce');
    const names = Array.from({ length: count }, (_, index) => `d${index}`);
    for (const [index, name] of names.entries()) {
      const definition = sim.potDefinition([sim.mapResource('map', { text: 'x' })]);
      const schema = { apiVersion: 'v1', kind: `Kind${index}`, group: 'many.test', spec: {} };
      await world.user.create({ ...definition, metadata: { name }, spec: { ...definition.spec, schema } });
    }
    await world.settle();
    await world.advance(MINUTE);
    const ref = { apiVersion: sim.potsRef.apiVersion, kind: sim.potsRef.kind };
    const { items } = await world.user.list(ref, {});
    expect(items.filter(({ status }) => status?.['state'] !== 'Active').map(({ metadata }) => metadata.name)).toEqual(
      [],
    );
    expect(items).toHaveLength(count);
    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });
});

describe('failed requests for the objects of a node', () => {
  it('one 429 shortly after the creation of a kind is not reported in an event', async () => {
    let refused = 0;
    world.intercept = ({ path }) =>
      path.startsWith('/apis/acme.test/') && refused++ === 0
        ? failure(429, 'TooManyRequests', 'storage is (re)initializing')
        : undefined;
    await define([sim.mapResource('map', {})]);
    expect(refused).toBeGreaterThan(1);
    expect(await world.eventsOf('pots')).toEqual(['Active: the definition is Active']);
  });

  it.each([
    ['twice', 2, ['ACTIVE: none -> ACTIVE']],
    // The 18 refusals are three rounds, each with one watch request and five tries of a list.
    ['18 times', 18, ['ReadFailed: node secret: storage is (re)initializing', 'ERROR: none -> ERROR']],
  ])('a 429 is retried, and is reported only after many tries (here it occurs %s)', async (_name, times, reported) => {
    let refused = 0;
    world.intercept = ({ path }) =>
      path.startsWith('/api/v1/secrets') && refused++ < times
        ? failure(429, 'TooManyRequests', 'storage is (re)initializing')
        : undefined;
    await define([secret]);
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    expect(refused).toBeGreaterThan(times);
    const events = await world.eventsOf('p');
    expect(events).toEqual(expect.arrayContaining(reported));
    const isFailure = (text: string) => text.startsWith('ReadFailed');
    expect(events.some(isFailure)).toBe(reported.some(isFailure));
    expect(await readyOf('p')).toMatch(/^True/);
  });

  it('a permanent 429 is reported as the reason why the definition waits', async () => {
    world.intercept = ({ path }) =>
      path.startsWith('/apis/acme.test/') ? failure(429, 'TooManyRequests', 'storage is (re)initializing') : undefined;
    await define([sim.mapResource('map', {})]);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'ControllerReady')).toContain(
      'storage is (re)initializing',
    );
    world.intercept = undefined;
    await world.advance(60_000);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'ControllerReady')).toBe(
      'True Running: controller is running',
    );
  });

  it('a permanent 500 is reported, is retried with growing pauses, and delays no sibling', async () => {
    world.intercept = ({ path }) =>
      path.includes('/secrets') ? failure(500, 'InternalError', 'storage is broken') : undefined;
    await define([sim.mapResource('map', { text: 'x' }), secret]);
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ text: 'x' });
    expect(await readyOf('p')).toMatch(/^False NotReady: .*storage is broken/);
    const tries = (from: number) => world.requests.slice(from).filter(({ path }) => path.includes('/secrets')).length;
    const mark = world.requests.length;
    await world.advance(60 * MINUTE);
    expect(tries(mark)).toBeLessThan(300);
    expect(sim.writesOf(world.requests.slice(mark))).toEqual([]);
    // In the meantime, the controller continues to watch the siblings.
    await world.user.patch(sim.mapRef('p-map'), { data: { text: 'mine' } }, { fieldManager: 'kubectl-edit' });
    await world.settle();
    expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual({ text: 'x' });
    world.intercept = undefined;
    await world.advance(30 * MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
  });

  it('the refusal of a webhook is reported without a remedy about RBAC, and the write is retried', async () => {
    const message = 'admission webhook "policy.acme.test" denied the request: secrets are bad';
    world.intercept = ({ method, path }) =>
      method === 'PATCH' && path.includes('/secrets/') ? failure(403, 'Forbidden', message) : undefined;
    await define([sim.mapResource('map', { text: 'x' }), secret]);
    await world.apply(sim.pot('p'));
    expect(await world.eventsOf('p')).toContain(`WriteFailed: node secret: ${message}`);
    const mark = world.requests.length;
    await world.advance(60 * MINUTE);
    const text = await readyOf('p');
    expect(text).toContain(message);
    expect(text).not.toContain('missing permission');
    expect(sim.writesOf(world.requests.slice(mark)).filter((line) => line.includes('secrets')).length).toBeLessThan(40);
    expect(sim.writesOf(world.requests.slice(mark)).filter((line) => line.endsWith('/status'))).toEqual([]);
  });

  it('a webhook that refuses writes of the instance with 409 is reported, and the write is retried', async () => {
    await define([sim.mapResource('map', { text: 'x' })]);
    world.intercept = ({ method, path }) =>
      method === 'PATCH' && path.includes('/pots/p') && !path.includes('/status')
        ? failure(409, 'Conflict', 'admission webhook "policy.acme.test" denied the request: not now')
        : undefined;
    const mark = world.requests.length;
    await world.apply(sim.pot('p'));
    await world.advance(60 * MINUTE);
    expect(world.requests.length - mark).toBeLessThan(200);
    expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'InstanceManaged')).toBe(
      'False ManagementFailed: finalizer/labeling failed: admission webhook "policy.acme.test" denied the request: not now',
    );
    world.intercept = undefined;
    await world.advance(10 * MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
  });

  it('an exhausted quota is reported, and the write is retried until the quota allows the object', async () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'default' },
      spec: { hard: { secrets: '0' } },
    };
    await world.apply(quota);
    await define([sim.mapResource('map', { text: 'x' }), secret]);
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    const text = await readyOf('p');
    expect(text).toMatch(/exceeded quota: q/);
    expect(text).not.toContain('missing permission');
    await world.apply({ ...quota, spec: { hard: { secrets: '5' } } });
    await world.advance(10 * MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
  });

  it('a missing namespace is reported, and the object is written when the namespace exists', async () => {
    await define([sim.mapResource('map', { text: 'x' }, { namespace: 'later' })]);
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    expect(await readyOf('p')).toContain('namespaces "later" not found');
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } });
    await world.advance(10 * MINUTE);
    expect(await readyOf('p')).toMatch(/^True/);
  });
});

describe('a namespace that is deleted', () => {
  it('is deleted with its instances and their children, and the controller has no work left', async () => {
    await define([sim.mapResource('map', { text: 'x' })]);
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
    const instance = sim.pot('p');
    await world.apply({ ...instance, metadata: { ...instance.metadata, namespace: 'gone' } }, sim.pot('stays'));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'gone' };
    await world.user.delete(namespace);
    await world.settle();
    await world.advance(5 * MINUTE);
    expect(await world.user.find(namespace)).toBeUndefined();
    expect(await readyOf('stays')).toMatch(/^True/);
    world.requests.length = 0;
    await world.advance(60 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });
});

describe('a definition whose revision or CRD the server refuses', () => {
  it.each([
    [
      'of its revision, because a name is too long for a label',
      '/graphrevisions',
      () => failure(422, 'Invalid', 'metadata.labels: Invalid value: must be no more than 63 bytes'),
      'GraphAccepted',
      'False InvalidResourceGraph: creating graph revision "pots-r00001": metadata.labels: Invalid value: must be no more than 63 bytes',
    ],
    [
      'of its CRD, because a right is missing',
      '/customresourcedefinitions',
      () =>
        failure(
          403,
          'Forbidden',
          'User "kro" cannot create resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope',
        ),
      'KindReady',
      'add the rule {apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["create", "patch"]}',
    ],
  ])('reports the refusal (%s), and continues when it has ended', async (_name, path, answer, condition, message) => {
    world.intercept = (request) => (request.method === 'POST' && request.path.includes(path) ? answer() : undefined);
    await define([sim.mapResource('map', { text: 'x' })]);
    expect(sim.conditionText(await world.user.get(sim.potsRef), condition)).toContain(message);
    // The controller retries the creation once a minute, and writes nothing else.
    const mark = world.requests.length;
    await world.advance(10 * MINUTE);
    expect(sim.writesOf(world.requests.slice(mark)).length).toBeLessThan(12);
    world.intercept = undefined;
    await world.advance(2 * MINUTE);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'Ready')).toMatch(/^True/);
  });
});
