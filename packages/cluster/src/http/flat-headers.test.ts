import { expect, test } from 'vitest';
import { flatHeaders } from './flat-headers.ts';

/** Node's two representations of these header lines. The result also counts all reads of the list of lines. */
function received(lines: readonly (readonly [string, string])[]) {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] =
      before === undefined ? value : key === 'set-cookie' ? [before, value].flat() : `${String(before)}, ${value}`;
  }
  const reads = { count: 0 };
  const rawHeaders = new Proxy(lines.flat(), {
    get(target, name, receiver) {
      reads.count += 1;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { request: { headers, rawHeaders }, reads };
}

test('the values of a repeated impersonation header are separate', () => {
  const { request } = received([
    ['Accept', 'a'],
    ['accept', 'b'],
    ['Impersonate-Group', 'a, b'],
    ['impersonate-group', 'impersonate-extra-x'],
    ['Impersonate-Extra-x', '1'],
    ['__proto__', 'x'],
    ['Set-Cookie', 'c'],
    ['Set-Cookie', 'd'],
  ]);
  expect(flatHeaders(request)).toMatchObject({
    accept: 'a, b',
    'impersonate-group': 'a, b\nimpersonate-extra-x',
    'impersonate-extra-x': '1',
    'set-cookie': 'c, d',
  });
});

test('the lines of a request without impersonation are not read', () => {
  const { request, reads } = received([['Accept', 'a']]);
  expect([flatHeaders(request), reads.count]).toEqual([{ accept: 'a' }, 0]);
});

test('the number of reads grows linearly with the number of impersonation headers', () => {
  const { request, reads } = received(Array.from({ length: 1000 }, (_, index) => [`Impersonate-Extra-${index}`, 'x']));
  expect(flatHeaders(request)['impersonate-extra-999']).toBe('x');
  expect(reads.count).toBeLessThan(10_000);
});
