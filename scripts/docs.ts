/**
 * Writes the files that are generated from the code: pages and tables of the documentation, the CRDs of the chart, and
 * the version in the chart, the Dockerfile and `create-typekro`. `npm run docs` runs this script. The factories and the
 * data of the built-in kinds are only written by `npm run docs -- kubernetes-types MINOR DIR` and
 * `npm run docs -- kubernetes-difference`, and the factories by the build. `npm run docs -- pages` writes
 * only the pages that the repository does not contain.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { architecturePage, architecturePicture } from './architecture-page.ts';
import { chartCrds } from './chart-crds.ts';
import { compositionsPage } from './compositions-page.ts';
import { controllerPage } from './controller-page.ts';
import { dataFlowPicture } from './data-flow-picture.ts';
import { docsPictures } from './docs-pictures.ts';
import { scalePage } from './scale-page.ts';
import { writtenPages } from './written-pages.ts';
import { exampleGraphs, withPictures } from './example-graphs.ts';
import { VERSIONED_FILES, withVersion } from './version.ts';

function write(name: string, text: string): void {
  writeFileSync(new URL(`../${name}`, import.meta.url), text);
  console.log(`wrote ${name}`);
}

/** Writes the pages that the repository does not contain. */
async function writeAbsentPages(): Promise<void> {
  mkdirSync(new URL('../docs/reference', import.meta.url), { recursive: true });
  for (const [name, text] of await writtenPages()) write(name, text);
}

async function writePages(): Promise<void> {
  const page = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
  write('docs/controller.md', controllerPage(page('docs/controller.md')));
  write('docs/compositions.md', compositionsPage(page('docs/compositions.md')));
  write('docs/scale.md', scalePage(page('docs/scale.md')));
  write('docs/architecture.md', architecturePage(page('docs/architecture.md')));
  write('docs/pictures/architecture.svg', architecturePicture());
  write('docs/pictures/data-flow.svg', dataFlowPicture(page('docs/security-self-assessment.md')));
  for (const [name, text] of chartCrds()) write(`charts/typekro/crds/${name}`, text);
  for (const name of VERSIONED_FILES)
    write(name, withVersion(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')));
  await writeAbsentPages();
  for (const [name, text] of await docsPictures()) write(name, text);
  const graphs = await exampleGraphs();
  for (const name of readdirSync(new URL('../docs/factories', import.meta.url))) {
    const page = `docs/factories/${name}`;
    write(page, withPictures(readFileSync(new URL(`../${page}`, import.meta.url), 'utf8'), graphs));
  }
}

/** The parts that are written on request, each by a script of its own. */
const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  pages: writeAbsentPages,
  'kubernetes-types': () => import('./kubernetes-types.ts'),
  'kubernetes-difference': () => import('./kubernetes-difference.ts'),
};

const [part] = process.argv.splice(2, 1);
const work = part === undefined ? writePages : PARTS[part];
if (work === undefined) {
  console.error(`usage: npm run docs [-- ${Object.keys(PARTS).join('|')}]`);
  process.exitCode = 2;
} else await work();
