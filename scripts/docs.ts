/** Writes the pages of the documentation that are made from the code: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { diagnosticsPage } from './diagnostics-page.ts';

const page = new URL('../docs/diagnostics.md', import.meta.url);
writeFileSync(page, diagnosticsPage());
console.log('wrote docs/diagnostics.md');
