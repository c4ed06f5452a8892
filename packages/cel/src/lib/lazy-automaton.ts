import type { RE2JS } from 're2js';

/** An instruction of a compiled program of `re2js`. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: readonly number[];
  matchRune(rune: number): boolean;
}

/** A compiled program of `re2js`. */
interface Program {
  readonly start: number;
  numInst(): number;
  getInst(index: number): Instruction;
}

/** The numbers of the instructions. Those from `FIRST_RUNE_OP` to `LAST_RUNE_OP` match one character. */
const OP = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, match: 6, nop: 7 } as const;
const [FIRST_RUNE_OP, LAST_RUNE_OP] = [8, 11];

/** The bits of the argument of `emptyWidth`. */
const EMPTY = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, boundary: 16, noBoundary: 32 } as const;

/** The kinds of characters that anchors and boundaries distinguish. */
type Kind = 'edge' | 'newline' | 'word' | 'other';

/** The set of characters that the same instructions match. The end of the text has a class of its own. */
interface RuneClass {
  readonly index: number;
  readonly kind: Kind;
  /** The matchers (see `#matcherOf`) that match these characters. */
  readonly matchers: ReadonlySet<number>;
}

/** The instructions at which the search continues, and the kind of the character before. */
interface State {
  readonly kernel: readonly number[];
  readonly before: Kind;
  /** The next state by the index of a class; `null` when the expression matches. */
  readonly next: (State | null | undefined)[];
}

/** Counts the work of several searches. */
export interface SearchMeter {
  /** The number of visits of instructions so far. Most characters of a text need none, because their state is known. */
  visits: number;
}

/** The maximum number of visits of instructions in all searches of a meter. They take about half a second. */
const MAX_VISITS = 3_000_000;
/** The maximum number of instructions in all kept states. */
const MAX_KEPT = 100_000;
/** The maximum number of characters outside of Latin-1 whose classes are kept. */
const MAX_RUNES = 100_000;
const LATIN_SIZE = 256;

/**
 * Searches texts for a match of a regular expression. The states of a deterministic automaton are made when a text needs
 * them, and all later characters of the same class use them. The time is therefore linear in the length of a text, and
 * for most expressions it does not depend on the number of their instructions.
 */
export class LazyAutomaton {
  readonly #program: Program;
  /** For each instruction that matches a character, the number of its set of characters. Other entries are -1. */
  readonly #matcherOf: Int32Array;
  /** One instruction for each distinct set of characters. */
  readonly #matchers: Instruction[] = [];
  readonly #latin: (RuneClass | undefined)[] = Array.from({ length: LATIN_SIZE }, () => undefined);
  readonly #others = new Map<number, RuneClass>();
  readonly #classes = new Map<string, RuneClass>();
  readonly #end: RuneClass = { index: 0, kind: 'edge', matchers: new Set() };
  readonly #states = new Map<string, State>();
  /** The number of the last step that visited an instruction. */
  readonly #visited: Int32Array;
  #step = 0;
  #kept = 0;
  #meter: SearchMeter = { visits: 0 };

  constructor(compiled: RE2JS) {
    this.#program = compiled.re2().prog as Program;
    const size = this.#program.numInst();
    this.#visited = new Int32Array(size);
    this.#matcherOf = new Int32Array(size).fill(-1);
    const byRunes = new Map<readonly number[], Map<number, number>>();
    const byText = new Map<string, number>();
    for (let index = 0; index < size; index += 1) {
      const instruction = this.#program.getInst(index);
      const { op, arg, runes } = instruction;
      if (op < FIRST_RUNE_OP || op > LAST_RUNE_OP) continue;
      let byArgument = byRunes.get(runes);
      if (byArgument === undefined) byRunes.set(runes, (byArgument = new Map()));
      let matcher = byArgument.get(arg);
      if (matcher === undefined) {
        const text = `${arg} ${runes.join()}`;
        matcher = byText.get(text) ?? this.#matchers.push(instruction) - 1;
        byText.set(text, matcher);
        byArgument.set(arg, matcher);
      }
      this.#matcherOf[index] = matcher;
    }
  }

  /**
   * Does the expression match anywhere in the text? Counts the work in `meter` (default: a new one). The result is
   * `undefined` when the search takes too much work.
   */
  test(text: string, meter: SearchMeter = { visits: 0 }): boolean | undefined {
    this.#meter = meter;
    let state = this.#stateOf([this.#program.start], 'edge');
    for (let at = 0; at <= text.length;) {
      const rune = text.codePointAt(at);
      const runeClass = rune === undefined ? this.#end : this.#classOf(rune);
      let next = state.next[runeClass.index];
      if (next === undefined) {
        if (meter.visits > MAX_VISITS) return undefined;
        next = this.#advance(state, runeClass);
        state.next[runeClass.index] = next;
      }
      if (next === null) return true;
      state = next;
      at += rune !== undefined && rune > 0xffff ? 2 : 1;
    }
    return false;
  }

  #classOf(rune: number): RuneClass {
    const known = rune < LATIN_SIZE ? this.#latin[rune] : this.#others.get(rune);
    if (known !== undefined) return known;
    const matchers = this.#matchers.flatMap((instruction, matcher) => (instruction.matchRune(rune) ? [matcher] : []));
    this.#meter.visits += this.#matchers.length;
    const kind = kindOf(rune);
    const key = `${kind} ${matchers.join()}`;
    let found = this.#classes.get(key);
    if (found === undefined)
      this.#classes.set(key, (found = { index: this.#classes.size + 1, kind, matchers: new Set(matchers) }));
    if (this.#others.size >= MAX_RUNES) this.#others.clear();
    if (rune < LATIN_SIZE) this.#latin[rune] = found;
    else this.#others.set(rune, found);
    return found;
  }

  #stateOf(kernel: readonly number[], before: Kind): State {
    const key = `${before} ${kernel.join()}`;
    let state = this.#states.get(key);
    if (state !== undefined) return state;
    if (this.#kept > MAX_KEPT) {
      for (const { next } of this.#states.values()) next.length = 0;
      this.#states.clear();
      this.#kept = 0;
    }
    this.#kept += kernel.length + 1;
    this.#states.set(key, (state = { kernel, before, next: [] }));
    return state;
  }

  /** The state after a character, or after the end of the text; `null` when the expression matches before it. */
  #advance({ kernel, before }: State, { kind, matchers }: RuneClass): State | null {
    this.#step += 1;
    const empty = emptyBits(before, kind);
    // A match may begin at each character.
    const next = new Set([this.#program.start]);
    const open = [...kernel];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#visited[index] === this.#step) continue;
      this.#visited[index] = this.#step;
      this.#meter.visits += 1;
      const { op, out, arg } = this.#program.getInst(index);
      if (op === OP.match) return null;
      if (op === OP.alt || op === OP.altMatch) open.push(out, arg);
      else if (op === OP.capture || op === OP.nop || (op === OP.emptyWidth && (arg & ~empty) === 0)) open.push(out);
      else if (matchers.has(this.#matcherOf[index] ?? -1)) next.add(out);
    }
    this.#meter.visits += next.size;
    return this.#stateOf(
      [...next].sort((a, b) => a - b),
      kind,
    );
  }
}

function kindOf(rune: number): Kind {
  if (rune === 0x0a) return 'newline';
  return rune < 0x80 && /\w/.test(String.fromCharCode(rune)) ? 'word' : 'other';
}

/** The conditions that hold between two characters. */
function emptyBits(before: Kind, after: Kind): number {
  let bits = (before === 'word') === (after === 'word') ? EMPTY.noBoundary : EMPTY.boundary;
  if (before === 'edge') bits |= EMPTY.beginText;
  if (before === 'edge' || before === 'newline') bits |= EMPTY.beginLine;
  if (after === 'edge') bits |= EMPTY.endText;
  if (after === 'edge' || after === 'newline') bits |= EMPTY.endLine;
  return bits;
}
