import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import { commands } from '../commands/index.ts';

const POTS = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: pots }
spec:
  schema: { apiVersion: v1alpha1, kind: Pot, spec: { image: string } }
  resources:
    - id: pod
      template:
        apiVersion: v1
        kind: Pod
        metadata: { name: "\${schema.metadata.name}" }
        spec: { containers: [{ name: a, image: "nginx:1.27" }, { name: b, image: "\${schema.spec.image}" }] }
`;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-signed-'));
let registry: TestRegistry;
let run: (line: string) => Promise<CommandRun>;

beforeAll(async () => {
  registry = await startRegistry();
  const direct = commandRunner(commands, cwd, { DOCKER_CONFIG: cwd });
  run = async (line) => {
    const { code, out, err } = await direct(`${line.replaceAll('HOST', registry.host)} --plain-http`);
    return { code, out: out.replaceAll(registry.host, 'HOST'), err: err.replaceAll(registry.host, 'HOST') };
  };
  mkdirSync(join(cwd, 'kitchen'));
  writeFileSync(join(cwd, 'kitchen/pots.yaml'), POTS);
  for (const name of ['own', 'other']) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(cwd, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(cwd, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
});
afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});
beforeEach(() => {
  for (const map of [registry.manifests, registry.blobs]) map.clear();
  registry.seen.length = 0;
});

describe('signatures', () => {
  const place = 'oci://HOST/team/pots:1.2.0';
  const sign = (line: string) => run(`push ${line} --sign-key own.key`);

  test('are written by push, once, also for a package that is there', async () => {
    const { out } = await run(`push ${place} kitchen`);
    expect(await sign(`${place} kitchen`)).toEqual({
      code: 0,
      err: '',
      out: `${out.replace('pushed', 'unchanged')}\nsigned with own.key`,
    });
    expect(await sign(`${place} kitchen`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\nalready signed with/),
    });
    expect(JSON.parse((await sign('oci://HOST/team/pots:2.0.0 kitchen -o json')).out)).toMatchObject({
      result: 'pushed',
      signature: 'signed',
    });
    // A tag that stays has no new signature.
    const before = registry.manifests.size;
    expect(await sign(`${place} kitchen --name other`)).toMatchObject({
      code: 1,
      err: expect.stringMatching('tag-exists'),
    });
    expect(registry.manifests.size).toBe(before);
  });

  test('are required by pull, install, inspect and diff', async () => {
    await sign(`${place} kitchen`);
    expect(await run(`inspect ${place}`)).toMatchObject({
      out: expect.stringMatching(/trust {5}1 signature, not verified\n/),
    });
    const verified = await run(`inspect ${place} --verify-key other.pub,own.pub`);
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringMatching(/trust {5}signed with the key of own.pub\n/),
    });
    const { out } = await run(`inspect ${place} --verify-key own.pub -o json`);
    expect(JSON.parse(out)).toMatchObject({ signatures: 1, signedBy: 'own.pub' });
    expect(await run(`pull ${place} strange --verify-key other.pub`)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "error: the signature of oci://HOST/team/pots:1.2.0@sha256:4a8af04f69c273b416a1f14c58f9e3fe6f405f9321981545f97ee40a83ce4a99 cannot be used: it is not of the key other.pub [oci/signature]
        hint: check the key and the reference; if both are right, do not use the package",
        "out": "",
      }
    `);
    expect(existsSync(join(cwd, 'strange'))).toBe(false);
    // The cluster is not even asked.
    expect(await run(`install ${place} --verify-key other.pub`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('[oci/signature]'),
    });
    expect(await run(`pull ${place} signed --verify-key own.pub`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/ into signed\nsigned with the key of own.pub$/),
    });
    await run('push oci://HOST/team/pots:2.0.0 kitchen');
    expect(await run(`diff ${place} oci://HOST/team/pots:2.0.0 --verify-key own.pub`)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "error: oci://HOST/team/pots:2.0.0@sha256:5efe54a01446ddeb0427689da4335e0bd83d9ff59ffff7e266be4d72abf2a0cb has no signature [oci/not-signed]
        hint: sign it with typekro push --sign-key or cosign sign, or ask its publisher to do that",
        "out": "",
      }
    `);
    await sign('oci://HOST/team/pots:2.0.0 kitchen');
    expect(await run(`diff ${place} oci://HOST/team/pots:2.0.0 --verify-key own.pub`)).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "team/pots 1.2.0 → team/pots 2.0.0
      signed with the key of own.pub
      no difference in definitions, Graphs, rights and required kinds",
      }
    `);
  });

  test.each(['inspect', 'inspect team/pots', 'diff team-a/one'])('%s has none to verify', async (line) => {
    expect(await run(`${line} --verify-key own.pub`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--verify-key is for packages of a registry'),
    });
  });

  test.each([
    [`push ${place} kitchen --sign-key own.pub`, 'own.pub cannot be used: it has a PUBLIC KEY'],
    [`pull ${place} folder --verify-key own.key`, 'own.key cannot be used: it has a PRIVATE KEY'],
    [`push ${place} kitchen --sign-key none.key`, '[input/not-found]'],
    [`inspect ${place} --verify-key none.pub`, '[input/not-found]'],
  ])('%s ends before any request', async (line, message) => {
    expect(await run(line)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(message) });
    expect(registry.seen).toEqual([]);
  });
});
