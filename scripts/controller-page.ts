import { CONTROLLER_FLAGS } from '@typekro/controller/controller';
import { createMetrics, createProcessMetrics } from '../packages/controller/src/controller/metrics/metrics.ts';
import { RuntimeMetrics } from '../packages/controller/src/controller/metrics/runtime-meter.ts';
import { markdownTable } from './markdown-table.ts';
import { withTables } from './written-tables.ts';

/** Returns the page `docs/controller.md` with its tables of flags and metrics from the code. */
export function controllerPage(page: string): string {
  const flags = (ignored: boolean): string[][] =>
    CONTROLLER_FLAGS.filter((flag) => (flag.ignored === true) === ignored).map((flag) => [
      `\`--${flag.name}\``,
      flag.default === '' ? '' : `\`${flag.default}\``,
      flag.description,
    ]);
  const metrics = [...createMetrics().all, ...createProcessMetrics(), ...new RuntimeMetrics().all];
  const tables: Readonly<Record<string, string>> = {
    flags: markdownTable(['flag', 'default', 'what it does'], flags(false)),
    'flags without effect': markdownTable(['flag', "default of kro's", 'why not'], flags(true)),
    metrics: markdownTable(
      ['metric', 'type', 'labels', 'what it says'],
      metrics.map(({ name, type, labels, help }) => [
        `\`${name}\``,
        type,
        labels.map((label) => `\`${label}\``).join(', '),
        help,
      ]),
    ),
  };
  return withTables(page, 'docs/controller.md', tables);
}
