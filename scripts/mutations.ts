/** Breaks the code on purpose, in a copy, and shows which test catches it; exits 1 if one survives unexplained. */
import { parseArgs } from 'node:util';
import { checkMutations } from '../test/mutations/check-mutations.ts';
import { MUTATIONS, sample } from '../test/mutations/mutations.ts';

const USAGE = `npm run mutations -- --all          all mutations
npm run mutations -- --room cel     those of a room
npm run mutations -- --only TEXT    those with TEXT in their names or in the paths of their files
npm run mutations -- --seed N       a sample: --count mutations (default 12), no two of one room before each had one`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    room: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string' },
    count: { type: 'string', default: '12' },
  },
});
const { all, room, only, seed, count } = values;

function choose() {
  if (seed !== undefined) return sample(Number(seed), Number(count));
  return MUTATIONS.filter(
    (mutation) =>
      (room === undefined || mutation.room === room) &&
      (only === undefined || mutation.name.includes(only) || mutation.file.includes(only)),
  );
}

const chosen = choose();
if (values.help || chosen.length === 0 || !(all || room !== undefined || only !== undefined || seed !== undefined)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const { unexplained, outdated } = await checkMutations(chosen, (line) => console.log(line));
if (unexplained.length > 0)
  console.error(`no test catches, and test/mutations/survivors.ts does not explain:\n  ${unexplained.join('\n  ')}`);
if (outdated.length > 0)
  console.error(`caught, so remove from test/mutations/survivors.ts:\n  ${outdated.join('\n  ')}`);
process.exit(unexplained.length + outdated.length === 0 ? 0 : 1);
