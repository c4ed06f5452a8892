import { compare } from '../../property/compose/differential.ts';
import { makeProgram } from '../../property/compose/program.ts';
import type { Choices } from '../../support/choices.ts';
import { conditionalProblem, conditionalSourceOf, fuzzedSource, problemOf } from '../../support/compose-fuzz.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

/** The oracles of generated programs. The first line of an input names one of them. */
const ORACLES: Readonly<Record<string, (source: string) => string | undefined>> = {
  programs(source) {
    const verdict = compare(source);
    return verdict.kind === 'differs' ? verdict.text : undefined;
  },
  'conditional resources': conditionalProblem,
  sources: problemOf,
};

const seedFrom = (choices: Choices): number => 1 + choices.below(2 ** 31);

const generator = (name: string, source: (seed: number) => string) => ({
  name,
  make: (choices: Choices) => Buffer.from(`// ${name}\n${source(seedFrom(choices))}`),
});

/** Runs each composition as JavaScript and as a compiled graph. Both runs must produce the same resources. */
export const target: FuzzTarget = {
  name: 'compose',
  dictionary: [],
  seeds: () => [],
  generators: [
    generator('programs', (seed) => makeProgram(seed).source),
    generator('conditional resources', conditionalSourceOf),
    generator('sources', fuzzedSource),
  ],
  // A changed program may do anything, and it may never end. The generator `sources` makes only safe changes.
  isMutable: false,
  maxMs: 10_000,
  run(input) {
    const [, name = '', source = ''] = /^\/\/ ([^\n]*)\n([\s\S]*)$/.exec(input.toString('utf8')) ?? [];
    const oracle = Object.hasOwn(ORACLES, name) ? ORACLES[name] : undefined;
    const problem = oracle?.(source);
    if (problem !== undefined) throw new FuzzFinding(problem);
    return oracle === undefined ? 'no oracle' : 'equal';
  },
};
