import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256, startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
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
      no difference in definitions, Graphs, rights, required kinds and needs",
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

describe('a list of components', () => {
  const place = 'oci://HOST/team/pots:1.2.0';

  test('is attached by push, once, and is compared with the content by inspect', async () => {
    const plain = await run(`push ${place} kitchen`);
    const { out } = await run(`push ${place} kitchen --sbom --sign-key own.key`);
    expect(out).toBe(`${plain.out.replace('pushed', 'unchanged')}\nattached the SBOM\nsigned with own.key`);
    expect((await run(`push ${place} kitchen --sbom`)).out).toMatch(/\nthe SBOM is attached already$/);
    const shown = await run(`inspect ${place}`);
    expect(shown.out).toContain(
      '\n  images    nginx:1.27\n            ${schema.spec.image}  computed for each instance\n',
    );
    expect(shown.out.match(/^ {2}sbom {6}sha256:\w{64} {2}equals the content$/gm)).toHaveLength(1);
    const { images, sboms, digest } = JSON.parse((await run(`inspect ${place} -o json`)).out) as Record<
      string,
      unknown
    >;
    expect({ images, sboms }).toEqual({
      images: { named: ['nginx:1.27'], computed: ['${schema.spec.image}'] },
      sboms: [{ digest: expect.stringMatching(/^sha256:/), isOwn: true }],
    });
    const bom = [...registry.blobs.values()].map(String).find((text) => text.includes('"CycloneDX"'));
    expect(bom?.replaceAll(String(digest).slice(7), 'DIGEST')).toMatchInlineSnapshot(`
      "{
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
          "component": {
            "type": "application",
            "bom-ref": "package",
            "name": "team/pots",
            "version": "1.2.0",
            "purl": "pkg:oci/pots@sha256%3ADIGEST"
          }
        },
        "components": [
          {
            "type": "file",
            "bom-ref": "manifests/clusterrole-typekro-package-team-pots.yaml",
            "name": "manifests/clusterrole-typekro-package-team-pots.yaml",
            "hashes": [
              {
                "alg": "SHA-256",
                "content": "20c7d766aded24d58bd04ba8127f4a8168b405bd95107f89bbf3bca8e430be0c"
              }
            ]
          },
          {
            "type": "file",
            "bom-ref": "manifests/kustomization.yaml",
            "name": "manifests/kustomization.yaml",
            "hashes": [
              {
                "alg": "SHA-256",
                "content": "d34ff475a529c14b2a520bc43a61ed9551b615d12fe014aa2960b20d61846fcf"
              }
            ]
          },
          {
            "type": "file",
            "bom-ref": "manifests/resourcegraphdefinition-pots.yaml",
            "name": "manifests/resourcegraphdefinition-pots.yaml",
            "hashes": [
              {
                "alg": "SHA-256",
                "content": "b68f7fb346261ac91fec9293c0f5b22a03ad3fb3731526c35010428f9d993840"
              }
            ]
          },
          {
            "type": "container",
            "bom-ref": "image:nginx:1.27",
            "name": "nginx",
            "version": "1.27",
            "purl": "pkg:oci/nginx?repository_url=docker.io/library/nginx&tag=1.27"
          }
        ],
        "dependencies": [
          {
            "ref": "package",
            "dependsOn": [
              "manifests/clusterrole-typekro-package-team-pots.yaml",
              "manifests/kustomization.yaml",
              "manifests/resourcegraphdefinition-pots.yaml",
              "image:nginx:1.27"
            ]
          }
        ],
        "compositions": [
          {
            "aggregate": "incomplete",
            "dependencies": [
              "package"
            ]
          }
        ],
        "properties": [
          {
            "name": "typekro:applies",
            "value": "ResourceGraphDefinition pots"
          },
          {
            "name": "typekro:computed-image",
            "value": "\${schema.spec.image}"
          }
        ]
      }
      "
    `);
  });

  test('of somebody else is shown as such', async () => {
    await run(`push ${place} kitchen --sbom`);
    const changed = new Map<string, string>();
    for (const [digest, bytes] of registry.manifests) {
      const text = String(bytes).replace(
        /("mediaType":"application\/vnd\.cyclonedx\+json","digest":"sha256:)\w{4}/,
        '$10000',
      );
      if (text !== String(bytes)) changed.set(digest, text);
    }
    expect(changed.size).toBe(1);
    for (const [digest, text] of changed) {
      const other = sha256(Buffer.from(text));
      registry.manifests.set(other, Buffer.from(text));
      for (const [tag, bytes] of registry.manifests)
        if (String(bytes).includes(digest))
          registry.manifests.set(tag, Buffer.from(String(bytes).replace(digest, other)));
    }
    expect((await run(`inspect ${place}`)).out).toMatch(
      / {2}sbom {6}sha256:\w{64} {2}of another writer, not verified\n/,
    );
  });

  test('is listed by a registry with an API for that', async () => {
    registry.answer = ({ method, url = '' }, response) => {
      if (url.includes('/referrers/')) {
        response.end(JSON.stringify({ mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }));
        return true;
      }
      if (method === 'PUT' && url.includes('/manifests/sha256:')) response.setHeader('oci-subject', 'sha256:');
      return false;
    };
    await run(`push ${place} kitchen --sbom`);
    registry.answer = () => false;
    // No tag has the list.
    expect([...registry.manifests.keys()].filter((key) => key.startsWith('sha256-'))).toEqual([]);
    expect(registry.manifests.size).toBe(3);
  });
});
