import { describe, expect, it } from 'vitest';
import { type JsonValue, canonicalJson } from '@typekro/kit/core';
import { digestOf } from './objects/fingerprint.ts';

describe('canonicalJson', () => {
  it.each<{ title: string; value: JsonValue | undefined; text: string }>([
    { title: 'an absent value as null', value: undefined, text: 'null' },
    { title: 'sorted members', value: { a: 1, b: [{ c: 2 }] }, text: '{"a":1,"b":[{"c":2}]}' },
    { title: 'unsorted members, sorted', value: { b: 1, a: 2 }, text: '{"a":2,"b":1}' },
    {
      title: 'members of members in sorted order',
      value: { a: { d: 1, c: 2 }, b: 3 },
      text: '{"a":{"c":2,"d":1},"b":3}',
    },
    {
      title: 'members of objects in lists in sorted order',
      value: { a: [1, { d: 1, c: 2 }] },
      text: '{"a":[1,{"c":2,"d":1}]}',
    },
    { title: 'list items, which keep their order', value: ['b', 'a'], text: '["b","a"]' },
    { title: 'large integers', value: { b: 2n ** 53n + 1n, a: 1n }, text: '{"a":1,"b":9007199254740993}' },
    { title: 'an object without its absent members', value: { b: undefined, a: null }, text: '{"a":null}' },
    { title: 'the name __proto__', value: JSON.parse('{"b":1,"__proto__":2}'), text: '{"__proto__":2,"b":1}' },
  ])('writes $title', ({ value, text }) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('sorts nested objects in linear time', () => {
    let value: JsonValue = 0;
    let text = '0';
    for (let depth = 0; depth < 200; depth += 1) {
      value = { b: [value], a: depth };
      text = `{"a":${depth},"b":[${text}]}`;
    }
    expect(canonicalJson(value)).toBe(text);
  });
});

describe('digestOf', () => {
  it('is equal for equal values in different notations', () => {
    expect(digestOf({ a: 1, b: { c: [1n], d: 2 } })).toBe(digestOf({ b: { d: 2, c: [1] }, a: 1 }));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: { b: 1 } }, { a: { b: 1, c: null } }],
  ] as [JsonValue, JsonValue][])('distinguishes %j and %j', (one, other) => {
    expect(digestOf(one)).not.toBe(digestOf(other));
  });
});
