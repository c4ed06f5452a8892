import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolder, packageManifestText, readRegularFile } from '@typekro/kit/core';

/** The version in this package's package.json. */
export function packageVersion(): string {
  return (JSON.parse(packageManifestText()) as { version: string }).version;
}

/**
 * The dependency with which npm installs this package in `folder`: its version, such as `^1.2.3`; for a package that npm
 * installed from a tarball, and for a clone, `file:` and the relative path.
 */
export function packageDependency(folder: string): string {
  const own = fileURLToPath(packageFolder() ?? 'file:///node_modules/typekro/');
  const modules = dirname(own);
  const file = (path: string) => `file:${relative(folder, path).replaceAll('\\', '/')}`;
  if (basename(modules) !== 'node_modules') return file(own);
  const lock = join(modules, '.package-lock.json');
  const { packages } = (existsSync(lock) ? JSON.parse(String(readRegularFile(lock))) : {}) as {
    readonly packages?: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const [, path] = /^file:(.+)/.exec(packages?.['node_modules/typekro']?.resolved ?? '') ?? [];
  return path === undefined ? `^${packageVersion()}` : file(join(dirname(modules), path));
}
