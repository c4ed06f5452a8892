import { describe, expect, test } from 'vitest';
import { parseShardSelector } from './shard-selector.ts';

const UID = 'object.metadata.uid';
const FIRST = '0x0000000000000000';
const HALF = '0x8000000000000000';
const END = '0x10000000000000000';
const range = (start: string, end: string, field = UID) => `shardRange(${field}, '${start}', '${end}')`;

const problemOf = (text: string): string => {
  try {
    return `parsed as ${parseShardSelector(text).text}`;
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

describe('a shard selector', () => {
  test.each([
    [range(FIRST, HALF), range(FIRST, HALF)],
    [
      ` ( shardRange(object . metadata.namespace, "${FIRST}", r'${END}') ) `,
      range(FIRST, END, 'object.metadata.namespace'),
    ],
    [`${range(FIRST, HALF)}||${range(HALF, END)}`, `${range(FIRST, HALF)} || ${range(HALF, END)}`],
  ])('is parsed: %s', (text, shown) => {
    expect(parseShardSelector(text).text).toBe(shown);
  });

  test.each([
    [' ', 'empty shard selector is not allowed; omit the parameter for unfiltered lists'],
    ['true', 'unexpected expression kind 5; expected shardRange() call or || operator'],
    ['object.metadata.uid', 'unexpected expression kind 7; expected shardRange() call or || operator'],
    [`!${range(FIRST, HALF)}`, 'unsupported function "!_"; only shardRange() and || are allowed'],
    ['has(object.metadata)', 'unsupported function "has"; only shardRange() and || are allowed'],
    ['shardRange()', 'shardRange() requires exactly 3 arguments, got 0'],
    [
      range(FIRST, HALF, 'object.metadata.name'),
      'unsupported field path "object.metadata.name"; supported: object.metadata.uid, object.metadata.namespace',
    ],
    [
      range(FIRST, HALF, '[1]'),
      'shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind 4',
    ],
    [`shardRange(${UID}, uid, '${END}')`, "hexStart must be a string literal (e.g. '0xff'), got expression kind 3"],
    [`shardRange(${UID}, 0, '${END}')`, 'hexStart must be a string literal, got int64'],
    [`shardRange(${UID}, '${FIRST}', null)`, 'hexEnd must be a string literal, got structpb.NullValue'],
    [range('ff', END), 'hexStart must have \'0x\' prefix, got "ff"'],
    [range('0x', END), "hexStart: hex value is required after '0x'"],
    [range(FIRST, `${END}0`), 'hexEnd: hex value too long (18 chars, max 17): "100000000000000000"'],
    [range('0x8g', END), 'hexStart: invalid hex character "g" in "0x8g"'],
    [range('0x8G00000000000000', END), 'hexStart: invalid hex character "G" in "0x8G00000000000000"'],
    [
      range(FIRST, '0x20000000000000000'),
      'hexEnd: 17-digit hex value must be \'0x10000000000000000\' (2^64), got "0x20000000000000000"',
    ],
    [
      range('0x0', END),
      'hexStart must be a 0x-prefixed 16-digit hex value, got "0x0" (did you mean "0x0000000000000000"?)',
    ],
    [range(HALF, HALF), `shard range start ${HALF} must be less than end ${HALF}`],
    [
      `${range(FIRST, HALF)} || ${range(HALF, END, 'object.metadata.namespace')}`,
      'all shard ranges must use the same field, got "object.metadata.uid" and "object.metadata.namespace"',
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemOf(text)).toBe(`invalid shard selector: ${problem}`);
  });

  test('that is not CEL is refused with the first syntax error', () => {
    expect(problemOf('shardRange(')).toMatch(/^invalid shard selector: CEL parse error: Syntax error: /);
  });

  test('assigns each object to exactly one of the ranges', () => {
    const halves = [parseShardSelector(range(FIRST, HALF)), parseShardSelector(range(HALF, END))];
    const counts = [0, 0];
    for (let index = 0; index < 200; index++) {
      const object = { apiVersion: 'v1', kind: 'Pod', metadata: { uid: `${index}-8b5c-4f0e-9d7a` } };
      const hits = halves.map(({ matches }) => matches(object));
      expect(hits.filter(Boolean)).toEqual([true]);
      counts[hits.indexOf(true)] = (counts[hits.indexOf(true)] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
  });

  test('uses the 64-bit FNV-1a hash', () => {
    // The hash of an empty string is the offset basis of FNV.
    const only = parseShardSelector(range('0xcbf29ce484222325', '0xcbf29ce484222326', 'object.metadata.namespace'));
    expect(only.matches({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } })).toBe(true);
    expect(only.matches({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a' } })).toBe(false);
    const before = parseShardSelector(range(FIRST, '0xcbf29ce484222325', 'object.metadata.namespace'));
    expect(before.matches({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } })).toBe(false);
  });
});
