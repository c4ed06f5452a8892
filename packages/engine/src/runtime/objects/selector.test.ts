import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { selectorText } from './target.ts';

test.each<[string, JsonValue | undefined, string]>([
  ['an absent selector', undefined, ''],
  ['an empty selector', {}, ''],
  ['labels', { matchLabels: { b: '2', a: '1' } }, 'a=1,b=2'],
  [
    'expressions',
    {
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'x', operator: 'NotIn', values: ['y'] },
        { key: 'old', operator: 'DoesNotExist' },
        { key: 'new', operator: 'Exists' },
      ],
    },
    '!old,new,tier in (a,b),x notin (y)',
  ],
])('%s: the string form of %j is %j', (_name, selector, text) => {
  expect(selectorText(selector)).toEqual({ ok: true, text });
});

test.each<[JsonValue]>([
  ['text'],
  [{ matchLabels: { a: 1 } }],
  [{ matchLabels: 'a=b' }],
  [{ matchExpressions: [{ key: 'a', operator: 'In', values: [] }] }],
  [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }],
  [{ matchExpressions: [null] }],
  [{ app: 'web' }],
  [{ matchLabel: { app: 'web' } }],
  [{ matchLabels: { app: 'web' }, matchFields: [] }],
  [{ matchExpressions: [{ key: 'a', operator: 'Exists', value: 'x' }] }],
  [{ matchLabels: { app: 'not a label' } }],
  [{ matchLabels: { 'not a key': 'web' } }],
])('%j is not a selector', (selector) => {
  expect(selectorText(selector).ok).toBe(false);
});
