import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runKubernetesSpecs } from './support/kubernetes-runner.ts';
import type { KubernetesSpec, KubernetesSpecs, SpecRun } from './support/kubernetes-specs.ts';
import { chosenSpecs, compareSpecs, withRuns } from './support/kubernetes-specs.ts';

const listed = JSON.parse(readFileSync(new URL('kubernetes.json', import.meta.url), 'utf8')) as KubernetesSpecs;

describe('the list of conformance specs', () => {
  test('has each spec of the release once', () => {
    const names = listed.specs.map(({ name }) => name);
    expect(names).toHaveLength(446);
    expect(new Set(names).size).toBe(names.length);
    expect(listed.release).toMatch(/^1\.36\.\d+$/);
  });

  test('lists a spec as "passes" if and only if its last run passed', () => {
    const wrong = listed.specs.filter(({ status, lastRun }) => (status === 'passes') !== (lastRun?.result === 'passed'));
    expect(wrong).toEqual([]);
  });

  test('has a reason for each spec that is not listed as "passes", and for no other spec', () => {
    const wrong = listed.specs.filter(({ status, reason = '' }) => (status === 'passes') === (reason !== ''));
    expect(wrong).toEqual([]);
  });
});

const PASSED: SpecRun = { result: 'passed', message: '' };
const FAILED: SpecRun = { result: 'failed', message: 'expected 1\nto equal 2' };
const spec = (name: string, status: KubernetesSpec['status'], more: Partial<KubernetesSpec> = {}): KubernetesSpec => ({
  name,
  file: 'f.go',
  status,
  ...more,
});
const list = (...specs: KubernetesSpec[]): KubernetesSpecs => ({ release: '1.36.3', specs });

test('a run without --only leaves out the specs that need containers', () => {
  const all = list(spec('a', 'passes'), spec('b', 'needs-containers'), spec('c', 'gap'));
  expect(chosenSpecs(all, undefined).map(({ name }) => name)).toEqual(['a', 'c']);
  expect(chosenSpecs(all, 'b').map(({ name }) => name)).toEqual(['b']);
});

test.each<[string, KubernetesSpec['status'], SpecRun, number]>([
  ['a spec that passes as listed', 'passes', PASSED, 0],
  ['a listed spec that fails', 'passes', FAILED, 1],
  ['a gap that fails', 'gap', FAILED, 0],
  ['a gap that passes', 'gap', PASSED, 1],
  ['a difference that fails', 'differs', FAILED, 0],
  ['a difference that passes', 'differs', PASSED, 1],
  ['a spec that needs containers and fails', 'needs-containers', FAILED, 0],
  ['a spec that needs containers and passes', 'needs-containers', PASSED, 0],
])('%s: the list entry "%s" and the run %j make %i failures', (_, status, run, failures) => {
  const [topic] = compareSpecs(list(spec('[sig-x] a', status)), new Map([['[sig-x] a', run]]));
  expect(topic).toMatchObject({ topic: 'sig-x', passed: 1 - failures });
  expect(topic?.failures).toHaveLength(failures);
});

test.each<[KubernetesSpec, SpecRun, Partial<KubernetesSpec>]>([
  [spec('a', 'gap', { reason: 'old' }), PASSED, { status: 'passes' }],
  [spec('a', 'passes'), FAILED, { status: 'gap', reason: 'expected 1' }],
  [spec('a', 'gap', { reason: 'not run' }), FAILED, { status: 'gap', reason: 'expected 1' }],
  [
    spec('a', 'gap', { reason: 'known', lastRun: { on: '2026-01-01', how: 'h', result: 'failed' } }),
    { result: 'timeout', message: '' },
    { status: 'gap', reason: 'known' },
  ],
  [spec('a', 'needs-containers', { reason: 'r' }), FAILED, { status: 'needs-containers', reason: 'r' }],
  [spec('a', 'differs', { reason: 'r' }), FAILED, { status: 'differs', reason: 'r' }],
])('a run updates the last run, the status and the reason of an entry', (entry, run, expected) => {
  const changed = withRuns(list(entry), new Map([['a', run]]), { on: '2026-02-02', how: 'e2e.test' });
  const lastRun = { on: '2026-02-02', how: 'e2e.test', result: run.result };
  expect(changed.specs).toEqual([{ name: 'a', file: 'f.go', ...expected, lastRun }]);
});

describe('the runner', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-e2e-test-'));
  });

  /**
   * Writes a program that stands in for `e2e.test`, with the flags that the runner uses. A spec passes if its name does
   * not end with `fails` and the kubeconfig has an HTTPS server on loopback.
   */
  function program(): string {
    const path = join(folder, 'e2e.test');
    const source = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const flag = (name) => process.argv.find((word) => word.startsWith(name + '=')).slice(name.length + 1);
const focus = new RegExp(flag('--ginkgo.focus'));
const kubeconfig = readFileSync(flag('--kubeconfig'), 'utf8');
const known = ['[sig-x] passes (a.b)', '[sig-x] fails', '[sig-x] hangs'];
const run = known.filter((name) => focus.test(name));
if (run.some((name) => name.endsWith('hangs'))) setInterval(() => {}, 1000);
else {
  const report = run.map((name) => ({
    LeafNodeType: 'It',
    State: name.endsWith('fails') || !kubeconfig.includes('https://127.0.0.1') ? 'failed' : 'passed',
    Failure: { Message: 'it failed' },
  }));
  writeFileSync(flag('--ginkgo.json-report'), JSON.stringify([{ SpecReports: [{ LeafNodeType: 'BeforeSuite', State: 'passed' }, ...report] }]));
  process.exitCode = report.some(({ State }) => State === 'failed') ? 1 : 0;
}
`;
    writeFileSync(path, source);
    chmodSync(path, 0o700);
    return path;
  }

  const run = (names: readonly string[], timeoutMs = 30_000) =>
    runKubernetesSpecs(
      names.map((name) => spec(name, 'gap')),
      { program: program(), timeoutMs, print: () => undefined },
    );

  test('returns the result and the message of each spec', async () => {
    const runs = await run(['[sig-x] passes (a.b)', '[sig-x] fails']);
    expect([...runs]).toEqual([
      ['[sig-x] passes (a.b)', PASSED],
      ['[sig-x] fails', { result: 'failed', message: 'it failed' }],
    ]);
  });

  test('ends a spec that hangs', async () => {
    expect([...(await run(['[sig-x] hangs'], 100)).values()]).toEqual([{ result: 'timeout', message: '' }]);
  });

  test('refuses a spec that the program does not have', async () => {
    await expect(run(['[sig-x] none'])).rejects.toThrow('does not have the spec [sig-x] none');
  });

  test('refuses a program that does not exist', async () => {
    const specs = [spec('a', 'gap')];
    const options = { program: join(folder, 'none'), timeoutMs: 1000, print: () => undefined };
    await expect(runKubernetesSpecs(specs, options)).rejects.toThrow('ENOENT');
  });
});
