import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLongRun } from '@typekro/kit/test-support/budget';

/*
 * The clients of other projects that the end-to-end tests run. kubectl, helm and two Go programs are built from the
 * module in `test/e2e/go`, and the clients of registries from the one in `test/e2e/oci`.
 * The test of `examples/envtest-go` is built from its own module. The builds use the Go module proxy of the
 * environment. pip installs the Python client. The programs are cached in folders of
 * `node_modules/.cache`, named by a hash of their inputs.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const goModule = join(root, 'test/e2e/go');
const ociModule = join(root, 'test/e2e/oci');
/** The example for envtest. Its test is built as a program. */
export const envtestExample = join(root, 'examples/envtest-go');
const requirements = join(root, 'test/e2e/python/requirements.txt');
/** The folder of all built clients. */
export const clientCache = join(root, 'node_modules/.cache/typekro-clients');

/** Maps the name of a Go program to the package from which it is built, and the folder of the module that has it. */
const GO_PROGRAMS = {
  kubectl: ['./cmd/kubectl', goModule],
  informer: ['./cmd/informer', goModule],
  manager: ['./cmd/manager', goModule],
  helm: ['helm.sh/helm/v3/cmd/helm', goModule],
  crane: ['github.com/google/go-containerregistry/cmd/crane', ociModule],
  oras: ['oras.land/oras/cmd/oras', ociModule],
  flux: ['.', ociModule],
} as const;

/**
 * Sets the version of Kubernetes that helm uses when it only renders a chart. A release of helm has this version, but a
 * plain build does not.
 */
const LINKER_FLAGS = [
  '-s -w',
  '-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1',
  '-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=36',
  '-X k8s.io/component-base/version.gitVersion=v1.36.3',
].join(' ');

/** The name of a client. */
export type ClientName = keyof typeof GO_PROGRAMS | 'envtest' | 'python';

/**
 * Maps the name of a client to the reason why its tests may be skipped when the client is absent. `ci` says whether
 * `npm run long`, which CI runs, may also skip them.
 */
type AllowedSkips = Readonly<Record<string, { readonly reason: string; readonly ci: boolean }>>;

function hashOf(folder: string, files: readonly string[], more = ''): string {
  const hash = createHash('sha256').update(process.platform).update(process.arch).update(more);
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

function goFolder(module: string): string {
  const files = readdirSync(module, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => /\.(go|mod|sum)$/.test(file));
  return join(clientCache, `go-${hashOf(module, sources, LINKER_FLAGS)}`);
}

function pythonFolder(): string {
  return join(clientCache, `python-${hashOf(root, ['test/e2e/python/requirements.txt'])}`);
}

/** Returns the path of a complete build, or undefined. An interrupted build does not count. */
function builtPath(name: ClientName): string | undefined {
  if (name === 'python') {
    return existsSync(join(pythonFolder(), 'complete')) ? join(pythonFolder(), 'bin/python') : undefined;
  }
  const path = join(goFolder(name === 'envtest' ? envtestExample : GO_PROGRAMS[name][1]), name);
  return existsSync(path) ? path : undefined;
}

/**
 * Returns the path of the client: the build of this repository. For kubectl and helm, it may also be the program on the
 * `PATH`.
 */
function clientPath(name: ClientName): string | undefined {
  const built = builtPath(name);
  if (built !== undefined) return built;
  const versionArgs = { kubectl: ['version', '--client'], helm: ['version', '--short'] } as const;
  if (name !== 'kubectl' && name !== 'helm') return undefined;
  return spawnSync(name, versionArgs[name], { stdio: 'ignore' }).status === 0 ? name : undefined;
}

/**
 * Returns the path of a client's program. If the path is undefined, the caller skips the tests of the client, and this
 * function has printed the reason. `npm test` requires only Node. CI runs `npm run long`, which builds the clients
 * first, and skips only the clients that `test/e2e/allowed-skips.json` allows.
 *
 * @throws Error when the client is missing and must not be skipped.
 */
export function findClient(name: ClientName): string | undefined {
  const path = clientPath(name);
  if (path !== undefined) return path;
  const file = new URL('../e2e/allowed-skips.json', import.meta.url);
  const allowed = (JSON.parse(readFileSync(file, 'utf8')) as AllowedSkips)[name];
  if (allowed === undefined || (isLongRun() && !allowed.ci)) {
    throw new Error(`there is no ${name}, and test/e2e/allowed-skips.json does not allow to skip its tests`);
  }
  console.warn(`skipped: there is no ${name}; ${allowed.reason}`);
  return undefined;
}

/**
 * Builds the missing Go programs.
 *
 * @throws Error when a build fails.
 */
export function buildGoClients(): void {
  for (const [name, [source, module]] of Object.entries(GO_PROGRAMS))
    buildGo(name as ClientName, ['build'], source, module);
  buildGo('envtest', ['test', '-c'], '.', envtestExample);
}

/** Builds a program of a Go module, if it does not exist. */
function buildGo(name: ClientName, command: readonly string[], source: string, module: string): void {
  if (clientPath(name) !== undefined) return;
  console.log(`Building ${name} …`);
  const folder = goFolder(module);
  mkdirSync(folder, { recursive: true });
  const unfinished = join(folder, `.${name}-${process.pid}`);
  try {
    runGo([...command, '-buildvcs=false', `-ldflags=${LINKER_FLAGS}`, '-o', unfinished, source], module);
    renameSync(unfinished, join(folder, name));
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/**
 * Creates the Python environment, if it does not exist.
 *
 * @throws Error when Python, its `venv` or the package index is missing.
 */
export function buildPythonClient(): void {
  if (builtPath('python') !== undefined) return;
  const folder = pythonFolder();
  console.log('Installing the Python client …');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('python3', ['-m', 'venv', folder], root);
  run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements], root);
  writeFileSync(join(folder, 'complete'), '');
}

/** Runs `go` in the folder of a module, and does not change the folder. Throws an Error when the command fails. */
export const runGo = (args: readonly string[], module: string): void => run('go', args, module);

function run(command: string, args: readonly string[], cwd: string): void {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}
