import type { Choices } from '../support/choices.ts';

/** A part of the system that reads untrusted input. */
export interface FuzzTarget {
  /** The name of the target on the command line. The folder with its corpus has the same name. */
  readonly name: string;
  /** Words of the input's language. The mutator inserts them. */
  readonly dictionary: readonly string[];
  /** Inputs to start from, in addition to the corpus. */
  readonly seeds: () => readonly Buffer[];
  /** Sources of new inputs. The command prints one row per source. */
  readonly generators: readonly FuzzGenerator[];
  /** Do the mutator and the shrinker change inputs? False for compositions, because a changed program may never end. */
  readonly isMutable: boolean;
  /**
   * Does the target keep state between inputs? If so, two runs of one input may have different outcomes. Default:
   * false.
   */
  readonly isStateful?: boolean;
  /** The maximum processor time for one input, in milliseconds. Default: `MAX_INPUT_MS`. */
  readonly maxMs?: number;
  /**
   * Runs one input. Returns a string for the outcome. Equal inputs have equal strings, unless `isStateful` is set.
   * Throws when the system fails with an undocumented error, or when the input violates a property of the target.
   */
  readonly run: (input: Buffer) => string | Promise<string>;
}

/** A source of new inputs. */
export interface FuzzGenerator {
  readonly name: string;
  readonly make: (choices: Choices) => Buffer;
}

/** The error for an input that violates a property of the target. */
export class FuzzFinding extends Error {}

/**
 * The maximum processor time for one input, in milliseconds. Processor time depends little on the load of the machine.
 */
const MAX_INPUT_MS = 2000;

/**
 * Objects that all code of a program shares. An input that changes such an object could change the behaviour of other
 * code.
 */
const SHARED: readonly object[] = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
];

const memberCount = (): number => SHARED.reduce((count, object) => count + Reflect.ownKeys(object).length, 0);

/** The maximum time for which the promise of an input may be pending, in milliseconds. */
const MAX_PENDING_MS = 120_000;

/**
 * The problem that an input reveals. A problem is an unexpected exception, a run that takes too long, a changed
 * prototype, or two runs with different outcomes. Undefined when there is no problem.
 */
export async function problemWith(target: FuzzTarget, input: Buffer): Promise<string | undefined> {
  const first = await outcomeOf(target, input);
  if (first.problem !== undefined) return first.problem;
  const maxMs = target.maxMs ?? MAX_INPUT_MS;
  // If the first run was slow, the second run decides. The first run may include the compilation of the code or a
  // garbage collection for earlier inputs.
  const needsSecondRun = target.isStateful !== true || first.milliseconds > maxMs;
  if (!needsSecondRun) return undefined;
  const second = await outcomeOf(target, input);
  if (second.problem !== undefined) return second.problem;
  if (first.milliseconds > maxMs && second.milliseconds > maxMs) return `took ${second.milliseconds.toFixed(0)} ms`;
  if (target.isStateful === true || first.outcome === second.outcome) return undefined;
  return `two runs differ: ${shorten(first.outcome)} and ${shorten(second.outcome)}`;
}

interface Outcome {
  readonly outcome?: string;
  readonly problem?: string;
  readonly milliseconds: number;
}

async function outcomeOf(target: FuzzTarget, input: Buffer): Promise<Outcome> {
  const members = memberCount();
  const began = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
  try {
    const outcome = await settled(target.run(Buffer.from(input)));
    const problem = memberCount() === members ? {} : { problem: 'a prototype of the language was changed' };
    return { outcome, milliseconds: used(), ...problem };
  } catch (thrown) {
    const problem = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { problem, milliseconds: used() };
  }
}

/** The value of a promise. Rejects when the promise does not settle in time. */
async function settled(outcome: string | Promise<string>): Promise<string> {
  if (typeof outcome === 'string') return outcome;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FuzzFinding(`no outcome after ${MAX_PENDING_MS} ms`)), MAX_PENDING_MS);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

const MAX_PRINTED_LENGTH = 200;

const shorten = (text = ''): string =>
  text.length > MAX_PRINTED_LENGTH ? `${text.slice(0, MAX_PRINTED_LENGTH)}…` : text;
