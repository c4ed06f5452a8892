import { existsSync, mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type InspectMeta, type InspectSource, type Viewer, inspectPaths } from '@typekro/controller/inspect';
import { type KubernetesApi, type WatchOptions, KubeError } from '@typekro/kube';
import { assumedSettings } from '@typekro/controller/controller';
import { type DashboardOptions, openDashboard } from './open-dashboard.ts';
import { actionsOf } from './port-option.ts';
import { type ShellFacts, copiedCommands } from './copied-commands.ts';
import { openBrowser } from './open-browser.ts';

/** A cluster that gives no response: lists and watches stay open, and plain requests fail. */
const SILENT = {
  discovery: { resourceOf: () => new Promise<never>(() => undefined) },
  raw: () => Promise.reject(new KubeError('no answer', { status: 0, reason: 'NoAnswer' })),
  watch: (_type: unknown, { signal }: WatchOptions = {}) => ({
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true });
        }),
    }),
  }),
} as unknown as KubernetesApi;

const print = (): void => undefined;
const context = { cwd: '/', env: {}, print, printError: print, readInput: () => Promise.resolve('') };
const open = (options: Partial<DashboardOptions>) =>
  openDashboard({
    context: { ...context, signal: new AbortController().signal },
    api: SILENT,
    cluster: 'test',
    namespace: 'default',
    settings: assumedSettings('this test'),
    ...options,
  });

const read = async (url: string, path: string, token: string): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
};

test('a dashboard opens before its cluster responds, and reports that its lists are not complete', async () => {
  const opened = await open({ token: 'secret' });
  try {
    const { body } = await read(opened.url, inspectPaths.meta(), 'secret');
    expect((body as InspectMeta).limits).toEqual([{ text: 'the first lists of the cluster are not complete yet' }]);
  } finally {
    await opened.close();
  }
  // When the watches end, the first lists end, too.
  await opened.listed;
});

const REF = 'acme.test/v1/Boat/n/b';
const reports = {
  definitions: () => [],
  instances: () => [],
  report: () => ({ ref: REF, conditions: [], nodes: [{ id: 'a', state: 'ready', because: { kind: 'ready' } }] }),
  eventsAfter: () => [],
  subscribe: () => () => undefined,
} as unknown as InspectSource;
const jane: Viewer = { user: 'jane', api: SILENT, mayList: () => Promise.resolve(true) };

test.each<[string, Partial<DashboardOptions>, number]>([
  ['has the report of its controller for its own user', { token: 'secret' }, 200],
  [
    'has no report for callers with their own rights',
    { authenticate: () => Promise.resolve(jane), host: '127.0.0.1' },
    404,
  ],
])('a dashboard %s', async (_title, options, status) => {
  const opened = await open({ reports, ...options });
  try {
    const answer = await read(opened.url, `${inspectPaths.instance(REF)}/report`, 'secret');
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.body).toMatchObject({ code: 'inspect/no-reports' });
  } finally {
    await opened.close();
  }
});

test.each<[Record<string, string | true>, readonly string[]]>([
  [{}, []],
  [{ 'allow-actions': true }, ['suspend', 'resume', 'reconcile']],
])('the options %j allow the actions %j', (options, actions) => {
  expect(actionsOf({ positionals: [], options })).toEqual(actions);
});

const PATH = '/usr/bin:/work/node_modules/.bin';
const facts: ShellFacts = {
  cwd: '/work',
  env: { HOME: '/home/jane', PATH },
  argv: ['/usr/bin/node', '/opt/typekro/main.js'],
  hasProgram: (path) => path === '/usr/bin/typekro',
};

test.each<[string, Partial<ShellFacts>, object]>([
  ["kubectl's default", {}, {}],
  ['a file that is the default of kubectl', { kubeconfig: '/home/jane/.kube/config' }, {}],
  ['a file that an option names', { kubeconfig: 'prod.yaml' }, { kubeconfigs: ['/work/prod.yaml'] }],
  [
    'the files in KUBECONFIG, because a new shell does not have the variable',
    { env: { ...facts.env, KUBECONFIG: 'a:/b' } },
    { kubeconfigs: ['/work/a', '/b'] },
  ],
  [
    'an option, which has precedence over the variable',
    { kubeconfig: '/c', env: { ...facts.env, KUBECONFIG: '/b' } },
    { kubeconfigs: ['/c'] },
  ],
  ['KUBECONFIG with the default file', { env: { ...facts.env, KUBECONFIG: '/home/jane/.kube/config' } }, {}],
  ['one of several contexts', { context: 'prod' }, { context: 'prod' }],
  [
    'a program that is only on the PATH of a package manager',
    { hasProgram: (path) => path === '/work/node_modules/.bin/typekro' },
    { program: ['/usr/bin/node', '/opt/typekro/main.js'] },
  ],
])('copiedCommands returns what a new shell lacks: %s', (_title, changed, expected) => {
  expect(copiedCommands({ ...facts, ...changed })).toEqual(expected);
});

describe('open browser', () => {
  const URL = 'http://127.0.0.1:8090/#token=the-token';

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-open-'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('the address is in a file that only this user may read, and not in the arguments of a program', async () => {
    const written = join(folder, 'arguments');
    const script = 'require("node:fs").writeFileSync(process.argv[1], process.argv.slice(2).join("\\n"))';
    const opened = await openBrowser(URL, [process.execPath, '-e', script, written]);
    expect(opened.isOpen).toBe(true);
    await expect.poll(() => existsSync(written) && readFileSync(written, 'utf8')).toMatch(/open\.html$/);
    const file = readFileSync(written, 'utf8');
    expect(file).not.toContain('the-token');
    expect(readFileSync(file, 'utf8')).toContain(`<meta http-equiv="refresh" content="0; url=${URL}">`);
    expect([file, dirname(file)].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
    opened.close();
    expect(existsSync(dirname(file))).toBe(false);
  });

  test('if the program does not exist, nothing is opened, and no file is left', async () => {
    vi.stubEnv('TMPDIR', folder);
    const opened = await openBrowser(URL, [join(folder, 'no-program')]);
    expect([opened.isOpen, readdirSync(folder)]).toEqual([false, []]);
    opened.close();
  });
});
