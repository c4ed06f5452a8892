import { identifier } from '@typekro/sdk/factories';
import { quoteForAuthor } from '@typekro/sdk/javascript';

/** The maximum line width of the project's code format, in characters. */
const WIDTH = 120;

/**
 * A part of a generated TypeScript file: text that is printed unchanged, a conditional, a call, or a literal. A part
 * that is too long for one line is printed on several lines. `words` is set for the string literal of an ArkType type:
 * it is the type without quotes.
 */
export type Code =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly isString?: boolean;
      readonly isOperation?: boolean;
      readonly words?: string;
    }
  | { readonly kind: 'choice'; readonly test: Code; readonly yes: Code; readonly no: Code }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Code])[] }
  | { readonly kind: 'list'; readonly items: readonly Code[] }
  | { readonly kind: 'call'; readonly callee: string; readonly args: readonly Code[] }
  | { readonly kind: 'method'; readonly of: Code; readonly name: string; readonly args: readonly Code[] };

/** Text that is printed unchanged. */
export const textCode = (value: string): Code => ({ kind: 'text', text: value });

/** A string literal. */
export const stringCode = (value: string): Code => ({ kind: 'text', text: quoteForAuthor(value), isString: true });

/** A function call. Arguments that are too long for one line are printed on separate lines. */
export const call = (callee: string, ...args: readonly Code[]): Code => ({ kind: 'call', callee, args });

/** A method call. */
export const methodCode = (of: Code, name: string, ...args: readonly Code[]): Code => ({
  kind: 'method',
  of,
  name,
  args,
});

/** An object literal. */
export const objectCode = (members: readonly (readonly [string, Code])[]): Code => ({ kind: 'object', members });

/** An array literal. */
export const listCode = (items: readonly Code[]): Code => ({ kind: 'list', items });

/** The fixed part of a template literal. */
export const templatePart = (value: string): string =>
  JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll('`', '\\`').replaceAll('${', '\\${');

/** The access to a member of an object: `.name` or `['a-b']`. */
export const memberAccess = (name: string): string => (isName(name) ? `.${name}` : `[${quoteForAuthor(name)}]`);

const isName = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

/** Is the word valid as the name of a variable? */
export const isVariableName = (name: string): boolean => isName(name) && identifier(name) === name;

/**
 * Can the member `name: value` be written as `name`? This shorthand is possible only for variables, not for
 * `'a-b': 'a-b'` or `true: true`.
 */
const isShorthand = (name: string, value: string): boolean =>
  value === name && name !== '__proto__' && isVariableName(name);

/**
 * Prints the name of a member in an object literal. The name `__proto__` is written as a computed key, because a plain
 * key would set the prototype.
 */
const keyText = (name: string): string =>
  name === '__proto__' ? `['__proto__']` : isName(name) ? name : quoteForAuthor(name);

/**
 * Prints a part with oxfmt's formatting.
 *
 * @param indent the number of spaces at the beginning of its first line
 * @param before the number of characters before it on its first line, without the indent
 * @param after the number of characters after it on its last line
 */
export function printCode(code: Code, indent: number, before = 0, after = 1): string {
  const line = oneLine(code);
  if (line !== undefined && indent + before + line.length + after <= WIDTH) return line;
  const inner = ' '.repeat(indent + 2);
  switch (code.kind) {
    case 'text':
      return code.text;
    case 'choice':
      return choiceText(code, indent, after);
    case 'object':
      return code.members.length === 0
        ? '{}'
        : `{\n${code.members.map((each) => `${inner}${memberText(each, indent + 2)},\n`).join('')}${' '.repeat(indent)}}`;
    case 'list':
      return code.items.length === 0
        ? '[]'
        : `[\n${code.items.map((each) => `${inner}${printCode(each, indent + 2)},\n`).join('')}${' '.repeat(indent)}]`;
    case 'call':
      return callText(code, indent, before, after);
    case 'method':
      return methodText(code, indent, before, after);
  }
}

/** Prints a conditional on several lines. If the conditionals form a chain, each of them gets its own lines. */
function choiceText({ test, yes, no }: Extract<Code, { kind: 'choice' }>, indent: number, after: number): string {
  const lead = `\n${' '.repeat(indent + 2)}`;
  const side = (each: Code): string =>
    each.kind === 'choice' ? choiceText(each, indent + 2, after) : printCode(each, indent + 2, 2, after);
  return `${printCode(test, indent)}${lead}? ${side(yes)}${lead}: ${side(no)}`;
}

/**
 * Prints a chain of method calls. A single call is on the line of the value. Two or more calls are on separate lines
 * below the value.
 */
function methodText(code: Extract<Code, { kind: 'method' }>, indent: number, before: number, after: number): string {
  const calls: string[] = [];
  let root: Code = code;
  while (root.kind === 'method') {
    calls.unshift(`.${root.name}(${root.args.map((each) => printCode(each, indent)).join(', ')})`);
    root = root.of;
  }
  if (calls.length > 1) {
    const lead = `\n${' '.repeat(indent + 2)}`;
    return printCode(root, indent, before, 0) + calls.map((each) => lead + each).join('');
  }
  const [only = ''] = calls;
  return printCode(root, indent, before, after + only.length) + only;
}

function memberText([name, value]: readonly [string, Code], indent: number): string {
  const key = keyText(name);
  if (value.kind === 'text' && isShorthand(name, value.text)) return key;
  const printed = printCode(value, indent, key.length + 2);
  const isLong = indent + key.length + 2 + printed.length + 1 > WIDTH;
  // If a member is too long for one line, two kinds of values begin on a new line: a string literal, and a conditional
  // whose test has an operator.
  const isOwn =
    (value.kind === 'text' && value.isString === true) ||
    (value.kind === 'choice' && value.test.kind === 'text' && value.test.isOperation === true);
  if (value.kind === 'choice' && isOwn && isLong) {
    return `${key}:\n${' '.repeat(indent + 2)}${printCode(value, indent + 2)}`;
  }
  return isOwn && isLong ? `${key}:\n${' '.repeat(indent + 2)}${printed}` : `${key}: ${printed}`;
}

/**
 * Prints a call. If the only argument is a literal, its brackets are on the same lines as the parentheses of the call.
 */
function callText({ callee, args }: Extract<Code, { kind: 'call' }>, indent: number, before: number, after: number) {
  const last = args.at(-1);
  if (last === undefined) return `${callee}()`;
  if ((last.kind === 'object' || last.kind === 'list') && args.length === 1) {
    const head = `${callee}(`;
    return `${head}${printCode(last, indent, before + head.length, after + 1)})`;
  }
  const inner = ' '.repeat(indent + 2);
  return `${callee}(\n${args.map((each) => `${inner}${printCode(each, indent + 2)},\n`).join('')}${' '.repeat(indent)})`;
}

/** Prints a part on one line. Returns `undefined` for a part that the code format always prints on several lines. */
function oneLine(code: Code): string | undefined {
  switch (code.kind) {
    case 'text':
      return code.text;
    case 'choice': {
      const [test, yes, no] = [code.test, code.yes, code.no].map(oneLine);
      return `${test ?? ''} ? ${yes ?? ''} : ${no ?? ''}`;
    }
    case 'object': {
      const members = code.members.map(([name, value]) => joinedMember(name, oneLine(value)));
      return code.members.length === 0 ? '{}' : joinedParts(members, '{ ', ' }');
    }
    case 'list':
      return isTable(code.items) ? undefined : joinedParts(code.items.map(oneLine), '[', ']');
    case 'call':
      return joinedParts(code.args.map(oneLine), `${code.callee}(`, ')');
    case 'method':
      return joinedParts([joinedCall(oneLine(code.of), code.name, code.args.map(oneLine))], '', '');
  }
}

function joinedCall(of: string | undefined, name: string, args: readonly (string | undefined)[]): string | undefined {
  return of === undefined ? undefined : joinedParts(args, `${of}.${name}(`, ')');
}

const joinedMember = (name: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : isShorthand(name, value) ? name : `${keyText(name)}: ${value}`;

function joinedParts(parts: readonly (string | undefined)[], open: string, close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(', ')}${close}`;
}

/**
 * Does each item get its own line? True for a list of several objects, or of several lists, if each item has more than
 * one member.
 */
function isTable(items: readonly Code[]): boolean {
  if (items.length < 2) return false;
  return (
    items.every((each) => each.kind === 'object' && each.members.length > 1) ||
    items.every((each) => each.kind === 'list' && each.items.length > 1)
  );
}
