import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { COSIGN_KEY } from '@typekro/oci/test-support/cosign-recordings';
import { commands } from '../../../packages/cli/src/commands/index.ts';
import { findClient } from '../../support/clients.ts';
import { hasDockerRegistry, SHOP, startDockerRegistry } from '../../support/docker-registry.ts';

const [crane, oras, flux] = [findClient('crane'), findClient('oras'), findClient('flux')];
const areThere = [crane, oras, flux].every((each) => each !== undefined) && hasDockerRegistry();

describe.skipIf(!areThere)('a package in docker-registry', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-packages-'));
  const env = { DOCKER_CONFIG: folder, COSIGN_PASSWORD: 'hunter2' };
  const typekro = commandRunner(commands, folder, env);
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
  let [shop, digest] = ['', ''];

  beforeAll(async () => {
    registry = await startDockerRegistry(folder);
    shop = `${registry.host}/team/shop`;
    writeFileSync(join(folder, 'shop.yaml'), SHOP);
    writeFileSync(join(folder, 'cosign.key'), COSIGN_KEY);
    const pushed = await typekro(`push oci://${shop}:1.0.0 shop.yaml --plain-http --sbom --sign-key cosign.key`);
    expect(pushed).toMatchObject({ code: 0, err: '' });
    digest = /@(sha256:\w+)/.exec(pushed.out)?.[1] ?? '';
    expect(await typekro(`pull oci://${shop}:1.0.0 pulled --plain-http`)).toMatchObject({ code: 0 });
  });

  afterAll(() => {
    registry?.process.kill();
    rmSync(folder, { recursive: true });
  });

  /** The output of a client's program. */
  function run(program = '', ...words: string[]): string {
    const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } } as const;
    const { status, stdout, stderr } = spawnSync(program, words, options);
    expect({ status, words }, stderr).toEqual({ status: 0, words });
    return stdout.trim();
  }

  /** The files of a folder, with their contents. */
  function filesOf(name: string): Readonly<Record<string, string>> {
    const paths = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).toSorted();
    const files = paths.filter((path) => statSync(join(folder, name, path)).isFile());
    return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, name, path), 'utf8')]));
  }

  test('is valid for crane, which copies it', async () => {
    expect(run(crane, 'digest', `${shop}:1.0.0`)).toBe(digest);
    run(crane, 'validate', '--remote', `${shop}:1.0.0`);
    expect(run(crane, 'ls', shop).split('\n')).toContain('1.0.0');
    run(crane, 'copy', `${shop}:1.0.0`, `${registry.host}/mirror/team/shop:1.0.0`);
    const inspected = await typekro(`inspect oci://${registry.host}/mirror/team/shop:1.0.0 --plain-http`);
    expect(inspected).toMatchObject({ code: 0, err: '', out: expect.stringContaining(digest) });
  });

  test('is copied by oras with what is attached to it', async () => {
    const manifest = JSON.parse(run(oras, 'manifest', 'fetch', '--plain-http', `${shop}:1.0.0`)) as object;
    expect(manifest).toMatchObject({ layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }] });
    const discovered = run(oras, 'discover', '--plain-http', '--format', 'json', `${shop}:1.0.0`);
    expect(discovered).toContain('application/vnd.cyclonedx+json');
    const copy = `${registry.host}/copies/shop:1.0.0`;
    run(oras, 'cp', '--recursive', '--from-plain-http', '--to-plain-http', `${shop}:1.0.0`, copy);
    const inspected = await typekro(`inspect oci://${copy} --plain-http`);
    expect(inspected).toMatchObject({ code: 0, err: '', out: expect.stringContaining(digest) });
  });

  test('is unpacked by the client of Flux as by pull, and is read if Flux has written it', async () => {
    expect(run(flux, 'pull', `${shop}:1.0.0`, 'flux')).toContain(digest);
    expect(filesOf('flux')).toEqual(filesOf('pulled'));
    run(flux, 'push', `${registry.host}/flux/shop:1.0.0`, 'pulled');
    const words = `pull oci://${registry.host}/flux/shop:1.0.0 again --plain-http`;
    expect(await typekro(words)).toMatchObject({ code: 0, err: '' });
    expect(filesOf('again')).toEqual(filesOf('pulled'));
  });
});
