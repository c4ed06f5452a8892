/**
 * Runs the simulations that a release must pass: the seeds that once found a defect, and `npm run simulate` with fresh
 * seeds. The fresh seeds are computed from the version in `package.json`. One range of seeds simulates definitions, the
 * other Graphs. Exits with code 1 when a simulation breaks a rule.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type SeedBudgets, releaseSeeds } from './release-seeds.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (path: string): unknown => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));
const { version } = json('package.json') as { readonly version: string };
const { definitions, graphs } = releaseSeeds(version, json('test/budgets.json') as SeedBudgets);

let isFailed = false;
function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
  if (error !== undefined) throw error;
  if (status !== 0) isFailed = true;
}

console.log(`lives of ${version}`);
run(['node_modules/vitest/vitest.mjs', 'run', 'test/simulation/former-seeds.test.ts'], {
  ...process.env,
  TYPEKRO_BUDGET: 'full',
});
for (const [flags, { from, to }] of [[[], definitions] as const, [['--graphs'], graphs] as const]) {
  const range = [...flags, '--from', String(from), '--to', String(to)];
  console.log(`npm run simulate -- ${range.join(' ')}`);
  run(['scripts/run-ts.mjs', 'scripts/simulate.ts', ...range]);
}
process.exit(isFailed ? 1 : 0);
