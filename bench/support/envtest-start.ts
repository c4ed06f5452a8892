/**
 * Measures `Start()` of controller-runtime's envtest, and suites of controller-runtime. The benchmark of
 * `examples/envtest-go` calls `Start()`; `npm run clients -- go` builds this benchmark. `Start()` starts the programs
 * in the folder `KUBEBUILDER_ASSETS`, by default those of `typekro envtest`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { envtestExample, findClient } from '../../test/support/clients.ts';
import { suiteFolder, suiteProgram } from '../../test/support/go-suites.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * The mean duration of a start in milliseconds. `starts` is the number of measured starts. `undefined` when the
 * benchmark is not built.
 */
export function envtestStartMs(starts: number): number | undefined {
  const program = findClient('envtest');
  if (program === undefined) return undefined;
  const env = { ...process.env, KUBEBUILDER_ASSETS: process.env['KUBEBUILDER_ASSETS'] ?? ownAssets() };
  const words = ['-test.run=^$', '-test.bench=Start', `-test.benchtime=${starts}x`];
  const { stdout, stderr } = spawnSync(program, words, { cwd: envtestExample, env, encoding: 'utf8' });
  const [, nanoseconds] = /^BenchmarkStart\S*\s+\d+\s+(\d+) ns\/op/m.exec(stdout) ?? [];
  if (nanoseconds === undefined) throw new Error(`the benchmark of envtest failed:\n${stdout}${stderr}`);
  return Number(nanoseconds) / 1e6;
}

/** The folder that `typekro envtest` prints. */
export function ownAssets(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'envtest'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`typekro envtest failed:\n${stderr}`);
  return stdout.trimEnd();
}

/**
 * The duration of a suite of controller-runtime, such as `pkg/client`, in seconds. The suite starts the programs in the
 * folder `assets`. `undefined` when the suite is not built.
 */
export function suiteSeconds(name: string, assets: string): number | undefined {
  const program = suiteProgram(name);
  if (!existsSync(program)) return undefined;
  const began = performance.now();
  const { status, stdout } = spawnSync(program, ['--ginkgo.flake-attempts=3', '--ginkgo.no-color'], {
    cwd: suiteFolder(name),
    env: { ...process.env, KUBEBUILDER_ASSETS: assets },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`the suite ${name} failed:\n${stdout.slice(-4000)}`);
  return (performance.now() - began) / 1000;
}
