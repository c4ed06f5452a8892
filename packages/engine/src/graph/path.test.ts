import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath, parsePath } from './path.ts';

describe('formatPath', () => {
  test.each([
    [['spec', 'a', 0, 'b'], 'spec.a[0].b'],
    [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
    [['data', ''], 'data[""]'],
    [['a[b'], 'a[b'],
    [[], ''],
  ])('%j is %s', (steps, text) => expect(formatPath(steps)).toBe(text));
});

describe('parsePath', () => {
  test.each([
    ['spec.a[0].b', ['spec', 'a', 0, 'b']],
    ['a["x.y"].c', ['a', 'x.y', 'c']],
    ['', []],
  ])('reads %s', (text, steps) => expect(parsePath(text)).toEqual({ ok: true, steps }));

  test.each([
    ['a["x', 'unterminated quoted string starting at position 2'],
    ['a["x"b', 'expected closing bracket after quote at position 5'],
    ['a[0', 'unterminated array index at position 1'],
    ['a[x]', "invalid array index 'x' at position 2"],
    ['a..b', 'empty field name at position 2'],
  ])('%s is refused', (text, message) => expect(parsePath(text)).toEqual({ ok: false, message }));

  test('reads back what formatPath wrote, for keys without brackets and quotes', () => {
    const key = fc.string().filter((text) => !/["[\]]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.oneof(key, fc.nat(1000))), (steps) => {
        expect(parsePath(formatPath(steps))).toEqual({ ok: true, steps });
      }),
    );
  });
});
