/**
 * Runs a TypeScript file of the repository on any supported Node: `run-ts.mjs FILE [ARG…]`, or `run-ts.mjs bench
 * [NAME…]` for `bench/NAME.ts`. Without a name, all benchmarks run. Prepares a fresh clone first.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './install.mjs';
import { main, runNode } from './run.mjs';

const [target, ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const benches = () => readdirSync(`${root}/bench`).filter((name) => name.endsWith('.ts'));
// `bench NAME --flag value`: each benchmark receives all flags that follow the names.
const firstFlag = args.findIndex((word) => word.startsWith('--'));
const [named, flags] = firstFlag < 0 ? [args, []] : [args.slice(0, firstFlag), args.slice(firstFlag)];
const names = named.length > 0 ? named.map((name) => `${name}.ts`) : benches();
const commands = target === 'bench' ? names.map((name) => [`bench/${name}`, ...flags]) : [[target, ...args]];

await main(async () => {
  if (!isInstalled(root)) await runNode(['scripts/setup.mjs']);
  for (const command of commands) await runNode(['--expose-gc', '--import', 'tsx', ...command]);
});
