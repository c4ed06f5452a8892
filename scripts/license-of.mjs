import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licence of an installed library as a legal comment, for a bundle that contains the library. */
export function licenseOf(root, name) {
  const folder = join(root, 'node_modules', name);
  const file = ['LICENSE', 'LICENSE.md'].find((each) => existsSync(join(folder, each))) ?? 'LICENSE';
  return `/*! ${name}\n${readFileSync(join(folder, file), 'utf8').trim()}\n*/\n`;
}
