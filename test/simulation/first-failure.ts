/**
 * `first-failure.ts FIRST MAX_STORIES PATTERN`: searches for a run with a problem that matches the pattern. Prints the
 * first such run and its problem as JSON.
 *
 * FIRST is a seed or the name of a series, and it runs first. Then the first seed of each of MAX_STORIES stories runs,
 * because one seed per story covers more than many seeds of one story.
 */
import { runSeries, SERIES } from './exhaustive.ts';
import { SEEDS_PER_STORY, simulate } from './simulate.ts';

const [first = '1', maxStories = '60', pattern = '.'] = process.argv.slice(2);
const expected = new RegExp(pattern);

/** Prints the first problem that matches the pattern. Returns true if a problem matches. */
function printMatch(run: string, problems: readonly string[]): boolean {
  const problem = problems.find((text) => expected.test(text));
  if (problem === undefined) return false;
  console.log(JSON.stringify({ run, problem: problem.split('\n', 1)[0]?.slice(0, 160) }));
  return true;
}

async function main(): Promise<void> {
  const series = Object.entries(SERIES).find(([name]) => name === first);
  if (series !== undefined) {
    const { failures } = await runSeries(series[1], (problems) => problems.some((text) => expected.test(text)));
    if (failures.some(({ what, problems }) => printMatch(`${first}: ${what}`, problems))) return;
  }
  const stories = Array.from({ length: Number(maxStories) }, (_, story) => 1 + story * SEEDS_PER_STORY);
  const seeds = series === undefined ? [Number(first), ...stories] : stories;
  for (const seed of seeds) if (printMatch(String(seed), (await simulate(seed)).problems)) return;
}

await main();
process.exit(0);
