import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '@typekro/oci/test-support/test-registry';
import { definition, type PackageBench, packageBench } from '../../test-support/package-bench.ts';

let bench: PackageBench;

beforeAll(async () => {
  bench = await packageBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.reset());

const run = (line: string | readonly string[]) => bench.run(line);
const CLAY = definition('clays', 'Clay');
const POT = definition('pots', 'Pot', { uses: 'kro.run/v1alpha1 Clay' });
const SHOP = definition('shops', 'Shop', { uses: 'kro.run/v1alpha1 Pot' });

/** Pushes a package that needs others: `team/pots:1.0.0`, `['team/clay@^1']`. */
const push = (reference: string, text: string, ...needs: readonly string[]) =>
  bench.push(
    reference,
    [text],
    needs.flatMap((need) => ['--needs', `oci://HOST/${need}`]),
  );

describe('push', () => {
  test('writes the needs with the kinds that others provide, which the definitions use without --crds', async () => {
    await push('team/clay:1.0.0', CLAY);
    await push('team/clay:v1.3.0', definition('clays', 'Clay', { text: 'b' }));
    expect(await push('team/pots:1.0.0', POT, 'team/clay@^1.2')).toMatchObject({ err: '' });
    expect((await run('inspect oci://HOST/team/pots:1.0.0')).out).toContain(`  needs     typekro 1.0.0-alpha.0
            Clay  kro.run/v1alpha1
            oci://HOST/team/clay@^1.2  for Clay
`);
    await push('team/pots:1.1.0', POT, 'team/clay@^1.3');
    expect(await run('diff oci://HOST/team/pots:1.0.0 oci://HOST/team/pots:1.1.0')).toMatchObject({
      code: 4,
      out: expect.stringContaining('Needs  + oci://HOST/team/clay@^1.3\nNeeds  - oci://HOST/team/clay@^1.2\n'),
    });
    const { err } = await bench.run('push oci://HOST/team/pots:1.0.1 0.yaml');
    expect(err).toContain('(--crds)');
  });

  test.each([
    ['oci://HOST/team/clay:1.0.0@^1', 'it has a tag, and a need has a range of versions'],
    ['oci://HOST/team/clay@new', 'is no range of versions [package/need]'],
    ['oci://HOST/team/clay@^1,oci://HOST/team/clay@^2', 'another need has the same repository'],
    ['oci://HOST/team/clay@^2', 'there are 1.0.0 [package/no-version]'],
    ['oci://HOST/team/none@^2', 'the repository has no versions, or does not exist [package/no-version]'],
  ])('refuses the need %s', async (need, message) => {
    await push('team/clay:1.0.0', CLAY);
    expect(await run(['push', 'oci://HOST/team/pots:1.0.0', '0.yaml', '--needs', need])).toMatchObject({
      code: 1,
      err: expect.stringContaining(message),
    });
    expect([...bench.registry.manifests.keys()].join()).not.toContain('team/pots');
  });
});

test('a package is installed with what it needs, is kept, upgraded, and uninstalled in the other order', async () => {
  await push('team/clay:1.0.0', CLAY);
  await push('team/clay:1.1.0', definition('clays', 'Clay', { text: 'b' }));
  await push('team/clay:2.0.0', definition('clays', 'Clay', { text: 'c' }));
  await push('team/pots:1.0.0', POT, 'team/clay@^1');
  await push('team/shop:1.0.0', SHOP, 'team/pots@^1', 'team/clay@>=1');
  const dry = await run('install oci://HOST/team/shop:1.0.0 --dry-run');
  expect(await bench.installed()).toEqual([]);
  expect(dry.out.slice(0, dry.out.indexOf('  rights'))).toMatchInlineSnapshot(`
    "Packages
      team/shop 1.0.0
        team/clay 1.1.0  (>=1)
        team/pots 1.0.0  (^1)
          team/clay 1.1.0  (^1)

    Package  + team/clay 1.1.0  oci://HOST/team/clay:1.1.0@DIGEST
    "
  `);
  const done = await run('install oci://HOST/team/shop:1.0.0');
  expect({ ...done, out: done.out.slice(dry.out.length + 1) }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "wrote typekro.lock
    created ClusterRole typekro:package:team:clay
    created ClusterRole typekro:package:team:pots
    created ClusterRole typekro:package:team:shop
    created ResourceGraphDefinition clays
    created ResourceGraphDefinition pots
    created ResourceGraphDefinition shops
    installed team/clay 1.1.0
    installed team/pots 1.0.0
    installed team/shop 1.0.0",
    }
  `);
  const lock = readFileSync(join(bench.cwd, 'typekro.lock'), 'utf8');
  expect([...lock.matchAll(/reference: oci:\/\/[^/]*\/(.*)/g)].map(([, place]) => place)).toEqual([
    'team/clay:1.1.0',
    'team/pots:1.0.0',
    'team/shop:1.0.0',
  ]);
  expect((await run('inspect team/clay')).out).toContain('team/clay 1.1.0  installed for others\n');
  expect((await run('inspect team/shop')).out).toContain(`needs     oci://HOST/team/clay@>=1
            oci://HOST/team/pots@^1
`);

  const coloured = definition('clays', 'Clay').replace(
    '    spec:\n',
    '    spec:\n      colour: string | default="red"\n',
  );
  await push('team/clay:1.2.0', coloured);
  const again = await run('install oci://HOST/team/shop:1.0.0');
  expect(again.out.slice(0, again.out.indexOf('\n\n'))).toMatchInlineSnapshot(`
    "Packages
      team/shop 1.0.0
        team/clay 1.1.0  (>=1)  installed
        team/pots 1.0.0  (^1)  installed
          team/clay 1.1.0  (^1)  installed"
  `);
  expect((await run('upgrade oci://HOST/team/clay:2.0.0')).err).toMatchInlineSnapshot(`
    "error: team/clay 2.0.0 does not fit what others need:
      team/pots 1.0.0 (installed) → team/clay ^1 [package/conflict]
      hint: nothing was written; first upgrade the first packages of these chains to versions that accept it"
  `);
  await push('team/jars:1.0.0', definition('jars', 'Jar'), 'team/clay@^2');
  expect((await run('install oci://HOST/team/jars:1.0.0')).err).toMatchInlineSnapshot(`
    "error: no version of oci://HOST/team/clay fits all:
      team/jars 1.0.0 → team/clay ^2
      team/pots 1.0.0 (installed) → team/clay ^1
      there are 2.0.0, 1.2.0, 1.1.0, 1.0.0 [package/conflict]
      hint: nothing was written; use versions of the packages in these chains that accept a common version"
  `);
  // Its schema must be that of the new version, which the cluster does not have yet.
  const jar = definition('jars', 'Jar', { uses: 'kro.run/v1alpha1 Clay' }).replace(/\n$/, '\n          colour: blue\n');
  await bench.push('team/jars:1.1.0', [jar], ['--needs', 'oci://HOST/team/clay@^1.2', '--kubeconfig', 'kubeconfig']);
  const raised = await run('install oci://HOST/team/jars:1.1.0');
  expect(raised).toMatchObject({ code: 0, out: expect.stringContaining('Package  ~ team/clay 1.1.0 → 1.2.0') });

  await push('team/clay:1.3.0', coloured.replace('red', 'green'));
  expect(await run('upgrade oci://HOST/team/clay:1.3.0')).toMatchObject({ code: 0, err: '' });

  expect(await run('uninstall team/clay')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the package team/clay is needed by team/jars 1.1.0, team/pots 1.0.0, team/shop 1.0.0 [package/needed]
      hint: nothing was deleted; first remove what needs it: typekro uninstall team/jars",
      "out": "Package  - team/clay 1.3.0
      - ResourceGraphDefinition clays
      - ClusterRole typekro:package:team:clay
    ",
    }
  `);
  expect(await run('uninstall team/shop')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /uninstalled team\/shop 1\.0\.0\nteam\/pots was installed only for it, and stays; to remove it: typekro uninstall team\/pots$/,
    ),
  });
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, out: expect.not.stringContaining('only for it') });
  expect((await run('uninstall team/jars')).out).toContain('team/clay was installed only for it');
  expect(await run('uninstall team/clay')).toMatchObject({ code: 0, err: '' });
  expect(await bench.installed()).toEqual([]);
  // The next tests install a version without the new field.
  const kind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  await bench.client.delete({ ...kind, name: 'clays.kro.run' });
});

test('--locked uses the versions of typekro.lock for all packages, and refuses others', async () => {
  await push('team/clay:1.0.0', CLAY);
  await push('team/pots:1.0.0', POT, 'team/clay@^1');
  expect((await run('install oci://HOST/team/pots:1.0.0 --locked')).err).toMatchInlineSnapshot(`
    "error: typekro.lock does not have team/pots, and this is 1.0.0 with DIGEST [package/not-locked]
      hint: nothing was applied; the same command without --locked writes the new digest into the file"
  `);
  expect(await run('install oci://HOST/team/pots:1.0.0')).toMatchObject({ code: 0, err: '' });
  for (const name of ['pots', 'clay']) expect(await run(`uninstall team/${name}`)).toMatchObject({ code: 0 });
  await push('team/clay:1.1.0', definition('clays', 'Clay', { text: 'b' }));
  const locked = await run('install oci://HOST/team/pots:1.0.0 --locked');
  expect(locked).toMatchObject({ code: 0, out: expect.stringContaining('installed team/clay 1.0.0\n') });
  await bench.run('push oci://HOST/team/clay:1.0.0 0.yaml --replace');
  expect((await run('install oci://HOST/team/pots:1.0.0 --locked')).err).toContain('[package/tag-moved]');
  for (const name of ['pots', 'clay']) expect(await run(`uninstall team/${name}`)).toMatchObject({ code: 0 });

  // A reference without a tag is in the file without one, too.
  const digest = sha256(bench.registry.manifests.get('team/clay:1.1.0') ?? Buffer.alloc(0));
  expect(await run(`install oci://HOST/team/clay@${digest}`)).toMatchObject({ code: 0, err: '' });
  expect(await run('uninstall team/clay')).toMatchObject({ code: 0 });
  const pinned = await run('install oci://HOST/team/pots:1.0.0 --locked');
  expect(pinned).toMatchObject({ code: 0, out: expect.stringContaining('installed team/clay 1.1.0\n') });
  for (const name of ['pots', 'clay']) expect(await run(`uninstall team/${name}`)).toMatchObject({ code: 0 });
});

test('--verify-key is for all packages, also for those that are installed', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(bench.cwd, 'own.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(bench.cwd, 'own.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const needs = ['--needs', 'oci://HOST/team/clay@^1', '--sign-key', 'own.key'];
  await push('team/clay:1.0.0', CLAY);
  await bench.push('team/pots:1.0.0', [POT], needs);
  const install = 'install oci://HOST/team/pots:1.0.0 --verify-key own.pub';
  expect((await run(install)).err).toContain('oci://HOST/team/clay:1.0.0@DIGEST has no signature');
  expect(await bench.installed()).toEqual([]);
  expect(await run('install oci://HOST/team/clay:1.0.0')).toMatchObject({ code: 0 });
  expect((await run(install)).err).toContain('oci://HOST/team/clay:1.0.0@DIGEST has no signature');
  await bench.push('team/clay:1.0.0', [CLAY], ['--sign-key', 'own.key']);
  const done = await run(install);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out.slice(0, done.out.indexOf('  rights'))).toMatchInlineSnapshot(`
    "Packages
      team/pots 1.0.0
        team/clay 1.0.0  (^1)  installed
      team/clay is signed with the key of own.pub

    Package  + team/pots 1.0.0  oci://HOST/team/pots:1.0.0@DIGEST
      signed with the key of own.pub
    "
  `);
  expect((await run('uninstall team/pots')).out).not.toContain('installed only for it');
  expect(await run('uninstall team/clay')).toMatchObject({ code: 0 });
});

test.each<[string, () => Promise<unknown>, string]>([
  [
    'two chains exclude each other',
    async () => {
      await push('team/clay:1.0.0', CLAY);
      await push('team/pots:1.0.0', POT, 'team/clay@^1');
      await push('team/pans:1.0.0', definition('pans', 'Pan'), 'team/clay@^1');
      await push('team/shop:1.0.0', SHOP, 'team/pots@^1', 'team/pans@*');
      await push('team/clay:2.0.0', CLAY);
      await push('team/pans:1.1.0', definition('pans', 'Pan'), 'team/clay@^2');
    },
    `error: no version of oci://HOST/team/clay fits all:
  team/shop 1.0.0 → team/pans 1.1.0 → team/clay ^2
  team/shop 1.0.0 → team/pots 1.0.0 → team/clay ^1
  there are 2.0.0, 1.0.0 [package/conflict]`,
  ],
  [
    'a tag names another version',
    async () => {
      await push('team/pots:1.0.0', definition('pots', 'Pot'));
      await push('team/shop:1.0.0', SHOP, 'team/pots@^1');
      await bench.push('team/pots:1.5.0', [definition('pots', 'Pot')], ['--package-version', '9.0.0']);
    },
    'oci://HOST/team/pots:1.5.0 has the version 9.0.0',
  ],
  [
    'a kind is nowhere',
    async () => {
      await bench.push('team/pans:1.0.0', [definition('pans', 'Pan', { uses: 'a.test/v1 Other' })]);
      await push('team/shop:1.0.0', definition('shops', 'Shop', { uses: 'kro.run/v1alpha1 Pan' }), 'team/pans@*');
    },
    'error: team/pans 1.0.0 needs the kind Other  a.test/v1; neither the cluster nor a package of this command has it [package/missing-kind]',
  ],
])('nothing is written if %s', async (_, prepare, message) => {
  await prepare();
  expect(await run('install oci://HOST/team/shop:1.0.0')).toMatchObject({
    code: 1,
    err: expect.stringContaining(message),
  });
  expect(await bench.installed()).toEqual([]);
});

test('what was there before is adopted, and a version of the lock that is gone is named', async () => {
  await push('team/clay:1.0.0', CLAY);
  await push('team/clay:1.1.0', definition('clays', 'Clay', { text: 'b' }));
  await push('team/pots:1.0.0', POT, 'team/clay@^1');
  writeFileSync(join(bench.cwd, 'clay.yaml'), CLAY);
  expect(await run('apply clay.yaml')).toMatchObject({ code: 0 });
  expect(await run('install oci://HOST/team/pots:1.0.0 --adopt')).toMatchObject({ code: 0, err: '' });
  expect((await run('uninstall team/pots')).out).not.toContain('was installed only for it');
  expect(await run('uninstall team/clay')).toMatchObject({ code: 0 });
  bench.registry.manifests.delete('team/clay:1.1.0');
  const gone = await run('install oci://HOST/team/pots:1.0.0');
  expect(gone.err).toContain('error: typekro.lock has chosen oci://HOST/team/clay:1.1.0, and ');
  expect(gone.err).toContain('to choose another version, delete its entry in typekro.lock');
});
