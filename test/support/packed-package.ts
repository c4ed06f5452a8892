import { mkdirSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes a project below `parent` with the package as `npm pack` makes it, and tells its folder. The dependencies are
 * those of this repository; only the package itself comes out of the tarball.
 */
export function makePackedProject(parent: string): string {
  const directory = mkdtempSync(join(parent, '.run-'));
  const npm = process.env['npm_execpath'];
  const pack = ['pack', '--ignore-scripts', '--pack-destination', directory];
  const [command, args] = npm === undefined ? ['npm', pack] : [process.execPath, [npm, ...pack]];
  orThrow(runCommand(command, args, { cwd: root }));
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? '';
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  orThrow(runCommand('tar', ['-xzf', tarball], { cwd: directory }));
  renameSync(join(directory, 'package'), join(modules, 'typekro'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  return directory;
}

function orThrow({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): void {
  if (code !== 0) throw new Error(`ended with ${code}: ${stdout}${stderr}`);
}
