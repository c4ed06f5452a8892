import { describe, expect, test } from 'vitest';
import { type LockedPackage, lockedPackage, lockText, readLock, refuseUnlocked } from './lock-file.ts';

const [A, B] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const SHOP: LockedPackage = {
  name: 'team/shop',
  version: '1.0.0',
  reference: 'oci://a.test/team/shop:1.0.0',
  digest: A,
};
const DATA: LockedPackage = { name: 'data', version: '2.1.0', reference: 'oci://a.test/data:2.1.0', digest: B };

describe('typekro.lock', () => {
  test('is the same text for the same packages in any order, and is read as what was written', () => {
    expect(lockText([SHOP, DATA])).toMatchInlineSnapshot(`
      "# The packages that typekro has chosen. Keep this file in version control, and use --locked in CI.
      lockVersion: 1
      packages:
        - digest: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          name: data
          reference: oci://a.test/data:2.1.0
          version: 2.1.0
        - digest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          name: team/shop
          reference: oci://a.test/team/shop:1.0.0
          version: 1.0.0
      "
    `);
    expect(lockText([DATA, SHOP])).toBe(lockText([SHOP, DATA]));
    expect(readLock(lockText([SHOP, DATA]))).toEqual([DATA, SHOP]);
    expect(readLock(lockText([]))).toEqual([]);
  });

  test('has the place of a package without its digest', () => {
    const { name, version, digest } = SHOP;
    const place = { registry: 'a.test', repository: 'team/shop', tag: '1.0.0', digest };
    expect(lockedPackage({ name, version, digest }, place)).toEqual(SHOP);
  });

  const changed = (from: string, to: string): string => lockText([DATA, SHOP]).replace(from, to);
  test.each<[string, string, string]>([
    ['nothing', '', 'typekro.lock:1:1: the file is not an object'],
    ['no YAML', 'a: [', 'typekro.lock:1:'],
    ['a list', '- a', 'typekro.lock:1:1: the file is not an object'],
    ['two documents', `${lockText([])}---\n{}\n`, 'typekro.lock:5:1: there is more than one document'],
    [
      'a later version',
      changed('lockVersion: 1', 'lockVersion: 2'),
      '2:14: lockVersion is not 1, the version that this',
    ],
    ['an unknown field', changed('lockVersion: 1', 'lockVersion: 1\nmore: 2'), '3:7: more is not known'],
    [
      'an unknown field of an entry',
      changed('    version: 2.1.0', '    range: 2.1.0'),
      ': packages[0].range is not known',
    ],
    ['no packages', 'lockVersion: 1\n', 'packages is not a list'],
    ['an entry that is none', 'lockVersion: 1\npackages: [a]\n', '2:12: packages[0] is not an object'],
    ['a name', changed('name: data', 'name: A'), '5:11: packages[0].name is not the name of a package'],
    [
      'a number as a version',
      changed('version: 2.1.0', 'version: 2.1'),
      '7:14: packages[0].version is not a semantic version',
    ],
    [
      'a reference with a digest',
      changed('data:2.1.0', `data@${A}`),
      'packages[0].reference is not a reference without a digest',
    ],
    ['a short digest', changed(B, 'sha256:b'), '4:13: packages[0].digest is not a SHA-256 digest'],
    ['a name twice', changed('name: data', 'name: team/shop'), 'packages[1].name is that of an earlier entry'],
    ['an inherited member', 'lockVersion: 1\npackages: [{__proto__: {name: a}}]\n', 'packages[0].name is not the name'],
  ])('is refused with %s', (_, text, message) => {
    expect(() => readLock(text)).toThrow(
      expect.objectContaining({ code: 'package/lock-file', message: expect.stringContaining(message) }),
    );
  });
});

const OF_TAG = { isLocked: false, isPinned: false };
test.each<[string, readonly LockedPackage[], Partial<typeof OF_TAG>, string | undefined]>([
  ['no entry', [DATA], {}, undefined],
  ['its entry', [DATA, SHOP], {}, undefined],
  ['its entry, locked', [DATA, SHOP], { isLocked: true }, undefined],
  ['its digest at another place, locked', [{ ...SHOP, reference: 'oci://b.test/shop' }], { isLocked: true }, undefined],
  ['another version', [{ ...SHOP, reference: 'oci://a.test/team/shop:0.9.0', digest: B }], {}, undefined],
  [
    'another digest of the tag',
    [{ ...SHOP, digest: B }],
    {},
    `the tag was moved: ${SHOP.reference} named ${B}, and now names ${A}`,
  ],
  ['another digest of the tag, but the digest was named', [{ ...SHOP, digest: B }], { isPinned: true }, undefined],
  ['no entry, locked', [DATA], { isLocked: true }, `typekro.lock does not have team/shop, and this is 1.0.0 with ${A}`],
  [
    'another version, locked',
    [{ ...SHOP, version: '0.9.0', reference: 'oci://a.test/team/shop:0.9.0', digest: B }],
    { isLocked: true },
    `typekro.lock has team/shop 0.9.0 with ${B}, and this is 1.0.0 with ${A}`,
  ],
  [
    'another digest, which was named, locked',
    [{ ...SHOP, digest: B }],
    { isLocked: true, isPinned: true },
    'and this is',
  ],
])('a package against a file with %s', (_, before, options, message) => {
  const refuse = () => refuseUnlocked(before, SHOP, { ...OF_TAG, ...options });
  if (message === undefined) expect(refuse).not.toThrow();
  else expect(refuse).toThrow(message);
});
