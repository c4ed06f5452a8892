/**
 * The controller under faults. `npm run simulate -- --seed N` replays one seed with its log and finds the fewest
 * disruptions with which it fails; `--from A --to B` runs a range and prints every seed that breaks a rule;
 * exits 1 if there is one.
 */
import { parseArgs } from 'node:util';
import { shrink, simulate } from '../test/simulation/simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: '100' },
    only: { type: 'string' },
  },
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
const only = values.only === undefined ? undefined : new Set(values.only.split(',').map((name) => name.trim()));
let failed = 0;
for (let seed = from; seed <= to; seed += 1) {
  const { problems, log, struck } = await simulate(seed, only);
  if (single) console.log(log.join('\n'));
  if (problems.length === 0) continue;
  failed += 1;
  console.log([`seed ${seed}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'));
  if (single && only === undefined) {
    const left = await shrink(seed, struck);
    console.log(`It takes ${left.length === 0 ? 'no disruption' : `--only "${left.join(',')}"`}`);
  }
}
console.log(`${to - from + 1 - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
