/**
 * Runs every example. The script composes the example, compiles it for stock kro, and compares the definition with the
 * file in `examples/golden`. Then the script deploys the example in direct mode and in kro mode, each in a fresh
 * embedded cluster. The header of the example has the spec and the expected status. Afterwards, the script runs the
 * examples of `examples/graphs/` in all their forms. `npm run examples [-- FILE…]`. With `--update`, differences from
 * the golden definitions are accepted.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Outcome, deployDocuments, deployStories } from './example-deployments.ts';
import { formExamples, runForms, unequalForms } from './example-forms.ts';
import { exampleGraphs, goldenOf } from './example-graphs.ts';
import { storiesOf } from './example-stories.ts';

const update = process.argv.includes('--update');
const wanted = process.argv
  .slice(2)
  .filter((word) => !word.startsWith('--'))
  .map((word) => basename(word));
const folder = new URL('../examples/', import.meta.url);
const problems: string[] = [];
const rows = [['example', 'composition', 'resources', 'compile', 'direct', 'kro', 'golden']];

const inMilliseconds = (milliseconds: number) => `${milliseconds.toFixed(0)} ms`;

/** The table cell of a deployment. The problems of the deployment are printed below the table. */
function outcomeCell(name: string, mode: string, outcome: Outcome | undefined): string {
  if (outcome === undefined) return '–';
  problems.push(...outcome.problems.map((problem) => `${name}, ${mode}: ${problem}`));
  return `${inMilliseconds(outcome.milliseconds)} ${outcome.problems.length === 0 ? 'as expected' : 'FAILED'}`;
}

const graphs = await exampleGraphs();
const files = readdirSync(folder).filter((name) => /\.(ts|yaml)$/.test(name));
for (const file of files.filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)))) {
  const path = new URL(file, folder);
  const stories = storiesOf(path);
  if (file.endsWith('.yaml')) {
    for (const story of stories)
      rows.push([file, '(YAML)', '', '', '', outcomeCell(file, 'kro', await deployDocuments(path, story)), '']);
    continue;
  }
  const module = (await import(path.href)) as Readonly<Record<string, unknown>>;
  const direct = await deployStories('direct', stories, module);
  const kro = await deployStories('kro', stories, module);
  for (const example of graphs.filter((graph) => graph.file === file)) {
    const golden = goldenOf(example);
    const same = existsSync(golden) && readFileSync(golden, 'utf8') === example.yaml;
    if (!same && update) {
      mkdirSync(new URL('.', golden), { recursive: true });
      writeFileSync(golden, example.yaml);
    }
    if (!same && !update)
      problems.push(
        `${file}: its definition differs from ${golden.pathname}: find the cause, then npm run examples -- --update`,
      );
    problems.push(...example.warnings.map((warning) => `${file}: ${warning}`));
    const name = `${file} ${example.exported}`;
    const index = stories.findIndex(({ exported }) => exported === example.exported);
    if (index < 0) problems.push(`${name}: the header of the file describes no deployment (With … Gives …)`);
    rows.push([
      file,
      example.exported,
      String(example.graph.order.length),
      inMilliseconds(example.milliseconds),
      outcomeCell(name, 'direct', direct[index]),
      outcomeCell(name, 'kro', kro[index]),
      same ? 'same' : update ? 'written' : 'differs',
    ]);
  }
}

/** Runs the examples of `examples/graphs/`, and prints a line with the time of each form. */
async function runGraphForms(): Promise<void> {
  const chosen = formExamples().filter(
    ({ file }) => wanted.length === 0 || wanted.some((word) => file.startsWith(word)),
  );
  if (chosen.length === 0) return;
  const exported = (await import(new URL('graphs/graphs.ts', folder).href)) as Readonly<Record<string, unknown>>;
  for (const example of chosen) {
    const results = await runForms(example, exported);
    const unequal = unequalForms(results);
    const cells = results.map(({ form, milliseconds }) => `${form} ${inMilliseconds(milliseconds)}`);
    console.log([`graphs/${example.file}`, ...cells, unequal.length === 0 ? 'equal' : 'UNEQUAL'].join('  '));
    const wrong = results.flatMap(({ form, problems: found }) => found.map((problem) => `${form}: ${problem}`));
    problems.push(...[...wrong, ...unequal].map((problem) => `graphs/${example.file}, ${problem}`));
  }
}

const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
await runGraphForms();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
