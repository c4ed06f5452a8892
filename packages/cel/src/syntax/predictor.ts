import type { Automaton, Stack, State } from './automaton.ts';
import { type Token, T } from './lexer.ts';

/**
 * A state that one alternative may have reached after the tokens read so far. `outer`: is the state outside of the rule
 * for which an alternative is chosen?
 */
interface Config {
  readonly state: State;
  readonly alternative: number;
  readonly stack: Stack | undefined;
  readonly outer: boolean;
}

/** The alternative that matches the next tokens, or the token at which all alternatives failed. */
export type Prediction = { readonly alternative: number } | { readonly failedAt: Token };

/** The maximum number of configurations. When there are more, the predictor chooses the first remaining alternative. */
const MAX_WORK = 20_000;

/**
 * Chooses an alternative as ANTLR's generated parser does. The first attempt ignores the callers of the rule. If the
 * result is ambiguous, the second attempt uses `callers`, the stack of return states.
 */
export class Predictor {
  readonly #automaton: Automaton;
  readonly #tokens: readonly Token[];
  #full = false;
  #work = 0;
  /** The configurations at the beginning of each decision, for the attempt without callers. */
  readonly #starts = new Map<State, Config[]>();
  /**
   * Decisions that the next token alone determines: maps each decision to its alternatives, keyed by the type of the
   * next token.
   */
  readonly #decided = new Map<State, Map<number, number>>();

  constructor(automaton: Automaton, tokens: readonly Token[]) {
    this.#automaton = automaton;
    this.#tokens = tokens;
  }

  run(decision: State, callers: Stack | undefined, index: number): Prediction {
    const { type } = this.#tokens[Math.min(index, this.#tokens.length - 1)] as Token;
    const decided = this.#decided.get(decision)?.get(type);
    if (decided !== undefined) return { alternative: decided };
    this.#full = false;
    this.#work = 0;
    const local = this.#search(decision, undefined, index);
    if (local !== undefined) return local;
    this.#full = true;
    return this.#search(decision, callers, index) ?? { alternative: 1 };
  }

  #start(decision: State, callers: Stack | undefined): Config[] {
    const known = this.#full ? undefined : this.#starts.get(decision);
    if (known !== undefined) return known;
    const start = this.#closure(
      decision.edges.map((edge, at) => ({ state: edge.to, alternative: at + 1, stack: callers, outer: false })),
    );
    if (!this.#full) this.#starts.set(decision, start);
    return start;
  }

  #remember(decision: State, type: number, alternative: number): void {
    const known = this.#decided.get(decision) ?? new Map<number, number>();
    this.#decided.set(decision, known.set(type, alternative));
  }

  /** Returns undefined when the callers are necessary to choose an alternative. */
  #search(decision: State, callers: Stack | undefined, from: number): Prediction | undefined {
    let configs = this.#start(decision, callers);
    for (let index = from; ; index++) {
      const token = this.#tokens[Math.min(index, this.#tokens.length - 1)] as Token;
      const reached = this.#reach(configs, token.type);
      if (reached.length === 0) {
        const finished = configs
          .filter((config) => config.outer || (config.state.role === 'stop' && config.stack === undefined))
          .map((config) => config.alternative);
        return finished.length > 0 ? { alternative: Math.min(...finished) } : { failedAt: token };
      }
      const alternatives = new Set(reached.map((config) => config.alternative));
      if (alternatives.size === 1) {
        const { alternative } = reached[0] as Config;
        if (!this.#full && index === from) this.#remember(decision, token.type, alternative);
        return { alternative };
      }
      const resolved = this.#full ? singleViable(reached, false) : conflicts(reached) ? 0 : undefined;
      if (resolved === 0) return undefined;
      if (resolved !== undefined) return { alternative: resolved };
      if (this.#work > MAX_WORK || token.type === T.EOF) return { alternative: Math.min(...alternatives) };
      configs = reached;
    }
  }

  #reach(configs: readonly Config[], type: number): Config[] {
    const moved: Config[] = [];
    const stopped: Config[] = [];
    for (const config of configs) {
      if (config.state.role === 'stop' && (this.#full || type === T.EOF)) stopped.push(config);
      for (const edge of config.state.edges) {
        if (edge.kind === 'match' && edge.types.has(type)) moved.push({ ...config, state: edge.to });
      }
    }
    const closed = this.#closure(moved);
    const reached = type === T.EOF ? closed.filter((config) => config.state.role === 'stop') : closed;
    if (!this.#full || !reached.some((config) => config.state.role === 'stop')) reached.push(...stopped);
    return reached;
  }

  /**
   * Returns all configurations that are reachable without consuming a token. Each of them needs a token to continue, or
   * has reached the end of all rules.
   */
  #closure(initial: readonly Config[]): Config[] {
    const found: Config[] = [];
    const seen = new Set<string>();
    const work = [...initial].reverse();
    for (let config = work.pop(); config !== undefined; config = work.pop()) {
      const { state, alternative, stack, outer } = config;
      const key = `${state.id}:${alternative}:${stack?.id ?? -1}:${outer}`;
      if (seen.has(key)) continue;
      seen.add(key);
      this.#work++;
      if (state.role === 'stop') {
        if (stack !== undefined) work.push({ state: stack.state, alternative, stack: stack.parent, outer });
        else {
          const follows = this.#full ? [] : (this.#automaton.follows.get(state.rule) as State[]);
          if (follows.length === 0) found.push(config);
          for (const follow of follows) work.push({ state: follow, alternative, stack: undefined, outer: true });
        }
        continue;
      }
      let needsToken = false;
      for (const edge of state.edges) {
        if (edge.kind === 'match') needsToken = true;
        else if (edge.kind === 'empty') work.push({ state: edge.to, alternative, stack, outer });
        else {
          const start = this.#automaton.starts.get(edge.rule) as State;
          work.push({ state: start, alternative, stack: this.#automaton.push(stack, edge.to), outer });
        }
      }
      if (needsToken) found.push(config);
    }
    return found;
  }
}

/**
 * Groups the alternatives that have the same state and the same set of stacks. With `wildcard`, all sets that contain
 * the empty stack count as the same set.
 */
function groups(configs: readonly Config[], wildcard: boolean): { state: number; alternatives: Set<number> }[] {
  const stacks = new Map<string, Set<number>>();
  for (const { state, alternative, stack } of configs) {
    const key = `${state.id}:${alternative}`;
    const set = stacks.get(key) ?? new Set();
    set.add(stack?.id ?? -1);
    stacks.set(key, set);
  }
  const grouped = new Map<string, { state: number; alternatives: Set<number> }>();
  for (const [key, set] of stacks) {
    const [state, alternative] = key.split(':').map(Number) as [number, number];
    const ids = wildcard && set.has(-1) ? '*' : [...set].sort((a, b) => a - b).join(',');
    const group = grouped.get(`${state}/${ids}`) ?? { state, alternatives: new Set() };
    group.alternatives.add(alternative);
    grouped.set(`${state}/${ids}`, group);
  }
  return [...grouped.values()];
}

/**
 * Is the decision ambiguous? True in two cases: all configurations are at the end of a rule; or every state belongs to
 * several alternatives, and at least one state belongs to several alternatives with the same stacks.
 */
function conflicts(configs: readonly Config[]): boolean {
  if (configs.every((config) => config.state.role === 'stop')) return true;
  if (!groups(configs, true).some((group) => group.alternatives.size > 1)) return false;
  const perState = new Map<number, Set<number>>();
  for (const { state, alternative } of configs) {
    perState.set(state.id, (perState.get(state.id) ?? new Set()).add(alternative));
  }
  return [...perState.values()].every((alternatives) => alternatives.size > 1);
}

/** Returns the lowest alternative of the groups if all groups have the same one, or else undefined. */
function singleViable(configs: readonly Config[], wildcard: boolean): number | undefined {
  const minima = new Set(groups(configs, wildcard).map((group) => Math.min(...group.alternatives)));
  return minima.size === 1 ? [...minima][0] : undefined;
}
