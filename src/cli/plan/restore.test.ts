import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandRunner } from '../../../test/support/run-command.ts';
import type { VirtualWorld } from '../../../test/support/virtual-world.ts';
import { mapResource, pot, potDefinition, virtualWorld } from '../../../test/support/virtual-world.ts';
import { stringifyJson } from '../../core/index.ts';
import { plan } from '../commands/plan.ts';
import type { Plan } from './plan.ts';

let cwd: string;
let world: VirtualWorld;
const definition = potDefinition([mapResource('map', { text: '${schema.spec.text}' })]);

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-restore-'));
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'pots.json'), stringifyJson(definition as never));
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
});
afterEach(async () => {
  await world.close();
  rmSync(cwd, { recursive: true, force: true });
});

test('a field that another client changed is put back', async () => {
  // The controller cannot write while the plan is made.
  world.intercept = ({ method }) => {
    if (method === 'GET') return undefined;
    const body = (async function* () {
      yield Buffer.from(
        '{"kind":"Status","apiVersion":"v1","status":"Failure","code":503,"reason":"ServiceUnavailable"}',
      );
    })();
    return { status: 503, headers: { 'content-type': 'application/json' }, body };
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'shop-map' };
  await world.user.patch(map, { data: { text: 'changed' } }, { type: 'merge' });
  await world.settle();
  const { out } = await commandRunner([plan], cwd)('plan pots.json --kubeconfig kubeconfig -o json');
  const { instances, summary } = JSON.parse(out) as Plan;
  expect(instances).toMatchObject([
    {
      state: 'changed',
      writes: [{ node: 'map', action: 'restore', fields: [{ path: 'data.text', from: 'changed', to: 'x' }] }],
    },
  ]);
  expect(summary).toMatchObject({ change: 1, create: 0 });
});
