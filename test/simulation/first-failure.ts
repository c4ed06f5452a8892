/** `first-failure.ts MOST PATTERN`: prints the first seed of which a problem matches the pattern, and that problem, as JSON. */
import { simulate } from './simulate.ts';

const [most = '100', pattern = '.'] = process.argv.slice(2);
const told = new RegExp(pattern);
for (let seed = 1; seed <= Number(most); seed += 1) {
  const problem = (await simulate(seed)).problems.find((text) => told.test(text));
  if (problem === undefined) continue;
  console.log(JSON.stringify({ seed, problem: problem.split('\n', 1)[0]?.slice(0, 160) }));
  break;
}
process.exit(0);
