/**
 * Runs the mutations in a copy of the tree, and shows which test catches each one. Exits with 1 when a mutation
 * survives without an explanation.
 */
import { parseArgs } from 'node:util';
import { checkMutations } from '../test/mutations/check-mutations.ts';
import { MUTATIONS, sample } from '../test/mutations/mutations.ts';

const USAGE = `npm run mutations -- --all          all mutations
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

function usage(code: number, problem = ''): never {
  console.error(problem === '' ? USAGE : `${problem}\n\n${USAGE}`);
  process.exit(code);
}

/** Parses the options. Ends the process with the usage when an option is wrong. */
function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (thrown) {
    return usage(2, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

const { help, all, room, only, seed, count } = readOptions();
if (help) usage(0);
if (!all && room === undefined && only === undefined && seed === undefined) usage(2);
if (!/^\d{1,9}$/.test(seed ?? '0') || !/^\d{1,4}$/.test(count)) usage(2, '--seed and --count take whole numbers');

function choose() {
  if (seed !== undefined) return sample(Number(seed), Number(count));
  return MUTATIONS.filter(
    (mutation) =>
      (room === undefined || mutation.room === room) &&
      (only === undefined || mutation.name.includes(only) || mutation.file.includes(only)),
  );
}

const chosen = choose();
if (chosen.length === 0) usage(2, 'no mutation has this room or text');
const { unexplained, outdated } = await checkMutations(chosen, (line) => console.log(line));
if (unexplained.length > 0)
  console.error(
    `no test fails with these mutations, and test/mutations/survivors.ts does not explain them:\n  ${unexplained.join('\n  ')}`,
  );
if (outdated.length > 0)
  console.error(
    `a test fails with these mutations, so remove them from test/mutations/survivors.ts:\n  ${outdated.join('\n  ')}`,
  );
process.exit(unexplained.length + outdated.length === 0 ? 0 : 1);
