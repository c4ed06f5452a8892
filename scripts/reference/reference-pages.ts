import { apiPage } from './api-page.ts';
import { celPage } from './cel-page.ts';
import { chartPage } from './chart-page.ts';
import { commandsPage } from './commands-page.ts';
import { labelsPage } from './labels-page.ts';

/**
 * The generated reference pages, keyed by path. Throws for an export, a CEL library or a label without a description.
 */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/cli.md', await commandsPage()],
    ['docs/reference/api.md', apiPage()],
    ['docs/reference/cel.md', celPage()],
    ['docs/reference/labels.md', labelsPage()],
    ['docs/reference/chart.md', chartPage()],
  ]);
}
