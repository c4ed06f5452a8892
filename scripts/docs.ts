/** Writes what is made from the code: pages and tables of the documentation, the CRDs of the chart: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { chartCrds } from './chart-crds.ts';
import { controllerPage } from './controller-page.ts';
import { diagnosticsPage } from './diagnostics-page.ts';

function write(name: string, text: string): void {
  writeFileSync(new URL(`../${name}`, import.meta.url), text);
  console.log(`wrote ${name}`);
}

write('docs/diagnostics.md', diagnosticsPage());
write('docs/controller.md', controllerPage(readFileSync(new URL('../docs/controller.md', import.meta.url), 'utf8')));
for (const [name, text] of chartCrds()) write(`charts/typekro/crds/${name}`, text);
