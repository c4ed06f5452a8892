import { type Element, type Rule, GRAMMAR } from './grammar.ts';
import { T } from './lexer.ts';

/** If a token set has this member, the rule can end here. The next token then depends on the caller. */
export const EPSILON = -2;

export type TokenSet = ReadonlySet<number>;

/** An edge from one state to another. */
export type Edge =
  | { readonly kind: 'empty'; readonly to: State }
  | { readonly kind: 'match'; readonly types: TokenSet; readonly to: State }
  | { readonly kind: 'call'; readonly rule: string; readonly to: State };

/**
 * A state of the grammar's automaton. The error recovery looks ahead in states with the roles `loopBack` and `block`.
 */
export interface State {
  readonly id: number;
  readonly rule: string;
  readonly role: 'block' | 'loopBack' | 'other' | 'stop';
  readonly edges: Edge[];
}

/** The states of one grammar element. The recovering parser walks the grammar and looks them up. */
export interface ElementStates {
  /**
   * The first state of the element. For a choice, an optional element or a loop, this is the state in which the parser
   * decides.
   */
  readonly entry: State;
  /** The state after one iteration of a loop. */
  readonly back?: State;
}

/** The states of the loop of a left-recursive rule. */
export interface LoopStates {
  readonly entry: State;
  readonly choice: State;
  readonly back: State;
}

/** A stack of return states. Stacks share their tails, and equal stacks are one object. */
export interface Stack {
  readonly id: number;
  readonly state: State;
  readonly parent: Stack | undefined;
}

/**
 * The grammar as an automaton. For each state, the automaton computes the possible next tokens in the rule and in its
 * callers.
 */
export class Automaton {
  readonly starts = new Map<string, State>();
  readonly stops = new Map<string, State>();
  readonly elements = new Map<Element, ElementStates>();
  readonly loops = new Map<string, LoopStates>();
  /** For each rule, the states after its calls. */
  readonly follows = new Map<string, State[]>();
  #count = 0;
  readonly #stacks = new Map<string, Stack>();
  readonly #next = new Map<State, TokenSet>();

  constructor(grammar: Readonly<Record<string, Rule>>) {
    for (const name of Object.keys(grammar)) {
      this.starts.set(name, this.#state(name));
      this.stops.set(name, this.#state(name, 'stop'));
      this.follows.set(name, []);
    }
    for (const [name, rule] of Object.entries(grammar)) this.#rule(name, rule);
  }

  #state(rule: string, role: State['role'] = 'other'): State {
    return { id: this.#count++, rule, role, edges: [] };
  }

  #rule(name: string, rule: Rule): void {
    const stop = this.stops.get(name) as State;
    let end = this.#sequence(name, this.starts.get(name) as State, rule.body);
    if (rule.continuations !== undefined) {
      const entry = this.#state(name, 'block');
      const choice = this.#state(name, 'block');
      const back = this.#state(name, 'loopBack');
      end.edges.push({ kind: 'empty', to: entry });
      entry.edges.push({ kind: 'empty', to: choice }, { kind: 'empty', to: stop });
      for (const continuation of rule.continuations) {
        const first = this.#state(name);
        choice.edges.push({ kind: 'empty', to: first });
        this.#sequenceTo(name, first, continuation.body, back);
      }
      back.edges.push({ kind: 'empty', to: entry });
      this.loops.set(name, { entry, choice, back });
      return;
    }
    end.edges.push({ kind: 'empty', to: stop });
    end = stop;
  }

  #sequence(rule: string, from: State, body: readonly Element[]): State {
    let current = from;
    for (const element of body) current = this.#element(rule, current, element);
    return current;
  }

  /**
   * Adds a sequence that ends in the state `to`. The edge of the last token or call leads to `to` directly, without a
   * state in between. Alternatives with equal ends therefore reach the same state, so the predictor finds the same
   * ambiguities as ANTLR.
   */
  #sequenceTo(rule: string, from: State, body: readonly Element[], to: State): void {
    const last = body.at(-1);
    const before = this.#sequence(rule, from, body.slice(0, -1));
    if (last?.kind === 'match' || last?.kind === 'rule') this.#element(rule, before, last, to);
    else this.#sequence(rule, before, last === undefined ? [] : [last]).edges.push({ kind: 'empty', to });
  }

  /** Adds an element between the states `from` and `after`, by default a new state. Returns `after`. */
  #element(rule: string, from: State, element: Element, after = this.#state(rule)): State {
    const entry = this.#state(rule, element.kind === 'match' || element.kind === 'rule' ? 'other' : 'block');
    from.edges.push({ kind: 'empty', to: entry });
    switch (element.kind) {
      case 'match':
        entry.edges.push({ kind: 'match', types: new Set(element.types), to: after });
        this.elements.set(element, { entry });
        break;
      case 'rule':
        entry.edges.push({ kind: 'call', rule: element.rule, to: after });
        (this.follows.get(element.rule) as State[]).push(after);
        this.elements.set(element, { entry });
        break;
      case 'optional':
        this.#branch(rule, entry, element.body, after);
        entry.edges.push({ kind: 'empty', to: after });
        this.elements.set(element, { entry });
        break;
      case 'star': {
        const back = this.#state(rule, 'loopBack');
        this.#branch(rule, entry, element.body, back);
        entry.edges.push({ kind: 'empty', to: after });
        back.edges.push({ kind: 'empty', to: entry });
        this.elements.set(element, { entry, back });
        break;
      }
      case 'plus': {
        const back = this.#state(rule, 'loopBack');
        this.#branch(rule, entry, element.body, back);
        back.edges.push({ kind: 'empty', to: entry }, { kind: 'empty', to: after });
        this.elements.set(element, { entry, back });
        break;
      }
      case 'choice':
        for (const { body } of element.alternatives) this.#branch(rule, entry, body, after);
        this.elements.set(element, { entry });
        break;
    }
    return after;
  }

  #branch(rule: string, from: State, body: readonly Element[], to: State): void {
    const first = this.#state(rule);
    from.edges.push({ kind: 'empty', to: first });
    this.#sequenceTo(rule, first, body, to);
  }

  push(parent: Stack | undefined, state: State): Stack {
    const key = `${parent?.id ?? -1}:${state.id}`;
    let stack = this.#stacks.get(key);
    if (stack === undefined) {
      stack = { id: this.#stacks.size, state, parent };
      this.#stacks.set(key, stack);
    }
    return stack;
  }

  /** Drops the stacks. They are needed only while one expression is parsed. */
  reset(): void {
    this.#stacks.clear();
  }

  /** Returns the tokens that may come next within the rule. The set contains EPSILON if the rule can end here. */
  next(state: State): TokenSet {
    let found = this.#next.get(state);
    if (found === undefined) {
      found = this.#tokensAfter(state, undefined, EPSILON);
      this.#next.set(state, found);
    }
    return found;
  }

  /** Returns the tokens that may come next for this stack of callers. The set contains EOF if all callers can end. */
  nextWithin(state: State, callers: Stack | undefined): TokenSet {
    return this.#tokensAfter(state, callers, T.EOF);
  }

  #tokensAfter(state: State, callers: Stack | undefined, atEnd: number): TokenSet {
    const found = new Set<number>();
    const seen = new Set<string>();
    const work: [State, Stack | undefined][] = [[state, callers]];
    for (let item = work.pop(); item !== undefined; item = work.pop()) {
      const [current, stack] = item;
      const key = `${current.id}:${stack?.id ?? -1}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (current.role === 'stop') {
        if (stack === undefined) found.add(atEnd);
        else work.push([stack.state, stack.parent]);
        continue;
      }
      for (const edge of current.edges) {
        if (edge.kind === 'empty') work.push([edge.to, stack]);
        else if (edge.kind === 'match') for (const type of edge.types) found.add(type);
        else work.push([this.starts.get(edge.rule) as State, this.push(stack, edge.to)]);
      }
    }
    return found;
  }
}

let shared: Automaton | undefined;

/** The automaton of CEL's grammar, built at the first syntax error. */
export function celAutomaton(): Automaton {
  shared ??= new Automaton(GRAMMAR);
  return shared;
}
