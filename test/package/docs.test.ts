import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { diagnosticsPage } from '../../scripts/diagnostics-page.ts';

test('docs/diagnostics.md is what `npm run docs` writes', () => {
  const committed = readFileSync(new URL('../../docs/diagnostics.md', import.meta.url), 'utf8');
  expect(committed).toBe(diagnosticsPage());
});
