import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type TestCluster, createCluster } from '@typekro/testing';
import { CLI, RunningCommand, startCli } from '../support/command.ts';

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n';
const GRAPH = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: { schema: { apiVersion: 'v1', kind: 'Pot', group: 'acme.test', spec: {} }, resources: [] },
};
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.acme.test' },
  spec: {
    group: 'acme.test',
    names: { kind: 'Thing', plural: 'things' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
/** A kubeconfig with a path for the authority or for the token. */
const kubeconfig = (cluster: object, user: object): string =>
  JSON.stringify({
    'current-context': 'a',
    clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
    users: [{ name: 'a', user }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
  });

// Windows has no named pipes in folders.
describe.skipIf(process.platform === 'win32')('a pipe at the place of a file', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-pipes-'));
    mkdirSync(join(cwd, 'generated'));
    execFileSync('mkfifo', ['pipe', 'pipe.yaml', 'pipe.test.yaml', 'generated/acme.test.ts'], { cwd });
    writeFileSync(join(cwd, 'map.yaml'), MAP);
    writeFileSync(join(cwd, 'graph.yaml'), JSON.stringify(GRAPH));
    writeFileSync(join(cwd, 'crd.yaml'), JSON.stringify(CRD));
    writeFileSync(join(cwd, 'authority'), kubeconfig({ 'certificate-authority': 'pipe' }, {}));
    writeFileSync(join(cwd, 'token'), kubeconfig({}, { tokenFile: 'pipe' }));
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  test.each([
    ['pipe', 'apply map.yaml --kubeconfig pipe'],
    ['pipe', 'diff thing/a --kubeconfig authority'],
    ['pipe', 'diff thing/a --kubeconfig token'],
    ['pipe', 'plan map.yaml --snapshot pipe'],
    ['pipe', 'validate map.yaml --crds pipe'],
    ['pipe', 'lint map.yaml --config pipe'],
    ['pipe', 'render graph.yaml -f pipe'],
    ['pipe', 'generate pipe'],
    ['pipe', 'cluster start pipes --audit-log log --audit-policy pipe'],
    ['pipe.yaml', 'init project --from pipe.yaml'],
    ['pipe.test.yaml', 'test pipe.test.yaml'],
  ])('%s without an end does not keep typekro %s from ending at SIGTERM', async (pipe, line) => {
    const writer = new RunningCommand('sh', ['-c', 'exec 3> "$0"; echo open; exec sleep 600', pipe], { cwd });
    onTestFinished(() => void writer.process.kill());
    const command = startCli(line.split(' '), cwd);
    // The open of the writer returns when the command has opened the pipe.
    await writer.until(/open/);
    command.process.kill('SIGTERM');
    expect(await command.ended).toMatchObject({ code: 143 });
  });

  test.each([
    ['generate crd.yaml', 'it is a pipe or a device, not a regular file'],
    ['bootstrap --image x --export pipe', 'it is a pipe that no program reads'],
    ['apply pipe.yaml', 'is a device or a pipe, and only files are read'],
    ['diff thing/a --kubeconfig /dev/zero', 'it is longer than 16 MiB'],
  ])('typekro %s says: %s', async (line, reason) => {
    const { code, stderr } = await startCli(line.split(' '), cwd).ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(reason) });
  });

  test('a pipe that delivers and ends is read like a file', async () => {
    const writer = new RunningCommand('sh', ['-c', 'cat crd.yaml > pipe'], { cwd });
    const { code, stdout } = await startCli(['generate', 'pipe', '--out', 'made'], cwd).ended;
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('created made/acme.test.ts') });
    await writer.ended;
  });
});

test.each(['validate', 'up', 'types'])(
  'a loop in a module does not keep typekro %s from ending at SIGTERM',
  async (name) => {
    const cwd = mkdtempSync(join(tmpdir(), 'typekro-loop-'));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    writeFileSync(join(cwd, 'loop.ts'), "console.error('looping');\nfor (;;) {}\n");
    const command = startCli([name, 'loop.ts'], cwd);
    await command.until(/looping/);
    command.process.kill('SIGTERM');
    expect(await command.ended).toMatchObject({ code: 143 });
  },
);

describe('closed output', () => {
  const NAMES = ['a', 'b', 'c', 'd', 'e'];
  const FILE = NAMES.map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {k: v}\n`).join(
    '---\n',
  );

  let cwd: string;
  let cluster: TestCluster;
  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-closed-'));
    cluster = await createCluster();
    const { kubeconfig } = await cluster.listen();
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    writeFileSync(join(cwd, 'maps.yaml'), FILE);
  });
  afterEach(async () => {
    await cluster.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  const names = async (): Promise<string[]> => {
    const maps = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    return maps.items.map(({ metadata }) => metadata.name ?? '').filter((name) => NAMES.includes(name));
  };

  test.skipIf(spawnSync('sh', ['-c', 'exit']).status !== 0).each(['apply', '--debug --debug apply'])(
    'typekro %s completes its work when the reader of its output ends early',
    async (words) => {
      // `head` ends after the first line. Nothing reads the rest of the output.
      const applied = new RunningCommand(
        'sh',
        ['-c', `"${process.execPath}" "${CLI}" ${words} maps.yaml --kubeconfig kubeconfig | head -n 1`],
        { cwd },
      );
      expect((await applied.ended).stderr).toBe('');
      expect(await names()).toEqual(NAMES);
    },
  );

  test.each(['fmt maps.yaml', 'apply maps.yaml --kubeconfig kubeconfig'])(
    'typekro %s ends with 130 when the reader of its output ends first',
    async (words) => {
      const command = startCli(words.split(' '), cwd);
      command.process.stdout?.destroy();
      expect(await command.ended).toMatchObject({ code: 130, stderr: '' });
    },
  );
});

describe.skipIf(process.platform === 'win32')('an output file', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-output-'));
    writeFileSync(join(cwd, 'f'), 'first\n');
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const EXPORT = 'bootstrap --image x/y:1 --export';
  const run = (script: string) =>
    spawnSync('bash', ['-c', script.replaceAll('typekro', `"${process.execPath}" "${CLI}"`)], {
      cwd,
      encoding: 'utf8',
    });
  const text = (name: string) => readFileSync(join(cwd, name), 'utf8');

  test.each([
    ['> g', ''],
    ['>> f', 'first\n'],
    ['| cat > g', ''],
  ])('that is open gets the result after what is there, and nothing else: %s', (to, before) => {
    run(`typekro ${EXPORT} whole`);
    for (const name of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'].slice(0, process.platform === 'linux' ? 3 : 2)) {
      writeFileSync(join(cwd, 'f'), 'first\n');
      const { stderr } = run(`typekro ${EXPORT} ${name} ${to}`);
      expect([text(to.slice(-1)), stderr]).toEqual([
        before + text('whole'),
        expect.stringMatching(/^\/.*: 15 objects/),
      ]);
    }
    run(`{ echo first; typekro ${EXPORT} /dev/fd/3 3>&1; echo last; } > g`);
    expect(text('g')).toBe(`first\n${text('whole')}last\n`);
  });

  test.each([`typekro ${EXPORT} /dev/stdout`, `typekro ${EXPORT} /dev/fd/3 3>&1`])(
    'whose reader has ended ends %s with 130',
    (line) => {
      const { stdout, stderr } = run(`(${line}; echo $? > code) | exec 0<&-; cat code`);
      expect({ stdout, stderr }).toEqual({ stdout: '130\n', stderr: '' });
    },
  );

  test('that the system does not take whole keeps its old content, and leaves no file; the standard output is an error', () => {
    const limited = (words: string) => run(`ulimit -f 4; typekro ${EXPORT} ${words}`);
    for (const name of ['f', 'new']) {
      expect(limited(name)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('raise the limit (ulimit -f)'),
      });
    }
    expect([readdirSync(cwd), text('f')]).toEqual([['f'], 'first\n']);
    expect(limited('- > g')).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be written') });
    expect(limited('/dev/stdout > g')).toMatchObject({ status: 1 });
  });
});
