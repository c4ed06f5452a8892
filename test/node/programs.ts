import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * The programs of the node, built from Go modules into `node_modules/.cache/typekro-node`. Each module is a dependency
 * of an empty module, because Go modules do not apply the `replace` lines of a dependency.
 */

const KUBERNETES = 'v1.36.3';

interface GoModule {
  readonly version: string;
  /** Maps the names of programs to packages of the module. */
  readonly programs: Readonly<Record<string, string>>;
  readonly linkerFlags?: string;
  /** What its own `go.mod` replaces. */
  readonly replace?: Readonly<Record<string, string>>;
}

const names = (parent: string, ...list: readonly string[]): Record<string, string> =>
  Object.fromEntries(list.map((name) => [name, `${parent}/${name}`]));

const versionFlags = (version: string): string => {
  const [major = '', minor = ''] = version.slice(1).split('.');
  return `-X k8s.io/component-base/version.gitVersion=${version} -X k8s.io/component-base/version.gitMajor=${major} -X k8s.io/component-base/version.gitMinor=${minor}`;
};

const MODULES: Readonly<Record<string, GoModule>> = {
  'k8s.io/kubernetes': {
    version: KUBERNETES,
    programs: names('cmd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'),
    linkerFlags: versionFlags(KUBERNETES),
  },
  'go.etcd.io/etcd/server/v3': { version: 'v3.6.8', programs: { etcd: '' } },
  'github.com/containerd/containerd/v2': {
    version: 'v2.4.2',
    programs: names('cmd', 'containerd', 'containerd-shim-runc-v2', 'ctr'),
  },
  'github.com/containernetworking/plugins': {
    version: 'v1.10.0',
    programs: {
      ...names('plugins/main', 'bridge', 'loopback'),
      ...names('plugins/ipam', 'host-local'),
      ...names('plugins/meta', 'portmap'),
    },
  },
};

const cache = fileURLToPath(new URL('../../node_modules/.cache/typekro-node', import.meta.url));

/** The folder of the programs. Its name changes with their versions. */
export const PROGRAMS = join(
  cache,
  createHash('sha256').update(JSON.stringify(MODULES)).update(process.arch).digest('hex').slice(0, 16),
);

const ownFolder = (module: string, version: string): string => join(cache, `${basename(module)}-${version}`);

const EARLIER = ['v1.34.4', 'v1.35.4'];

/** The folders with a kube-apiserver, by its version: from the oldest one that the chart accepts. */
export const API_SERVERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(EARLIER.map((version) => [version, ownFolder('kubernetes', version)])),
  [KUBERNETES]: PROGRAMS,
};

const DIGEST = 'github.com/opencontainers/go-digest';

/**
 * The controllers of Flux. Module proxies do not have each release: these two are of Flux 2.7 and 2.8, and one of their
 * modules is a release that its authors did not choose.
 */
const FLUX: Readonly<Record<string, GoModule>> = {
  'github.com/fluxcd/helm-controller': {
    version: 'v1.4.0',
    programs: { 'helm-controller': '' },
    replace: { [DIGEST]: 'v1.0.1-0.20231025023718-d50d2fec9c98' },
  },
  'github.com/fluxcd/source-controller': {
    version: 'v1.8.5',
    programs: { 'source-controller': '' },
    replace: { 'github.com/fluxcd/pkg/artifact': 'v0.8.0', [DIGEST]: 'v1.0.1-0.20220411205349-bde1400a84be' },
  },
};

/** The folders of the controllers of Flux, by their names: the program, and `config` with its manifests. */
export const FLUX_PROGRAMS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FLUX).map(([module, { version }]) => [basename(module), ownFolder(module, version)]),
);

/** Runs a health check of Argo CD in the engine for Lua that Argo CD has. */
export const LUA_HEALTH = join(ownFolder('gopher-lua', 'v1.1.2'), 'health');

const sources = fileURLToPath(new URL('go', import.meta.url));

/**
 * Builds the missing programs, which takes about an hour on two cores, and the program of the test images.
 *
 * @throws Error when a build fails.
 */
export function buildPrograms(): void {
  for (const [module, each] of Object.entries(MODULES)) buildModule(PROGRAMS, module, each);
  for (const version of EARLIER) {
    const programs = names('cmd', 'kube-apiserver');
    const folder = ownFolder('kubernetes', version);
    buildModule(folder, 'k8s.io/kubernetes', { version, programs, linkerFlags: versionFlags(version) });
    cpSync(join(PROGRAMS, 'etcd'), join(folder, 'etcd'));
  }
  for (const [module, each] of Object.entries(FLUX)) buildModule(ownFolder(module, each.version), module, each);
  buildGoProgram(sources, join(PROGRAMS, 'workload'), 'workload.go');
  buildModule(dirname(LUA_HEALTH), 'github.com/yuin/gopher-lua', {
    version: 'v1.1.2',
    programs: { health: join(sources, 'health.go') },
  });
}

/** Builds the missing programs of a module. A program is a package below the module, or a file at an absolute path. */
function buildModule(into: string, module: string, { version, programs, linkerFlags, replace = {} }: GoModule): void {
  const missing = Object.entries(programs).filter(([name]) => !existsSync(join(into, name)));
  if (missing.length === 0) return;
  const folder = join(into, `.${module.replaceAll('/', '-')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const own = `module build\n\ngo 1.26.0\n\ngodebug default=go1.26\n\nrequire ${module} ${version}\n`;
  const found = go(['mod', 'download', '-json', `${module}@${version}`], folder);
  const { GoMod, Dir } = JSON.parse(found) as { readonly GoMod: string; readonly Dir: string };
  // Kubernetes requires its parts as v0.0.0 and has them beside it: v1.36.3 uses v0.36.3.
  const parts = [...readFileSync(GoMod, 'utf8').matchAll(/^\t(\S+) v0\.0\.0$/gm)];
  const releases = new Map([
    ...parts.map(([, name = '']) => [name, version.replace(/^v1/, 'v0')] as const),
    ...Object.entries(replace),
  ]);
  const lines = [...releases].map(([name, release]) => `replace ${name} => ${name} ${release}\n`);
  writeFileSync(join(folder, 'go.mod'), own + lines.join(''));
  for (const [name, path] of missing)
    buildGoProgram(folder, join(into, name), isAbsolute(path) ? path : join(module, path), linkerFlags);
  if (existsSync(join(Dir, 'config'))) cpSync(join(Dir, 'config'), join(into, 'config'), { recursive: true });
  rmSync(folder, { recursive: true });
}

function buildGoProgram(folder: string, program: string, path: string, linkerFlags = ''): void {
  console.log(`Building ${basename(program)} …`);
  const unfinished = `${program}.new`;
  go(['build', '-trimpath', '-buildvcs=false', `-ldflags=-s -w ${linkerFlags}`, '-o', unfinished, path], folder);
  renameSync(unfinished, program);
}

function go(args: readonly string[], cwd: string): string {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' };
  const { status, error, stdout } = spawnSync('go', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`go ${args.join(' ')} ${error?.message ?? `ended with ${status}`}`);
  return stdout;
}
