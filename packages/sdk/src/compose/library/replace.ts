import { cond, concat, literal, method } from '../ir/build.ts';
import { type Node, isLiteral } from '../ir/node.ts';
import { STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { textNode } from '../value/ops.ts';
import { labelOf, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { argumentCount } from './callbacks.ts';
import { unknownGroup } from './regex-methods.ts';
import { type MatchTexts, type Replacement, replacePattern } from './regex.ts';

/**
 * `text.replace(pattern, by)` and `replaceAll`; `by` is a string, which may contain `$1`, or a function of the match.
 */
export function replaceText(value: Sym, name: string, args: readonly unknown[]): Node {
  const pattern = resolveMerged(args[0]);
  if (name === 'replaceAll' && pattern instanceof RegExp && !pattern.flags.includes('g'))
    throw new TypeError('String.prototype.replaceAll called with a non-global RegExp argument');
  const given = resolveMerged(args[1]);
  const by = typeof given === 'function' ? madeBy(given, pattern) : fixed(given, name, pattern);
  if (pattern instanceof RegExp) return replacePattern(value.node, pattern, by);
  const from = textNode(pattern);
  const to = typeof by === 'string' ? literal(by) : by({ text: from, groups: [], names: new Map() });
  if (name === 'replaceAll') return method('replace', value.node, [from, to], STRING);
  return method('replace', value.node, [from, to, literal(1)], STRING);
}

/** A string as the replacement. The meaning of `$` in it is known only if the string is known. */
function fixed(given: unknown, name: string, pattern: unknown): Replacement {
  const by = textNode(given);
  if (by.kind !== 'lit') {
    return refuse(
      'no-cel',
      `.${name}() with ${labelOf(new Sym(by))} gives "$" in the value a special meaning`,
      'replace by a function: (match) => value',
    );
  }
  const text = String(by.value);
  return text.includes('$') ? (match) => expanded(text, match, pattern) : text;
}

/** Replaces `$1`, `$&`, `$<name>` and `$$` in a replacement by the parts of the match (ECMA-262, GetSubstitution). */
function expanded(text: string, match: MatchTexts, pattern: unknown): Node {
  const { groups, names } = match;
  const pieces: Node[] = [];
  const pattern1 = names.size > 0 ? /\$(?:([$&`'])|(\d\d?)|<([^>]*)>)/g : /\$(?:([$&`'])|(\d\d?))/g;
  let from = 0;
  for (const found of text.matchAll(pattern1)) {
    const [whole, sign, digits, groupName] = found;
    const piece = sign === undefined ? undefined : signPiece(sign, match);
    const group = digits === undefined ? undefined : numbered(digits, groups.length);
    const position = groupName === undefined ? group?.position : names.get(groupName);
    if (piece === undefined && position === undefined && groupName === undefined) continue;
    pieces.push(literal(text.slice(from, found.index)));
    pieces.push(piece ?? (position === undefined ? literal('') : groupNode(match, position, pattern)));
    from = found.index + whole.length - (group?.restDigits ?? 0);
  }
  return concat([...pieces, literal(text.slice(from))]);
}

function signPiece(sign: string, match: MatchTexts): Node {
  if (sign === '$') return literal('$');
  if (sign === '&') return match.text;
  return refuse('no-cel', `"$${sign}" in a replacement has no CEL form`, 'take the parts with .split() and .slice()');
}

/**
 * The group that one or two digits name, and the number of digits that are plain text. With fewer than 12 groups, `$12`
 * is the group 1 and the text `2`.
 */
function numbered(
  digits: string,
  groups: number,
): { readonly position: number; readonly restDigits: number } | undefined {
  const both = Number(digits);
  if (both >= 1 && both <= groups) return { position: both, restDigits: 0 };
  const first = Number(digits[0]);
  return digits.length === 2 && first >= 1 && first <= groups ? { position: first, restDigits: 1 } : undefined;
}

/** The text of a group; empty for a group that took no part in the match. */
function groupNode({ groups }: MatchTexts, position: number, pattern: unknown): Node {
  const group = groups[position - 1];
  if (group === undefined) {
    const { code, message, remedy } = unknownGroup(position, pattern as RegExp);
    return refuse(code, message, remedy);
  }
  return isLiteral(group.has, true) ? group.text : cond(group.has, group.text, literal(''));
}

/** The replacement that a function makes from a match and its groups. */
function madeBy(fn: unknown, pattern: unknown): Replacement {
  return (match) => {
    const { groups, names, text } = match;
    if (argumentCount(fn) > 1 + groups.length || names.size > 0)
      refuse(
        'no-cel',
        'a replacement that uses the position of the match has no CEL form',
        'use only the match and its groups',
      );
    const trace = activeTrace();
    const given = groups.map((group, position) =>
      group === undefined
        ? unknownGroup(position + 1, pattern as RegExp)
        : phi(group.has, wrap(new Sym(group.text)), undefined),
    );
    trace.predicates++;
    try {
      const { result, writes } = trace.isolate(() =>
        interpreter.call(fn, undefined, [wrap(new Sym(text)), ...given], 'the replacement'),
      );
      if (writes.size > 0)
        refuse('no-cel', 'a replacement that changes a variable has no CEL form', 'only return the new string');
      return textNode(result);
    } finally {
      trace.predicates--;
    }
  };
}
