import { dependenciesPage } from './dependencies-page.ts';
import { diagnosticsPage } from './diagnostics-page.ts';
import { apiPage } from './reference/api-page.ts';
import { argumentsPage } from './reference/arguments-page.ts';
import { celPage } from './reference/cel-page.ts';
import { chartPage } from './reference/chart-page.ts';
import { commandsPage } from './reference/commands-page.ts';
import { labelsPage } from './reference/labels-page.ts';
import { seedsPage } from './seeds-page.ts';

/**
 * The pages of the documentation that contain only what the code defines, keyed by path. They are not in the
 * repository: the site and the package contain them. Throws for an export, an argument, a CEL library or a label
 * without a description.
 */
export async function writtenPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/dependencies.md', dependenciesPage()],
    ['docs/diagnostics.md', await diagnosticsPage()],
    ['docs/seeds.md', seedsPage()],
    ['docs/reference/cli.md', await commandsPage()],
    ['docs/reference/api.md', apiPage()],
    ['docs/reference/simple.md', argumentsPage()],
    ['docs/reference/cel.md', celPage()],
    ['docs/reference/labels.md', labelsPage()],
    ['docs/reference/chart.md', chartPage()],
  ]);
}
