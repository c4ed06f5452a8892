import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { versionedWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { plan } from '../../../../packages/cli/src/commands/plan-command.ts';
import type { Plan } from '@typekro/controller/inspect';
import { type JsonObject, type JsonValue, type KubeObject, definedMembers } from '@typekro/kit/core';
import { asObjects, listAt, statusCondition, textAt, valueAt } from '@typekro/kit/kubernetes';

// The controller loads the generator of objects when it needs it. A world does not wait for files.
beforeAll(() => import('../../../../packages/engine/src/conversion/generator-library.ts'));

let world: VirtualWorld;
afterEach(() => world.close());

const PATTERN = '^(0|[1-9][0-9]{0,2})x(0|[1-9][0-9]{0,2})$';
const SIZE = { size: `string | required=true pattern="${PATTERN}"`, note: 'string | default="none"' };
const AREA = {
  width: 'integer | required=true minimum=0 maximum=999',
  height: 'integer | required=true minimum=0 maximum=999',
  level: 'integer | default=3',
};
/** The former version, as it is written when it is no longer the hub. */
const ALPHA: JsonObject = {
  name: 'v1alpha1',
  deprecated: true,
  deprecationWarning: 'acme.test/v1alpha1 Panel is deprecated; use v1',
  spec: SIZE,
  convertTo: {
    'spec.width': "${int(self.spec.size.split('x')[0])}",
    'spec.height': "${int(self.spec.size.split('x')[1])}",
  },
  convertFrom: { 'spec.size': '${string(self.spec.width)}x${string(self.spec.height)}' },
  lossy: ['spec.level', 'spec.note'],
};

function definition(schema: JsonObject, text: string): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'panel' },
    spec: {
      schema: { kind: 'Panel', group: 'acme.test', ...schema },
      resources: [
        {
          id: 'config',
          template: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: '${schema.metadata.name}' },
            data: { text },
          },
        },
      ],
    },
  };
}

const first = definition({ apiVersion: 'v1alpha1', spec: SIZE }, '${schema.spec.size}');
const AREA_TEXT = '${string(schema.spec.width * schema.spec.height)}';
const second = definition({ apiVersion: 'v1', spec: AREA, versions: [ALPHA] }, AREA_TEXT);
const third: KubeObject = {
  ...definition({ apiVersion: 'v1', spec: AREA }, AREA_TEXT),
  metadata: { name: 'panel', annotations: { 'kro.run/allow-breaking-changes': 'true' } },
};

const panel = (version: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Panel',
  metadata: { name, namespace: 'default' },
  spec,
});

const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'panel' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'panels.acme.test' };
const read = (version: string, name: string) =>
  world.user.get({ apiVersion: `acme.test/${version}`, kind: 'Panel', namespace: 'default', name });
const text = async (name: string) => {
  const map = await world.user.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
  return valueAt(map, 'data', 'text');
};
const stored = async () => listAt((await world.user.get(CRD)).status, 'storedVersions');
const ofDefinition = async () => world.user.get(DEFINITION);
const condition = async (type: string) => {
  const found = statusCondition(await ofDefinition(), type);
  return found === undefined ? undefined : [found.status, found.reason, found.message];
};

test(
  'a kind gets a new hub: both versions are read and written, and objects are stored again',
  { timeout: 120_000 },
  async () => {
    world = await versionedWorld();
    await world.apply(first);
    await world.advance(2000);
    await world.apply(panel('v1alpha1', 'a', { size: '3x4', note: 'mine' }));
    await world.advance(2000);
    expect(await text('a')).toBe('3x4');

    await world.apply(second);
    await world.advance(3000);
    expect(await stored()).toEqual(['v1alpha1', 'v1']);
    expect(await condition('StorageMigrated')).toEqual([
      'Unknown',
      'Waiting',
      'objects are stored in v1alpha1, and will be written again in v1',
    ]);
    expect(await text('a')).toBe('12');
    expect((await read('v1', 'a')).spec).toEqual({ width: 3, height: 4, level: 3 });
    // The former version can be written as before, and keeps what it cannot hold.
    await world.apply(panel('v1', 'b', { width: 2, height: 5, level: 9 }));
    const old = await read('v1alpha1', 'b');
    expect(old.spec).toEqual({ size: '2x5', note: 'none' });
    await world.user.patch({ ...ref('v1alpha1', 'b') }, { spec: { size: '2x6' } });
    await world.advance(2000);
    expect((await read('v1', 'b')).spec).toEqual({ width: 2, height: 6, level: 9 });
    expect(await text('b')).toBe('12');
    await world.advance(10_000);
    expect(await stored()).toEqual(['v1']);
  },
);

test('a removed version leaves the CRD when no field manager names it', { timeout: 120_000 }, async () => {
  world = await migratedWorld(['a'], {});
  await world.apply({ ...third, metadata: { name: 'panel' } });
  await world.advance(2000);
  expect((await condition('KindReady'))?.[2]).toContain(
    'breaking changes detected: Version v1alpha1 is no longer served',
  );
  await world.apply(third);
  await world.advance(2000);
  expect(await versions()).toEqual([
    ['v1', true],
    ['v1alpha1', false],
  ]);
  await world.advance(15_000);
  expect(await versions()).toEqual([['v1', true]]);
  expect(await condition('StorageMigrated')).toEqual(['True', 'Stored', 'all objects are stored in v1']);
  const { metadata, spec } = await read('v1', 'a');
  expect(spec).toEqual({ width: 3, height: 4, level: 3 });
  expect(managersOf(metadata.managedFields)).not.toContain('acme.test/v1alpha1');
  expect(metadata.annotations?.['kro.run/kept-fields']).toBeUndefined();
  expect((await world.user.get(CRD)).metadata.annotations?.['kro.run/conversions']).toBeUndefined();
  await world.user.apply(panel('v1', 'a', { width: 1, height: 1 }), { fieldManager: 'user', force: true });
});

const versions = async () =>
  asObjects(valueAt((await world.user.get(CRD)).spec, 'versions')).map(({ name, served }) => [name, served]);
const managersOf = (managedFields: readonly JsonValue[] = []) =>
  asObjects([...managedFields]).map((entry) => textAt(entry, 'apiVersion'));

const ref = (version: string, name: string) => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Panel',
  namespace: 'default',
  name,
});

test(
  'a migration continues in a new process after the last object that was written',
  { timeout: 120_000 },
  async () => {
    world = await versionedWorld({ controller: { migrationRate: 2 } });
    await world.apply(first);
    await world.advance(2000);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await world.apply(panel('v1alpha1', name, { size: '3x4' }));
    await world.apply(second);
    await world.advance(10_500);
    expect((await ofDefinition()).status?.['migration']).toEqual({
      to: 'v1',
      migrated: 2,
      total: 5,
      after: 'default/b',
    });
    await world.apply(panel('v1alpha1', 'f', { size: '3x4' }));
    await world.advance(1000);
    expect((await ofDefinition()).status?.['migration']).toMatchObject({ migrated: 4, total: 6 });
    world.requests.length = 0;
    await world.restart();
    await world.advance(20_000);
    const written = world.requests.flatMap(({ method, path }) =>
      method === 'PATCH' && /\/v1\/.*\/panels\/[a-z]\?/.test(path) ? [path.replace(/.*panels\/(.).*/, '$1')] : [],
    );
    expect(written).toEqual(['e', 'f']);
    expect(await stored()).toEqual(['v1']);
    expect(await condition('StorageMigrated')).toEqual(['True', 'Stored', 'all objects are stored in v1']);
    expect((await ofDefinition()).status?.['migration']).toBeUndefined();
  },
);

test(
  'a process that ends at any request of a migration loses nothing, and the next one completes the migration',
  { timeout: 300_000 },
  async () => {
    let requests = 0;
    for (let last = 0; last <= requests; last += 1) {
      world = await versionedWorld({ controller: { migrationRate: 1 } });
      await world.apply(first);
      await world.advance(2000);
      for (const name of ['a', 'b']) await world.apply(panel('v1alpha1', name, { size: '3x4', note: 'mine' }));
      await world.apply(second);
      await world.advance(9000);
      let seen = 0;
      // The process sends `last` requests of the migration, and no other one is answered until it is gone.
      world.intercept = ({ method }) => {
        if (method === 'GET') return undefined;
        seen += 1;
        return seen <= last ? undefined : Promise.reject(new Error('the process has ended'));
      };
      await world.advance(4000);
      requests = Math.max(requests, Math.min(seen, 12));
      await Promise.all([world.restart(), world.advance(2000)]);
      world.intercept = undefined;
      await world.advance(80_000);
      expect([last, await stored()]).toEqual([last, ['v1']]);
      for (const name of ['a', 'b']) {
        expect((await read('v1', name)).spec).toEqual({ width: 3, height: 4, level: 3 });
        expect((await read('v1alpha1', name)).spec).toEqual({ size: '3x4', note: 'mine' });
      }
      if (last < requests) await world.close();
    }
    expect(requests).toBeGreaterThan(4);
  },
);

test(
  'each version shows what it showed after another hub, and the rules of the former hub end',
  { timeout: 120_000 },
  async () => {
    world = await migratedWorld(['a'], {});
    const { convertTo, convertFrom, name } = ALPHA;
    const alpha = { name, spec: SIZE, ...definedMembers({ convertTo, convertFrom }) };
    const beta = { name: 'v1', spec: AREA, lossy: ['spec.level', 'spec.note'] };
    const { width, height } = AREA;
    const spec = { width, height, note: SIZE.note };
    const next = (versions: JsonObject[]) => definition({ apiVersion: 'v2', spec, versions }, AREA_TEXT);
    const program = async () => (await world.user.get(CRD)).metadata.annotations?.['kro.run/conversions'] ?? '';

    await world.apply(next([beta, alpha]));
    await world.advance(3000);
    expect(await program()).toContain('"former":{"hub":"v1",');
    await world.advance(30_000);
    expect([await stored(), await condition('StorageMigrated')]).toEqual([
      ['v2'],
      ['True', 'Stored', 'all objects are stored in v2'],
    ]);
    expect(await program()).not.toContain('former');
    expect((await read('v1alpha1', 'a')).spec).toEqual({ size: '3x4', note: 'mine' });
    expect((await read('v1', 'a')).spec).toEqual({ width: 3, height: 4, level: 3 });
    expect((await read('v2', 'a')).spec).toEqual({ width: 3, height: 4, note: 'mine' });

    const turned = { 'spec.size': '${string(self.spec.height)}x${string(self.spec.width)}' };
    const back = {
      'spec.width': "${int(self.spec.size.split('x')[1])}",
      'spec.height': "${int(self.spec.size.split('x')[0])}",
    };
    const refused = next([beta, { ...alpha, convertTo: back, convertFrom: turned }]);
    const change = 'default/a would no longer be the same in v1alpha1: spec.size: "3x4" → "4x3"';
    const allowed = await planOf({ ...refused, metadata: third.metadata });
    expect([allowed.definitions[0]?.refusal, allowed.definitions[0]?.notes]).toEqual([undefined, [change]]);
    await world.apply(refused);
    await world.advance(3000);
    expect(await condition('KindReady')).toEqual([
      'False',
      'Failed',
      expect.stringContaining(
        `${change}; give these versions their values by rules, or name fields in lossy; to allow it,`,
      ),
    ]);
    expect((await read('v1alpha1', 'a')).spec).toEqual({ size: '3x4', note: 'mine' });
  },
);

test('a removal continues in a new process, and its progress is in the status', { timeout: 120_000 }, async () => {
  world = await migratedWorld(['a', 'b', 'c'], { migrationRate: 2 });
  await world.apply(third);
  await world.advance(10_500);
  const { status } = await ofDefinition();
  expect(status?.['migration']).toEqual({ to: 'v1', removing: 'v1alpha1', migrated: 2, total: 3 });
  expect(await condition('StorageMigrated')).toEqual([
    'Unknown',
    'Removing',
    'field managers of 2 of 3 objects no longer name v1alpha1',
  ]);
  await world.restart();
  await world.advance(20_000);
  expect(await versions()).toEqual([['v1', true]]);
  expect((await ofDefinition()).status?.['migration']).toBeUndefined();
});

test(
  'a new hub waits until versions that were removed before have left the CRD, and can be taken back',
  { timeout: 120_000 },
  async () => {
    world = await migratedWorld(['a'], {});
    const next: KubeObject = {
      ...definition({ apiVersion: 'v2', spec: AREA, versions: [{ name: 'v1', spec: AREA }] }, AREA_TEXT),
      metadata: third.metadata,
    };
    for (const last of [third, next]) {
      await world.apply(third);
      await world.advance(2000);
      await world.apply(next);
      const [planned] = (await planOf(next)).definitions;
      expect([planned?.refusal, planned?.remedy]).toEqual([
        expect.stringContaining('v1alpha1 must leave it first'),
        expect.stringContaining('wait rgd/panel --for=condition=StorageMigrated'),
      ]);
      await world.advance(2000);
      expect(await condition('KindReady')).toEqual([
        'False',
        'Failed',
        expect.stringContaining('cannot update CRD panels.acme.test yet: v1alpha1 must leave it first'),
      ]);
      expect((await condition('StorageMigrated'))?.[1]).toBe('Removing');
      expect((await read('v1', 'a')).spec).toEqual({ width: 3, height: 4, level: 3 });
      await world.apply(last);
      await world.advance(last === third ? 20_000 : 120_000);
      expect(await versions()).toEqual(
        last === third
          ? [['v1', true]]
          : [
              ['v2', true],
              ['v1', true],
            ],
      );
      expect([(await condition('KindReady'))?.[0], (await read('v1', 'a')).spec]).toEqual([
        'True',
        { width: 3, height: 4, level: 3 },
      ]);
      if (last === next) continue;
      await world.close();
      world = await migratedWorld(['a'], {});
    }
    expect((await read('v2', 'a')).spec).toEqual({ width: 3, height: 4, level: 3 });
  },
);

/** A world whose objects were written in v1alpha1, and are stored in v1. */
async function migratedWorld(names: readonly string[], controller: JsonObject): Promise<VirtualWorld> {
  const made = await versionedWorld({ controller });
  await made.apply(first);
  await made.advance(2000);
  for (const name of names) await made.apply(panel('v1alpha1', name, { size: '3x4', note: 'mine' }));
  await made.apply(second);
  await made.advance(30_000);
  return made;
}

test(
  'a process that ends at any request of a removal loses nothing, and the next one removes the version',
  { timeout: 300_000 },
  async () => {
    let requests = 0;
    for (let last = 0; last <= requests; last += 1) {
      world = await migratedWorld(['a', 'b'], { migrationRate: 1 });
      await world.apply(third);
      await world.advance(9000);
      let seen = 0;
      world.intercept = ({ method }) => {
        if (method === 'GET') return undefined;
        seen += 1;
        return seen <= last ? undefined : Promise.reject(new Error('the process has ended'));
      };
      await world.advance(8000);
      requests = Math.max(requests, Math.min(seen, 12));
      await Promise.all([world.restart(), world.advance(2000)]);
      world.intercept = undefined;
      await world.advance(80_000);
      expect([last, await stored(), await versions()]).toEqual([last, ['v1'], [['v1', true]]]);
      for (const name of ['a', 'b']) {
        const { metadata, spec } = await read('v1', name);
        expect(spec).toEqual({ width: 3, height: 4, level: 3 });
        expect(managersOf(metadata.managedFields)).toContain('acme.test/v1');
        expect(managersOf(metadata.managedFields)).not.toContain('acme.test/v1alpha1');
      }
      if (last < requests) await world.close();
    }
    expect(requests).toBeGreaterThan(4);
  },
);

test('objects that cannot be listed in the new version are named, and the controller rests until it tries again', async () => {
  world = await versionedWorld();
  await world.apply(first);
  await world.advance(2000);
  await world.apply(panel('v1alpha1', 'a', { size: '3x4' }));
  world.intercept = ({ method, path }) =>
    method === 'GET' && path.includes('/apis/acme.test/v1/panels')
      ? failure(500, 'InternalError', 'conversion webhook for acme.test/v1alpha1, Kind=Panel failed')
      : undefined;
  await world.apply(second);
  await world.advance(30_000);
  expect((await condition('StorageMigrated'))?.slice(0, 2)).toEqual(['False', 'Failed']);
  expect((await condition('StorageMigrated'))?.[2]).toContain('the objects cannot be listed in v1');
  world.requests.length = 0;
  await world.advance(60_000);
  expect(world.requests.length).toBeLessThan(60);
  world.intercept = undefined;
  await world.advance(200_000);
  expect(await stored()).toEqual(['v1']);
});

test('a controller that serves no conversions refuses a kind of several versions', async () => {
  world = await virtualWorld({ controller: { features: { versions: true } } });
  await world.apply(second);
  await world.advance(2000);
  expect(await condition('KindReady')).toEqual([
    'False',
    'Failed',
    'cannot write CRD panels.acme.test: it has several versions, and this controller serves no conversions between them; start the controller with --conversion-service=NAMESPACE/NAME',
  ]);
});

/** The plan of a definition, as JSON. */
async function planOf(object: KubeObject): Promise<Plan> {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-versions-'));
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'panel.yaml'), JSON.stringify(object));
  const run = commandRunner([plan], cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
  const { out, err } = await run('plan panel.yaml -o json');
  expect(err).toBe('');
  return JSON.parse(out) as Plan;
}

test(
  'a change that cannot convert an object is refused by the plan and by the controller, until the object is correct',
  { timeout: 120_000 },
  async () => {
    const loose = { ...SIZE, size: 'string | required=true' };
    const [before, after] = [definition({ apiVersion: 'v1alpha1', spec: loose }, '${schema.spec.size}'), changed()];
    function changed() {
      // Generated objects are valid in both versions, so the mistakes are in objects that the rules cannot know.
      const lenient = "self.spec.size.matches('^[0-9]+x[0-9]+$') ? ";
      const part = (index: number) => `\${${lenient}int(self.spec.size.split('x')[${index}]) : 0}`;
      const convertTo = { 'spec.width': part(0), 'spec.height': part(1), 'spec.text': '${self.spec.size}' };
      const convertFrom = { 'spec.size': '${self.spec.text}' };
      const spec = {
        width: 'integer',
        height: 'integer',
        text: 'string | required=true',
        level: 'integer | default=3',
      };
      const lossy = ['spec.level', 'spec.note', 'spec.width', 'spec.height'];
      return definition(
        { apiVersion: 'v1', spec, versions: [{ ...ALPHA, spec: loose, convertTo, convertFrom, lossy }] },
        AREA_TEXT,
      );
    }
    world = await versionedWorld();
    await world.apply(before);
    await world.advance(2000);
    await world.apply(panel('v1alpha1', 'a', { size: '3x4' }), panel('v1alpha1', 'b', { size: `${'9'.repeat(30)}x4` }));
    const planned = await planOf(after);
    const [refused] = planned.definitions;
    expect(refused?.refusal).toContain(
      'default/b cannot be converted from acme.test/v1alpha1 to acme.test/v1: ${self.spec.size.matches(',
    );
    expect(planned.instances.map(({ instance, state, because }) => [instance.name, state, because])).toEqual([
      ['a', 'deferred', 'the definition panel would be refused, and revision 1 stays in force'],
      ['b', 'blocked', expect.stringContaining('; it reads self.spec.size')],
    ]);
    await world.apply(after);
    await world.advance(2000);
    expect(await condition('KindReady')).toEqual(['False', 'Failed', refused?.refusal]);
    expect((await read('v1alpha1', 'b')).spec?.['size']).toContain('999');
    // While the refusal stands, passes do not read all objects again.
    world.requests.length = 0;
    await world.user.patch({ ...DEFINITION }, { metadata: { labels: { a: 'b' } } });
    await world.advance(1000);
    expect(world.requests.filter(({ path }) => path.includes('limit=100'))).toEqual([]);
    await world.user.patch(ref('v1alpha1', 'b'), { spec: { size: '5x4' } });
    expect((await planOf(after)).definitions[0]?.refusal).toBeUndefined();
    await world.advance(62_000);
    expect((await condition('KindReady'))?.[0]).toBe('True');
    expect((await read('v1', 'b')).spec).toEqual({ width: 5, height: 4, text: '5x4', level: 3 });
  },
);
