/**
 * Shows mistakes that no test catches. With files, Stryker makes every small mistake that it knows in them, and runs the
 * tests of their package; without, in the source files that changed since the base (`affected.mjs`). With options, the
 * hand-picked mutations of `test/mutations` run in a copy of the tree, and the exit code is 1 when one survives.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkMutations } from '../test/mutations/check-mutations.ts';
import { MUTATIONS, sample } from '../test/mutations/picked.ts';
import { changedFiles } from './affected.mjs';
import { installFixture } from './install.mjs';
import { main, runNode } from './run.mjs';

const USAGE = `npm run mutations                   every small mistake in the source files that changed
npm run mutations -- FILE…          every small mistake in these files
npm run mutations -- --all          all hand-picked mutations
npm run mutations -- --room cel     those of a room
npm run mutations -- --only TEXT    those with TEXT in their names or in the paths of their files
npm run mutations -- --seed N       a sample of --count mutations (default 12), spread over the rooms`;

const OPTIONS = {
  help: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  room: { type: 'string' },
  only: { type: 'string' },
  seed: { type: 'string' },
  count: { type: 'string', default: '12' },
} as const;

const ROOT = new URL('../', import.meta.url);
const SOURCE = /^packages\/([\w-]+)\/src\/(?!.*\.test\.).*\.tsx?$/;

function usage(code: number, problem = ''): never {
  console.error(problem === '' ? USAGE : `${problem}\n\n${USAGE}`);
  process.exit(code);
}

/** Parses the options. Ends the process with the usage when an option is wrong. */
function readOptions() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (thrown) {
    return usage(2, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Makes the mistakes of Stryker in source files, one package after another. */
async function mutateFiles(files: readonly string[]): Promise<void> {
  if (files.length === 0) usage(2, 'no source file has changed; name the files');
  const packages = new Map<string, string[]>();
  for (const file of files) {
    const name = SOURCE.exec(file)?.[1];
    if (name === undefined || !existsSync(new URL(file, ROOT))) usage(2, `not a source file of a package: ${file}`);
    packages.set(name, [...(packages.get(name) ?? []), file]);
  }
  const folder = fileURLToPath(new URL('test/mutations', ROOT));
  await installFixture(folder);
  for (const [name, list] of packages) {
    const env = { ...process.env, TYPEKRO_PACKAGE: name, TYPEKRO_MUTATED: JSON.stringify(list) };
    const stryker = `${folder}/node_modules/@stryker-mutator/core/bin/stryker.js`;
    await runNode([stryker, 'run', 'test/mutations/stryker.config.mjs'], { env });
  }
}

const { values, positionals } = readOptions();
const { help, all, room, only, seed, count } = values;
if (help) usage(0);
if (!/^\d{1,9}$/.test(seed ?? '0') || !/^\d{1,4}$/.test(count)) usage(2, '--seed and --count take whole numbers');

function choose() {
  if (seed !== undefined) return sample(Number(seed), Number(count));
  return MUTATIONS.filter(
    (mutation) =>
      (room === undefined || mutation.room === room) &&
      (only === undefined || mutation.name.includes(only) || mutation.file.includes(only)),
  );
}

if (!all && room === undefined && only === undefined && seed === undefined) {
  const changed = () => (changedFiles() ?? []).filter((file) => SOURCE.test(file));
  await main(() => mutateFiles(positionals.length > 0 ? positionals : changed()));
} else {
  const chosen = choose();
  if (chosen.length === 0) usage(2, 'no mutation has this room or text');
  const survivors = await checkMutations(chosen, (line) => console.log(line));
  if (survivors.length > 0) console.error(`no test fails with these mutations:\n  ${survivors.join('\n  ')}`);
  process.exit(survivors.length === 0 ? 0 : 1);
}
