import { describe, expect, test } from 'vitest';
import { and, cond, eq, has, index, isIn, list, literal, not, or, select, size, compare, variable } from './build.ts';
import type { Node } from './node.ts';
import { Variable } from './node.ts';
import { withOptionalReads } from './optional-reads.ts';
import { celText } from './to-cel.ts';
import { BOOL, INTEGER, listOf, mapOf, STRING } from './value-types.ts';
import type { StaticType } from './value-types.ts';

const schema = variable(new Variable('s', 'schema'), STRING);
const field = (name: string, type: StaticType): Node => select(schema, name, type);
const [image, other] = [field('image', STRING), field('other', STRING)];
const tag = select(image, 'tag', STRING);
const [labels, words] = [field('labels', mapOf(STRING)), field('words', listOf(STRING))];
const on = field('on', BOOL);
const inner = select(image, 'on', BOOL);
const key = literal('a/b');
const label = index(labels, key, STRING);
const first = index(words, literal(0), STRING);
const hasTag = and(has(schema, 'image'), has(image, 'tag'));
const x = literal('x');

describe('presence tests of members are written as optional reads', () => {
  test.each<[string, Node, string]>([
    ['a field with a fallback', cond(has(schema, 'image'), image, x), 's.?image.orValue("x")'],
    ['each field of a path', cond(hasTag, tag, x), 's.?image.?tag.orValue("x")'],
    ['the last field alone', cond(has(image, 'tag'), tag, x), 's.image.?tag.orValue("x")'],
    [
      'fallbacks in a row',
      cond(has(schema, 'image'), image, cond(has(schema, 'other'), other, x)),
      's.?image.orValue(s.?other.orValue("x"))',
    ],
    ['a key of a map', cond(isIn(key, labels), label, x), 's.labels[?"a/b"].orValue("x")'],
    [
      'a key of an optional map',
      cond(and(has(schema, 'labels'), isIn(key, labels)), label, x),
      's.?labels[?"a/b"].orValue("x")',
    ],
    ['an element', cond(compare('gt', size(words, INTEGER), literal(0)), first, x), 's.words[?0].orValue("x")'],
    ['an optional boolean whose absence means false', and(has(schema, 'on'), on), 's.?on.orValue(false)'],
    ['an optional boolean whose absence means true', or(not(has(schema, 'on')), on), 's.?on.orValue(true)'],
    [
      'inside of other expressions',
      list([cond(has(schema, 'image'), image, x), not(and(and(has(schema, 'image'), has(image, 'on')), inner))]),
      '[s.?image.orValue("x"), !s.?image.?on.orValue(false)]',
    ],
  ])('%s', (_, node, expected) => {
    expect(celText(withOptionalReads(node))).toBe(expected);
  });

  test.each<[string, Node, string]>([
    [
      'another condition beside the test',
      cond(and(has(schema, 'image'), on), image, x),
      'has(s.image) && s.on ? s.image : "x"',
    ],
    ['a value other than the tested member', cond(has(schema, 'image'), other, x), 'has(s.image) ? s.other : "x"'],
    ['a member that is read without a test', cond(has(schema, 'image'), tag, x), 'has(s.image) ? s.image.tag : "x"'],
    [
      'a value that is computed from the tested member',
      and(has(schema, 'image'), eq(image, x)),
      'has(s.image) && s.image == "x"',
    ],
    [
      'a position that may be negative',
      cond(compare('gt', size(words, INTEGER), field('n', INTEGER)), index(words, field('n', INTEGER), STRING), x),
      'size(s.words) > s.n ? s.words[s.n] : "x"',
    ],
  ])('the presence test stays: %s', (_, node, expected) => {
    expect(celText(withOptionalReads(node))).toBe(expected);
  });
});
