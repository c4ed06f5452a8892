import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
}

const names = (parent: string, ...list: readonly string[]): Record<string, string> =>
  Object.fromEntries(list.map((name) => [name, `${parent}/${name}`]));

const MODULES: Readonly<Record<string, GoModule>> = {
  'k8s.io/kubernetes': {
    version: KUBERNETES,
    programs: names('cmd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'),
    linkerFlags: `-X k8s.io/component-base/version.gitVersion=${KUBERNETES} -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36`,
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

/**
 * Builds the missing programs, which takes about 25 minutes on two cores, and the program of the test images.
 *
 * @throws Error when a build fails.
 */
export function buildPrograms(): void {
  mkdirSync(PROGRAMS, { recursive: true });
  for (const [module, { version, programs, linkerFlags = '' }] of Object.entries(MODULES)) {
    const missing = Object.entries(programs).filter(([name]) => !existsSync(join(PROGRAMS, name)));
    if (missing.length === 0) continue;
    const folder = join(PROGRAMS, `.${module.replaceAll('/', '-')}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const own = `module build\n\ngo 1.26.0\n\ngodebug default=go1.26\n\nrequire ${module} ${version}\n`;
    writeFileSync(join(folder, 'go.mod'), own + replacements(folder, module, version));
    for (const [name, path] of missing) buildGoProgram(folder, name, join(module, path), linkerFlags);
    rmSync(folder, { recursive: true });
  }
  buildGoProgram(fileURLToPath(new URL('go', import.meta.url)), 'workload', '.');
}

/** Replaces the modules that Kubernetes requires as v0.0.0 by their releases: v1.36.3 uses v0.36.3. */
function replacements(folder: string, module: string, version: string): string {
  const found = go(['mod', 'download', '-json', `${module}@${version}`], folder);
  const { GoMod } = JSON.parse(found) as { readonly GoMod: string };
  const lines = [...readFileSync(GoMod, 'utf8').matchAll(/^\t(\S+) v0\.0\.0$/gm)];
  return lines.map(([, name]) => `replace ${name} => ${name} ${version.replace(/^v1/, 'v0')}\n`).join('');
}

function buildGoProgram(folder: string, name: string, path: string, linkerFlags = ''): void {
  console.log(`Building ${name} …`);
  const unfinished = join(PROGRAMS, `.${name}`);
  go(['build', '-trimpath', '-buildvcs=false', `-ldflags=-s -w ${linkerFlags}`, '-o', unfinished, path], folder);
  renameSync(unfinished, join(PROGRAMS, name));
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
