import type { Automaton, ElementStates, LoopStates, Stack, State, TokenSet } from './automaton.ts';
import { EPSILON, celAutomaton } from './automaton.ts';
import { MAX_DEPTH } from './fast-parser.ts';
import { type Continuation, type Element, GRAMMAR } from './grammar.ts';
import { type LexicalError, type Token, T, TOKEN_NAMES } from './lexer.ts';
import { Predictor } from './predictor.ts';

/**
 * A node of the parse tree. `label` names the chosen alternative of the rule. `parts` has the parsed elements to which
 * the grammar gives a name, by these names.
 */
export interface ParseTreeNode {
  readonly rule: string;
  label: string | undefined;
  readonly start: Token;
  readonly parts: Map<string, (Token | ParseTreeNode)[]>;
}

const MAX_RECOVERIES = 30;
const MAX_SKIPPED = 256;
const MAX_SYNTAX_ERRORS = 100;

interface RuleCall {
  readonly name: string;
  readonly precedence: number;
}

/** The steps of a rule. The generator yields the rules that it calls, and receives their parse tree nodes. */
type Steps = Generator<RuleCall, void, ParseTreeNode | undefined>;

/** Thrown for a syntax error. The rule that recovers from the error catches it. */
class Mismatch {}
const MISMATCH = new Mismatch();

/**
 * Thrown to end the parse. `message` is reported without a position; it is `undefined` when the error has already been
 * reported.
 */
export class GiveUp {
  readonly message: string | undefined;
  constructor(message: string | undefined) {
    this.message = message;
  }
}

/** Throws a signal that another function of the parser catches. A signal is not an `Error`. */
function signal(value: unknown): never {
  // oxlint-disable-next-line typescript/only-throw-error -- control flow; the parser or `parse.ts` catches it
  throw value;
}

/**
 * Parses with the error recovery of ANTLR. The parser skips an unexpected token, assumes a missing token, or skips to a
 * token that may follow. The messages are therefore those of cel-go. The parser is slow. It is used only when the lexer
 * reports an error or the fast parser does not accept the source.
 */
export class RecoveringParser {
  readonly #automaton: Automaton = celAutomaton();
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #lexical: readonly LexicalError[];
  readonly #report: (offset: number, message: string) => void;
  readonly #predictor: Predictor;
  #index = 0;
  #state: State;
  /** The return states of the rules in progress. */
  #callers: Stack | undefined = undefined;
  #recovering = false;
  #lastErrorIndex = -1;
  #lastErrorStates = new Set<number>();
  #recoveries = 0;
  #reports = 0;
  readonly #depths = new Map<string, number>();

  constructor(
    text: string,
    tokens: readonly Token[],
    lexical: readonly LexicalError[],
    report: (offset: number, message: string) => void,
  ) {
    this.#text = text;
    this.#tokens = tokens;
    this.#lexical = lexical;
    this.#report = report;
    this.#state = this.#automaton.starts.get('start') as State;
    this.#automaton.reset();
    this.#predictor = new Predictor(this.#automaton, tokens);
  }

  /** @throws GiveUp when a limit is reached. */
  parse(): ParseTreeNode {
    for (const error of this.#lexical) {
      this.#syntaxError(error.start, `token recognition error at: '${this.#text.slice(error.start, error.end)}'`);
    }
    return this.#run('start');
  }

  #syntaxError(offset: number, message: string): void {
    if (this.#reports >= MAX_SYNTAX_ERRORS) {
      this.#report(offset, `Syntax error: More than ${MAX_SYNTAX_ERRORS} syntax errors`);
      signal(new GiveUp(undefined));
    }
    this.#reports++;
    const keyword = /^no viable alternative at input '.(true|false|null)'$/su.exec(message)?.[1];
    const text = keyword === undefined ? message : `mismatched input '${keyword}' expecting IDENTIFIER`;
    this.#report(offset, `Syntax error: ${text}`);
  }

  // Input

  #token(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] as Token;
  }

  #consume(): Token {
    const token = this.#token();
    if (token.type !== T.EOF) this.#index++;
    return token;
  }

  // Rules. Each rule is a generator, and yields the rules that it calls. Deep nesting therefore does not use the call
  // stack.

  #run(name: string): ParseTreeNode {
    const stack: Generator<RuleCall, ParseTreeNode, ParseTreeNode | undefined>[] = [
      this.#rule({ name, precedence: 0 }),
    ];
    let returned: ParseTreeNode | undefined;
    for (;;) {
      const result = (stack.at(-1) as (typeof stack)[number]).next(returned);
      if (result.done !== true) {
        stack.push(this.#rule(result.value));
        returned = undefined;
        continue;
      }
      stack.pop();
      returned = result.value;
      if (stack.length === 0) return returned;
    }
  }

  *#rule({ name, precedence }: RuleCall): Generator<RuleCall, ParseTreeNode, ParseTreeNode | undefined> {
    const depth = (this.#depths.get(name) ?? 0) + 1;
    if (depth > MAX_DEPTH) signal(new GiveUp(`expression recursion limit exceeded: ${MAX_DEPTH}`));
    this.#depths.set(name, depth);
    const { body, continuations } = GRAMMAR[name] as (typeof GRAMMAR)[string];
    let node: ParseTreeNode = { rule: name, label: undefined, start: this.#token(), parts: new Map() };
    try {
      yield* this.#sequence(body, node);
      if (continuations !== undefined) {
        const { entry, back } = this.#automaton.loops.get(name) as LoopStates;
        this.#state = entry;
        this.#sync();
        for (;;) {
          const chosen = this.#continuation(name, continuations, precedence);
          if (chosen === undefined) break;
          node = { rule: name, label: chosen.label, start: node.start, parts: new Map([['left', [node]]]) };
          yield* this.#sequence(chosen.body, node);
          this.#state = back;
          this.#sync();
        }
      }
    } catch (thrown) {
      if (thrown !== MISMATCH) throw thrown;
      this.#recover();
    }
    this.#depths.set(name, depth - 1);
    return node;
  }

  /** Returns the operator that continues a left-recursive rule; undefined when the next token does not continue it. */
  #continuation(name: string, all: readonly Continuation[], precedence: number): Continuation | undefined {
    const { choice } = this.#automaton.loops.get(name) as LoopStates;
    const { type } = this.#token();
    const fits = all.filter((entry) => entry.precedence >= precedence && firstOf(entry).includes(type));
    if (fits.length === 0) return undefined;
    this.#state = choice;
    this.#sync();
    if (fits.length === 1) return fits[0];
    return type === T.DOT ? this.#afterDot(fits) : all[this.#predict(choice) - 1];
  }

  /** Chooses between a field and a method. The token after the dot and the token after the name decide. */
  #afterDot(fits: readonly Continuation[]): Continuation | undefined {
    const { type } = this.#token(1);
    if (type !== T.QUESTION && type !== T.ESC_IDENTIFIER && type !== T.IDENTIFIER) {
      return this.#noViableAlternative(this.#token(), this.#token(1));
    }
    const isCall = type === T.IDENTIFIER && this.#token(2).type === T.LPAREN;
    return fits.find((entry) => (entry.label === 'memberCall') === isCall);
  }

  *#sequence(body: readonly Element[], node: ParseTreeNode): Steps {
    for (const element of body) {
      if (element.kind === 'match') {
        this.#state = (this.#automaton.elements.get(element) as ElementStates).entry;
        add(node, element.as, this.#match(element.types));
      } else yield* this.#element(element, node);
    }
  }

  *#element(element: Exclude<Element, { kind: 'match' }>, node: ParseTreeNode): Steps {
    const { entry, back = entry } = this.#automaton.elements.get(element) as ElementStates;
    this.#state = entry;
    switch (element.kind) {
      case 'rule': {
        const callers = this.#callers;
        this.#callers = this.#automaton.push(callers, (entry.edges[0] as { to: State }).to);
        const child = yield { name: element.rule, precedence: element.precedence };
        this.#callers = callers;
        this.#state = entry;
        add(node, element.as, child);
        return;
      }
      case 'choice': {
        this.#sync();
        const taken = element.adaptive ? this.#predict(entry) : this.#first(entry);
        const alternative = element.alternatives[taken - 1];
        node.label = alternative?.label;
        yield* this.#sequence(alternative?.body ?? [], node);
        return;
      }
      case 'optional':
        this.#sync();
        if (this.#begins(entry)) yield* this.#sequence(element.body, node);
        return;
      case 'star':
        this.#sync();
        while (element.adaptive ? this.#predict(entry) === 1 : this.#begins(entry)) {
          yield* this.#sequence(element.body, node);
          this.#state = back;
          this.#sync();
        }
        return;
      case 'plus':
        this.#sync();
        do {
          yield* this.#sequence(element.body, node);
          this.#state = back;
          this.#sync();
        } while (element.adaptive ? this.#predict(back) === 1 : this.#begins(entry));
    }
  }

  /** Does the next token begin the first branch of this state? */
  #begins(entry: State): boolean {
    const first = entry.edges[0] as { to: State };
    return this.#automaton.next(first.to).has(this.#token().type);
  }

  /** The number of the branch that the next token begins, counted from 1. */
  #first(entry: State): number {
    const { type } = this.#token();
    const at = entry.edges.findIndex((edge) => this.#automaton.next(edge.to).has(type));
    if (at < 0) this.#noViableAlternative(this.#token(), this.#token());
    return at + 1;
  }

  #predict(decision: State): number {
    const prediction = this.#predictor.run(decision, this.#callers, this.#index);
    if ('alternative' in prediction) return prediction.alternative;
    return this.#noViableAlternative(this.#token(), prediction.failedAt);
  }

  // Error handling.

  #noViableAlternative(start: Token, offending: Token): never {
    this.#reportOnce(
      offending.start,
      () => `no viable alternative at input ${quoteToken(this.#textBetween(start, offending))}`,
    );
    signal(MISMATCH);
  }

  #textBetween(start: Token, end: Token): string {
    if (start.type === T.EOF) return '<EOF>';
    let text = '';
    let from = start.start;
    for (const error of this.#lexical) {
      if (error.start < from || error.start >= end.end) continue;
      text += this.#text.slice(from, error.start);
      from = error.end;
    }
    return text + this.#text.slice(from, end.end);
  }

  #display(token: Token): string {
    return token.type === T.EOF ? "'<EOF>'" : quoteToken(this.#text.slice(token.start, token.end));
  }

  #reportOnce(offset: number, message: () => string): void {
    if (this.#recovering) return;
    this.#recovering = true;
    this.#syntaxError(offset, message());
  }

  #matched(): void {
    this.#recovering = false;
    this.#lastErrorStates = new Set();
    this.#lastErrorIndex = -1;
  }

  #match(types: readonly number[]): Token | undefined {
    if (types.includes(this.#token().type)) {
      this.#matched();
      return this.#consume();
    }
    this.#countRecovery();
    if (this.#deleteToken()) return this.#consume();
    const target = (this.#state.edges[0] as { to: State }).to;
    if (this.#automaton.nextWithin(target, this.#callers).has(this.#token().type)) {
      this.#reportOnce(this.#token().start, () => `missing ${this.#expected()} at ${this.#display(this.#token())}`);
      return this.#token();
    }
    return this.#mismatch();
  }

  #mismatch(): never {
    const token = this.#token();
    this.#reportOnce(token.start, () => `mismatched input ${this.#display(token)} expecting ${this.#expected()}`);
    signal(MISMATCH);
  }

  #unwanted(): void {
    const token = this.#token();
    this.#reportOnce(token.start, () => `extraneous input ${this.#display(token)} expecting ${this.#expected()}`);
  }

  /** Skips the next token if the token after it is expected. */
  #deleteToken(): boolean {
    if (!this.#expectedTokens().has(this.#token(1).type)) return false;
    this.#unwanted();
    this.#consume();
    this.#matched();
    return true;
  }

  /**
   * Must be called before the parser decides at the start of a block or after an iteration of a loop. If the next token
   * cannot follow there, skips tokens or reports a mismatch.
   */
  #sync(): void {
    if (this.#recovering) return;
    const next = this.#automaton.next(this.#state);
    if (next.has(EPSILON) || next.has(this.#token().type)) return;
    if (this.#state.role === 'block') {
      if (!this.#deleteToken()) this.#mismatch();
    } else if (this.#state.role === 'loopBack') {
      this.#unwanted();
      this.#skipUntil(new Set([...this.#expectedTokens(), ...this.#recoverySet()]), Infinity);
    }
  }

  #recover(): void {
    this.#countRecovery();
    let allowance = MAX_SKIPPED;
    if (this.#lastErrorIndex === this.#index && this.#lastErrorStates.has(this.#state.id)) {
      // An earlier error occurred at the same position and state. Skip a token, so that the recovery terminates.
      this.#consume();
      allowance--;
    }
    this.#lastErrorIndex = this.#index;
    this.#lastErrorStates.add(this.#state.id);
    this.#skipUntil(this.#recoverySet(), allowance);
  }

  #countRecovery(): void {
    if (this.#recoveries === MAX_RECOVERIES) {
      this.#recoveries++;
      this.#syntaxError(this.#token().start, `error recovery attempt limit exceeded: ${MAX_RECOVERIES}`);
      signal(new GiveUp(undefined));
    }
    this.#recoveries++;
  }

  #skipUntil(set: TokenSet, allowance: number): void {
    for (let left = allowance; this.#token().type !== T.EOF && !set.has(this.#token().type); left--) {
      if (left <= 0) signal(new GiveUp(`error recovery token lookahead limit exceeded: ${MAX_SKIPPED}`));
      this.#consume();
    }
  }

  /** The tokens that may follow any of the rules in progress. */
  #recoverySet(): TokenSet {
    const set = new Set<number>();
    for (let caller = this.#callers; caller !== undefined; caller = caller.parent) {
      for (const type of this.#automaton.next(caller.state)) set.add(type);
    }
    set.delete(EPSILON);
    return set;
  }

  #expectedTokens(): TokenSet {
    return this.#automaton.nextWithin(this.#state, this.#callers);
  }

  #expected(): string {
    const names = [...this.#expectedTokens()].sort((a, b) => a - b).map((type) => TOKEN_NAMES[type] ?? '');
    return names.length === 1 ? (names[0] as string) : `{${names.join(', ')}}`;
  }
}

/** The types of the tokens with which a continuation can begin. */
function firstOf(continuation: Continuation): readonly number[] {
  const first = continuation.body[0];
  return first?.kind === 'match' ? first.types : [];
}

function add(node: ParseTreeNode, name: string | undefined, part: Token | ParseTreeNode | undefined): void {
  if (name === undefined || part === undefined) return;
  const parts = node.parts.get(name);
  if (parts === undefined) node.parts.set(name, [part]);
  else parts.push(part);
}

function quoteToken(text: string): string {
  return `'${text.replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
