import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { publishFlags, silentLogger } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { commands } from '../../../../packages/cli/src/commands/index.ts';

let world: VirtualWorld;
let registry: TestRegistry;
afterEach(async () => {
  await world.close();
  await registry.close();
});

const pots = (text: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: {
    schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: {} },
    resources: [
      {
        id: 'inner',
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
const POT = { apiVersion: 'kro.run/v1alpha1', kind: 'Pot', metadata: { name: 'one', namespace: 'default' }, spec: {} };

test('a controller with keys of publishers serves only what one of them has signed', { timeout: 120_000 }, async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  world = await virtualWorld({ controller: { publisherKeys: [key] } });
  registry = await startRegistry();
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-signed-definitions-'));
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'own.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(cwd, 'pots.json'), JSON.stringify(pots('one')));
  const run = commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), DOCKER_CONFIG: cwd, NO_COLOR: '1' });
  // Commands read from here with which keys the controller runs.
  await publishFlags(world.user, [`--publisher-keys=${key}`], silentLogger, new AbortController().signal);
  const after = async (object: KubeObject) => {
    await world.apply(object);
    await world.advance(3000);
    const { apiVersion, kind, metadata } = pots('');
    const { status } = await world.user.get({ apiVersion, kind, name: metadata.name ?? '' });
    return textAt(status, 'state');
  };

  const unsigned = 'the definition has no signature, and the controller serves only signed ones';
  expect((await run('plan pots.json')).out).toContain(unsigned);
  expect(await after(pots('one'))).toBe('Inactive');
  const { out } = await run('why rgd/pots');
  expect(out).toContain(unsigned);
  expect(out).not.toContain('finds no error in the spec');

  const place = `oci://${registry.host}/team/pots:1.0.0`;
  const push = `push ${place} pots.json --plain-http --sign-key own.key --sign-definitions`;
  expect(await run(push)).toMatchObject({ code: 0, out: expect.stringContaining('pushed team/pots 1.0.0') });
  expect((await run(push)).out).toContain('unchanged team/pots 1.0.0');
  expect(await run(`pull ${place} pulled --plain-http`)).toMatchObject({ code: 0 });
  const pulled = parse(
    readFileSync(join(cwd, 'pulled/manifests/resourcegraphdefinition-pots.yaml'), 'utf8'),
  ) as KubeObject;
  expect(await after(pulled)).toBe('Active');
  expect((await run('plan pulled/manifests')).out).not.toContain('signature');
  await world.apply(POT);
  await world.advance(3000);

  // A revision keeps its signature, so that a rollback has it.
  writeFileSync(join(cwd, 'pots.json'), JSON.stringify(pots('three')));
  expect(await run(push.replace('1.0.0', '1.1.0'))).toMatchObject({ code: 0 });
  expect(await run(`pull ${place.replace('1.0.0', '1.1.0')} next --plain-http`)).toMatchObject({ code: 0 });
  const next = parse(readFileSync(join(cwd, 'next/manifests/resourcegraphdefinition-pots.yaml'), 'utf8')) as KubeObject;
  expect(await after(next)).toBe('Active');
  expect(await run('rollback pots')).toMatchObject({ code: 0 });
  await world.advance(3000);
  const revisions = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' });
  expect(revisions.items).toHaveLength(3);

  // A change without a new signature is refused, and the earlier revision stays in force.
  const changed = 'or the definition was changed after it';
  const edited = { ...pulled, spec: pots('two').spec } as KubeObject;
  writeFileSync(join(cwd, 'edited.json'), JSON.stringify(edited));
  expect((await run('plan edited.json')).out).toContain(changed);
  expect(await after(edited)).toBe('Inactive');
  expect((await run('why one')).out).toContain(changed);
  expect((await run('tree one')).out).toContain('revision 3   1 of 1 nodes ready');
  const map = await world.user.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'one', namespace: 'default' });
  expect(map['data']).toEqual({ text: 'one' });
});
