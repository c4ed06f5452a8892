import {
  and,
  call,
  compare,
  concat,
  cond,
  literal,
  macro,
  macroVariable,
  method,
  size,
  subtract,
  variable,
} from '../ir/build.ts';
import { bindOnce } from '../ir/lower.ts';
import type { Node } from '../ir/node.ts';
import { BOOL, INTEGER, listOf, STRING } from '../ir/types.ts';
import { refuse } from '../trace/refusal.ts';

/** A JavaScript regular expression as RE2 text; what RE2 does not have is refused. */
export function re2(pattern: RegExp, stateful: boolean): Node {
  const { source, flags } = pattern;
  if (stateful && /[gy]/.test(flags)) {
    refuse('regex', `/${source}/${flags} keeps a position between calls`, 'leave out the flag g or y');
  }
  if (/\(\?<?[=!]/.test(source) || /\\[1-9]/.test(source.replaceAll('\\\\', '')) || /\\k</.test(source)) {
    refuse(
      'regex',
      `/${source}/ uses lookaround or back references, which RE2 (CEL) does not have`,
      'write it without them',
    );
  }
  const translated = source
    .replaceAll(/\\u\{([0-9a-fA-F]+)\}/g, '\\x{$1}')
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, '\\x{$1}')
    .replaceAll('\\/', '/')
    .replaceAll('(?<', '(?P<');
  const prefix = ['i', 'm', 's'].filter((flag) => flags.includes(flag)).join('');
  return literal(prefix === '' ? translated : `(?${prefix})${translated}`);
}

/** The text that a pattern of plain characters matches; `undefined` for real patterns. */
export function plainPattern(pattern: RegExp): string | undefined {
  if (/[ims]/.test(pattern.flags)) return undefined;
  const unescaped = pattern.source.replaceAll(/\\([^A-Za-z0-9])/g, '');
  if (/[\\^$.*+?()[\]{}|]/.test(unescaped)) return undefined;
  return pattern.source.replaceAll(/\\([^A-Za-z0-9])/g, '$1');
}

/** A class of characters, an escape like \s or one character, perhaps with + after it. */
const CLASS = /^(\[(?:\\.|[^\]\\])+\]|\\[dDwWsS]|[^\\^$.*+?()[\]{}|])(\+?)$/;

/** Without flags that keep a position. */
const once = ({ source, flags }: RegExp): RegExp => new RegExp(source, flags.replaceAll(/[gy]/g, ''));

/** A pattern of which a match is the first occurrence of its text: it does not look around itself. */
export function unmarked(pattern: RegExp): Node {
  if (anchorsOf(pattern.source) === '' || anchorsOf(pattern.source) === '^') return re2(once(pattern), true);
  return refuse('regex', `${String(pattern)} asks what stands beside the match`, 'leave out $, \\b and \\B');
}

/** The marks of a pattern: `^` at its begin, `$` at its end, `?` for any other place or a choice beside them. */
function anchorsOf(source: string): '' | '^' | '$' | '?' {
  const plain = source.replaceAll(/\\[^bB]/g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  if (!/[$^]|\\[bB]/.test(plain)) return '';
  if (plain.includes('|') || /\\[bB]/.test(plain)) return '?';
  if (/^\^[^$^]*$/.test(plain)) return '^';
  return /^[^$^]*\$$/.test(plain) ? '$' : '?';
}

const matches = (text: Node, expression: Node): Node => method('matches', text, [expression], BOOL);

/** `text.replace(pattern, by)`; `by` is a fixed text. */
export function replacePattern(text: Node, pattern: RegExp, by: Node): Node {
  const plain = plainPattern(pattern);
  const all = pattern.flags.includes('g');
  if (plain !== undefined)
    return method('replace', text, all ? [literal(plain), by] : [literal(plain), by, literal(1)], STRING);
  if (all && CLASS.test(pattern.source)) return replaceClass(text, pattern, by);
  const ends = /^(\^[^|$^()]*)\|([^|$^()]*\$)$/.exec(pattern.source);
  // `/^-+|-+$/g`: both ends, one after the other.
  if (all && ends !== null && by.attr === '') {
    const flags = pattern.flags.replace('g', '');
    return ends.slice(1).reduce((left, source) => replaceFirst(left, new RegExp(source, flags), by), text);
  }
  const single = !all || anchorsOf(pattern.source) === '^' || (anchorsOf(pattern.source) === '$' && by.attr === '');
  if (single && anchorsOf(pattern.source) !== '?') return replaceFirst(text, once(pattern), by);
  return refuse(
    'no-cel',
    `.replace(${String(pattern)}) has no CEL form`,
    'replace a fixed text, the first match, or one class of characters with the flag g',
  );
}

/** The first match: the first occurrence of its text, or the begin or end of the whole. Without one, `find` gives "". */
function replaceFirst(whole: Node, pattern: RegExp, by: Node): Node {
  const expression = re2(pattern, true);
  const mark = anchorsOf(pattern.source);
  return bindOnce(whole, 't', STRING, (text) => {
    const found = method('find', text, [expression], STRING);
    const part = (...ends: Node[]) => method('substring', text, ends, STRING);
    const length = size(found, INTEGER);
    const replaced =
      mark === '^'
        ? concat([by, part(length)])
        : mark === '$'
          ? concat([part(literal(0), subtract(size(text, INTEGER), length)), by])
          : method('replace', text, [found, by, literal(1)], STRING);
    return by.attr === '' ? replaced : cond(matches(text, expression), replaced, text);
  });
}

/** Every character of a class, or every run of them, replaced. */
function replaceClass(text: Node, pattern: RegExp, by: Node): Node {
  // Runs look at their neighbours, so the text is read several times.
  const runs = pattern.source.endsWith('+');
  return runs
    ? bindOnce(text, 't', STRING, (bound) => classReplaced(bound, pattern, by))
    : classReplaced(text, pattern, by);
}

function classReplaced(text: Node, pattern: RegExp, by: Node): Node {
  const [, one = '', many] = CLASS.exec(pattern.source) ?? [];
  const expression = re2(once(new RegExp(one, pattern.flags)), true);
  const join = (list: Node) => method('join', list, [], STRING);
  if (many !== '+') {
    const each = macroVariable('c');
    const character = variable(each, STRING);
    const characters = method('split', text, [literal('')], listOf(STRING));
    const replaced = cond(matches(character, expression), by, character);
    return join(macro('map', characters, [each], [replaced], listOf(STRING)));
  }
  const position = macroVariable('i');
  const at = variable(position, INTEGER);
  const isOne = (where: Node) => matches(method('charAt', text, [where], STRING), expression);
  const goesOn = and(compare('gt', at, literal(0)), isOne(subtract(at, literal(1))));
  const replaced = cond(isOne(at), cond(goesOn, literal(''), by), method('charAt', text, [at], STRING));
  const positions = call('lists.range', [size(text, INTEGER)], listOf(INTEGER));
  return join(macro('map', positions, [position], [replaced], listOf(STRING)));
}

/** The printable characters of ASCII. */
const PRINTABLE = Array.from({ length: 95 }, (_, position) => String.fromCodePoint(32 + position));

/** What to split at which fixed text, for `text.split(pattern)`. */
export function splitPattern(text: Node, pattern: RegExp): { readonly text: Node; readonly separator: string } {
  const plain = plainPattern(pattern);
  if (plain !== undefined) return { text, separator: plain };
  const [, one] = CLASS.exec(pattern.source) ?? [];
  const single = one === undefined ? undefined : once(new RegExp(one, pattern.flags));
  // One of the separators stands for all of them.
  const separator = PRINTABLE.find((each) => single?.test(each) === true);
  if (separator === undefined)
    return refuse(
      'no-cel',
      `.split(${String(pattern)}) has no CEL form`,
      'split at a fixed text or a class such as /[,;]/',
    );
  return { text: replaceClass(text, pattern, literal(separator)), separator };
}

/** `text.match(/re/g)`: whether there is a match, and all of them. */
export function allMatches(text: Node, pattern: RegExp): { readonly found: Node; readonly matches: Node } {
  const single = once(pattern);
  if (single.test(''))
    return refuse(
      'regex',
      `${String(pattern)} matches the empty text`,
      'write + in the place of *, or leave out the flag g',
    );
  const expression = re2(single, true);
  return { found: matches(text, expression), matches: method('findAll', text, [expression], listOf(STRING)) };
}
