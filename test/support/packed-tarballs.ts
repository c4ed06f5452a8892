import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, RunningCommand } from './command.ts';
import { dependencyNames } from './packed-package.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs npm offline, with its own cache in `folder`. */
export async function offlineNpm(words: readonly string[], cwd: string, folder: string): Promise<Ended> {
  const path = process.env['npm_execpath'];
  const [command, first] = path === undefined ? ['npm', []] : [process.execPath, [path]];
  const env = { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_offline: 'true' };
  const ended = await new RunningCommand(command, [...first, ...words], { cwd, env }).ended;
  if (ended.code !== 0)
    throw new Error(`npm ${words.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/**
 * Packs the package, the packages in `others`, and the dependencies of all of them into `folder`. Returns the paths of
 * the tarballs. An installation of these paths needs no registry.
 */
export async function packTarballs(folder: string, others: readonly string[]): Promise<string[]> {
  const names = new Set([...dependencyNames(), ...others.flatMap(withDependencies)]);
  const packed = [ROOT, ...[...names].map((name) => join(ROOT, 'node_modules', name))];
  await offlineNpm(['pack', '--ignore-scripts', '--pack-destination', folder, ...packed], ROOT, folder);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
}

/** A package and all its transitive dependencies. */
function withDependencies(name: string): string[] {
  const file = join(ROOT, 'node_modules', name, 'package.json');
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return [name, ...Object.keys(dependencies).flatMap(withDependencies)];
}
