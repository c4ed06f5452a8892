import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { readSession } from '@typekro/kube';
import { differenceLines, diffReport } from './diff-report.ts';
import { observe } from './observation.ts';
import { treeLines, treeNodes } from './tree-view.ts';

const NEVER = new AbortController().signal;
const DEFINITION = parse(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1alpha1, kind: App, spec: { names: '[]string', metrics: boolean | default=false } }
  resources:
    - id: settings
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}" }, data: { a: b, c: d } }
    - id: secret
      template: { apiVersion: v1, kind: Secret, metadata: { name: "\${schema.metadata.name}" }, stringData: { key: hidden } }
    - id: parts
      forEach: [{ name: "\${schema.spec.names}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name + '-' + name}" } }
    - id: url
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}-url" }, data: { url: "\${'pg://u:' + string(secret.data.key)}", plain: x } }
    - id: monitor
      includeWhen: ["\${schema.spec.metrics}"]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: monitor } }
`) as KubeObject;

const instance = (name: string, kind = 'App'): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec: { names: ['x', 'y'] },
});

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
  await world.apply(DEFINITION);
  await world.advance(2000);
  await world.apply(instance('shop'));
  await world.advance(2000);
});
afterEach(() => world.close());

const look = (text: string) => observe(world.user, text, 'default', NEVER, { settings: assumedSettings('this test') });
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace: 'default' });

async function diff(text = 'shop'): Promise<string[]> {
  const seen = await look(text);
  if (seen.graph === undefined) throw new Error('it has no graph');
  return differenceLines(diffReport(seen, seen.graph));
}

describe('tree', () => {
  test('lists nodes in the order of the graph, the size of a collection, and the reason of a skipped node', async () => {
    const seen = await look('shop');
    expect(treeLines(seen, world.clock.now(), false)).toEqual([
      'App default/shop   ACTIVE 2s   revision 1   4 of 4 nodes ready, 1 skipped',
      '├─ ✓ settings  ConfigMap default/shop      ready: is as wanted and ready',
      '├─ ✓ secret    Secret default/shop         ready: is as wanted and ready',
      '├─ ✓ parts     ConfigMap ×2                ready: is as wanted and ready',
      '├─ ✓ url       ConfigMap default/shop-url  ready: is as wanted and ready',
      '└─ - monitor                               skipped: is left out: schema.spec.metrics is false',
    ]);
    expect(treeNodes(seen)[2]?.objects.map(({ object }) => object.name)).toEqual(['shop-x', 'shop-y']);
  });

  test('shows objects that do not exist yet', async () => {
    await world.controller.stop();
    await world.apply(instance('later'));
    expect(treeLines(await look('later'), world.clock.now(), false).slice(0, 2)).toEqual([
      'App default/later   no controller has written its status yet   revision 1   0 of 4 nodes ready, 1 skipped',
      '├─ > settings  ConfigMap default/later      applying: creates its object',
    ]);
  });
});

describe('diff', () => {
  test('reports that there is no difference', async () => {
    expect(await diff()).toEqual(['no difference: every object is as the graph wants it']);
  });

  test('names the revision that is served, and why the spec is not, as tree does', async () => {
    const spec = {
      ...DEFINITION.spec,
      resources: [{ id: 'x', template: { apiVersion: 'v1', kind: 'Nothing', metadata: { name: 'x' } } }],
    };
    await world.apply({ ...DEFINITION, spec });
    await world.advance(2000);
    const seen = await look('shop');
    const notes = treeLines(seen, world.clock.now(), false).slice(1, -seen.decision.nodes.length);
    expect(notes.join('\n')).toMatch(/revision 1 is served\nerror: v1 has no kind "Nothing"/);
    expect(await diff()).toEqual([...notes, 'no difference: every object is as the graph wants it']);
    expect(diffReport(seen, seen.graph as never)).toMatchObject({ notes: seen.notes, problems: seen.problems });
  });

  test('shows fields that another program changed, and objects that another program deleted', async () => {
    await world.controller.stop();
    await world.user.patch(configMap('shop'), { data: { a: 'edited' } }, { fieldManager: 'kubectl-edit' });
    await world.user.delete(configMap('shop-x'));
    expect(await diff()).toEqual([
      '~ ConfigMap default/shop  drift (settings), last written by kubectl-edit',
      '    data.a  "edited" in the cluster, by kubectl-edit; "b" is wanted and will be put back',
      '+ ConfigMap default/shop-x  create (parts)',
    ]);
    expect(await diff('shop/parts')).toEqual(['+ ConfigMap default/shop-x  create (parts)']);
  });

  test('a suspended instance shows its changes, with a note that no object is written before it is resumed', async () => {
    const annotations = { 'kro.run/reconcile': 'suspended' };
    await world.apply({ ...instance('shop'), metadata: { name: 'shop', namespace: 'default', annotations } });
    await world.user.patch(configMap('shop'), { data: { a: 'edited' } }, { fieldManager: 'kubectl-edit' });
    await world.advance(2000);
    expect(await diff('shop/settings')).toEqual([
      'note: the instance is suspended by the annotation kro.run/reconcile: no object is written before typekro resume app/default/shop',
      '~ ConfigMap default/shop  drift (settings), last written by kubectl-edit',
      '    data.a  "edited" in the cluster, by kubectl-edit; "b" is wanted and will be put back',
    ]);
  });

  test('a value that the server writes in another form is not a difference', async () => {
    await world.controller.stop();
    const inner = world.user;
    // Simulates a webhook that replaces every write with the stored object.
    const api = readSession({
      ...readSession(inner),
      apply: (object) => inner.get({ ...object, name: 'shop', namespace: 'default' }),
    });
    await world.user.patch(configMap('shop'), { data: { a: 'B' } }, { fieldManager: 'webhook' });
    const seen = await observe(api, 'shop/settings', 'default', NEVER, { settings: assumedSettings('this test') });
    if (seen.graph === undefined) throw new Error('it has no graph');
    expect(differenceLines(diffReport(seen, seen.graph))).toEqual([
      '= ConfigMap default/shop  changed by the API server, a webhook or a policy in each write (settings)',
      '    data.a  "B" in the cluster, by webhook; "b" is wanted',
    ]);
  });

  test('two values that differ only in white space are shown as different', async () => {
    await world.controller.stop();
    await world.user.patch(configMap('shop'), { data: { a: 'b ' } }, { fieldManager: 'kubectl-edit' });
    expect((await diff()).join('\n')).toContain('"b " in the cluster, by kubectl-edit; "b" is wanted');
  });

  test('the value of a field that is computed from a Secret is not shown', async () => {
    await world.controller.stop();
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'shop-url', namespace: 'default' };
    await world.user.patch(ref, { data: { url: 'other' } }, { fieldManager: 'kubectl-edit' });
    expect(await diff('shop/url')).toEqual([
      '~ ConfigMap default/shop-url  drift (url), last written by kubectl-edit',
      '    data.url  (secret) in the cluster, by kubectl-edit; (secret) is wanted and will be put back',
    ]);
  });

  test('values of Secrets are not shown', async () => {
    await world.controller.stop();
    const secret = { apiVersion: 'v1', kind: 'Secret', name: 'shop', namespace: 'default' };
    await world.user.patch(secret, { data: { key: 'b3RoZXI=' } }, { fieldManager: 'kubectl-edit' });
    const lines = (await diff()).join('\n');
    expect(lines).toContain('Secret default/shop  drift (secret), last written by kubectl-edit');
    expect(lines).not.toMatch(/b3RoZXI|other|hidden|aGlkZGVu/);
  });
});

describe('an instance', () => {
  test.each([
    'shop',
    'default/shop',
    'app/shop',
    'apps/shop',
    'APP/default/shop',
    'shop/settings',
    'app/default/shop/parts',
  ])('is found as %s', async (text) => {
    expect((await look(text)).instance.metadata.name).toBe('shop');
  });

  test.each([
    ['shp', 'there is no instance shp in namespace default', 'did you mean app/default/shop?'],
    [
      'other/shop',
      'there is no instance other/shop: the namespace other does not exist',
      'did you mean app/default/shop?',
    ],
    ['something', 'there is no instance something in namespace default', 'the cluster has app/default/shop'],
    ['shop/setings', 'the instance has no node setings', 'did you mean settings?'],
    ['app/nope/shop', 'there is no instance app/nope/shop: the namespace nope does not exist', 'did you mean'],
    ['default/shp', 'there is no instance default/shp', 'did you mean app/default/shop?'],
    ['a/app.yaml', '"a/app.yaml" names a file, and the command takes an instance', 'typekro plan a/app.yaml'],
    ['rgd/apps', '"rgd/apps" names a definition, and the command takes an instance', 'typekro why rgd/apps'],
    ['a/b/c/d', 'there is no instance a/b/c/d: the namespace a does not exist', 'the cluster has app/default/shop'],
    ['shop//it', '"shop//it" names no instance', 'KIND/NAMESPACE/NAME'],
    ['', '"" names no instance', 'KIND/NAMESPACE/NAME'],
  ])('is not found as %s', async (text, message, remedy) => {
    const error: unknown = await look(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message, remedy: expect.stringContaining(remedy) as string });
  });

  test('with the same name as another instance must be named with its kind', async () => {
    const other = structuredClone(DEFINITION) as unknown as {
      metadata: { name: string };
      spec: { schema: { kind: string } };
    };
    other.metadata.name = 'tool';
    other.spec.schema.kind = 'Tool';
    await world.apply(other as unknown as KubeObject);
    await world.advance(2000);
    await world.apply(instance('shop', 'Tool'));
    await expect(look('shop')).rejects.toMatchObject({
      message: '"shop" means App default/shop and Tool default/shop',
      remedy: 'write the kind before the name: app/default/shop',
    });
    expect((await look('tool/shop')).instance.kind).toBe('Tool');
  });
});
