/**
 * Runs every example: composes it, compiles it as stock kro would, and compares the definition with the one
 * in `examples/golden`. `npm run examples`; with `--update` the differences are accepted.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { exampleGraphs, goldenOf } from './example-graphs.ts';

const update = process.argv.includes('--update');
const rows = [['example', 'definition', 'kind', 'resources in their order', 'golden']];
let failed = false;
for (const example of await exampleGraphs()) {
  const golden = goldenOf(example);
  const same = existsSync(golden) && readFileSync(golden, 'utf8') === example.yaml;
  if (!same && update) {
    mkdirSync(new URL('.', golden), { recursive: true });
    writeFileSync(golden, example.yaml);
  }
  failed ||= (!same && !update) || example.warnings.length > 0;
  const { graph, file, exported, warnings } = example;
  const result = same ? 'same' : update ? 'written' : 'differs';
  rows.push([file, `${graph.name} (${exported})`, graph.instance.kind, graph.order.join(', '), result]);
  for (const warning of warnings) console.error(`${file}: ${warning}`);
}
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
if (failed) console.error('An example differs: read the difference, then run npm run examples -- --update.');
process.exitCode = failed ? 1 : 0;
