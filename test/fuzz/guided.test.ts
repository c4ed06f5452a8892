import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { seededChoices } from '../support/choices.ts';
import { BlockCoverage, SeenBlocks } from './block-coverage.ts';
import { type FuzzTarget, FuzzFinding, problemWith } from './fuzz-target.ts';
import { minimize, runGuided } from './guided.ts';
import { MAX_INPUT_BYTES, mutate } from './mutator.ts';
import { shrink } from './shrink.ts';

const targetOf = (run: FuzzTarget['run'], rest: Partial<FuzzTarget> = {}): FuzzTarget => ({
  name: 'toy',
  dictionary: [],
  seeds: () => [Buffer.from('aaaa')],
  generators: [],
  isMutable: true,
  run,
  ...rest,
});

describe('the search', () => {
  test(
    'finds an input that must satisfy several nested conditions, because each new block of code is progress',
    { timeout: 120_000 },
    async () => {
      using coverage = new BlockCoverage((url) => url.includes('/test/fuzz/toy-parser.ts'));
      // The import comes after the start of the measurement, because V8 counts only code that it compiles after this
      // start.
      const { parseToy } = await import('./toy-parser.ts');
      const dictionary = Array.from('abcdefghijk8s!');
      const target = targetOf((input) => parseToy(input.toString('latin1')), { dictionary });
      const isOver = (inputs: number, problems: number) => problems > 0 || inputs >= 20_000;
      const { findings, pool, tallies } = await runGuided(target, coverage, { seed: 1, corpus: [], isOver });
      expect(findings.map(({ problem }) => problem)).toEqual([expect.stringContaining('the toy broke')]);
      // The shrinker has removed every byte that is not necessary for the problem.
      expect(findings[0]?.input.toString('latin1')).toBe('k8s!');
      expect(pool.length).toBeGreaterThanOrEqual(4);
      expect(tallies.get('mutated')?.kept).toBe(pool.length - 1);
      const kept = await minimize(target, coverage, pool);
      expect(kept.length).toBeLessThanOrEqual(pool.length);
      expect(kept.map((input) => input.toString('latin1'))).toContain('k8s!');
    },
  );

  test('reports a problem once, even if many inputs cause it', async () => {
    const target = targetOf((input) => {
      throw new Error(`bad byte ${input.length}`);
    });
    const coverage = { take: () => new Map() };
    const isOver = (inputs: number) => inputs >= 100;
    const { findings, tallies } = await runGuided(target, coverage, { seed: 1, corpus: [], isOver });
    expect(findings).toHaveLength(1);
    expect(tallies.get('mutated')?.problems).toBeGreaterThan(50);
  });
});

describe('a problem is', () => {
  const problemOf = (run: FuzzTarget['run'], rest: Partial<FuzzTarget> = {}) =>
    problemWith(targetOf(run, rest), Buffer.from('x'));

  test('not reported for equal outcomes', async () => {
    expect(await problemOf((input) => input.toString())).toBeUndefined();
  });

  test('a second run with another outcome, unless the target has a state', async () => {
    let runs = 0;
    const count = () => String((runs += 1));
    expect(await problemOf(count)).toBe('two runs differ: 1 and 2');
    expect(await problemOf(count, { isStateful: true })).toBeUndefined();
  });

  test('a new member of a prototype', async () => {
    const polluted = problemOf(() => {
      Reflect.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
      return '';
    });
    expect(await polluted).toBe('a prototype of the language was changed');
    Reflect.deleteProperty(Object.prototype, 'polluted');
  });

  test('the failure of the second run, also of a slow target with a state', async () => {
    let runs = 0;
    const failsLater = () => {
      if ((runs += 1) % 2 === 0) throw new FuzzFinding('the second run fails');
      for (const began = process.cpuUsage(); process.cpuUsage(began).user < 5000;);
      return '';
    };
    expect(await problemOf(failsLater)).toMatch(/the second run fails/);
    expect(await problemOf(failsLater, { isStateful: true, maxMs: 2 })).toMatch(/the second run fails/);
  });

  test('two runs that take too long', async () => {
    const slow = () => {
      for (const began = process.cpuUsage(); process.cpuUsage(began).user < 5000;);
      return '';
    };
    expect(await problemOf(slow, { maxMs: 2 })).toMatch(/^took \d+ ms$/);
    expect(await problemOf(slow)).toBeUndefined();
  });
});

test('equal seeds produce equal mutations, and every mutated input is within the length limit', () => {
  const source = { corpus: [Buffer.from('{"a":[1,2]}'), Buffer.alloc(MAX_INPUT_BYTES, 'b')], dictionary: ['null'] };
  const inputs = (seed: number) => {
    const choices = seededChoices(seed);
    let input: Buffer = Buffer.from('{"x":1}');
    return Array.from({ length: 100 }, () => (input = mutate(input, choices, source)).toString('base64'));
  };
  expect(inputs(7)).toEqual(inputs(7));
  expect(inputs(7)).not.toEqual(inputs(8));
  expect(new Set(inputs(7)).size).toBeGreaterThan(60);
  expect(inputs(7).every((text) => Buffer.from(text, 'base64').length <= MAX_INPUT_BYTES)).toBe(true);
});

test('a shrunk input contains only the bytes that its property needs', async () => {
  const needs = (input: Buffer) => input.includes('ab') && input.includes('z');
  expect((await shrink(Buffer.from('..ab......z....'), needs, 200)).toString()).toBe('abz');
  expect((await shrink(Buffer.from('..ab......z....'), needs, 0)).toString()).toBe('..ab......z....');
});

test('a block counts as new only once', () => {
  const seen = new SeenBlocks();
  const covered = new Map([['a.ts', Uint8Array.of(1, 0, 1)]]);
  expect([seen.add(covered, false), seen.add(covered), seen.add(covered)]).toEqual([2, 2, 0]);
  expect(seen.add(new Map([['a.ts', Uint8Array.of(1, 1, 1, 1)]]))).toBe(2);
  expect(seen.count).toBe(4);
});

test('the watchdog prints an input whose run does not end, and ends the process', () => {
  const watchdog = fileURLToPath(new URL('watchdog.ts', import.meta.url));
  const program = `
    const { Watchdog } = await import(${JSON.stringify(watchdog)});
    new Watchdog(200).begin(Buffer.from('loop'));
    for (;;);`;
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8', timeout: 25_000 },
  );
  expect(stderr).toContain(`an input does not end (base64 ${Buffer.from('loop').toString('base64')})`);
  expect(signal).toBe('SIGKILL');
});
