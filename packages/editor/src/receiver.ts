import { type CelType, isOptional, kroEnvironment, namesBoundBy, tokenize } from '@typekro/cel';
import type { ExpressionScope } from '@typekro/engine/graph';
import { definedMembers } from '@typekro/kit/core';

/** The parts of an expression before a cursor. They determine the possible completions. */
export interface BeforeCursor {
  /** The start of a name at the cursor; may be empty. */
  readonly word: string;
  /** The expression before the dot. Absent if no dot is before the name, or if no expression ends before the dot. */
  readonly receiver?: string;
  /** Is the dot a `.?`? */
  readonly isOptional: boolean;
  /** The macro calls around the cursor, the outermost first. */
  readonly macros: readonly MacroCall[];
  /** The innermost call whose arguments contain the cursor. */
  readonly call?: OpenCall;
}

/** A call that is not closed before the cursor. */
export interface OpenCall {
  readonly name: string;
  /** Absent for a global function. */
  readonly receiver?: string;
  /** The texts of the arguments that are complete before the cursor. */
  readonly args: readonly string[];
}

/** A macro call whose variables are known at the cursor: `list.map(item, …`. */
export interface MacroCall extends OpenCall {
  readonly receiver: string;
  readonly variables: readonly string[];
}

interface Lexeme {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const lexemesOf = (text: string): Lexeme[] =>
  tokenize(text)
    .tokens.filter(({ start, end }) => end > start)
    .map(({ start, end }) => ({ text: text.slice(start, end), start, end }));

const isWord = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

/** Is the text a name in an expression? The operator `in` and the literals are words, but not names. */
const isName = (text: string): boolean => isWord(text) && !/^(?:in|true|false|null)$/.test(text);

/** Does an operand end with the text? An index can follow a name, a name in backticks, a literal or a bracket. */
const endsOperand = (text: string): boolean => isName(text) || /[`"')\]}\d]$/.test(text);

/** Divides the text of an expression up to the cursor into the parts that determine the completions. */
export function beforeCursor(text: string): BeforeCursor {
  const lexemes = lexemesOf(text);
  const last = lexemes.at(-1);
  const word = last !== undefined && last.end === text.length && isWord(last.text) ? last.text : '';
  const rest = word === '' ? lexemes : lexemes.slice(0, -1);
  const calls = callsAround(text, rest);
  const macros = calls.flatMap(macroOf);
  const around = { macros, ...definedMembers({ call: calls.at(-1) }) };
  const isOptionalDot = rest.at(-1)?.text === '?' && rest.at(-2)?.text === '.';
  const dotted = isOptionalDot ? rest.slice(0, -1) : rest;
  if (dotted.at(-1)?.text !== '.') return { word, isOptional: false, ...around };
  const receiver = receiverEndingAt(text, dotted, dotted.length - 2);
  return { word, isOptional: isOptionalDot, ...around, ...definedMembers({ receiver }) };
}

const OPENING: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/** The index of the lexeme that opens the bracket at `index`; -1 when there is none. */
function openingOf(lexemes: readonly Lexeme[], index: number): number {
  const stack: string[] = [];
  for (let at = index; at >= 0; at -= 1) {
    const { text } = lexemes[at] as Lexeme;
    const opening = OPENING.get(text);
    if (opening !== undefined) stack.push(opening);
    else if (text === stack.at(-1)) {
      stack.pop();
      if (stack.length === 0) return at;
    }
  }
  return -1;
}

/**
 * The text of the receiver expression that ends with the lexeme at `index`: a name, a literal or a bracket, with the
 * fields, calls and indices after it. `undefined` if no expression ends there.
 */
function receiverEndingAt(text: string, lexemes: readonly Lexeme[], index: number): string | undefined {
  const end = lexemes[index]?.end;
  let at = index;
  for (;;) {
    const lexeme = lexemes[at];
    if (lexeme === undefined || end === undefined) return undefined;
    if (OPENING.has(lexeme.text)) {
      at = openingOf(lexemes, at);
      if (at < 0) return undefined;
      const before = lexemes[at - 1]?.text ?? '';
      // A bracket after an operand is a call or an index, which continues the receiver. Any other bracket begins a
      // list, a map or a group.
      const opened = lexemes[at]?.text;
      if (opened === '[' ? endsOperand(before) : opened === '(' && isName(before)) {
        at -= 1;
        continue;
      }
    }
    const previous = lexemes[at - 1]?.text;
    const dots = previous === '?' && lexemes[at - 2]?.text === '.' ? 2 : previous === '.' ? 1 : 0;
    if (dots === 0) return text.slice(lexemes[at]?.start ?? 0, end);
    at -= dots + 1;
  }
}

/** The calls that are not closed before the cursor, the outermost first. */
function callsAround(text: string, lexemes: readonly Lexeme[]): OpenCall[] {
  const open: { readonly at: number; readonly args: string[]; argument: number }[] = [];
  for (const [index, { text: symbol, start, end }] of lexemes.entries()) {
    const innermost = open.at(-1);
    if (symbol === '(' || symbol === '[' || symbol === '{') open.push({ at: index, args: [], argument: end });
    else if (OPENING.has(symbol)) open.pop();
    else if (symbol === ',' && innermost !== undefined) {
      innermost.args.push(text.slice(innermost.argument, start).trim());
      innermost.argument = end;
    }
  }
  return open.flatMap(({ at, args }) => {
    const name = lexemes[at - 1]?.text ?? '';
    if (lexemes[at]?.text !== '(' || !isName(name)) return [];
    if (lexemes[at - 2]?.text !== '.') return [{ name, args }];
    const receiver = receiverEndingAt(text, lexemes, at - 3);
    return receiver === undefined ? [] : [{ name, receiver, args }];
  });
}

/** The call as a macro, if its variables are known at the cursor. */
function macroOf({ name, receiver, args }: OpenCall): MacroCall[] {
  const variables = receiver === undefined ? [] : variablesAt(receiver, name, args);
  return receiver === undefined || variables.length === 0 ? [] : [{ name, receiver, variables, args }];
}

/**
 * The names that a call binds for the argument after `args`. Adds one more argument and parses the completed call,
 * because the form of the call decides which arguments are variables: in `list.map(x, y, …`, the second argument is a
 * condition, and in `list.all(i, y, …`, it is a variable.
 */
function variablesAt(receiver: string, name: string, args: readonly string[]): readonly string[] {
  const names = args.map((text) => (isName(text) ? text : '0'));
  const parsed = kroEnvironment().parse(
    `${receiver === 'cel' ? 'cel' : 'list'}.${name}(${[...names, '0'].join(', ')})`,
  );
  if (!parsed.ok || parsed.ast.expr.kind !== 'macro') return [];
  const bound = new Set(namesBoundBy(parsed.ast.expr));
  // A condition can repeat a variable, as in `list.map(x, x, …`.
  return [...new Set(names)].filter((each) => bound.has(each));
}

/**
 * The type of a receiver, within the macros around it. The receiver is checked inside complete calls of these macros:
 * inside `list.filter(x, …`, the type of `x.spec` is that of the elements of `list.map(x, x.spec)`.
 */
export function typeOfReceiver(
  scope: ExpressionScope,
  receiver: string,
  macros: readonly MacroCall[],
): CelType | undefined {
  let text = receiver;
  const depth: ('list' | 'optional')[] = [];
  for (const { name, receiver: list, variables, args } of macros.toReversed()) {
    const [first = '', second] = variables;
    if (name === 'bind') {
      text = `cel.bind(${args.join(', ')}, ${text})`;
    } else if (name.startsWith('opt')) {
      text = `${list}.optMap(${first}, ${text})`;
      depth.push('optional');
    } else {
      text =
        second === undefined ? `${list}.map(${first}, ${text})` : `${list}.transformList(${first}, ${second}, ${text})`;
      depth.push('list');
    }
  }
  const checked = scope.check(text);
  if (!checked.ok) return undefined;
  let type: CelType | undefined = checked.type;
  for (const wrapped of depth.toReversed()) {
    const fits: boolean = type !== undefined && (wrapped === 'list' ? type.kind === 'list' : isOptional(type));
    type = fits ? type?.params[0] : undefined;
  }
  return type;
}
