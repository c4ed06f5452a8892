import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '@typekro/kube';
import {
  type OciReference,
  packFiles,
  pullPackage,
  pushPackage,
  readDockerCredentials,
  RegistryClient,
} from '@typekro/oci';
import { COSIGN_KEY, COSIGN_PUBLIC_KEY } from '@typekro/oci/test-support/cosign-recordings';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { hasDockerRegistry, SHOP, startDockerRegistry } from '../support/docker-registry.ts';

const KUBECTL = 'kubectl';
/** Version 2.6 or 3. `go install` of its module builds it. */
const COSIGN = 'cosign';
const isThere = hasDockerRegistry();
const hasCosign = spawnSync(COSIGN, ['version']).status === 0;
if (!hasCosign) console.warn(`skipped: there is no ${COSIGN} in PATH; recordings of its signatures are tested`);

describe.skipIf(!isThere)('docker-registry', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-registry-'));
  const clients: RegistryClient[] = [];
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;

  beforeAll(async () => {
    registry = await startDockerRegistry(folder);
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    registry?.process.kill();
    rmSync(folder, { recursive: true });
  });

  function open(reference: OciReference, env: Readonly<Record<string, string>>): RegistryClient {
    const { signal } = new AbortController();
    const client = new RegistryClient(reference, {
      plainHttp: true,
      credentials: () => readDockerCredentials(reference.registry, env, signal),
      env: {},
      signal,
      clock: systemClock,
      random: Math.random,
    });
    clients.push(client);
    return client;
  }

  test('keeps a package, for the user of docker login only', async () => {
    const place = { registry: registry.host, repository: 'team/web-app', tag: '1.0.0' };
    const files = [{ path: 'manifests/größe.yaml', content: Buffer.from('a: 1\n') }];
    const image = packFiles(files, { 'org.opencontainers.image.version': '1.0.0' });
    const client = open(place, { DOCKER_CONFIG: folder });
    expect(await client.tags()).toEqual([]);
    expect(await pushPackage(client, place, image, false)).toBe('pushed');
    expect(await client.tags()).toEqual(['1.0.0']);
    expect(await pushPackage(client, place, image, false)).toBe('unchanged');
    expect(await pullPackage(client, { ...place, digest: image.digest })).toEqual({
      files,
      digest: image.digest,
      annotations: { 'org.opencontainers.image.version': '1.0.0' },
    });
    await expect(pullPackage(client, { ...place, tag: 'other' })).rejects.toMatchObject({ code: 'oci/not-found' });
    const other = open(place, { DOCKER_CONFIG: join(folder, 'none') });
    await expect(pullPackage(other, place)).rejects.toMatchObject({ code: 'oci/unauthorized' });
  });

  test('takes the packages of the commands, for the user of docker login only', async () => {
    const commandsOf = (config: string) => commandRunner(commands, folder, { DOCKER_CONFIG: config });
    const run = commandsOf(folder);
    const place = `oci://${registry.host}/team/shop:1.0.0`;
    writeFileSync(join(folder, 'shop.yaml'), SHOP);
    const pushed = await run(`push ${place} shop.yaml --plain-http`);
    expect(pushed).toMatchObject({ code: 0, err: '' });
    const [, digest = ''] = /@(sha256:\w+)$/.exec(pushed.out) ?? [];
    expect((await run(`inspect ${place.replace(':1.0.0', '')}@${digest} --plain-http`)).out).toContain(digest);
    expect(await run(`pull ${place} shop --plain-http`)).toMatchObject({ code: 0, err: '' });
    const applied = spawnSync(KUBECTL, ['kustomize', join(folder, 'shop')], { encoding: 'utf8' });
    if (applied.error === undefined)
      expect(applied.stdout).toMatch(/kind: ClusterRole\n[^]*kind: ResourceGraphDefinition\n/);
    const other = await commandsOf(join(folder, 'none'))(`pull ${place} other --plain-http`);
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('[oci/unauthorized]') });
  });

  test.skipIf(!hasCosign)('has packages whose signatures cosign writes and verifies', async () => {
    const env = { DOCKER_CONFIG: folder, COSIGN_PASSWORD: 'hunter2' };
    const run = commandRunner(commands, folder, env);
    writeFileSync(join(folder, 'cosign.key'), COSIGN_KEY);
    writeFileSync(join(folder, 'cosign.pub'), COSIGN_PUBLIC_KEY);
    writeFileSync(join(folder, 'shop.yaml'), SHOP);
    const cosign = (...words: string[]) =>
      spawnSync(COSIGN, words, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
    const verify = (image: string) => cosign('verify', '--key', 'cosign.pub', '--insecure-ignore-tlog=true', image);
    const [ours, theirs] = [`${registry.host}/team/signed:1.0.0`, `${registry.host}/team/signed:2.0.0`];

    const pushed = await run(`push oci://${ours} shop.yaml --plain-http --sign-key cosign.key`);
    expect(pushed).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/\nsigned with cosign.key$/) });
    const verified = verify(ours);
    expect({ status: verified.status, out: verified.stdout }, verified.stderr).toEqual({
      status: 0,
      out: expect.stringContaining('"docker-manifest-digest":"sha256:'),
    });

    await run(`push oci://${theirs} shop.yaml --plain-http`);
    expect(verify(theirs).status).not.toBe(0);
    const words = ['--key', 'cosign.key', '--use-signing-config=false', '--tlog-upload=false', '--yes', theirs];
    const signed = cosign('sign', ...words);
    expect(signed.status, signed.stderr).toBe(0);
    expect(await run(`pull oci://${theirs} theirs --plain-http --verify-key cosign.pub`)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/\nsigned with the key of cosign.pub$/),
    });
  });

  test('has a layer that tar unpacks', async () => {
    const { layer } = packFiles(
      [
        { path: `${'long/'.repeat(28)}${'n'.repeat(90)}.yaml`, content: Buffer.from('split\n') },
        { path: `${'n'.repeat(200)}/ä.yaml`, content: Buffer.from('pax\n') },
      ],
      {},
    );
    const { status, stdout, stderr } = spawnSync('tar', ['-tzf', '-'], { input: layer, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(1 + 28 + 2 + 1 - 1);
  });
});
