/**
 * Writes the generated sources, which the repository does not contain: the factories of the package, and the modules
 * with names that moved. Built-in kinds come from the package's data, the kinds of other projects from their CRDs in
 * `data/crds`, and the kinds of kro from the CRDs that the controller installs. Unchanged files keep their time. The
 * build runs this script.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFiles } from '../packages/cli/src/generate/write-files.ts';
import { movedModules } from './moved-names.ts';
import { shippedFactories } from './shipped-factories.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The files of each folder. A folder has factories, moved names, or both. */
const folders = new Map<string, Map<string, string>>();
for (const [folder, files] of [...shippedFactories(), ...movedModules()]) {
  folders.set(folder, new Map([...(folders.get(folder) ?? []), ...files]));
}
for (const [folder, files] of folders) {
  await writeFiles(join(root, folder), files, { check: false });
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  for (const name of names) if (name.endsWith('.ts') && !files.has(name)) rmSync(join(root, folder, name));
}
