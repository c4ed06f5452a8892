import { expect, test } from 'vitest';
import { objectOfReply } from './audited-objects.ts';

const SHORT = { kind: 'Status' };
const LONG = { kind: 'Status', message: 'x'.repeat(64 * 1024) };

test.each([
  ['a short response', SHORT, 200, false, SHORT],
  ['a long response whose object is shown', LONG, 200, true, LONG],
  ['a long response whose object is not shown', LONG, 200, false, undefined],
  ['a long Status of an error', LONG, 422, false, LONG],
])(
  'objectOfReply leaves out only a long object that is neither shown nor the Status of an error: %s',
  (_title, object, status, isShown, expected) => {
    const headers = { 'content-type': 'application/json' };
    const body = Buffer.from(JSON.stringify(object));
    expect(objectOfReply({ status, headers, body }, isShown)).toEqual(expected);
  },
);
