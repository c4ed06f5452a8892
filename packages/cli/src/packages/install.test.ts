import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringifyJson } from '@typekro/kit/core';
import type { Cluster, FaultRequest, KubeVerb } from '@typekro/cluster';
import type { KubeClient } from '@typekro/kube';
import type { TestRegistry } from '@typekro/oci/test-support/test-registry';
import { definition, type PackageBench, packageBench } from '../../test-support/package-bench.ts';

const POT = 'apiVersion: kro.run/v1alpha1\nkind: Pot\nmetadata: {name: one, namespace: default}\n';

let bench: PackageBench;
let cwd: string;
let cluster: Cluster;
let client: KubeClient;
let registry: TestRegistry;

beforeAll(async () => {
  bench = await packageBench();
  ({ cwd, cluster, client, registry } = bench);
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => bench.reset());

const run = (line: string) => bench.run(line);
const push = (reference: string, ...texts: string[]) => bench.push(reference, texts);
const installed = () => bench.installed();

test('a package is planned, installed, found again, and uninstalled when nothing uses it', async () => {
  await push('team/pots:1.0.0', definition('pots', 'Pot'), definition('pans', 'Pan'));
  const dry = await run('install oci://HOST/team/pots:1.0.0 --dry-run');
  expect(await installed()).toEqual([]);
  const done = await run('install oci://HOST/team/pots:1.0.0');
  expect(done).toEqual({
    ...dry,
    out: `${dry.out}
wrote typekro.lock
created ClusterRole typekro:package:team:pots
created ResourceGraphDefinition pans
created ResourceGraphDefinition pots
installed team/pots 1.0.0`,
  });
  expect(dry.out).toMatchInlineSnapshot(`
    "Package  + team/pots 1.0.0  oci://HOST/team/pots:1.0.0@DIGEST
      rights  ClusterRole typekro:package:team:pots
              get, list, watch, create, patch, delete configmaps
              get, list, watch, patch pans.kro.run
              get, list, watch, patch pots.kro.run
              get, patch pans/status.kro.run
              get, patch pots/status.kro.run
              update pans/finalizers.kro.run
              update pots/finalizers.kro.run

    Definition  + pans  (Pan)  revision 1  team/pots/manifests/resourcegraphdefinition-pans.yaml:1
      nodes   + inner  (ConfigMap)

    Definition  + pots  (Pot)  revision 1  team/pots/manifests/resourcegraphdefinition-pots.yaml:1
      nodes   + inner  (ConfigMap)

    Objects
      + ClusterRole typekro:package:team:pots

    Plan: 3 to create, 0 to change, 0 to prune.
      Checked by dry runs of the API server: 3 writes.
      From cluster typekro (v1.36.0+typekro), read at TIME
      Decided by the rules of kro 0.10 (no Deployment of a controller was found).
    "
  `);
  const again = await run('install oci://HOST/team/pots:1.0.0');
  expect(again).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Package  = team/pots 1.0.0') });
  expect(again.out).toContain('Plan: 0 to create, 0 to change, 0 to prune.');
  // An apply of its files, which have no marks, does not take the objects out of the package.
  await run('pull oci://HOST/team/pots:1.0.0 pulled');
  expect((await run('plan pulled/manifests')).out).toContain('Plan: 0 to create, 0 to change, 0 to prune.');
  expect(await run('apply pulled/manifests')).toMatchObject({ code: 0 });
  expect((await run('install oci://HOST/team/pots:1.0.0')).out).toContain('Package  = team/pots 1.0.0');

  writeFileSync(join(cwd, 'pot.yaml'), POT);
  expect(await run('apply pot.yaml')).toMatchObject({ code: 0 });
  await push('team/shelf:1.0.0', definition('shelves', 'Shelf', { uses: 'kro.run/v1alpha1 Pan' }));
  expect(await run('install oci://HOST/team/shelf:1.0.0')).toMatchObject({ code: 0, err: '' });
  expect(await run('uninstall team/pots')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the package team/pots is in use: ResourceGraphDefinition pans is used by ResourceGraphDefinition shelves of the package team/shelf; ResourceGraphDefinition pots is used by Pot default/one [package/in-use]
      hint: nothing was deleted; delete what uses it first (typekro delete INSTANCE, typekro uninstall PACKAGE, or kubectl delete for another definition or Graph), then run the command again",
      "out": "Package  - team/pots 1.0.0
      - ResourceGraphDefinition pans
      - ResourceGraphDefinition pots
      - ClusterRole typekro:package:team:pots
    ",
    }
  `);
  expect(await run('uninstall team/shelf')).toMatchObject({ code: 0, err: '' });
  await run('delete Pot/one');
  await run('wait default/one --for deleted');
  const listed = await run('uninstall team/pots --dry-run');
  expect(await installed()).toHaveLength(3);
  expect(await run('uninstall team/pots')).toEqual({
    ...listed,
    out: `${listed.out}
deleted ResourceGraphDefinition pans
deleted ResourceGraphDefinition pots
deleted ClusterRole typekro:package:team:pots
uninstalled team/pots 1.0.0`,
  });
  expect(await installed()).toEqual([]);
  expect(await run('uninstall team/pots')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: no package "team/pots" is installed [package/not-installed]
      hint: there is none; typekro install oci://HOST/REPOSITORY:TAG installs a package",
      "out": "",
    }
  `);
});

test('a package is not installed over others', async () => {
  await push('team/pots:1.0.0', definition('pots', 'Pot'));
  expect(await run('install oci://HOST/team/pots:1.0.0')).toMatchObject({ code: 0, err: '' });
  const before = await installed();

  await push('other/pots:1.0.0', definition('pots', 'Pot'));
  expect((await run('install oci://HOST/other/pots:1.0.0 --adopt')).err).toMatchInlineSnapshot(`
    "error: ResourceGraphDefinition pots belongs to the package team/pots, and the package other/pots has it, too [package/other-owner]
      hint: nothing was applied; only one of them can be installed: typekro uninstall team/pots removes the other one when nothing uses it"
  `);
  await push('other/kind:1.0.0', definition('jars', 'Pot'));
  expect((await run('install oci://HOST/other/kind:1.0.0')).err).toMatchInlineSnapshot(`
    "error: the definition jars cannot be applied: failed to update CRD pots.kro.run: CRD is owned by another ResourceGraphDefinition pots [apply/refused]
      hint: nothing was applied; correct it, and plan again"
  `);
  await push('team/pots:1.1.0', definition('pots', 'Pot', { text: 'b' }));
  expect((await run('install oci://HOST/team/pots:1.1.0')).err).toMatchInlineSnapshot(`
    "error: team/pots is installed in 1.0.0, and this package is 1.1.0 [package/installed]
      hint: nothing was applied; show what changes, and change it, with the options of this command: typekro upgrade oci://HOST/team/pots:1.1.0"
  `);
  await run('push oci://HOST/team/pots:1.0.0 0.yaml --replace');
  rmSync(join(cwd, 'typekro.lock'));
  expect((await run('install oci://HOST/team/pots:1.0.0')).err).toMatchInlineSnapshot(`
    "error: team/pots 1.0.0 is installed with the digest DIGEST, and this package has the digest DIGEST [package/installed]
      hint: nothing was applied; show what changes, and change it, with the options of this command: typekro upgrade oci://HOST/team/pots:1.0.0"
  `);
  expect(await installed()).toEqual(before);
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, err: '' });

  writeFileSync(join(cwd, 'own.yaml'), definition('pots', 'Pot', { text: 'c' }));
  await run('apply own.yaml');
  expect((await run('install oci://HOST/team/pots:1.0.0')).err).toMatchInlineSnapshot(`
    "error: ResourceGraphDefinition pots exists, and no package has installed it [package/other-owner]
      hint: nothing was applied; if the plan is right, let the package take over what exists: --adopt"
  `);
  expect(await installed()).toEqual(['pots']);
  expect(await run('install oci://HOST/team/pots:1.0.0 --adopt')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/configured ResourceGraphDefinition pots\ninstalled team\/pots 1\.0\.0$/),
  });
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, err: '' });
});

test('a command that fails in the middle says what is done, and the same command does the rest', async () => {
  await push('team/pots:1.0.0', definition('pots', 'Pot'), definition('pans', 'Pan'));
  const isWrite = ({ path }: FaultRequest) => !path.includes('dryRun');
  const goesAway = (verb: KubeVerb, resource: string, name: string) =>
    cluster.faults.add({ verb, resource, name, where: isWrite }, { kind: 'disconnect' }, { times: Infinity });
  const away = goesAway('patch', 'resourcegraphdefinitions', 'pots');
  const part = await run('install oci://HOST/team/pots:1.0.0');
  away.remove();
  expect({ code: part.code, err: part.err }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: only a part was done for team/pots 1.0.0, as the lines above say: the server closed the connection before its response was complete [package/incomplete]
      hint: check that the API server runs, and the time limits of proxies and load balancers in between; then run the same command again, which does the rest",
    }
  `);
  expect(part.out).toMatch(/created ClusterRole \S+\ncreated ResourceGraphDefinition pans$/);
  expect(await run('install oci://HOST/team/pots:1.0.0')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /unchanged ResourceGraphDefinition pans\ncreated ResourceGraphDefinition pots\ninstalled/,
    ),
  });
  const gone = goesAway('delete', 'clusterroles', 'typekro:package:team:pots');
  const left = await run('uninstall team/pots');
  gone.remove();
  expect(left).toMatchObject({ code: 1, err: expect.stringContaining('[package/incomplete]') });
  expect(await installed()).toEqual(['typekro:package:team:pots']);
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, err: '' });
  expect(await installed()).toEqual([]);
});

test('an upgrade deletes what the new version does not have and nothing uses, and keeps the rest with its rights', async () => {
  const pots = definition('pots', 'Pot');
  await push('team/pots:1.0.0', pots, definition('pans', 'Pan'), definition('lids', 'Lid'));
  expect((await run('upgrade oci://HOST/team/pots:1.0.0')).err).toContain('no package "team/pots" is installed');
  expect(await run('install oci://HOST/team/pots:1.0.0')).toMatchObject({ code: 0, err: '' });
  writeFileSync(join(cwd, 'pan.yaml'), POT.replace('Pot', 'Pan'));
  expect(await run('apply pan.yaml')).toMatchObject({ code: 0 });
  await push('team/pots:2.0.0', definition('pots', 'Pot', { text: 'b' }));
  const dry = await run('upgrade oci://HOST/team/pots:2.0.0 --dry-run');
  expect(dry).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "Package  ~ team/pots 1.0.0 → 2.0.0  oci://HOST/team/pots:2.0.0@DIGEST
      rights  unchanged
      - ResourceGraphDefinition lids  the new version does not have it, and nothing uses it
      = ResourceGraphDefinition pans  stays with its rights, although the new version does not have it: it is used by Pan default/one

    Definition  ~ pots  (Pot)  revision 1 → 2  team/pots/manifests/resourcegraphdefinition-pots.yaml:1
      schema  ~ spec.text  Default value was changed from "a" to "b"  compatible

    Objects
      ~ ClusterRole typekro:package:team:pots
          rules  [{"verbs":["get","list","watch","create","patch","delete"],"apiGroups":[""],"resources":["configmaps"]},{"verbs":["get","list","watch","patch"],"apiGroups":["kro.run"],"resources":["lids","pans","pots… (423 characters; plan -o json shows all) → [{"verbs":["get","list","watch","create","patch","delete"],"apiGroups":[""],"resources":["configmaps"]},{"verbs":["get","list","watch","patch"],"apiGroups":["kro.run"],"resources":["pots"]},{"verbs":[… (664 characters; plan -o json shows all)
          metadata.annotations["package.typekro.dev/version"]  "1.0.0" → "2.0.0"
          metadata.annotations["package.typekro.dev/digest"]  "DIGEST" → "DIGEST"
          metadata.annotations["package.typekro.dev/reference"]  "oci://HOST/team/pots:1.0.0" → "oci://HOST/team/pots:2.0.0"

    Plan: 0 to create, 2 to change, 0 to prune.
      Checked by dry runs of the API server: 2 writes.
      From cluster typekro (v1.36.0+typekro), read at TIME
      Decided by the rules of kro 0.10 (no Deployment of a controller was found).
    ",
    }
  `);
  const gone = cluster.faults.add({ verb: 'delete', name: 'lids' }, { kind: 'disconnect' }, { times: Infinity });
  expect(await run('upgrade oci://HOST/team/pots:2.0.0')).toMatchObject({
    code: 1,
    err: expect.stringContaining('[package/incomplete]'),
  });
  gone.remove();
  const again = await run('upgrade oci://HOST/team/pots:2.0.0');
  expect(again.out.slice(again.out.indexOf('unchanged Cl'))).toMatchInlineSnapshot(`
    "unchanged ClusterRole typekro:package:team:pots
    unchanged ResourceGraphDefinition pots
    deleted ResourceGraphDefinition lids
    installed team/pots 2.0.0"
  `);
  expect(await run('inspect')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "team/pots 1.0.0 and 2.0.0
      digest    DIGEST
                DIGEST
      objects   ResourceGraphDefinition pans of 1.0.0
                ResourceGraphDefinition pots of 2.0.0
                ClusterRole typekro:package:team:pots of 2.0.0",
    }
  `);
  expect(JSON.parse((await run('inspect team/pots -o json')).out)).toMatchObject({
    schemaVersion: 1,
    packages: [
      { name: 'team/pots', versions: ['1.0.0', '2.0.0'], objects: [{ name: 'pans', version: '1.0.0' }, {}, {}] },
    ],
  });
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'typekro:package:team:pots' };
  expect(stringifyJson(await client.get(role))).toContain('"pans"');

  await run('delete Pan/one');
  await run('wait default/one --for deleted');
  const rest = await run('upgrade oci://HOST/team/pots:2.0.0');
  expect(rest).toMatchObject({
    code: 0,
    out: expect.stringMatching(/deleted ResourceGraphDefinition pans\ninstalled/),
  });
  expect(stringifyJson(await client.get(role))).not.toContain('"pans"');
  expect((await run('inspect')).out).toContain('team/pots 2.0.0\n');
  expect((await run('upgrade oci://HOST/team/pots:1.0.0 --dry-run')).out).toContain('2.0.0 → 1.0.0, which is older');
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, err: '' });
  expect(await run('inspect')).toEqual({ code: 0, out: 'no package is installed', err: '' });
});

test('typekro.lock keeps the digests, names a moved tag with both, and with --locked admits nothing else', async () => {
  const lock = join(cwd, 'typekro.lock');
  await push('team/pots:1.0.0', definition('pots', 'Pot'));
  expect((await run('install oci://HOST/team/pots:1.0.0 --locked')).err).toMatchInlineSnapshot(`
    "error: typekro.lock does not have team/pots, and this is 1.0.0 with DIGEST [package/not-locked]
      hint: nothing was applied; the same command without --locked writes the new digest into the file"
  `);
  await run('install oci://HOST/team/pots:1.0.0 --dry-run');
  expect(existsSync(lock)).toBe(false);
  expect(await run('install oci://HOST/team/pots:1.0.0')).toMatchObject({ code: 0, err: '' });
  const written = readFileSync(lock, 'utf8');
  expect(await run('install oci://HOST/team/pots:1.0.0 --locked')).toMatchObject({ code: 0, err: '' });
  expect(readFileSync(lock, 'utf8')).toBe(written);

  writeFileSync(join(cwd, '0.yaml'), definition('pots', 'Pot', { text: 'b' }));
  await run('push oci://HOST/team/pots:1.0.0 0.yaml --replace');
  for (const line of ['install oci://HOST/team/pots:1.0.0', 'install oci://HOST/team/pots:1.0.0 --locked'])
    expect((await run(line)).err).toContain('error: the tag was moved: oci://HOST/team/pots:1.0.0 named DIGEST');
  const moved = await run('upgrade oci://HOST/team/pots:1.0.0');
  expect(moved).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the tag was moved: oci://HOST/team/pots:1.0.0 named DIGEST, and now names DIGEST [package/tag-moved]
      hint: nothing was applied; compare the packages: typekro diff oci://HOST/team/pots:1.0.0@DIGEST oci://HOST/team/pots:1.0.0@DIGEST; to accept the new one, delete the entry of team/pots in typekro.lock",
      "out": "",
    }
  `);
  await push('team/pots:1.1.0', definition('pots', 'Pot', { text: 'c' }));
  expect((await run('upgrade oci://HOST/team/pots:1.1.0 --locked')).err).toContain('[package/not-locked]');
  expect(readFileSync(lock, 'utf8')).toBe(written);
  expect(await run('upgrade oci://HOST/team/pots:1.1.0')).toMatchObject({ code: 0, err: '' });
  expect(readFileSync(lock, 'utf8')).toContain('version: 1.1.0');
  // A tag beside a digest is not looked up, so the file does not have it.
  const [, digest = ''] = /digest: (\S+)/.exec(readFileSync(lock, 'utf8')) ?? [];
  expect(await run(`upgrade oci://HOST/team/pots:9.9.9@${digest}`)).toMatchObject({ code: 0 });
  expect(readFileSync(lock, 'utf8')).not.toContain('9.9.9');
  // A cluster with another version than the lock: one command for CI.
  rmSync(lock);
  await push('team/pots:1.2.0', definition('pots', 'Pot', { text: 'd' }));
  expect((await run('install oci://HOST/team/pots:1.2.0')).err).toContain('team/pots is installed in 1.1.0, and');
  expect(await run('upgrade oci://HOST/team/pots:1.2.0')).toMatchObject({ code: 0 });
  const newest = readFileSync(lock, 'utf8');
  rmSync(lock);
  expect(await run('upgrade oci://HOST/team/pots:1.1.0')).toMatchObject({ code: 0 });
  writeFileSync(lock, newest);
  const followed = await run('install oci://HOST/team/pots:1.2.0 --locked');
  expect(followed).toMatchObject({ code: 0, out: expect.stringContaining('team/pots 1.1.0 → 1.2.0') });

  writeFileSync(lock, written.replace('sha256', 'sha1'));
  const before = await run('inspect');
  expect((await run('upgrade oci://HOST/team/pots:1.1.0')).err).toContain(
    'typekro.lock:4:13: packages[0].digest is not',
  );
  expect(await run('inspect')).toEqual(before);
  expect(await run('uninstall team/pots')).toMatchObject({ code: 0, err: '' });
});

test.each<[string, () => Promise<unknown>, string]>([
  [
    'of a registry that sends other bytes',
    async () => {
      await push('team/pots:1.0.0', definition('pots', 'Pot'));
      for (const [digest, bytes] of registry.blobs) registry.blobs.set(digest, Buffer.from(bytes).fill(0));
    },
    '[oci/registry]',
  ],
  [
    'with a definition that this compiler refuses',
    () => push('team/pots:1.0.0', definition('pots', 'Pot'), definition('pans', 'Pan', { uses: 'a.test/v1 Other' })),
    'a.test/v1',
  ],
])('nothing is written for a package %s', async (_, prepare, message) => {
  await prepare();
  const { code, err } = await run('install oci://HOST/team/pots:1.0.0');
  expect({ isFailure: code !== 0, err }).toEqual({ isFailure: true, err: expect.stringContaining(message) });
  expect(await installed()).toEqual([]);
});

test.each([
  ['install --adopt', '--adopt is for packages'],
  ['install oci://HOST/team/pots:1.0.0 --print', '--print is for the CRDs of kro'],
  ['install team/pots', 'is no reference'],
  ['upgrade oci://HOST/team/pots:1.0.0 --check', '--check is for the check of a controller'],
  ['upgrade --adopt', '--adopt is for the upgrade of a package'],
  ['upgrade', 'upgrade needs the reference of a package, or --check'],
  ['inspect team/pots', 'no package "team/pots" is installed'],
])('%s is refused', async (line, message) => {
  expect((await run(line)).err).toContain(message);
});

test('a package with a Graph is installed and serves it, and is uninstalled only without its Graph', async () => {
  writeFileSync(
    join(cwd, 'graph.yaml'),
    `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: { name: links, namespace: default }
spec:
  serviceAccountName: links
  nodes:
    - id: map
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: links }, data: { a: b } }
`,
  );
  expect(await run('push oci://HOST/team/links:1.0.0 graph.yaml')).toMatchObject({ code: 0, err: '' });
  await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'links', namespace: 'default' } });
  const done = await run('install oci://HOST/team/links:1.0.0');
  expect(done).toMatchObject({ code: 0, err: '', out: expect.stringContaining('impersonate serviceaccounts links') });
  expect(done.out).toMatch(/created RoleBinding \S+\ncreated Graph default\/links\n[^]*installed team\/links 1\.0\.0$/);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'links' };
  await expect.poll(() => client.find(map)).toMatchObject({ data: { a: 'b' } });
  expect((await run('inspect')).out).toContain('objects   Graph default/links\n');
  expect(await run('uninstall team/links')).toMatchObject({
    code: 1,
    err: expect.stringContaining('Graph default/links is used by the objects that it manages [package/in-use]'),
  });
  await client.delete({ apiVersion: 'kro.run/v1alpha1', kind: 'Graph', namespace: 'default', name: 'links' });
  await expect.poll(() => client.find(map)).toBeUndefined();
  expect(await run('uninstall team/links')).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/deleted Role \S+impersonate\nuninstalled team\/links 1\.0\.0$/),
  });
});
