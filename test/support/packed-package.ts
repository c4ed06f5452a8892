import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Packs the package in the folder `source` with `npm pack`, without running its scripts. Returns the name of the file
 * in `directory`.
 */
export function packPackage(source: string, directory: string): string {
  const npm = process.env['npm_execpath'];
  const pack = ['pack', '--ignore-scripts', '--pack-destination', directory];
  const [command, args] = npm === undefined ? ['npm', pack] : [process.execPath, [npm, ...pack]];
  orThrow(runCommand(command, args, { cwd: source }));
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack wrote no file into ${directory}`);
  return tarball;
}

/**
 * Creates a project below `parent` with the package as `npm pack` makes it, and returns the project's folder. Only the
 * package comes from the tarball. Its dependencies come from this repository.
 *
 * @param packages `everything`: all packages of this repository, as in a project with all optional packages.
 *   `dependencies`: only the packages that an installation of the package includes
 */
export function makePackedProject(parent: string, packages: 'everything' | 'dependencies' = 'everything'): string {
  const directory = mkdtempSync(join(parent, '.run-'));
  const tarball = packPackage(root, directory);
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  const names =
    packages === 'dependencies'
      ? dependencyNames()
      : readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.'));
  for (const name of names) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  orThrow(runCommand('tar', ['-xzf', tarball], { cwd: directory }));
  renameSync(join(directory, 'package'), join(modules, 'typekro'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  return directory;
}

/** The names of the package's direct and transitive dependencies, from the lock file. */
export function dependencyNames(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<
      Record<
        string,
        { readonly dev?: boolean; readonly optional?: boolean; readonly peer?: boolean; readonly link?: boolean }
      >
    >;
  };
  return Object.entries(packages)
    .filter(
      ([path, { dev, optional, peer, link }]) =>
        path.startsWith('node_modules/') && !dev && !optional && !peer && !link,
    )
    .map(([path]) => path.slice('node_modules/'.length))
    .filter((name) => !name.includes('node_modules/'));
}

function orThrow({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): void {
  if (code !== 0) throw new Error(`ended with ${code}: ${stdout}${stderr}`);
}
