import { describe, expect, it } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { memberKeysOf, memberFinder } from './list-members.ts';

describe('memberFinder', () => {
  it.each<{ title: string; members: string[]; item: JsonValue; index?: number; found: string | undefined }>([
    {
      title: 'by keys in any order',
      members: ['k:{"port":80,"protocol":"TCP"}', 'k:{"port":80,"protocol":"UDP"}'],
      item: { protocol: 'UDP', name: 'x', port: 80 },
      found: 'k:{"port":80,"protocol":"UDP"}',
    },
    {
      title: 'by keys, if each member has another key',
      members: ['k:{"a":1}', 'k:{"b":1}'],
      item: { b: 1 },
      found: 'k:{"b":1}',
    },
    {
      title: 'not by keys that the item does not have',
      members: ['k:{"port":80,"protocol":"TCP"}'],
      item: { port: 80 },
      found: undefined,
    },
    { title: 'not with another type of value', members: ['k:{"port":80}'], item: { port: '80' }, found: undefined },
    { title: 'not by keys if the item is not an object', members: ['k:{"port":80}'], item: 80, found: undefined },
    { title: 'by value', members: ['v:"a"', 'v:"b"'], item: 'b', found: 'v:"b"' },
    {
      title: 'by a value that is an object',
      members: ['v:{"a":1,"b":2}'],
      item: { b: 2, a: 1 },
      found: 'v:{"a":1,"b":2}',
    },
    { title: 'by null', members: ['v:null'], item: null, found: 'v:null' },
    { title: 'by index', members: ['i:0', 'i:1'], item: 'x', index: 1, found: 'i:1' },
    {
      title: 'not by strings that do not identify a list member',
      members: ['f:a', '.', 'k:{', 'k:1', 'v:'],
      item: 1,
      found: undefined,
    },
    {
      title: 'to the first of two equal members',
      members: ['k:{"a":1}', 'k:{"a": 1}'],
      item: { a: 1 },
      found: 'k:{"a":1}',
    },
    { title: 'not by the inherited key __proto__', members: ['k:{"__proto__":1}'], item: {}, found: undefined },
  ])('the finder matches an item: $title', ({ members, item, index = 0, found }) => {
    expect(memberFinder(members)(item, index)).toBe(found);
  });

  it('finds the member of an item without a search through all members', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `n${index}`);
    const find = memberFinder(names.map((name) => `k:{"name":"${name}"}`));
    expect(names.map((name, index) => find({ name }, index))).toEqual(names.map((name) => `k:{"name":"${name}"}`));
  });
});

describe('memberKeysOf', () => {
  it.each([
    ['k:{"a":1}', { a: 1 }],
    ['k:[1]', undefined],
    ['k:{', undefined],
    ['v:{"a":1}', undefined],
  ])('%s', (member, keys) => {
    expect(memberKeysOf(member)).toEqual(keys);
  });
});
