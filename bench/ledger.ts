/**
 * Measures the optimisations of memory and time in the packages. Each row names the optimisation, its file, its effect and its
 * gain. The benchmark runs one workload with the optimisation and without it, in alternating processes. An edit during
 * the bundling of the workload removes the optimisation, so that the product needs no switch for it.
 *
 * Run: `npm run bench -- ledger [--rows NAME,…] [--runs N]`. By default, all rows are measured, with 5 processes of the
 * program with the optimisation, and 5 of the program without it. Time is processor time of the process, or the longest
 * delay of its event loop. Memory is its heap or resident memory. A row without a workload states the reason, and the
 * command that prints its figure.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Edit, type MeasuredRow, ROWS } from './ledger/rows.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The bundles are as deep in the repository as `dist/chunk`, so that the package finds its data. */
const folder = join(root, `.build-ledger-${process.pid}`);

const { rows: names, runs } = readOptions({ rows: '', runs: 5 });
const selected = names === '' ? undefined : names.split(',');
const rows = ROWS.filter(({ name }) => selected === undefined || selected.includes(name));

/**
 * Applies the edits of a file to its source. The result is the source without the optimisation.
 *
 * @throws Error when the source does not contain the text `find` of an edit exactly once.
 */
function edited(file: string, text: string, edits: readonly Edit[]): string {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((source, { find, replace }) => {
      if (source.split(find).length !== 2) throw new Error(`${file} must contain this once: ${find}`);
      return source.replace(find, () => replace);
    }, text);
}

async function bundled(name: string, workload: string, edits: readonly Edit[]): Promise<string> {
  const outdir = join(folder, name);
  await build({
    absWorkingDir: root,
    entryPoints: { main: `bench/ledger/workloads/${workload}.ts` },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
    plugins: [
      {
        name: 'edits',
        setup(chain) {
          for (const file of new Set(edits.map((edit) => edit.file))) {
            const filter = new RegExp(`${file.replaceAll('.', String.raw`\.`)}$`);
            chain.onLoad({ filter }, ({ path }) => ({
              contents: edited(file, readFileSync(path, 'utf8'), edits),
              loader: 'ts',
            }));
          }
        },
      },
    ],
  });
  return join(outdir, 'main.mjs');
}

/** The figure that a workload prints. */
function measured(program: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', program], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout.trim().split('\n').at(-1));
}

/** Runs the two programs in turn, so that other load slows both. */
async function measure({ name, workload, without }: MeasuredRow): Promise<readonly [own: number, bare: number]> {
  const programs = [await bundled(`${name}-with`, workload, []), await bundled(`${name}-without`, workload, without)];
  const figures = programs.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) programs.forEach((program, index) => figures[index]?.push(measured(program)));
  return [median(figures[0] ?? []), median(figures[1] ?? [])];
}

mkdirSync(folder, { recursive: true });
try {
  console.log(`Node ${process.version}, medians of ${runs} processes\n`);
  console.log(
    '| optimisation | where | with | without | gain | gain when it was written down |\n|---|---|---|---|---|---|',
  );
  for (const row of rows) {
    if (!('workload' in row)) {
      console.log(`| ${row.name} | ${row.where} | | | ${row.gain} | not alone: ${row.why} |`);
      continue;
    }
    const [own, bare] = await measure(row);
    const percent = ((bare - own) / bare) * 100;
    const files = [...new Set(row.without.map(({ file }) => file))].join(', ');
    const figure = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ${row.unit}`;
    console.log(
      `| ${row.name} | ${files} | ${figure(own)} | ${figure(bare)} | ${percent.toFixed(0)} % | ${row.gain} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
