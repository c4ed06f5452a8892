import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

/** The value of a Secret. It is not a valid label, time or name. */
const VALUE = 'hunter two!';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
const refusal = (message: string): sim.Answer => ({
  status: 422,
  headers: { 'content-type': 'application/json' },
  body: bytes(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', message, code: 422 }),
  ),
});

const login = (stringData: JsonObject): JsonObject => ({
  id: 'login',
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: '${schema.metadata.name}-login' }, stringData },
});
const external: JsonObject = {
  id: 'login',
  externalRef: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'outer', namespace: 'default' } },
};

/** All output of the controller: status, events, log, metrics, and the reports of the inspect interface. */
async function allTexts(): Promise<string> {
  const instance = await world.user.get(sim.potRef('p'));
  const events = await world.user.list({ apiVersion: 'v1', kind: 'Event' });
  return [
    JSON.stringify([instance.status, events.items]),
    ...world.log,
    world.controller.metricsText(),
    JSON.stringify([
      world.controller.reports.instances().map(({ ref }) => world.controller.reports.report(ref)),
      world.controller.reports.eventsAfter(0),
    ]),
  ].join('\n');
}

it.each<[string, JsonObject[], string | undefined, RegExp]>([
  [
    'a label that the server refuses',
    [external, sim.mapResource('map', { a: 'x' }, { labels: { token: '${string(login.data.key)}' } })],
    undefined,
    /ConfigMap "p-map" is invalid: metadata\.labels: Invalid value: "\(secret\)": a valid label must/,
  ],
  [
    'a Secret with a field of the spec',
    [login({ key: '${schema.spec.text}' })],
    `Secret "p-login" is invalid: data[key]: Invalid value: "${VALUE}": too short`,
    /Secret "p-login" is invalid: data\[key\]: Invalid value: "\(secret\)": too short/,
  ],
  [
    'a Secret with a literal, which a webhook quotes in its own words',
    [login({ key: VALUE })],
    `admission webhook "keys.acme.test" denied the request: the key ${VALUE} is known`,
    /admission webhook "keys\.acme\.test" denied the request: the key \(secret\) is known/,
  ],
  [
    'an expression that cannot convert the value',
    [external, sim.mapResource('map', { a: '${string(timestamp(string(login.data.key)))}' })],
    undefined,
    /eval "string\(timestamp\(string\(login\.data\.key\)\)\)": invalid RFC 3339 timestamp: \(secret\)/,
  ],
])('no output of the controller contains the value of a Secret: %s', async (_title, resources, answer, shown) => {
  await world.user.apply(
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'outer', namespace: 'default' }, stringData: { key: VALUE } },
    { fieldManager: 'user', force: true },
  );
  world.intercept = ({ method, path }) =>
    answer !== undefined && method === 'PATCH' && path.includes('/secrets/p-login') ? refusal(answer) : undefined;
  await world.apply(sim.potDefinition(resources));
  await world.advance(5000);
  await world.apply(sim.pot('p', { text: VALUE }));
  await world.advance(60_000);
  const texts = await allTexts();
  expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toMatch(shown);
  expect(texts).not.toContain(VALUE);
  expect(texts).not.toContain(Buffer.from(VALUE).toString('base64'));
  expect((await world.eventsOf('p')).join('\n')).toMatch(shown);
});

it('when the server refuses a status, no output reveals the value of a field of the spec that only Secrets use', async () => {
  world.intercept = ({ method, path }) =>
    method !== 'GET' && path.includes('/pots/p/status')
      ? refusal(`Pot.acme.test "p" is invalid: spec.text: Invalid value: "${VALUE}": no longer allowed`)
      : undefined;
  await world.apply(sim.potDefinition([login({ key: '${schema.spec.text}' })]));
  await world.advance(5000);
  await world.apply(sim.pot('p', { text: VALUE }));
  await world.advance(60_000);
  expect(await allTexts()).not.toContain(VALUE);
  expect(world.log.filter((line) => line.includes('a pass failed')).join('\n')).toContain(
    'spec.text: Invalid value: \\"(secret)\\": no longer allowed',
  );
});

it('if a refused object contains no value of a Secret, the message about it is not changed', async () => {
  await world.apply(
    sim.potDefinition([sim.mapResource('map', { a: 'x' }, { labels: { token: '${schema.spec.text}' } })]),
  );
  await world.advance(5000);
  await world.apply(sim.pot('p', { text: VALUE }));
  await world.advance(60_000);
  expect(sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady')).toContain(
    `Invalid value: "${VALUE}"`,
  );
});
