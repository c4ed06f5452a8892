import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Prints the URLs of the loaded ES modules, one per line. */
const LOADER = `import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  if (url.startsWith('file:')) writeSync(1, url + '\\n');
  return next(url, context);
}`;

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

/** Runs a program with the built package. Returns the files that it loaded, as paths in the package. */
function modulesOf(program: string): readonly string[] {
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(LOADER))});`;
  const script = `${program}
const { createRequire } = await import('node:module');
for (const file of Object.keys(createRequire(import.meta.url).cache)) console.log('file://' + file);`;
  const args = ['--no-warnings', '--import', dataUrl(register), '--input-type=module', '--eval', script];
  const { code, stdout, stderr } = runCommand(process.execPath, args, { cwd: root });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const prefix = `file://${root}`;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('file:'))
    .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line));
}

const PROGRAM = `import { kubernetesComposition } from './dist/index.js';
import { ConfigMap } from './dist/factories/simple/index.js';
const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const app = kubernetesComposition({ name: 'app', spec }, (s) => {
  ConfigMap({ id: 'config', name: s.name, data: { a: 'b' } });
});
app.toYaml();
app.toYaml({ name: 'x' });`;

describe.each([
  ['importing the package', "import './dist/index.js';"],
  ['defining and printing a composition', PROGRAM],
])('%s', (_, program) => {
  test('loads no YAML library, client, controller, cluster, dashboard or engine', () => {
    const modules = modulesOf(program);
    expect(modules).toContain('dist/index.js');
    const rooms = ['controller', 'cluster', 'dashboard', 'deploy', 'kube', 'cli', 'testing', 'transform'];
    const heavy = (path: string) =>
      rooms.some((room) => path.startsWith(`dist/${room}/`)) || /node_modules\/(yaml|commander|tsx)\//.test(path);
    expect(modules.filter(heavy)).toEqual([]);
  });
});

test('importing the package loads only the parts of the rooms that a composition needs', () => {
  const files = modulesOf("import './dist/index.js';").filter((path) => path.startsWith('dist/'));
  expect(files.length).toBeLessThan(25);
  const size = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  expect(size).toBeGreaterThan(1_000_000);
  expect(size).toBeLessThan(1_750_000);
});

// The server has no socket, because a server with a socket loads the other parts in the background.
const SERVER = `import { createEmbeddedCluster } from './dist/cluster/index.js';
const cluster = await createEmbeddedCluster({ controllers: false });
const { status } = await cluster.transport().request({ method: 'GET', path: '/api/v1/namespaces/default' });
if (status !== 200) throw new Error(String(status));`;

describe('a server that only responds to reads', () => {
  test('loads only a few files and a small part of the cluster code', () => {
    const files = modulesOf(SERVER).filter((path) => path.startsWith('dist/'));
    // The files are the entry point, the first part of the server, the code of `golang` and `kubernetes`, `core`, the
    // bundler's helper, and `late-parts.js`, which loads data files and libraries on first use.
    expect(files.length).toBeLessThan(9);
    const size = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
    expect(size).toBeGreaterThan(100_000);
    expect(size).toBeLessThan(322_000);
  });
});
