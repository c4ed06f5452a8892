import { type Choices, pick, seededChoices } from '../support/choices.ts';
import { type CoveredCharacters, SeenBlocks } from './block-coverage.ts';
import { type FuzzTarget, problemWith } from './fuzz-target.ts';
import { MAX_INPUT_BYTES, mutate } from './mutator.ts';
import { shrink } from './shrink.ts';

/** A source of coverage. Each call returns the code that ran since the last call. */
export interface CoverageSource {
  take(): CoveredCharacters;
}

/** The settings of a run. */
export interface GuidedOptions {
  readonly seed: number;
  /** Is the run over? Called before each batch, with the number of inputs and the number of problems up to then. */
  readonly isOver: (inputs: number, findings: number) => boolean;
  /** Inputs to start from, in addition to the seeds of the target. */
  readonly corpus: readonly Buffer[];
}

/** The counts of one source of inputs. */
export interface Tally {
  inputs: number;
  /** Inputs that ran a block that no earlier input ran. */
  kept: number;
  problems: number;
  slowestMs: number;
}

/** A problem, and the shortest input for it that the shrinker found. */
export interface Finding {
  readonly source: string;
  readonly input: Buffer;
  readonly problem: string;
}

/** The result of a run. */
export interface GuidedResult {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly findings: readonly Finding[];
  /** The inputs that ran new blocks, in the order of their discovery. */
  readonly pool: readonly Buffer[];
  /** The number of source code characters that ran. */
  readonly covered: number;
}

/**
 * The maximum number of reported findings. Findings that differ only in quoted strings and numbers are reported once.
 */
const MAX_FINDINGS = 20;
const MAX_SHRINK_TRIES = 400;
const MAX_BATCH = 512;
/** The intended duration of a batch, as a multiple of the time that it takes to read the coverage. */
const BATCH_FACTOR = 4;

const MUTATED = 'mutated';
const INITIAL = 'corpus and seeds';

interface Candidate {
  readonly source: string;
  readonly input: Buffer;
}

/**
 * Runs generated and mutated inputs. An input that runs a new block joins the pool of inputs for later mutations. The
 * coverage is read once per batch, because a read takes milliseconds. A batch with new blocks runs again, one input at
 * a time, to find the inputs that ran them. Equal seeds produce equal inputs if the batch sizes are equal.
 */
export async function runGuided(
  target: FuzzTarget,
  coverage: CoverageSource,
  options: GuidedOptions,
): Promise<GuidedResult> {
  const run = new GuidedRun(target, coverage, seededChoices(options.seed));
  await run.start([...options.corpus, ...target.seeds()]);
  while (!options.isOver(run.inputs, run.findings)) await run.batch();
  return run.result();
}

class GuidedRun {
  readonly #target: FuzzTarget;
  readonly #coverage: CoverageSource;
  readonly #choices: Choices;
  readonly #seen = new SeenBlocks();
  readonly #pool: Buffer[] = [];
  readonly #tallies = new Map<string, Tally>();
  readonly #findings = new Map<string, Finding>();
  #batchSize = 8;
  inputs = 0;

  get findings(): number {
    return this.#findings.size;
  }

  constructor(target: FuzzTarget, coverage: CoverageSource, choices: Choices) {
    this.#target = target;
    this.#coverage = coverage;
    this.#choices = choices;
  }

  async start(inputs: readonly Buffer[]): Promise<void> {
    for (const input of inputs) {
      await this.#run({ source: INITIAL, input });
      await this.#keepIfNew({ source: INITIAL, input }, this.#coverage.take());
    }
  }

  async batch(): Promise<void> {
    const candidates: Candidate[] = [];
    const began = performance.now();
    while (candidates.length < this.#batchSize) {
      const candidate = this.#next();
      await this.#run(candidate);
      candidates.push(candidate);
    }
    const ran = performance.now();
    const covered = this.#coverage.take();
    const isNew = this.#seen.add(covered, false) > 0;
    const took = performance.now() - ran;
    if (isNew) await this.#attribute(candidates);
    // Marks all code of the batch as seen. This includes code that runs between inputs, for example the cleanup of an
    // idle cache.
    this.#seen.add(covered);
    const wanted = (this.#batchSize * BATCH_FACTOR * took) / Math.max(0.1, ran - began);
    this.#batchSize = Math.max(1, Math.min(MAX_BATCH, Math.round((this.#batchSize + wanted) / 2)));
  }

  result(): GuidedResult {
    return {
      tallies: this.#tallies,
      findings: [...this.#findings.values()],
      pool: this.#pool,
      covered: this.#seen.count,
    };
  }

  #next(): Candidate {
    const { generators, isMutable, dictionary } = this.#target;
    const mutates = isMutable && this.#pool.length > 0 && (generators.length === 0 || this.#choices.below(4) > 0);
    if (mutates) {
      const input = mutate(this.#parent(), this.#choices, { corpus: this.#pool, dictionary });
      return { source: MUTATED, input };
    }
    if (generators.length === 0) return { source: MUTATED, input: Buffer.from(String(this.#choices.below(1 << 30))) };
    const generator = pick(this.#choices, generators);
    return { source: generator.name, input: generator.make(this.#choices) };
  }

  /** Chooses an input of the pool. Prefers the latest inputs, because few mutations of them have run. */
  #parent(): Buffer {
    const latest = Math.min(this.#pool.length, 32);
    const index =
      this.#choices.below(2) === 0
        ? this.#pool.length - 1 - this.#choices.below(latest)
        : this.#choices.below(this.#pool.length);
    return this.#pool[index] ?? Buffer.alloc(0);
  }

  async #attribute(candidates: readonly Candidate[]): Promise<void> {
    for (const candidate of candidates) {
      await problemWith(this.#target, candidate.input);
      await this.#keepIfNew(candidate, this.#coverage.take());
    }
  }

  async #keepIfNew({ source, input }: Candidate, covered: CoveredCharacters): Promise<void> {
    if (this.#seen.add(covered) === 0) return;
    if (input.length > MAX_INPUT_BYTES && this.#target.isMutable && source !== INITIAL) return;
    this.#pool.push(input);
    this.#tally(source).kept += 1;
  }

  async #run({ source, input }: Candidate): Promise<void> {
    const tally = this.#tally(source);
    const began = performance.now();
    const problem = await problemWith(this.#target, input);
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - began);
    tally.inputs += 1;
    this.inputs += 1;
    if (problem === undefined) return;
    tally.problems += 1;
    const kind = kindOf(problem);
    if (this.#findings.has(kind) || this.#findings.size === MAX_FINDINGS) return;
    const isSame = async (candidate: Buffer) => kindOf((await problemWith(this.#target, candidate)) ?? '') === kind;
    this.#findings.set(kind, { source, input, problem });
    const shorter = await shrink(input, isSame, this.#target.isMutable ? MAX_SHRINK_TRIES : 0);
    this.#findings.set(kind, {
      source,
      input: shorter,
      problem: (await problemWith(this.#target, shorter)) ?? problem,
    });
  }

  #tally(source: string): Tally {
    const known = this.#tallies.get(source) ?? { inputs: 0, kept: 0, problems: 0, slowestMs: 0 };
    this.#tallies.set(source, known);
    return known;
  }
}

/** The first two lines of a problem, with `#` in place of quoted strings and numbers. */
const kindOf = (problem: string): string =>
  problem
    .replace(/"[^"]*"|'[^']*'|\d+/g, '#')
    .split('\n')
    .slice(0, 2)
    .join('\n')
    .slice(0, 300);

const MAX_TRIM_TRIES = 60;
/** The time after which `minimize` no longer trims inputs, in milliseconds. */
const MAX_TRIM_MS = 60_000;

/**
 * Chooses a few inputs of a pool that together run the same blocks as the whole pool. Considers inputs with many blocks
 * first, so that few inputs are enough. Trims each chosen input to the parts that are necessary for its new blocks.
 */
export async function minimize(
  target: FuzzTarget,
  coverage: CoverageSource,
  pool: readonly Buffer[],
): Promise<Buffer[]> {
  const coverageOf = async (input: Buffer): Promise<CoveredCharacters> => {
    coverage.take();
    await problemWith(target, input);
    return coverage.take();
  };
  const sized: { readonly input: Buffer; readonly blocks: number }[] = [];
  for (const input of pool) sized.push({ input, blocks: new SeenBlocks().add(await coverageOf(input), false) });
  sized.sort((a, b) => b.blocks - a.blocks || a.input.length - b.input.length);
  const seen = new SeenBlocks();
  const kept: Buffer[] = [];
  const end = performance.now() + MAX_TRIM_MS;
  for (const { input } of sized) {
    const added = seen.add(await coverageOf(input), false);
    if (added === 0) continue;
    const isEnough = async (candidate: Buffer) =>
      performance.now() < end && seen.add(await coverageOf(candidate), false) >= added;
    const trimmed = target.isMutable ? await shrink(input, isEnough, MAX_TRIM_TRIES) : input;
    seen.add(await coverageOf(trimmed));
    kept.push(trimmed);
  }
  return kept;
}
