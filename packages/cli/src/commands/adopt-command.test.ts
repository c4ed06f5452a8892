import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapRef, mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import { commands } from './index.ts';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-adopt-'));
beforeEach(async () => {
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'shop.json'), stringifyJson(pot('shop')));
  await world.apply(
    potDefinition([mapResource('map', { text: '${schema.spec.text}' }), mapResource('more', { a: 'b' })]),
  );
  await world.advance(2000);
});
afterEach(() => world.close());

const run = (line: string) => commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);
const map = (data: Record<string, string>, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'shop-map', namespace: 'default', ...metadata },
  data,
});

test('an existing object is shown field by field with the managers that lose each field, then adopted', async () => {
  await world.apply(map({ text: 'old', kept: 'yes' }));
  const { uid } = (await world.user.get(mapRef('shop-map'))).metadata;
  const dry = await run('adopt shop.json --dry-run');
  expect(dry.err).toBe('');
  expect(dry.out.split('\n')).toMatchInlineSnapshot(`
    [
      "~ ConfigMap default/shop-map (map) becomes a child of Pot default/shop",
      "    data.text: "old" → "x"; user loses it",
      "+ ConfigMap default/shop-more (more) create",
    ]
  `);
  expect((await world.user.get(mapRef('shop-map')))['data']).toEqual({ text: 'old', kept: 'yes' });
  const { code, out } = await run('adopt shop.json');
  expect(code).toBe(0);
  expect(out.split('\n').slice(-2)).toMatchInlineSnapshot(`
    [
      "created Pot default/shop",
      "The controller carries out the rest: typekro why explains what an instance waits for.",
    ]
  `);
  await world.advance(2000);
  const after = await world.user.get(mapRef('shop-map'));
  expect(after['data']).toEqual({ text: 'x', kept: 'yes' });
  expect(after.metadata.uid).toBe(uid);
  expect((await run('adopt shop.json')).out).toMatchInlineSnapshot(
    `"no existing object becomes a child of these instances"`,
  );
});

test.each([
  ['helm', { annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'apps' } }],
  ['flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }],
  ['argocd', { annotations: { 'argocd.argoproj.io/tracking-id': 'apps:/ConfigMap:default/shop-map' } }],
  ['controller', {}],
])(
  'an object of %s is refused with a message that names its owner, unless --from names the owner',
  async (owner, metadata) => {
    const { uid = '' } = (await world.user.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' })).metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name: 'default', uid, controller: true }];
    await world.apply(map({ text: 'x' }, owner === 'controller' ? { ownerReferences } : metadata));
    const refused = await run('adopt shop.json');
    expect(refused.code).toBe(1);
    expect(refused.err.split('\n')[0]).toMatch(
      /^error: ConfigMap default\/shop-map belongs to .* \[adopt\/other-owner\]$/,
    );
    expect(refused.err).toContain(`--from ${owner}`);
    expect((await run(`adopt shop.json --from ${owner}`)).code).toBe(0);
  },
);

test('the hint for objects of several owners names all owners, including those that --from already names', async () => {
  await world.apply(map({ text: 'x' }, { annotations: { 'meta.helm.sh/release-name': 'web' } }));
  const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps' };
  await world.apply(map({ a: 'b' }, { name: 'shop-more', labels }));
  expect((await run('adopt shop.json')).err).toMatch(/--from helm,flux$/m);
  expect((await run('adopt shop.json --from helm')).err).toMatch(/--from helm,flux$/m);
  expect((await run('adopt shop.json --from helm,flux')).code).toBe(0);
});

/** Applies a second definition with the kind Pan. Its only node is this object. */
async function applyPans(object: KubeObject): Promise<void> {
  const other = potDefinition([{ id: 'own', template: object }]);
  const spec = other.spec as { schema: { kind: string } };
  await world.apply({
    ...other,
    metadata: { name: 'pans' },
    spec: { ...other.spec, schema: { ...spec.schema, kind: 'Pan' } },
  });
  await world.advance(2000);
}

test('the hint for an object that the server refuses says what to correct', async () => {
  await applyPans(map({}, { name: '${schema.spec.text}' }));
  writeFileSync(join(cwd, 'pan.json'), stringifyJson({ ...pot('shop'), kind: 'Pan', spec: { text: 'Bad_Name' } }));
  const { code, err } = await run('adopt pan.json');
  expect(code).toBe(1);
  expect(err).toContain('Invalid value: "Bad_Name"');
  expect(err).toContain('hint: nothing was applied; correct the field in the definition, or the value in the instance');
});

test('an object of another instance is refused with a message that names the other instance', async () => {
  await applyPans(map({ text: 'mine' }));
  await world.apply({ ...pot('first'), kind: 'Pan' });
  await world.advance(2000);
  const { code, err } = await run('adopt shop.json');
  expect(code).toBe(1);
  expect(err).toContain('Pan');
  expect(err).toContain('[adopt/blocked]');
  expect(err).toContain('hint: nothing was applied; release the object from the other instance');
  expect((await world.user.get(mapRef('shop-map')))['data']).toEqual({ text: 'mine' });
});

test('an object without an owner is refused with a hint that names the annotation to allow its adoption', async () => {
  await world.apply(
    potDefinition([mapResource('map', { text: '${schema.spec.text}' })], { 'typekro.dev/adoption': 'refuse' }),
  );
  await world.advance(2000);
  await world.apply(map({ text: 'mine' }));
  const { code, err } = await run('adopt shop.json');
  expect(code).toBe(1);
  expect(err).toContain('hint: nothing was applied; allow it in the definition: typekro.dev/adoption: map=adopt');
});

test.each([
  ['adopt nowhere.json', 1, 'nowhere.json'],
  ['adopt shop.json --from rancher', 2, '--from takes helm, flux, argocd, controller, not "rancher"'],
])('the command %s ends with the exit code %i', async (line, code, text) => {
  const ended = await run(line);
  expect(ended.err).toContain(text);
  expect(ended.code).toBe(code);
});
