import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../src/core/index.ts';
import { refOf } from '../../src/core/index.ts';
import { waitForObject } from '../../src/kube/index.ts';
import type { ApiServer } from '../support/api-server.ts';
import { serverKinds } from '../support/api-server.ts';
import { RunningCommand } from '../support/command.ts';
import type { BuiltStage } from './build-folder.ts';
import { buildInFolder } from './build-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const definition = parse(readFileSync(join(root, 'test/fixtures/configmap.rgd.yaml'), 'utf8')) as KubeObject;

let folder: string;
let image: BuiltStage;
let server: ApiServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-image-'));
  image = buildInFolder(root, folder);
  const [embedded] = serverKinds();
  if (embedded === undefined) throw new Error('there is always the embedded cluster');
  server = await embedded.start();
}, 600_000);

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The program of the image, the flags of Node, the script, and the arguments. */
function commandOf({ command: [node = '', ...words] }: BuiltStage) {
  const at = words.findIndex((word) => !word.startsWith('-'));
  return { node, flags: words.slice(0, at), script: words[at] ?? '', args: words.slice(at + 1) };
}

/** The digest of each file below a folder, by its path. The stamp of a build is left out, because no package contains it. */
function digestsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter(isPacked)
    .sort();
  const digest = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  return new Map(paths.map((path) => [path, digest(path)]));
}

const isPacked = (path: string): boolean => path !== '.built';

/** Starts the image's command with other arguments in place of its `CMD`, and with the Node that runs the test. */
function start(...args: readonly string[]): RunningCommand {
  const { node, flags, script } = commandOf(image);
  if (node !== '/nodejs/bin/node') throw new Error(`the image starts ${node}`);
  const { NODE_OPTIONS: options = '', ...environment } = image.environment;
  // The Node that runs the test may be older than the image's.
  const isKnown = process.allowedNodeEnvironmentFlags.has(options.replace(/=.*/, ''));
  const nodeOptions = isKnown ? { NODE_OPTIONS: options } : {};
  const env = { PATH: process.env['PATH'], HOME: server.directory, ...environment, ...nodeOptions };
  return new RunningCommand(process.execPath, [...flags, join(image.root, script), ...args], {
    cwd: join(image.root, image.directory),
    env,
  });
}

test('the image runs as a numeric user other than root', () => {
  expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});

test('the image starts the controller', () => {
  expect(commandOf(image).args).toEqual(['controller']);
});

test('the heap is sized by the memory limit of the container', () => {
  expect(image.environment['NODE_OPTIONS']).toMatch(/^--max-old-space-size-percentage=\d\d$/);
});

test('in the image no text becomes code, and no object has __proto__', () => {
  expect(commandOf(image).flags).toEqual(['--disable-proto=delete', '--disallow-code-generation-from-strings']);
});

test('the build of the image and the build of this checkout have equal bytes', () => {
  const ofImage = digestsOf(join(image.root, 'app/dist'));
  expect(ofImage.size).toBeGreaterThan(500);
  expect(digestsOf(join(root, 'dist'))).toEqual(ofImage);
});

test('the image holds no compiler and no test tool', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const lock = JSON.parse(readFileSync(join(image.root, 'app/node_modules/.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const installed = Object.entries(lock.packages);
  expect(installed.map(([path]) => path)).toContain(`node_modules/${Object.keys(dependencies)[0]}`);
  expect(installed.filter(([, { dev }]) => dev === true)).toEqual([]);
});

test('the image prints the version of the package', async () => {
  const { code, stdout } = await start('--version').ended;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: version });
});

test('the image serves a definition', async () => {
  expect(await start('install', '--kubeconfig', server.kubeconfig).ended).toMatchObject({ code: 0, stderr: '' });
  const controller = start(
    'controller',
    `--kubeconfig=${server.kubeconfig}`,
    '--metrics-bind-address=0',
    '--health-probe-bind-address=0',
  );
  await server.client.apply(definition, { fieldManager: 'test' });
  await waitForObject(server.client, refOf(definition), new AbortController().signal, (object) =>
    object?.status?.['state'] === 'Active' ? true : undefined,
  );
  controller.process.kill('SIGTERM');
  expect((await controller.ended).code).toBe(0);
});
