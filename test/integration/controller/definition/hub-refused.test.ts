import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { versionedWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { commands } from '../../../../packages/cli/src/commands/index.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';

// The controller loads the generator of objects when it needs it. A world does not wait for files.
beforeAll(() => import('../../../../packages/engine/src/conversion/generator-library.ts'));

let world: VirtualWorld;
afterEach(() => world.close());

const definition = (schema: JsonObject, text: string): KubeObject => ({
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
});
const TEXT: JsonObject = { size: 'string | default="1"' };
const former = definition({ apiVersion: 'v1alpha1', spec: TEXT }, '${schema.spec.size}');
const next = (convertTo: string, lossy: string[]): KubeObject =>
  definition(
    {
      apiVersion: 'v1',
      spec: { size: 'integer | default=1' },
      versions: [
        {
          name: 'v1alpha1',
          spec: TEXT,
          convertTo: { 'spec.size': convertTo },
          convertFrom: { 'spec.size': '${string(self.spec.size)}' },
          lossy,
        },
      ],
    },
    '${string(schema.spec.size)}',
  );
/** A definition that serves the next hub as another version. */
const before = definition(
  {
    apiVersion: 'v1alpha1',
    spec: TEXT,
    versions: [
      {
        name: 'v1',
        spec: { size: 'integer | default=1' },
        convertTo: { 'spec.size': '${string(self.spec.size)}' },
        convertFrom: { 'spec.size': '${self.spec.size.matches("^[0-9]{1,9}$") ? int(self.spec.size) : 1}' },
        lossy: ['spec.size'],
      },
    ],
  },
  '${schema.spec.size}',
);
const right = next('${self.spec.size.matches("^[0-9]{1,9}$") ? int(self.spec.size) : 1}', ['spec.size']);
const wrong = next('${int(self.spec.size)}', []);

const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'panel' };
let cwd: string;
const writeFile = (name: string, object: KubeObject) => writeFileSync(join(cwd, name), JSON.stringify(object));
const state = async () => textAt((await world.user.get(DEFINITION)).status, 'state');

const panel = (apiVersion: string): KubeObject => ({
  apiVersion,
  kind: 'Panel',
  metadata: { name: 'a', namespace: 'default' },
  spec: { size: '7' },
});

/** Starts a world with an instance of the former definition. Returns a function that runs a command on it. */
async function start(first = former): Promise<(line: string) => ReturnType<ReturnType<typeof commandRunner>>> {
  world = await versionedWorld();
  await world.apply(first);
  await world.advance(2000);
  await world.apply(panel('acme.test/v1alpha1'));
  await world.advance(2000);
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  cwd = mkdtempSync(join(tmpdir(), 'typekro-hub-refused-'));
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  return commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
}

test('the commands find an instance while the controller refuses a new hub', { timeout: 120_000 }, async () => {
  const run = await start();
  await world.apply(wrong);
  await world.advance(3000);
  expect(await state()).toBe('Inactive');
  for (const command of ['why', 'status', 'tree'])
    expect(await run(`${command} a`)).toMatchObject({ code: 0, out: expect.stringContaining('1 of 1 nodes ready') });
  expect((await run('diff a')).out).toMatch(/no difference: every object is as the graph wants it$/);
  expect(await run('events a')).toMatchObject({ code: 0, err: '' });
  expect(await run('reconcile a --dry-run')).toMatchObject({ code: 0, err: '' });
});

test('an instance is read in the version in force while a version that is served already is refused as hub', async () => {
  const run = await start(before);
  await world.apply(next('${int(self.spec.size) / int(self.spec.size)}', []));
  await world.advance(3000);
  // Two refused revisions are tried one after the other.
  await world.apply({ ...right, metadata: { name: 'panel', annotations: { 'typekro.dev/canary': '1' } } });
  await world.advance(3000);
  expect(await state()).toBe('Inactive');
  for (const command of ['why', 'status', 'tree']) {
    const { out } = await run(`${command} a`);
    expect(out).toMatch(/^Panel default\/a {3}ACTIVE \w+ {3}revision 1 {3}1 of 1 nodes ready/);
  }
  expect((await run('why rgd/panel')).out).toContain('1 instance');
});

test(
  'after a refused way back, an instance is read in the version of the revision in force',
  { timeout: 120_000 },
  async () => {
    const run = await start();
    await world.apply(right);
    await world.advance(10_000);
    expect(await state()).toBe('Active');
    const refusal = 'the version v1 cannot be removed in the change that makes another version the hub';
    expect(await run('rollback panel')).toMatchObject({ code: 1, err: expect.stringContaining(refusal) });
    expect(await state()).toBe('Active');
    await world.apply(former);
    await world.advance(3000);
    expect(await state()).toBe('Inactive');
    for (const command of ['why', 'status', 'tree']) {
      const { code, out } = await run(`${command} a`);
      expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('revision 2   1 of 1 nodes ready') });
      expect(out.split(refusal)).toHaveLength(2);
    }
    expect((await run('diff a')).out).toMatch(/no difference: every object is as the graph wants it$/);
  },
);

test(
  'the plan of a file shows what an apply takes back, and the change of the stored version',
  { timeout: 120_000 },
  async () => {
    const run = await start();
    writeFile('right.yaml', right);
    expect((await run('plan right.yaml')).out).toContain(
      '~ version.v1  stored version: v1alpha1 → v1; 1 object is written again  compatible',
    );
    expect(await run('apply right.yaml')).toMatchObject({ code: 0 });
    await world.advance(10_000);
    expect((await run('plan right.yaml --exit-code')).code).toBe(0);
    // Another client breaks a rule. The controller refuses it, so no revision has it.
    const path = '/spec/schema/versions/0/convertTo/spec.size';
    await world.user.patch(DEFINITION, [{ op: 'replace', path, value: '${int(self.spec.size)}' }], { type: 'json' });
    await world.advance(3000);
    expect(await state()).toBe('Inactive');
    const planned = await run('plan right.yaml --exit-code');
    expect(planned).toMatchObject({
      code: 2,
      out: expect.stringContaining('convertTo spec.size: "${int(self.spec.size)}" → '),
    });
    expect(await run('apply right.yaml')).toMatchObject({ code: 0 });
    await world.advance(3000);
    expect(await state()).toBe('Active');
    // A kept field that another client has added goes, too.
    await world.user.patch(DEFINITION, [{ op: 'add', path: '/spec/schema/versions/0/lossy/-', value: 'spec' }], {
      type: 'json',
    });
    expect((await run('plan right.yaml')).out).toContain('lossy: ["spec.size","spec"] → ["spec.size"]');
  },
);

const isHeld: [what: string, hold: (definition: KubeObject) => KubeObject, holder: string][] = [
  [
    'a canary',
    (each) => ({ ...each, metadata: { name: 'panel', annotations: { 'typekro.dev/canary': '1' } } }),
    'the annotation typekro.dev/canary',
  ],
  ['propagateWhen', (each) => ({ ...each, spec: { ...each.spec, propagateWhen: ['${false}'] } }), 'propagateWhen'],
];
test.each(isHeld)(
  'a new hub is refused together with %s, whose held instances would be read wrongly',
  { timeout: 120_000 },
  async (_what, hold, holder) => {
    const run = await start();
    writeFile('held.yaml', hold(right));
    const refusal = `objects would be stored in v1, and ${holder} would hold instances on a revision that reads v1alpha1`;
    expect((await run('plan held.yaml')).out).toContain(refusal);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
    const before = await world.user.get(map);
    await world.apply(hold(right));
    await world.advance(10_000);
    expect(await state()).toBe('Inactive');
    expect(await world.user.get(map)).toEqual(before);
    expect((await run('why a')).out).toContain('1 of 1 nodes ready');
    await world.apply(right);
    await world.advance(10_000);
    expect(await state()).toBe('Active');
    expect((await world.user.get(map)).metadata.uid).toBe(before.metadata.uid);
  },
);

test(
  'a pin to a revision of another hub is refused, and plans name the pins that a new hub breaks',
  { timeout: 120_000 },
  async () => {
    const run = await start();
    expect(await run('pin a')).toMatchObject({ code: 0 });
    writeFile('right.yaml', right);
    const planned = await run('plan right.yaml --exit-code');
    expect(planned).toMatchObject({
      code: 3,
      out: expect.stringContaining(
        'pinned graph revision 1 not available: it reads instances in v1alpha1, and they are stored in v1',
      ),
    });
    expect(planned.out).toContain('typekro pin panel/default/a --remove');
    expect(await run('pin a --remove')).toMatchObject({ code: 0 });
    await world.apply(right);
    await world.advance(10_000);
    const failure = 'it reads instances in v1alpha1, and they are stored in v1';
    expect(await run('pin a --revision 1')).toMatchObject({ code: 2, err: expect.stringContaining(failure) });
  },
);

test('the commands say how an instance with a broken pin works again', { timeout: 120_000 }, async () => {
  const run = await start();
  await world.apply(wrong);
  await world.advance(3000);
  expect(await run('pin a')).toMatchObject({ code: 0, out: expect.stringContaining('it stays with revision 1') });
  await world.apply(right);
  await world.advance(10_000);
  const failure = 'pinned graph revision 1 not available: it reads instances in v1alpha1, and they are stored in v1';
  writeFile('panel.yaml', panel('acme.test/v1alpha1'));
  for (const command of ['why a', 'status a', 'tree a', 'plan panel.yaml'])
    expect((await run(command)).out).toContain(failure);
  for (const command of ['diff a', 'pin a']) expect((await run(command)).err).toContain(failure);
  const [remedy = ''] = /typekro pin .* --remove/.exec((await run('why a')).out) ?? [];
  expect((await run('plan panel.yaml')).out).toContain(remedy);
  expect(await run(remedy.replace('typekro ', ''))).toMatchObject({ code: 0 });
  await world.advance(3000);
  expect((await run('why a')).out).toContain('the instance waits for nothing');
});

/** A definition of addresses, whose hub is the text or its parts. */
function addresses(hub: 'v1alpha1' | 'v1', port: string, metadata: object = {}): KubeObject {
  const specs: Record<string, JsonObject> = {
    v1alpha1: { address: 'string | required=true pattern="^[a-z0-9.-]+:[0-9]+$" maxLength=100' },
    v1: {
      host: 'string | required=true pattern="^[a-z0-9.-]+$" maxLength=80',
      port: `integer | required=true minimum=0${hub === 'v1' ? ' maximum=999999999' : ''}`,
    },
  };
  const toText = { 'spec.address': '${self.spec.host + ":" + string(self.spec.port)}' };
  const toParts = { 'spec.host': '${self.spec.address.split(":")[0]}', 'spec.port': port };
  const other = hub === 'v1' ? 'v1alpha1' : 'v1';
  const [convertTo, convertFrom] = hub === 'v1' ? [toParts, toText] : [toText, toParts];
  const versions = [{ name: other, spec: specs[other] ?? {}, convertTo, convertFrom, lossy: ['spec.address'] }];
  const text = hub === 'v1' ? '${schema.spec.host}' : '${schema.spec.address}';
  const made = definition({ apiVersion: hub, spec: specs[hub] ?? {}, versions }, text);
  return { ...made, metadata: { name: 'panel', ...metadata } };
}
const PORT = '${int(self.spec.address.split(":")[1])}';
const SAFE_PORT = '${self.spec.address.split(":")[1].size() < 10 ? int(self.spec.address.split(":")[1]) : 0}';

test(
  'plan, rollback and the controller agree about a kept value that a change of the hub loses',
  { timeout: 120_000 },
  async () => {
    world = await versionedWorld();
    const { kubeconfig } = await world.cluster.listen({ port: 0 });
    cwd = mkdtempSync(join(tmpdir(), 'typekro-hub-lost-'));
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const run = commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
    const allowed = { annotations: { 'kro.run/allow-breaking-changes': 'true' } };
    await world.apply(addresses('v1alpha1', PORT, allowed));
    await world.advance(3000);
    const address = 'x:99999999999999999999';
    const metadata = { name: 'a', namespace: 'default' };
    const written = { apiVersion: 'acme.test/v1alpha1', kind: 'Panel', metadata, spec: { address } };
    await world.apply(written);
    await world.advance(3000);
    expect((await run('why rgd/panel')).out).toContain(
      'default/a cannot be converted from acme.test/v1alpha1 to acme.test/v1: ',
    );
    await world.user.delete({ apiVersion: 'acme.test/v1alpha1', kind: 'Panel', ...metadata });
    await world.advance(3000);
    await world.apply(addresses('v1', SAFE_PORT, allowed));
    await world.advance(10_000);
    await world.apply(written);
    await world.advance(3000);
    const lost = `default/a would no longer be the same in v1alpha1: spec.address: "${address}" → "x:0"`;
    writeFile('back.yaml', addresses('v1alpha1', PORT, allowed));
    const { out } = await run('plan back.yaml');
    expect(out).toContain(lost);
    expect(out).not.toContain('blocked 1');
    writeFile('refused.yaml', addresses('v1alpha1', PORT));
    expect((await run('plan refused.yaml')).out).toContain(lost);
    expect(await run('rollback panel')).toMatchObject({ code: 0, out: expect.stringContaining(lost) });
    await world.advance(10_000);
    expect(await state()).toBe('Active');
    const ref = { apiVersion: 'acme.test/v1alpha1', kind: 'Panel', ...metadata };
    expect((await world.user.get(ref)).spec).toEqual({ address: 'x:0' });
  },
);
