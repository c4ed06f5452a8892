/**
 * The controller under faults: `npm run simulate -- --seed N` replays one seed with its log,
 * `--from A --to B` runs a range and prints every seed that breaks a rule; exits 1 if there is one.
 */
import { parseArgs } from 'node:util';
import { simulate } from '../test/simulation/simulate.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, from: { type: 'string', default: '1' }, to: { type: 'string', default: '100' } },
});

function integer(name: 'seed' | 'from' | 'to'): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) {
    console.error(`--${name} takes a whole number`);
    process.exit(2);
  }
  return number;
}

const single = values.seed !== undefined;
const from = integer(single ? 'seed' : 'from');
const to = integer(single ? 'seed' : 'to');
let failed = 0;
for (let seed = from; seed <= to; seed += 1) {
  const { problems, log } = await simulate(seed);
  if (single) console.log(log.join('\n'));
  if (problems.length === 0) continue;
  failed += 1;
  console.log([`seed ${seed}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
}
console.log(`${to - from + 1 - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
