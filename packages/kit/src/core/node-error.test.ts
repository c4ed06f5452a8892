import { expect, test } from 'vitest';
import { errorCode } from './error.ts';

test.each([
  [Object.assign(new Error('a'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('a'), { code: 7 }), undefined],
  [new Error('a'), undefined],
  ['ENOENT', undefined],
  [null, undefined],
  [undefined, undefined],
])('the code of %s is %s', (error, code) => {
  expect(errorCode(error)).toBe(code);
});
