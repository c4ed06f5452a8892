import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { describe, afterEach, expect, test, vi } from 'vitest';
import type { CommandRun } from '../../test-support/run-command.ts';
import { useNamedClusters } from '../../test-support/named-clusters.ts';
import { readRecord, writeRecord } from '../clusters/cluster-files.ts';

describe('cluster problems', () => {
  const clusters = useNamedClusters();
  afterEach(() => void vi.restoreAllMocks());

  async function run(line: string, stdin?: string): Promise<CommandRun> {
    const { code, out, err } = await clusters.run(line, stdin);
    return { code, out: out.replaceAll(clusters.home, 'HOME'), err: err.replaceAll(clusters.home, 'HOME') };
  }

  const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n';

  test.each(['', '{"schemaVersion": 1, "da', '{"schemaVersion": 2, "data": true}'])(
    'the objects of a cluster are kept when its settings are %j',
    async (settings) => {
      await run('cluster start dev --data');
      await run('cluster load dev -', CONFIG);
      await run('cluster stop dev');
      writeFileSync(join(clusters.folderOf('dev'), 'settings.json'), settings);
      expect((await run('cluster stop dev')).out).toContain('its objects are kept');
      writeFileSync(join(clusters.folderOf('dev'), 'settings.json'), settings);
      await run('cluster start dev');
      expect((await run('cluster load dev -', CONFIG)).out).toContain('unchanged ConfigMap default/c');
      expect((await run('cluster stop dev')).out).toContain('its objects are kept');
    },
  );

  test('a cluster stops although its context cannot be removed from the kubeconfig', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const file = join(clusters.home, 'config');
    await run('cluster start dev --add-context --kubeconfig config');
    writeFileSync(file, 'clusters: [');
    expect(await run('cluster stop dev')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the context typekro-dev stays in HOME/config: HOME/config is not a kubeconfig: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 12 [cluster/kubeconfig]
      hint: remove the context, the cluster and the user named typekro-dev from HOME/config",
      "out": "dev has ended; nothing is left of it",
    }
  `);
    expect((await run('cluster list')).out).toContain('there is no cluster');
    await run('cluster start kept --data --add-context --kubeconfig other');
    writeFileSync(join(clusters.home, 'other'), 'clusters: [');
    expect(await run('cluster stop kept')).toMatchObject({ code: 1 });
    writeFileSync(join(clusters.home, 'other'), '');
    expect(await run('cluster stop --all')).toMatchObject({ code: 0 });
  });

  const FOREIGN = 'clusters:\n- name: typekro-dev\n  cluster: {server: "https://example.com"}\n';

  test.each([
    ['a broken kubeconfig', 'config', 'clusters: [', '--add-context --kubeconfig config', 'is not a kubeconfig'],
    [
      'an entry of the same name that another program made',
      'config',
      FOREIGN,
      '--use-context --kubeconfig config',
      'already has an entry typekro-dev',
    ],
    [
      'a directory instead of the kubeconfig',
      'config/file',
      '',
      '--add-context --kubeconfig config',
      'cluster/kubeconfig',
    ],
    [
      '--kubeconfig, but no option that adds a context to it',
      'config',
      '',
      '--kubeconfig config',
      'no option adds a context',
    ],
  ])('a start with %s starts nothing', async (_, file, content, options, message) => {
    mkdirSync(dirname(join(clusters.home, file)), { recursive: true });
    writeFileSync(join(clusters.home, file), content);
    const { code, err } = await run(`cluster start dev ${options}`);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(message);
    expect((await run('cluster list')).out).toContain('there is no cluster');
    expect(readFileSync(join(clusters.home, file), 'utf8')).toBe(content);
  });

  test.each(['clock', 'load', 'faults'])('an empty argument is refused with the form of the verb %s', async (verb) => {
    const { code, err } = await run(`cluster ${verb} dev `);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: an argument is empty; a shell variable may be unset/);
    expect(err).toContain(`write typekro cluster ${verb} NAME`);
  });

  test.each(['1.33', 'v1.35.2', '1.36.1', '2', 'latest'])('Kubernetes %s is refused', async (version) => {
    expect(await run(`cluster start dev --kubernetes ${version}`)).toEqual({
      code: 2,
      out: '',
      err: `error: --kubernetes ${version}: there is no data of this version of Kubernetes [cli/kubernetes-version]\n  hint: write 1.34, 1.35 or 1.36`,
    });
    expect(existsSync(clusters.folderOf('dev'))).toBe(false);
  });

  test.each(['1.36', 'v1.36'])('Kubernetes %s is started', async (version) => {
    expect(await run(`cluster start dev --kubernetes ${version}`)).toMatchObject({ code: 0, err: '' });
  });

  test('a cluster keeps its version of Kubernetes, and an earlier version does not open its objects', async () => {
    const inVersion = async () => (await run('cluster status dev')).out;
    await run('cluster start dev --data --kubernetes 1.35');
    expect(await inVersion()).toMatch(/Kubernetes +1\.35/);
    expect(await run('cluster start dev --kubernetes 1.36')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the cluster "dev" is running with Kubernetes 1.35') as unknown,
    });
    await run('cluster stop dev');
    await run('cluster start dev');
    expect(await inVersion()).toMatch(/Kubernetes +1\.35/);
    await run('cluster snapshot dev state.jsonl');
    await run('cluster stop dev');
    expect(await run('cluster start dev --kubernetes 1.34')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the objects of the cluster "dev" are from Kubernetes 1.35') as unknown,
    });
    await run('cluster start dev --kubernetes 1.36');
    expect(await inVersion()).toMatch(/Kubernetes +1\.36/);
    expect(await run('cluster restore dev state.jsonl')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is a snapshot of Kubernetes 1.35') as unknown,
    });
  });

  test('a stop creates no folder for a kubeconfig that the user has removed', async () => {
    await run('cluster start dev --add-context --kubeconfig gone/config');
    rmSync(join(clusters.home, 'gone'), { recursive: true });
    expect(await run('cluster stop dev')).toMatchObject({ code: 0, err: '' });
    expect(existsSync(join(clusters.home, 'gone'))).toBe(false);
  });

  test('when all clusters have stopped, in any order, the context that was current before their start is current again', async () => {
    const file = join(clusters.home, 'config');
    const OWN = 'contexts:\n- name: prod\n  context: {cluster: prod, user: me}\ncurrent-context: prod\n';
    for (const order of ['a b', 'b a']) {
      writeFileSync(file, OWN);
      for (const name of ['a', 'b']) await run(`cluster start ${name} --use-context --kubeconfig config`);
      for (const name of order.split(' ')) await run(`cluster stop ${name}`);
      expect(readFileSync(file, 'utf8')).toContain('current-context: prod\n');
    }
  });

  test('a cluster keeps the port that a start with --port 0 has chosen', async () => {
    const portOf = async (name: string): Promise<string> =>
      new URL(
        (JSON.parse((await clusters.run(`cluster status ${name} -o json`)).out) as { cluster: { url: string } }).cluster
          .url,
      ).port;
    await run('cluster start dev --data');
    const port = await portOf('dev');
    await run('cluster stop dev');
    await run(`cluster start dev --port ${port}`);
    await run('cluster stop dev');
    await run('cluster start dev --port 0');
    const free = await portOf('dev');
    await run('cluster stop dev');
    await run('cluster start dev');
    expect(await portOf('dev')).toBe(free);
  });

  test('a state directory that is a file causes the error cluster/folder', async () => {
    writeFileSync(join(clusters.home, 'state'), '');
    for (const line of ['cluster start', 'cluster status', 'cluster stop']) {
      expect(await run(line)).toMatchObject({ code: 1, err: expect.stringContaining('[cluster/folder]') as string });
    }
  });
});

describe('cluster no answer', () => {
  const clusters = useNamedClusters();
  afterEach(() => void vi.restoreAllMocks());

  test('every command reports within its time limit that the process of the cluster does not respond', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    await clusters.run('cluster start dev');
    const record = readRecord(clusters.folderOf('dev'));
    if (record === undefined) throw new Error('the cluster has no record');
    writeRecord(clusters.folderOf('dev'), { ...record, controlPort: (silent.address() as AddressInfo).port });
    writeFileSync(join(clusters.home, 'c.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n');
    writeFileSync(join(clusters.home, 'f.yaml'), 'fault: {kind: error, code: 500}\n');
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === 5000 ? 1 : ms));
    try {
      for (const line of [
        'start dev',
        'status dev',
        'load dev c.yaml',
        'snapshot dev s.jsonl',
        'reset dev',
        'faults dev',
        'faults dev add f.yaml',
        'clock dev',
        'clock dev 1h',
        'restart dev',
      ]) {
        const { code, out, err } = await clusters.run(`cluster ${line}`);
        expect([line, code]).toEqual([line, 1]);
        expect(out + err).toContain('does not respond: it sent nothing in 5 seconds. It is suspended, or too busy');
        expect(out + err).toMatch(/typekro cluster stop \w+ ends/);
      }
      expect((await clusters.run('cluster list')).out).toContain('no response');
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

describe('cluster warnings', () => {
  const clusters = useNamedClusters();

  async function run(line: string) {
    const { code, out, err } = await clusters.run(line);
    return { code, out, err: err.replaceAll(clusters.home, 'HOME') };
  }

  test.skipIf(process.platform === 'win32')(
    'the error names a link or a folder that is in the place of a file of the cluster',
    async () => {
      const file = (name: string) => join(clusters.folderOf('dev'), name);
      mkdirSync(file('kubeconfig'), { recursive: true });
      expect(await run('cluster start dev')).toMatchObject({
        code: 1,
        err: 'error: HOME/state/typekro/clusters/dev/kubeconfig is a folder, not a file [cluster/folder]\n  hint: move it away',
      });
      rmSync(clusters.folderOf('dev'), { recursive: true, force: true });
      mkdirSync(clusters.folderOf('dev'), { recursive: true });
      symlinkSync(join(clusters.home, 'elsewhere'), file('settings.json'));
      expect(await run('cluster start dev')).toMatchObject({
        code: 1,
        err: 'error: HOME/state/typekro/clusters/dev/settings.json is a symbolic link, not a file [cluster/folder]\n  hint: move it away',
      });
    },
  );

  test('a start warns about files and an address of the last run that it cannot use again', async () => {
    await run('cluster start dev --data');
    const kubeconfig = readFileSync(join(clusters.folderOf('dev'), 'kubeconfig'), 'utf8');
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(kubeconfig)?.[1]);
    await run('cluster stop dev');
    const other = createServer();
    await new Promise<void>((resolve, reject) => other.once('error', reject).listen(port, '127.0.0.1', resolve));
    try {
      const { code, err } = await run('cluster start dev');
      expect([code, err]).toEqual([
        0,
        expect.stringMatching(/^warning: port \S+ of the last run is in use, so the cluster has the address https:/),
      ]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
    await run('cluster stop dev');
    for (const [file, content] of [
      ['credentials.json', '{'],
      ['credentials.json', ''],
      ['credentials.json', '{}'],
      ['settings.json', '{'],
    ] as const) {
      writeFileSync(join(clusters.folderOf('dev'), file), content);
      expect(await run('cluster start dev')).toMatchObject({
        code: 0,
        err: `warning: HOME/state/typekro/clusters/dev/${file} is broken or of a later version, and is replaced; its settings or credentials are lost`,
      });
      await run('cluster stop dev');
    }
    expect(await run('cluster start dev')).toMatchObject({ code: 0, err: '' });
  });
});
