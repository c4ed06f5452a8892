import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, pot, potDefinition, potRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { stringifyJson } from '@typekro/kit/core';
import { diff } from '../commands/instance/diff-command.ts';
import { plan } from '../commands/plan-command.ts';
import { why } from '../commands/instance/why-command.ts';

let world: VirtualWorld;
let cwd: string;

const kept: JsonObject = {
  ...mapResource('kept', { text: '${schema.spec.text}' }),
  includeWhen: ['${schema.spec.count < 2}'],
  deletionPolicy: 'Orphaned',
};

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-orphans-'));
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
  rmSync(cwd, { recursive: true, force: true });
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
