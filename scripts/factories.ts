/**
 * Writes the factories that the package ships: `npm run docs -- factories`. Built-in kinds come from the package's
 * data, the kinds of other projects from their CRDs in `data/crds`, and the kinds of kro from the CRDs that the
 * controller installs. With `--check`, the script writes nothing and fails when a file differs.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFiles } from '../packages/cli/src/generate/write-files.ts';
import { shippedFactories } from './shipped-factories.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
let differs = false;
for (const [folder, files] of shippedFactories()) {
  for (const { path, change } of writeFiles(join(root, folder), files, { check })) {
    if (change === 'unchanged') continue;
    differs = true;
    console.log(`${change} ${path}`);
  }
}
process.exitCode = check && differs ? 1 : 0;
