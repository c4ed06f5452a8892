import type { Node } from '../ir/node.ts';
import { setOwn } from '@typekro/kit/core';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { freshList } from '../value/value-nodes.ts';
import { bool, textNode } from '../value/ops.ts';
import { wrap } from '../value/proxy.ts';
import { Sym, Untranslated } from '../value/symbolic.ts';
import { allMatches, everyMatch, firstMatch, testPattern, withoutPosition } from './regex.ts';
import type { FirstMatch, MatchTexts } from './regex.ts';
import { View } from './view.ts';

/** `text.match(/re/)`: a list with the match, or null. */
export function match(value: Sym, raw: unknown): unknown {
  const pattern = resolveMerged(raw);
  if (!(pattern instanceof RegExp))
    return refuse('no-cel', '.match() without a regular expression has no CEL form', 'write a pattern /…/');
  if (pattern.flags.includes('g')) {
    const all = allMatches(value.node, pattern, 'match');
    return phi(all.found, freshList(all.matches, value.waits), null);
  }
  return phi(...firstMatchValue(value, firstMatch(value.node, pattern), pattern));
}

/** The result of `match` and `exec`: a list with the text and the groups, and the `index` of the match. */
function firstMatchValue(value: Sym, first: FirstMatch, pattern: RegExp): [Node, unknown, null] {
  const index = () => wrap(new Sym(first.index(), { waits: value.waits }));
  return [first.found, activeTrace().under(first.found, () => matchValue(value, first, pattern, index)), null];
}

/** The value of a group whose text is unknown. A read of this value is refused. */
export function unknownGroup(number: number, pattern: RegExp): Untranslated {
  return new Untranslated(
    'regex',
    `group ${number} of ${String(pattern)} has no CEL form: its end depends on the adjacent parts`,
    'begin and end the adjacent parts with characters that the group does not match, as in /^([^-]+)-(.+)$/',
  );
}

/** One match in the form that JavaScript returns. */
function matchValue(value: Sym, { text, groups, names }: MatchTexts, pattern: RegExp, index: () => unknown): unknown {
  const { waits } = value;
  const texts = groups.map((group, position) =>
    group === undefined
      ? unknownGroup(position + 1, pattern)
      : phi(group.has, wrap(new Sym(group.text, { waits, label: `group ${position + 1}` })), undefined),
  );
  const named: Record<string, unknown> = activeTrace().track({});
  for (const [name, position] of names) setOwn(named, name, texts[position - 1]);
  return Object.defineProperties(activeTrace().track([wrap(new Sym(text, { waits })), ...texts]), {
    index: { get: index },
    input: { value: wrap(value) },
    groups: { value: names.size > 0 ? named : undefined },
  });
}

/** `text.matchAll(/re/g)`: the matches, each with its groups. */
export function matchAll(value: Sym, raw: unknown): unknown {
  const pattern = resolveMerged(raw);
  if (!(pattern instanceof RegExp))
    return refuse('no-cel', '.matchAll() without a regular expression has no CEL form', 'write a pattern /…/g');
  if (!pattern.flags.includes('g'))
    throw new TypeError('String.prototype.matchAll called with a non-global RegExp argument');
  const every = everyMatch(value.node, pattern);
  const refuseIndex = () =>
    refuse('regex', `the index of a match of ${String(pattern)} has no CEL form`, 'use match() without the flag g');
  return new View(
    new Sym(every.matches, { waits: value.waits }),
    (loop) => matchValue(value, every.textsOf(loop.node), pattern, refuseIndex),
    true,
  );
}

/** Calls a method of a regular expression with a symbolic string. */
export function regexMethod(pattern: RegExp, name: string, args: readonly unknown[]): unknown {
  const text = textNode(args[0]);
  if (name === 'test') return bool(testPattern(text, pattern));
  if (name !== 'exec') return refuse('no-cel', `.${name}() of a regular expression has no CEL form`, 'use .test()');
  return phi(...firstMatchValue(new Sym(text), firstMatch(text, withoutPosition(pattern)), pattern));
}
