import { describe, expect, test } from 'vitest';
import { decodeToken, encodeToken } from './continue-token.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('a continue token', () => {
  test.each([
    { version: 7, key: 'default/a' },
    { version: -1, key: 'a' },
    { version: 7, key: 'a', listedAt: 1000 },
  ])('the token %o is unchanged after encoding and decoding', (token) => {
    expect(decodeToken(encodeToken(token))).toEqual(token);
  });

  test.each([
    ['a!b', 'illegal base64 data at input byte 1'],
    ['YWJjZ', 'illegal base64 data at input byte 4'],
    [encoded('abc'), "invalid character 'a' looking for beginning of value"],
    [encoded('{'), 'unexpected end of JSON input'],
    [encoded('[]'), 'json: cannot unmarshal array into Go value of type storage.continueToken'],
    [encoded('null'), 'server does not recognize this encoded version '],
    [encoded('{"v":"v9"}'), 'server does not recognize this encoded version v9'],
    [
      encoded('{"v":"meta.k8s.io/v1","rv":"1"}'),
      'json: cannot unmarshal string into Go struct field continueToken.rv of type int64',
    ],
    [
      encoded('{"v":"meta.k8s.io/v1","rv":1.5}'),
      'json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64',
    ],
    [encoded('{"v":"meta.k8s.io/v1"}'), 'incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1}'), 'encoded start key empty (version meta.k8s.io/v1)'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a/../b"}'), 'a/../b'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a//b"}'), 'a//b'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a/"}'), 'a/'],
  ])('%s is refused', (token, problem) => {
    expect(() => decodeToken(token)).toThrow(
      expect.objectContaining({ message: `invalid continue token: continue key is not valid: ${problem}` }),
    );
  });
});
