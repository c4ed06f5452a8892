import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import {
  asPartOf,
  installedNode,
  installedPackages,
  leftWithout,
  type PackageMarks,
  packageOf,
  refuseNeeded,
  refuseOtherOwners,
  refuseOtherVersion,
  refuseUsed,
  withoutPackage,
} from './installed-package.ts';

const object = (name: string, kind = 'ResourceGraphDefinition'): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind,
  metadata: { name },
});
const [DIGEST_A, DIGEST_C] = ['a', 'c'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const at = (name: string, version: string) => ({ reference: `oci://a.test/${name}:${version}`, isDependency: false });
const POTS: PackageMarks = {
  ...at('team/pots', '1.0.0'),
  name: 'team/pots',
  version: '1.0.0',
  digest: DIGEST_A,
  needs: [
    { reference: 'oci://a.test/other', range: '>=2 <4' },
    { reference: 'oci://a.test/clay', range: '^1.0.0 || ^2' },
  ],
};
const NEXT: PackageMarks = {
  ...at('team/pots', '1.10.0'),
  name: 'team/pots',
  version: '1.10.0',
  digest: 'sha256:b',
  needs: [],
};
const OTHER: PackageMarks = {
  ...at('other', '2.0.0'),
  name: 'other',
  version: '2.0.0',
  digest: DIGEST_C,
  needs: [],
  isDependency: true,
};

describe('the marks of a package', () => {
  test('are added to those of the author, and are read and removed again', () => {
    const own = { ...object('pots'), metadata: { name: 'pots', labels: { a: 'b' }, annotations: { c: 'd' } } };
    const marked = asPartOf(own, POTS);
    expect(marked.metadata).toEqual({
      name: 'pots',
      labels: { a: 'b', 'package.typekro.dev/part-of': 'team.pots' },
      annotations: {
        c: 'd',
        'package.typekro.dev/name': 'team/pots',
        'package.typekro.dev/version': '1.0.0',
        'package.typekro.dev/digest': DIGEST_A,
        'package.typekro.dev/reference': 'oci://a.test/team/pots:1.0.0',
        'package.typekro.dev/needs': 'oci://a.test/other@>=2 <4, oci://a.test/clay@^1.0.0 || ^2',
      },
    });
    expect([packageOf(marked), packageOf(own)]).toEqual([POTS, undefined]);
    expect(packageOf(asPartOf(own, OTHER))).toEqual(OTHER);
    expect(withoutPackage(marked)).toEqual(own);
    expect(withoutPackage(own)).toBe(own);
  });

  test.each([
    ['team/pots', 'team.pots'],
    [`${'a'.repeat(60)}/./b`, 'a'.repeat(60)],
    ['a_-', 'a'],
  ])('of %s have a label that Kubernetes accepts', (name, label) => {
    expect(Object.values(asPartOf(object('a'), { ...POTS, name }).metadata.labels ?? {})).toEqual([label]);
  });

  test.each(['oci://a.test/b', 'oci://a.test/b:1@^1', 'b@^1', 'oci://a.test/b@next', '@', 'oci://a.test/b@^1@^2'])(
    'with the need %s, which somebody has changed, have none',
    (text) => {
      const { metadata, ...rest } = asPartOf(object('a'), OTHER);
      const annotations = { ...metadata.annotations, 'package.typekro.dev/needs': text };
      expect(packageOf({ ...rest, metadata: { ...metadata, annotations } })?.needs).toEqual([]);
    },
  );

  test('with a name that no package can have are none', () => {
    expect(packageOf(asPartOf(object('a'), { ...POTS, name: 'A\u001b[2J' }))).toBeUndefined();
    expect(packageOf({ ...object('a'), metadata: { name: 'a', annotations: JSON.parse('{"__proto__":"a"}') } })).toBe(
      undefined,
    );
  });
});

test('packages are found by their names, with all versions that their objects have', () => {
  const objects = [asPartOf(object('a'), POTS), asPartOf(object('b'), OTHER), object('c'), asPartOf(object('d'), NEXT)];
  expect(installedPackages(objects)).toMatchObject([
    { name: 'other', versions: ['2.0.0'], digests: [DIGEST_C], objects: [{ metadata: { name: 'b' } }] },
    { name: 'team/pots', versions: ['1.0.0', '1.10.0'], digests: [DIGEST_A, 'sha256:b'] },
  ]);
});

test.each([
  ['nothing', [], POTS, undefined],
  ['the same package', [POTS], POTS, undefined],
  ['another version', [POTS], NEXT, 'team/pots is installed in 1.0.0, and this package is 1.10.0'],
  ['a part of another version', [POTS, NEXT], NEXT, 'team/pots is installed in 1.0.0 and 1.10.0, and'],
  [
    'other content of the version',
    [POTS],
    { ...POTS, digest: 'sha256:d' },
    `with the digest ${DIGEST_A}, and this package`,
  ],
])('an installation over %s', (_, before, after, message) => {
  const [installed] = installedPackages(before.map((each, index) => asPartOf(object(`a${index}`), each)));
  const install = () => refuseOtherVersion(installed, after, { digest: after.digest, reference: 'oci://a/b:1' });
  if (message === undefined) expect(install).not.toThrow();
  else
    expect(install).toThrow(
      expect.objectContaining({ code: 'package/installed', message: expect.stringContaining(message) }),
    );
});

test.each<[string, KubeObject | undefined, boolean, string | undefined]>([
  ['nothing', undefined, false, undefined],
  ['an object of the package', asPartOf(object('pots'), NEXT), false, undefined],
  ['an object of no package', object('pots'), false, 'ResourceGraphDefinition pots exists, and no package has'],
  ['an object of no package, by request', object('pots'), true, undefined],
  [
    'an object of another package, even by request',
    asPartOf(object('pots'), OTHER),
    true,
    'pots belongs to the package other, and the package team/pots has it, too',
  ],
])('%s in the place of an object', (_, live, adopts, message) => {
  const refuse = () => refuseOtherOwners([{ desired: asPartOf(object('pots'), POTS), live }], adopts);
  if (message === undefined) expect(refuse).not.toThrow();
  else
    expect(refuse).toThrow(
      expect.objectContaining({ code: 'package/other-owner', message: expect.stringContaining(message) }),
    );
});

test('what is used is named, at most five users of each object', () => {
  expect(() => refuseUsed('a', [])).not.toThrow();
  const by = Array.from({ length: 7 }, (_, index) => `Pot default/p${index}`);
  expect(() => refuseUsed('a', [{ object: object('pots'), by }])).toThrow(
    'the package a is in use: ResourceGraphDefinition pots is used by Pot default/p0, Pot default/p1, Pot default/p2, Pot default/p3, Pot default/p4, and 2 more',
  );
});

test('a package that others need is not removed, and what only it needs is left without it', () => {
  const [other, pots] = installedPackages([asPartOf(object('a'), POTS), asPartOf(object('b'), OTHER)]);
  if (other === undefined || pots === undefined) throw new Error('not found');
  const all = [other, pots];
  expect(() => refuseNeeded(other, all)).toThrow(
    expect.objectContaining({ code: 'package/needed', message: 'the package other is needed by team/pots 1.0.0' }),
  );
  expect(() => refuseNeeded(pots, all)).not.toThrow();
  expect(leftWithout(pots, all)).toEqual([other]);
  const wanted = { ...other, current: { ...other.current, isDependency: false } };
  expect(leftWithout(pots, [wanted, pots])).toEqual([]);
  const second = { ...pots, name: 'team/pans' };
  expect(leftWithout(pots, [...all, second])).toEqual([]);
  const { needs } = POTS;
  expect(installedNode(pots)).toEqual({
    reference: 'oci://a.test/team/pots',
    name: 'team/pots',
    version: '1.0.0',
    needs,
  });
  for (const changed of [{ reference: 'a b' }, { digest: 'sha256:a' }])
    expect(installedNode({ ...pots, current: { ...pots.current, ...changed } }).reference).toBe('');
  expect(installedNode({ ...pots, current: { ...pots.current, version: '1\u001b[2J' } }).version).toBe(
    'of an unknown version',
  );
});
