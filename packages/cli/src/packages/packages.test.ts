import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '@typekro/kube/certificates';
import { packFiles, type PackageFile } from '@typekro/oci';
import { sha256, startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import { commands } from '../commands/index.ts';

const POTS = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: pots
spec:
  schema:
    apiVersion: v1alpha1
    kind: Pot
    spec:
      text: string | default="a"
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name}
        data:
          text: \${schema.spec.text}
`;
const EXAMPLE = 'apiVersion: kro.run/v1alpha1\nkind: Pot\nmetadata:\n  name: one\n';
const TEST = `schemaVersion: 1
kind: GraphTest
tests:
  - name: has the text
    given: { name: one, spec: { text: b } }
    expect: { children: { config: { data.text: b } } }
`;

const cwd = mkdtempSync(join(tmpdir(), 'typekro-packages-'));
let registry: TestRegistry;
let run: (line: string) => Promise<CommandRun>;

/** The output without the port of the registry. */
const fixed = ({ code, out, err }: CommandRun): CommandRun => ({
  code,
  out: out.replaceAll(registry.host, 'HOST'),
  err: err.replaceAll(registry.host, 'HOST').replaceAll(cwd, 'FOLDER'),
});

beforeAll(async () => {
  registry = await startRegistry();
  const direct = commandRunner(commands, cwd, { DOCKER_CONFIG: cwd });
  run = async (line) => fixed(await direct(`${line.replaceAll('HOST', registry.host)} --plain-http`));
  mkdirSync(join(cwd, 'kitchen'));
  const files = { 'pots.yaml': POTS, 'one.yaml': EXAMPLE, 'pots.test.yaml': TEST, 'README.md': '# Pots\n' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, 'kitchen', name), text);
});
afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});
beforeEach(() => {
  for (const map of [registry.manifests, registry.blobs]) map.clear();
  registry.seen.length = 0;
});

describe('push', () => {
  test('writes a package, with the same digest on every machine, and writes it once', async () => {
    expect(await run('push oci://HOST/team/pots:1.2.0 kitchen')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "pushed team/pots 1.2.0  oci://HOST/team/pots:1.2.0@sha256:93b17ce04f3dd1af5234394d52aff4ee97755cc038e173bbf82f7124a891d03a",
      }
    `);
    expect(await run('push oci://HOST/team/pots:1.2.0 kitchen')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^unchanged/),
    });
    const { out } = await run(
      'push oci://HOST/team/pots:v1.2.0 kitchen/one.yaml kitchen/pots.yaml kitchen/README.md kitchen/pots.test.yaml -o json',
    );
    const { digest, ...data } = JSON.parse(out) as Record<string, unknown>;
    expect(data).toMatchObject({
      schemaVersion: 1,
      result: 'pushed',
      name: 'team/pots',
      version: '1.2.0',
      provides: [{ kind: 'Pot' }],
    });
    expect([...registry.manifests.keys()].sort()).toEqual([digest, '1.2.0', 'v1.2.0'].sort());
  });

  test('names the links of a folder that it does not follow', async () => {
    mkdirSync(join(cwd, 'linked'));
    writeFileSync(join(cwd, 'linked/pots.yaml'), POTS);
    for (const name of ['README.md', 'pots.test.yaml'])
      symlinkSync(join(cwd, 'kitchen', name), join(cwd, 'linked', name));
    expect(await run('push oci://HOST/team/linked:1.0.0 linked')).toMatchObject({
      code: 0,
      err: 'note: of the folder linked, these links are not read: "README.md", "pots.test.yaml"; name one to read it',
    });
  });

  test('moves a tag only by request', async () => {
    await run('push oci://HOST/team/pots:1.2.0 kitchen');
    const before = registry.manifests.get('1.2.0');
    expect(await run('push oci://HOST/team/pots:1.2.0 kitchen/pots.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining('[oci/tag-exists]'),
    });
    expect(registry.manifests.get('1.2.0')).toBe(before);
    expect(await run('push oci://HOST/team/pots:1.2.0 kitchen/pots.yaml --replace')).toMatchObject({ code: 0 });
    expect(registry.manifests.get('1.2.0')).not.toBe(before);
  });

  test('prints all problems, and sends nothing', async () => {
    const text = `${POTS.replace('schema.spec.text', 'schema.spec.txt')}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n`;
    writeFileSync(join(cwd, 'wrong.yaml'), text);
    expect(await run('push oci://HOST/team/pots:1.2.0 wrong.yaml')).toMatchObject({
      code: 3,
      err: expect.stringContaining('[cel/unknown-field]'),
    });
    writeFileSync(join(cwd, 'wrong.yaml'), text.replace('txt', 'text'));
    expect(await run('push oci://HOST/team/pots:1.2.0 wrong.yaml')).toMatchInlineSnapshot(`
      {
        "code": 3,
        "err": "wrong.yaml:21:1: error: Secret s cannot be part of a package [input/not-for-a-package]
        21 | apiVersion: v1
           | ^
        hint: a package has definitions, Graphs, and instances of its definitions as examples; put the object into a definition, or apply it on its own
      ",
        "out": "",
      }
    `);
    writeFileSync(
      join(cwd, 'wrong.test.yaml'),
      TEST.replace('config:', 'confg:').replace('tests:', 'definition: kitchen/pots.yaml\ntests:'),
    );
    expect(await run('push oci://HOST/team/pots:1.2.0 kitchen/pots.yaml wrong.test.yaml')).toMatchObject({
      code: 3,
      err: expect.stringContaining('confg'),
    });
    expect(registry.seen).toEqual([]);
  });

  test.each([
    ['oci://HOST/team/pots kitchen', 'the tag latest is not a semantic version'],
    ['oci://HOST/team/pots:new kitchen --package-version 1', '--package-version 1 is not a semantic version'],
    [`oci://HOST/team/pots:1.0.0@sha256:${'0'.repeat(64)} kitchen`, 'not to a digest'],
    ['oci://HOST/team/pots:1.0.0 kitchen --name Pots', '"Pots" cannot be the name of a package'],
    ['oci://HOST/team/pots:1.0.0 kitchen/README.md', 'no file with a definition is named'],
    ['oci://HOST/team/pots:1.0.0 kitchen kitchen/README.md', 'the files have several READMEs'],
  ])('%s is a usage error', async (line, message) => {
    const { code, err } = await run(`push ${line}`);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    expect(registry.seen).toEqual([]);
  });

  test.each(['webapp.ts', 'graph.ts', 'multi-environment.ts', 'my-application.yaml'])(
    'writes the same package for examples/%s and for the files of its package',
    async (name) => {
      const file = fileURLToPath(new URL(`../../../../examples/${name}`, import.meta.url));
      const [, digest = ''] = /(@sha256:\w+)$/.exec((await run(`push oci://HOST/examples:1.0.0 ${file}`)).out) ?? [];
      const folder = `copy-${name}`;
      expect(await run(`pull oci://HOST/examples:1.0.0 ${folder}`)).toMatchObject({ code: 0 });
      const manifests = readdirSync(join(cwd, folder, 'manifests')).filter((each) =>
        /^(?:resourcegraph|graph)/.test(each),
      );
      const files = manifests.map((each) => `${folder}/manifests/${each}`).reverse();
      const examples = existsSync(join(cwd, folder, 'examples')) ? [`${folder}/examples`] : [];
      const { out } = await run(`push oci://HOST/examples:1.0.0 ${[...files, ...examples].join(' ')}`);
      expect({ digest, out }).toEqual({
        digest: expect.stringMatching(/^@sha256:/),
        out: expect.stringMatching(/^unchanged/),
      });
    },
  );

  test('leaves out the test of another definition, and says so', async () => {
    writeFileSync(join(cwd, 'other.yaml'), POTS.replace('name: pots', 'name: pans').replace('kind: Pot', 'kind: Pan'));
    const { code, err } = await run('push oci://HOST/team/pans:1.0.0 other.yaml kitchen/pots.test.yaml');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'note: the test kitchen/pots.test.yaml is left out: it tests no definition of the package',
    });
  });
});

test('the login of docker is used when the registry asks for it, and is never printed', async () => {
  const auth = Buffer.from('user:hunter2').toString('base64');
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const answer = (accepted: string) => (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.authorization === accepted) return false;
    // Some registries repeat what they were sent.
    const errors = [{ code: 'DENIED', message: `no ${request.headers.authorization} hunter2` }];
    response.writeHead(401, { 'www-authenticate': 'Basic realm="a"' }).end(JSON.stringify({ errors }));
    return true;
  };
  registry.answer = answer(`Basic ${auth}`);
  expect(await run('push oci://HOST/team/pots:1.2.0 kitchen')).toMatchObject({ code: 0, err: '' });
  registry.answer = answer('never');
  for (const line of [
    'push oci://HOST/team/pots:1.2.0 kitchen',
    'pull oci://HOST/team/pots:1.2.0 secret',
    'inspect oci://HOST/a:1',
  ]) {
    const { code, out, err } = await run(line);
    expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringContaining('[oci/unauthorized]') });
    expect(err).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
  }
  expect(existsSync(join(cwd, 'secret'))).toBe(false);
  rmSync(join(cwd, 'config.json'));
  registry.answer = () => false;
});

test('a registry with a private authority needs --ca-file', async () => {
  const authority = createAuthority(Date.now());
  const tls = await startRegistry({ ...authority.issue(['localhost'], ['127.0.0.1']), ca: authority.ca });
  writeFileSync(join(cwd, 'ca.pem'), authority.ca);
  const direct = commandRunner(commands, cwd, { DOCKER_CONFIG: cwd });
  const line = `push oci://${tls.host}/team/pots:1.2.0 kitchen`;
  expect(await direct(line)).toMatchObject({ code: 1, err: expect.stringContaining('--ca-file') });
  expect(await direct(`${line} --ca-file ca.pem`)).toMatchObject({ code: 0, err: '' });
  expect(await direct(`${line} --ca-file none.pem`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('[input/not-found]'),
  });
  await tls.close();
});

describe('a package', () => {
  test('is shown by inspect', async () => {
    await run('push oci://HOST/team/pots:1.2.0 kitchen --source https://example.com/pots --revision main@1');
    expect(await run('inspect oci://HOST/team/pots:1.2.0')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "team/pots 1.2.0
        digest    sha256:9535eeef10b7ed8089a5b349ce75e82458378ccc01d90e91c2efe457723123bb
        trust     no signature
        source    https://example.com/pots at main@1
        needs     typekro 1.0.0-alpha.0
        provides  Pot  kro.run/v1alpha1  by the definition pots
        rights    ClusterRole typekro:package:team:pots
                    get, list, watch, create, patch, delete configmaps
                    get, list, watch, patch pots.kro.run
                    get, patch pots/status.kro.run
                    update pots/finalizers.kro.run
        files     README.md
                  examples/kustomization.yaml
                  examples/pot-one.yaml
                  kustomization.yaml
                  manifests/clusterrole-typekro-package-team-pots.yaml
                  manifests/kustomization.yaml
                  manifests/resourcegraphdefinition-pots.yaml
                  schemas/pots.kro.run.yaml
                  tests/pots.test.yaml
                  typekro.package.json",
      }
    `);
    const { out } = await run('inspect oci://HOST/team/pots:1.2.0 -o json');
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      name: 'team/pots',
      rights: { objects: [{ kind: 'ClusterRole' }] },
      annotations: { 'org.opencontainers.image.revision': 'main@1' },
    });
  });

  test('is written by pull, with a test that runs there', async () => {
    await run('push oci://HOST/team/pots:1.2.0 kitchen');
    expect(await run('pull oci://HOST/team/pots:1.2.0 pulled')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "pulled team/pots 1.2.0  oci://HOST/team/pots:1.2.0@sha256:93b17ce04f3dd1af5234394d52aff4ee97755cc038e173bbf82f7124a891d03a  into pulled",
      }
    `);
    expect(readFileSync(join(cwd, 'pulled/README.md'), 'utf8')).toBe('# Pots\n');
    const { code, out } = await commandRunner(commands, cwd)('test pulled/tests');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 passed') });
    expect(await run('pull oci://HOST/team/pots:1.2.0 pulled')).toMatchObject({
      code: 1,
      err: expect.stringContaining('[oci/folder-exists]'),
    });
    writeFileSync(join(cwd, 'file'), '');
    expect(await run('pull oci://HOST/team/pots:1.2.0 file/below')).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "error: file/below cannot be written: FOLDER/file is a file, not a folder [oci/not-written]
        hint: name a folder that you may write to, or move FOLDER/file away",
        "out": "",
      }
    `);
  });

  test('is compared with another version by diff', async () => {
    const next = POTS.replace('text: string | default="a"', 'size: integer | required=true')
      .replace('text: ${schema.spec.text}', 'text: ${string(schema.spec.size)}')
      .concat(
        '    - id: secret\n      template:\n        apiVersion: v1\n        kind: Secret\n        metadata: { name: s }\n',
      );
    writeFileSync(join(cwd, 'next.yaml'), next);
    writeFileSync(join(cwd, 'more.yaml'), POTS.replace('name: pots', 'name: pans').replace('kind: Pot', 'kind: Pan'));
    await run('push oci://HOST/team/pots:1.2.0 kitchen');
    await run('push oci://HOST/team/pots:2.0.0 next.yaml more.yaml');
    expect(await run('diff oci://HOST/team/pots:1.2.0 oci://HOST/team/pots:2.0.0')).toMatchInlineSnapshot(`
      {
        "code": 4,
        "err": "",
        "out": "team/pots 1.2.0 → team/pots 2.0.0
      Definition  + pans  (Pan)
      Definition  ~ pots  (Pot)
        schema  - spec.text  string | default="a"  BREAKING
                + spec.size  integer  BREAKING
        nodes   ~ config  (ConfigMap)
                    data.text  "\${schema.spec.text}" → "\${string(schema.spec.size)}"
                + secret  (Secret)
      Rights  + get, list, watch, create, patch, delete secrets
      Rights  + get, list, watch, patch pans.kro.run
      Rights  + get, patch pans/status.kro.run
      Rights  + update pans/finalizers.kro.run

      BREAKING: an existing instance can become invalid, or lose its definition.",
      }
    `);
    expect(await run('diff oci://HOST/team/pots:2.0.0 oci://HOST/team/pots:1.2.0')).toMatchInlineSnapshot(`
      {
        "code": 4,
        "err": "",
        "out": "team/pots 2.0.0 → team/pots 1.2.0
      Definition  - pans  (Pan)  BREAKING
      Definition  ~ pots  (Pot)
        schema  - spec.size  integer  BREAKING
                + spec.text  string | default="a"  compatible
                ~ spec  Field size is no longer required  compatible
        nodes   ~ config  (ConfigMap)
                    data.text  "\${string(schema.spec.size)}" → "\${schema.spec.text}"
                - secret  (Secret)
      Rights  - get, list, watch, create, patch, delete secrets
      Rights  - get, list, watch, patch pans.kro.run
      Rights  - get, patch pans/status.kro.run
      Rights  - update pans/finalizers.kro.run

      BREAKING: an existing instance can become invalid, or lose its definition.",
      }
    `);
    await run('push oci://HOST/team/pots:1.2.1 kitchen/pots.yaml');
    expect(await run('diff oci://HOST/team/pots:1.2.0 oci://HOST/team/pots:1.2.1')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "team/pots 1.2.0 → team/pots 1.2.1
      no difference in definitions, Graphs, rights, required kinds and needs",
      }
    `);
    const { code, out } = await run('diff oci://HOST/team/pots:1.2.0 oci://HOST/team/pots:2.0.0 -o json');
    expect({ code, data: JSON.parse(out) as object }).toMatchObject({
      code: 4,
      data: { schemaVersion: 1, from: { version: '1.2.0' }, to: { version: '2.0.0' }, breaking: true },
    });
    expect(await run('diff oci://HOST/team/pots:1.2.0')).toMatchObject({ code: 2 });
    expect(await run('diff pot other')).toMatchObject({ code: 2 });
  });

  /** Stores a package with these files in addition to those of a pushed one; with `null`, without that file. */
  async function change(files: Readonly<Record<string, (text: string) => string>>): Promise<void> {
    await run('push oci://HOST/team/pots:1.2.0 kitchen');
    await run('pull oci://HOST/team/pots:1.2.0 template');
    const folder = join(cwd, 'template');
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const own = names.map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
    const all = new Set([...own, ...Object.keys(files)]);
    const packed: PackageFile[] = [...all].map((path) => {
      const text = own.includes(path) ? readFileSync(join(folder, path), 'utf8') : '';
      return { path, content: Buffer.from(files[path]?.(text) ?? text) };
    });
    rmSync(folder, { recursive: true });
    const { manifest, config, layer } = packFiles(packed, {});
    for (const blob of [config, layer]) registry.blobs.set(sha256(blob), blob);
    registry.manifests.set('hostile', manifest);
  }

  test('is text: a program in it is written and never run', async () => {
    const program = `await import('node:fs').then((fs) => fs.writeFileSync(${JSON.stringify(join(cwd, 'run'))}, ''));`;
    await change({ 'tests/evil.test.ts': () => program, 'manifests.ts': () => program, 'index.js': () => program });
    expect(await run('inspect oci://HOST/team/pots:hostile')).toMatchObject({ code: 0 });
    expect(await run('pull oci://HOST/team/pots:hostile evil')).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'evil/tests/evil.test.ts'), 'utf8')).toBe(program);
    expect(existsSync(join(cwd, 'run'))).toBe(false);
  });

  test.each<[string, Readonly<Record<string, (text: string) => string>>, string]>([
    [
      'for a newer typekro',
      { 'typekro.package.json': (text) => text.replace('1.0.0-alpha.0', '99.0.0') },
      '[oci/newer-engine]',
    ],
    [
      'with rights that it does not name',
      { 'manifests/clusterrole-typekro-package-team-pots.yaml': (text) => text.replace('configmaps', 'secrets') },
      'its rights do not have the digest',
    ],
    ['with other content', { 'typekro.package.json': () => '{}' }, 'formatVersion is not 1'],
  ])('%s is refused, and nothing is written', async (_, files, message) => {
    await change(files);
    for (const line of ['inspect', 'install', 'pull'].map((each) => `${each} oci://HOST/team/pots:hostile`)) {
      const { code, err } = await run(line.startsWith('pull') ? `${line} hostile` : line);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(message) });
    }
    expect(existsSync(join(cwd, 'hostile'))).toBe(false);
  });
});
