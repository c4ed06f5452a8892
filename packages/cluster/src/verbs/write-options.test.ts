import { expect, test } from 'vitest';
import { Query } from '../protocol/request.ts';
import { writeOptions } from './options.ts';

/** The string that Node returns for a header with the UTF-8 bytes of `text`. */
const received = (text: string) => Buffer.from(text).toString('latin1');
const options = (fieldManager: string, userAgent?: string) =>
  writeOptions(
    {
      query: new Query(fieldManager === '' ? '' : `fieldManager=${encodeURIComponent(fieldManager)}`),
      headers: { 'user-agent': userAgent },
    },
    'CreateOptions',
  );

test.each([
  ['kubectl/v1.36.0 (linux/amd64)', 'kubectl'],
  ['', 'unknown'],
  [undefined, 'unknown'],
  ['/v1', 'unknown'],
  [received('größe\u200b字/1'), 'größe字'],
  ['a\tb', 'ab'],
  ['x'.repeat(200), 'x'.repeat(128)],
  [received('字'.repeat(200)), '字'.repeat(42)],
])('the default manager for the User-Agent %j is %j', (userAgent, manager) => {
  expect(options('', userAgent).manager).toBe(manager);
});

// The expected messages equal those of k8s.io/apimachinery/pkg/apis/meta/v1/validation.
test.each([
  ['größe "a" \\', []],
  [
    'a\u00a0b\u0001c',
    [
      String.raw`Invalid value: "a\u00a0b\x01c": invalid character U+00A0 (at position 1)`,
      String.raw`Invalid value: "a\u00a0b\x01c": invalid character U+0001 (at position 4)`,
    ],
  ],
  ['é\u200bx', [String.raw`Invalid value: "é\u200bx": invalid character U+200B (at position 2)`]],
  ['é'.repeat(70), ['Too long: may not be more than 128 bytes']],
])('the field manager %j has the problems %j', (manager, problems) => {
  let found: readonly (string | undefined)[] = [];
  try {
    options(manager);
  } catch (thrown) {
    const { status } = thrown as { status: { details: { causes: { message: string }[] } } };
    found = status.details.causes.map(({ message }) => message);
  }
  expect(found).toEqual(problems);
});
