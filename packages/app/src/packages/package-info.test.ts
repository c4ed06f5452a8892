import { describe, expect, test } from 'vitest';
import { type JsonObject, stringifyJson } from '@typekro/kit/core';
import { infoText, isOlder, isPackageName, isVersion, readInfo } from './package-info.ts';

const INFO = {
  name: 'platform/web-app',
  version: '1.2.0',
  engine: { typekro: '1.0.0-alpha.0', features: ['APIVersions'] },
  provides: [{ group: 'kro.run', kind: 'WebApp', versions: ['v1', 'v1alpha1'], definition: 'web-app' }],
  requires: [{ group: 'acme.dev', kind: 'Database', versions: ['v1'] }],
  needs: [
    {
      reference: 'oci://a.test/platform/data',
      range: '^1.2.0 || 3.x',
      kinds: [{ group: 'acme.dev', kind: 'Database', versions: ['v1'] }],
    },
  ],
  rights: { digest: `sha256:${'0'.repeat(64)}` },
};
const WRITTEN = { formatVersion: 1, ...INFO };
const read = (value: unknown) =>
  readInfo(Buffer.from(typeof value === 'string' ? value : stringifyJson(value as JsonObject)));

test('the text of typekro.package.json is read as what was written, with the fields of later versions', () => {
  expect(readInfo(Buffer.from(infoText(INFO)))).toEqual(WRITTEN);
  expect(read({ ...WRITTEN, later: [1] })).toMatchObject(INFO);
  const { needs: _needs, ...alone } = WRITTEN;
  expect(read(alone).needs).toEqual([]);
  expect(infoText({ ...INFO, needs: [] })).not.toContain('needs');
});

describe('typekro.package.json is refused with the path of', () => {
  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'is not JSON'],
    ['a list', [], 'it is not an object'],
    ['no format', INFO, 'formatVersion is not 1'],
    [
      'a newer format',
      { ...WRITTEN, formatVersion: 2 },
      'has the format 2, and this version of typekro reads the format 1',
    ],
    ['a name in capitals', { ...WRITTEN, name: 'A' }, 'name is not the name of a package'],
    ['a version of two numbers', { ...WRITTEN, version: '1.2' }, 'version is not a semantic version such as 1.2.0'],
    ['no engine', { ...WRITTEN, engine: null }, 'engine is not an object'],
    ['an engine', { ...WRITTEN, engine: { typekro: 'new', features: [] } }, 'engine.typekro is not a semantic version'],
    [
      'a gate',
      { ...WRITTEN, engine: { typekro: '1.0.0', features: ['a b'] } },
      'engine.features[0] is not the name of a feature gate',
    ],
    ['no list', { ...WRITTEN, provides: {} }, 'provides is not a list'],
    [
      'a long list',
      { ...WRITTEN, requires: Array.from({ length: 1001 }, () => ({})) },
      'requires has more than 1000 items',
    ],
    [
      'a kind',
      { ...WRITTEN, provides: [INFO.provides[0], { ...INFO.provides[0], kind: 'a\u001b[2J' }] },
      'provides[1].kind is not the name of a kind',
    ],
    [
      'the version of a kind',
      { ...WRITTEN, requires: [{ group: '', kind: 'A', versions: [1] }] },
      'requires[0].versions[0] is not the version of an API',
    ],
    [
      'a need with a tag',
      { ...WRITTEN, needs: [{ ...INFO.needs[0], reference: 'oci://a.test/b:1' }] },
      'needs[0].reference is not a repository',
    ],
    [
      'a range with a line feed',
      { ...WRITTEN, needs: [{ ...INFO.needs[0], range: '^1\n' }] },
      'needs[0].range is not a range of versions',
    ],
    ['a repository twice', { ...WRITTEN, needs: [INFO.needs[0], INFO.needs[0]] }, 'needs has a repository twice'],
    ['many needs', { ...WRITTEN, needs: Array.from({ length: 51 }, () => INFO.needs[0]) }, 'has more than 50 items'],
    [
      'an inherited member',
      { ...WRITTEN, rights: JSON.parse('{"__proto__":{"digest":"sha256:"}}') as object },
      'rights.digest is not a SHA-256 digest',
    ],
    [
      'many',
      {},
      'version is not a semantic version such as 1.2.0; engine is not an object; provides is not a list; and 2 more',
    ],
    ['bytes that are not UTF-8', '\u{d800}', 'is not JSON'],
  ])('%s', (_, value, message) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code: 'oci/package', message: expect.stringContaining(message) }),
    );
  });

  test('more than a mebibyte', () => {
    expect(() => readInfo(Buffer.alloc(1024 * 1024 + 1))).toThrow('more than 1048576 bytes');
  });
});

test.each([
  ['1.0.0-alpha.0', '1.0.0', true],
  ['1.0.0', '1.0.0-alpha.0', false],
  ['1.9.0', '1.10.0', true],
  ['1.0.0', '1.0.0', false],
  ['next', '1.0.0', false],
])('%s is older than %s: %s', (one, other, expected) => expect(isOlder(one, other)).toBe(expected));

test('names and versions', () => {
  expect(['platform/web-app', 'a', 'a_b.c'].every(isPackageName)).toBe(true);
  expect(['', 'A', '/a', 'a b', 'a:b', 'a'.repeat(201)].some(isPackageName)).toBe(false);
  expect(['1.2.3', '1.2.3-rc.1'].every(isVersion)).toBe(true);
  expect(['', 'latest', 'v1.2.3', '01.2.3', `1.2.3-${'a'.repeat(200)}`].some(isVersion)).toBe(false);
});
