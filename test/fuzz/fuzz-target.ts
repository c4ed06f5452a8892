import type { Choices } from '../support/choices.ts';

/** A part of the system that reads input which it does not trust. */
export interface FuzzTarget {
  /** The name of the target on the command line. The folder with its corpus has the same name. */
  readonly name: string;
  /** Words of the input's language. The mutator inserts them. */
  readonly dictionary: readonly string[];
  /** Inputs to start from, in addition to the corpus. */
  readonly seeds: () => readonly Buffer[];
  /** Sources of new inputs. The command prints a row for each. */
  readonly generators: readonly FuzzGenerator[];
  /** Do the mutator and the shrinker change inputs? False for compositions: a changed program may never end. */
  readonly isMutable: boolean;
  /** Does the target keep state between inputs? Then two runs of one input may have different outcomes. */
  readonly isStateful?: boolean;
  /** The maximum processor time for one input. Default: `MAX_INPUT_MS`. */
  readonly maxMs?: number;
  /**
   * Runs one input. Returns a text for the outcome, which is equal for equal inputs. Throws when the system fails with
   * an error that it does not document, or when a property of the target does not hold.
   */
  readonly run: (input: Buffer) => string | Promise<string>;
}

/** A source of new inputs. */
export interface FuzzGenerator {
  readonly name: string;
  readonly make: (choices: Choices) => Buffer;
}

/** A property of a target that an input violates. */
export class FuzzFinding extends Error {}

/** The maximum processor time for one input, in milliseconds. A busy machine does not change it much. */
const MAX_INPUT_MS = 2000;

/** Objects that every program shares. An input that changes one of them could change the meaning of other code. */
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

/** The maximum time for an input that waits for something that does not happen, in milliseconds. */
const MAX_PENDING_MS = 120_000;

/**
 * The problem that an input reveals: an exception that the target does not expect, too much time, a changed prototype,
 * or two runs with different outcomes. `undefined` when there is none.
 */
export async function problemWith(target: FuzzTarget, input: Buffer): Promise<string | undefined> {
  const first = await outcomeOf(target, input);
  if (first.problem !== undefined) return first.problem;
  const maxMs = target.maxMs ?? MAX_INPUT_MS;
  // The first run may have compiled the code, or collected the garbage of earlier inputs.
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
