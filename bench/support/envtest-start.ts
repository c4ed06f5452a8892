/**
 * Measures `Start()` of controller-runtime's envtest with the programs of `typekro envtest`: the benchmark of
 * `examples/envtest-go`, which `npm run clients -- go` builds.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { envtestExample, findClient } from '../../test/support/clients.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Milliseconds of one start, the mean of `starts` starts. `undefined` when the benchmark is not built. */
export function envtestStartMs(starts: number): number | undefined {
  const program = findClient('envtest');
  if (program === undefined) return undefined;
  const result = spawnSync(process.execPath, [CLI, 'envtest'], { encoding: 'utf8' });
  const env = { ...process.env, KUBEBUILDER_ASSETS: process.env['KUBEBUILDER_ASSETS'] ?? result.stdout.trimEnd() };
  const words = ['-test.run=^$', '-test.bench=Start', `-test.benchtime=${starts}x`];
  const { stdout, stderr } = spawnSync(program, words, { cwd: envtestExample, env, encoding: 'utf8' });
  const [, nanoseconds] = /^BenchmarkStart\S*\s+\d+\s+(\d+) ns\/op/m.exec(stdout) ?? [];
  if (nanoseconds === undefined)
    throw new Error(`the benchmark of envtest failed:\n${result.stderr}${stdout}${stderr}`);
  return Number(nanoseconds) / 1e6;
}
