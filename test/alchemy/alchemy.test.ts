import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFailed, onTestFinished, test } from 'vitest';
import { type TestCluster, createCluster } from '@typekro/testing';
import { type Ended, RunningCommand } from '../support/command.ts';
import { stepsOfPage } from '../support/walked-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const testDirectory = fileURLToPath(new URL('.', import.meta.url));

/** The environment of a program that sends no requests to Alchemy's servers. */
const QUIET = { ...process.env, ALCHEMY_TELEMETRY_DISABLED: '1', ALCHEMY_CI_STATE_STORE_CHECK: 'false' };

/** The options of one run of the program, such as the resources that it declares. */
interface Story {
  readonly phase?: 'up' | 'destroy';
  readonly kind?: string;
  readonly extra?: string;
  readonly caught?: boolean;
  readonly declare?: readonly Declaration[];
}
interface Declaration {
  readonly id?: string;
  readonly mode?: 'direct' | 'kro';
  readonly secret?: string;
  readonly spec: object;
}

let directory: string;
let cluster: TestCluster;

beforeEach(async () => {
  directory = projectIn(testDirectory);
  cluster = await createCluster({ clock: 'real' });
  writeFileSync(join(directory, 'kubeconfig.yaml'), (await cluster.listen()).kubeconfig);
});
afterEach(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Creates a project with a copy of the package, so that the package resolves the project's dependencies. */
function projectIn(parent: string): string {
  const project = mkdtempSync(join(parent, '.run-'));
  const installed = join(project, 'node_modules/typekro');
  mkdirSync(installed, { recursive: true });
  for (const part of ['dist', 'data', 'package.json']) {
    cpSync(join(root, part), join(installed, part), { recursive: true, filter: (file) => !file.endsWith('.map') });
  }
  for (const program of ['program.mjs', 'transport.mjs']) cpSync(join(testDirectory, program), join(project, program));
  return project;
}

function start(program: string, story: Story = {}): Promise<Ended> {
  const env = { ...QUIET, STORY: JSON.stringify(story) };
  const command = new RunningCommand(process.execPath, [program], { cwd: directory, env });
  // A program that does not end is the usual form of a failure here, and its output says where it waits.
  onTestFailed(() => console.error(`the output of ${program}:\n${command.output}`));
  onTestFinished(() => void command.process.kill('SIGKILL'));
  return command.ended;
}

/** Runs the program, and returns the results of its declarations. */
async function run(story: Story): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await start('program.mjs', story);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Runs the program, which must fail (in kro mode, because of its timeout), and returns the error message. */
async function failing({ declare = [], ...story }: Story): Promise<string> {
  const limited = declare.map((declaration) => ({ timeout: 5000, ...declaration }));
  const { code, stderr } = await start('program.mjs', { ...story, declare: limited });
  expect(code).not.toBe(0);
  return stderr;
}

const stateText = (id = 'notes'): string => readFileSync(join(directory, `.alchemy/story/test/${id}.json`), 'utf8');
const stateOf = (id = 'notes') =>
  JSON.parse(stateText(id)) as { readonly status: string; readonly output: Readonly<Record<string, unknown>> };

/** The ConfigMaps of the instances, by namespace and name. */
async function objects(): Promise<string[]> {
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, {});
  return items
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .filter((name) => /-(first|second)$/.test(name))
    .toSorted();
}
const configMap = (name: string) =>
  cluster.client.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const createNamespace = (name: string) =>
  cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const both = (name: string) => [`default/${name}-first`, `default/${name}-second`];
const a = { spec: { name: 'a', text: 'one' } };

describe.each(['direct', 'kro'] as const)('in %s mode', (mode) => {
  beforeEach(async () => {
    if (mode === 'kro') await cluster.startController();
  });

  test('creates an instance, leaves it unchanged, updates it, replaces it and destroys it', async () => {
    const [made] = await run({ declare: [{ mode, ...a }] });
    expect(made).toMatchObject({
      kind: 'Notes',
      metadata: { name: 'a', namespace: 'default' },
      spec: { name: 'a', text: 'one' },
      status: { text: 'one', second: 'a-second' },
      mode,
    });
    expect(await objects()).toEqual(both('a'));
    const { uid } = (await configMap('a-first')).metadata;
    const created = stateOf();
    expect(created.status).toBe('created');

    // The kubeconfig is made invalid, to prove that an unchanged program sends no request.
    const kubeconfig = readFileSync(join(directory, 'kubeconfig.yaml'), 'utf8');
    writeFileSync(join(directory, 'kubeconfig.yaml'), 'this is not a kubeconfig');
    expect(await run({ declare: [{ mode, ...a }] })).toEqual([made]);
    expect(stateOf()).toEqual(created);
    writeFileSync(join(directory, 'kubeconfig.yaml'), kubeconfig);

    const [updated] = await run({ declare: [{ mode, spec: { name: 'a', text: 'two' } }] });
    expect(updated).toMatchObject({ status: { text: 'two' } });
    expect(await configMap('a-first')).toMatchObject({ metadata: { uid }, data: { text: 'two' } });
    expect(stateOf().status).toBe('updated');

    await run({ declare: [{ mode, spec: { name: 'b', text: 'two' } }] });
    expect(await objects()).toEqual(both('b'));

    await run({ phase: 'destroy' });
    expect(await objects()).toEqual([]);
    expect(() => stateText()).toThrow('ENOENT');
  });

  test('deletes instances that the program no longer declares', async () => {
    await run({
      declare: [
        { mode, ...a },
        { id: 'other', mode, spec: { name: 'b', text: 'one' } },
      ],
    });
    await run({ declare: [{ mode, ...a }] });
    expect(await objects()).toEqual(both('a'));
  });

  test('continues after a failed deploy', async () => {
    const declare = [{ mode, spec: { name: 'a', text: 'one', where: 'elsewhere' } }];
    expect(await failing({ declare })).toContain('elsewhere');
    expect(await objects()).toEqual(['default/a-first']);
    expect(stateOf().status).toBe('creating');
    await createNamespace('elsewhere');
    const [made] = await run({ declare });
    expect(made).toMatchObject({ status: { second: 'a-second' } });
    expect(await objects()).toEqual(['default/a-first', 'elsewhere/a-second']);
    expect(stateOf().status).toBe('created');
  });

  test('deletes the objects of a failed deploy if the next deploy has another name', async () => {
    await failing({ declare: [{ mode, spec: { name: 'a', text: 'one', where: 'elsewhere' } }] });
    await run({ declare: [{ mode, spec: { name: 'b', text: 'one' } }] });
    expect(await objects()).toEqual(both('b'));
  });

  test('destroy deletes the objects of a failed deploy', async () => {
    await failing({ declare: [{ mode, spec: { name: 'a', text: 'one', where: 'elsewhere' } }] });
    await run({ phase: 'destroy' });
    expect(await objects()).toEqual([]);
  });

  test.each([
    ['the old name', 'a'],
    ['the new name', 'b'],
    ['a third name', 'c'],
  ])('after a failed replacement the next deploy can have %s', async (_, name) => {
    await run({ declare: [{ mode, ...a }] });
    await failing({ declare: [{ mode, spec: { name: 'b', text: 'one', where: 'elsewhere' } }] });
    expect(await objects()).toEqual([...both('a'), 'default/b-first']);
    await run({ declare: [{ mode, spec: { name, text: 'two' } }] });
    expect(await objects()).toEqual(both(name));
    await run({ phase: 'destroy' });
    expect(await objects()).toEqual([]);
  });
});

test('the mode of an instance can change without replacing objects', async () => {
  await cluster.startController();
  const spec = { name: 'a', text: 'one' };
  await run({ declare: [{ mode: 'direct', spec }] });
  const { uid } = (await configMap('a-first')).metadata;
  await run({ declare: [{ mode: 'kro', spec }] });
  await run({ declare: [{ mode: 'direct', spec: { ...spec, text: 'two' } }] });
  expect(await configMap('a-first')).toMatchObject({ metadata: { uid }, data: { text: 'two' } });
  await run({ phase: 'destroy' });
  expect(await objects()).toEqual([]);
});

test('the stored properties contain no secret of the spec, and a changed secret is deployed', async () => {
  const declare = [{ secret: 'do-not-tell', spec: { name: 'a' } }];
  await run({ declare });
  expect(await configMap('a-first')).toMatchObject({ data: { text: 'do-not-tell' } });
  const { props } = JSON.parse(stateText()) as { readonly props: unknown };
  expect(JSON.stringify(props)).not.toContain('do-not-tell');
  const { output } = stateOf();
  await run({ declare });
  expect(stateOf().output).toEqual(output);
  await run({ declare: [{ secret: 'another', spec: { name: 'a' } }] });
  expect(await configMap('a-first')).toMatchObject({ data: { text: 'another' } });
});

test('a changed definition is deployed again', async () => {
  await run({ declare: [a] });
  const { uid } = (await configMap('a-second')).metadata;
  await run({ extra: 'more', declare: [a] });
  expect(await configMap('a-second')).toMatchObject({ metadata: { uid }, data: { extra: 'more' } });
});

test.each(['direct', 'kro'] as const)(
  'a declaration with another kind replaces the instance, in %s mode',
  async (mode) => {
    if (mode === 'kro') await cluster.startController();
    await run({ declare: [{ mode, ...a }] });
    const { uid } = (await configMap('a-first')).metadata;
    const [made] = await run({ kind: 'Remarks', declare: [{ mode, ...a }] });
    expect(made).toMatchObject({ kind: 'Remarks' });
    expect(await objects()).toEqual(both('a'));
    expect((await configMap('a-first')).metadata.uid).not.toBe(uid);
  },
);

test('an invalid declaration deletes no existing object', async () => {
  await run({ declare: [a] });
  const [output] = await run({ caught: true, declare: [{ spec: { name: 'a', text: 7 } }] });
  expect(output).toHaveProperty('caught');
  expect(await objects()).toEqual(both('a'));
});

test('a program can deploy through a transport', async () => {
  const { code, stdout, stderr } = await start('transport.mjs');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ created: ['a-note', 'typekro-notes-a'], gone: [], completed: true });
});

test('the program of docs/guides/alchemy.md runs, and destroys the objects that it created', async () => {
  const page = readFileSync(join(root, 'docs/guides/alchemy.md'), 'utf8');
  const [step] = stepsOfPage(page).filter(({ kind }) => kind === 'file');
  const printed = /prints[^\n]*\n\n```\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
  if (step?.kind !== 'file') throw new Error('the page has no program');
  writeFileSync(join(directory, 'infra.mjs'), step.text);
  const run = (...words: string[]) => {
    const env = { ...QUIET, KUBECONFIG: join(directory, 'kubeconfig.yaml') };
    return new RunningCommand(process.execPath, ['infra.mjs', ...words], { cwd: directory, env }).ended;
  };
  const made = await run();
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toContain(printed);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'first-notes' };
  expect((await cluster.client.get(map))['data']).toEqual({ text: 'hello' });
  const destroyed = await run('--destroy');
  expect(destroyed.code, destroyed.stderr).toBe(0);
  expect(await cluster.client.find(map)).toBeUndefined();
});

test('the error has a remedy if alchemy is not installed', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'typekro-alchemy-'));
  try {
    mkdirSync(join(bare, 'dist'));
    cpSync(join(root, 'dist'), join(bare, 'dist'), { recursive: true });
    // The modules of the package import each other through the `imports` map of package.json.
    const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly imports: object };
    writeFileSync(join(bare, 'package.json'), JSON.stringify({ type: 'module', imports }));
    const args = ['--input-type=module', '--eval', "await import('./dist/alchemy/index.js')"];
    const { code, stderr } = await new RunningCommand(process.execPath, args, { cwd: bare }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('needs the package alchemy, which is not installed; run "npm install alchemy@~0.94.0"');
  } finally {
    rmSync(bare, { recursive: true, force: true });
  }
});
