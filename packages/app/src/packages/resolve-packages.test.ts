import { describe, expect, test } from 'vitest';
import { isRange, parseNeeds } from './package-needs.ts';
import { type PackageNode, type ResolveOptions, resolvePackages, packageTreeLines } from './resolve-packages.ts';

/** `b 1.2.0: c ^1, d *` — a package at `oci://a.test/team/b` with its needs. */
function node(text: string): PackageNode {
  const [title = '', needs = ''] = text.split(': ');
  const [name = '', version = ''] = title.split(' ');
  return {
    reference: `oci://a.test/team/${name}`,
    name,
    version,
    needs: needs === '' ? [] : needs.split(', ').map(needOf),
  };
}

function needOf(text: string) {
  const [name = '', ...range] = text.split(' ');
  return { reference: `oci://a.test/team/${name}`, range: range.join(' ') };
}

interface Case {
  readonly root: string;
  /** The content of the registry. */
  readonly has: readonly string[];
  readonly installed?: readonly string[];
  readonly locked?: Readonly<Record<string, string>>;
  readonly isLocked?: boolean;
}

/** Resolves, and also returns what was read. */
async function resolve({ root, has, installed = [], locked = {}, isLocked = false }: Case) {
  const nodes = has.map(node);
  const seen: string[] = [];
  const options: ResolveOptions = {
    installed: installed.map(node),
    locked: new Map(Object.entries(locked).map(([name, version]) => [`oci://a.test/team/${name}`, version])),
    isLocked,
  };
  const ordered = await resolvePackages(node(root), options, {
    versions: async (reference) => nodes.flatMap((each) => (each.reference === reference ? [each.version] : [])),
    read: async (reference, version) => {
      const found = nodes.find((each) => each.reference === reference && each.version === version);
      if (found === undefined) throw new Error(`${reference} ${version} does not exist`);
      seen.push(`${found.name} ${version}`);
      return found;
    },
  });
  return { ordered, seen };
}

const titles = ({ ordered }: Awaited<ReturnType<typeof resolve>>) =>
  ordered.map(({ name, version, isKept }) => `${name} ${version}${isKept ? ' kept' : ''}`);

describe('the packages that a package needs are chosen:', () => {
  test.each<[string, Case, string[]]>([
    ['none', { root: 'a 1.0.0', has: [] }, ['a 1.0.0']],
    [
      'the highest version',
      { root: 'a 1.0.0: b ^1.2', has: ['b 1.2.0', 'b 1.10.0', 'b 2.0.0'] },
      ['b 1.10.0', 'a 1.0.0'],
    ],
    [
      'a diamond in one version, before those that need it',
      { root: 'a 1.0.0: b *, c *', has: ['b 1.0.0: d >=1', 'c 1.0.0: d <1.5', 'd 1.0.0', 'd 1.4.0', 'd 1.6.0'] },
      ['d 1.4.0', 'b 1.0.0', 'c 1.0.0', 'a 1.0.0'],
    ],
    [
      'only what the last choice of a version needs',
      { root: 'a 1.0.0: b *, c *', has: ['b 2.0.0: d *', 'b 1.0.0', 'c 1.0.0: b ^1', 'd 1.0.0'] },
      ['b 1.0.0', 'c 1.0.0', 'a 1.0.0'],
    ],
    [
      'no prerelease',
      { root: 'a 1.0.0: b >=1', has: ['b 1.0.0', 'b 1.1.0-rc.1', 'b 2.0.0-0'] },
      ['b 1.0.0', 'a 1.0.0'],
    ],
    [
      'a prerelease that the range names',
      { root: 'a 1.0.0: b >=1.1.0-rc.1', has: ['b 1.0.0', 'b 1.1.0-rc.1', 'b 1.1.0-rc.2', 'b 1.2.0-0'] },
      ['b 1.1.0-rc.2', 'a 1.0.0'],
    ],
    [
      'an installed version that fits, and what it needs and the cluster lacks',
      { root: 'a 1.0.0: b ^1', has: ['b 1.9.0', 'c 1.0.0'], installed: ['b 1.2.0: c *'] },
      ['c 1.0.0', 'b 1.2.0 kept', 'a 1.0.0'],
    ],
    [
      'another one in the place of an installed version that does not fit',
      { root: 'a 1.0.0: b ^2', has: ['b 2.0.0'], installed: ['b 1.2.0', 'x 1.0.0: b *', 'y 1.0.0: z ^9'] },
      ['b 2.0.0', 'a 1.0.0'],
    ],
    [
      'a new version of an installed package without the needs of the former one',
      { root: 'a 1.0.0: b ^2', has: ['b 2.0.0: c ^2', 'c 2.0.0'], installed: ['b 1.0.0: c ^1', 'c 1.0.0'] },
      ['c 2.0.0', 'b 2.0.0', 'a 1.0.0'],
    ],
    [
      'a locked version that fits',
      { root: 'a 1.0.0: b ^1', has: ['b 1.2.0', 'b 1.9.0'], locked: { b: '1.2.0' } },
      ['b 1.2.0', 'a 1.0.0'],
    ],
    [
      'not a locked version that does not fit',
      { root: 'a 1.0.0: b ^2', has: ['b 2.0.0'], locked: { b: '1.2.0' } },
      ['b 2.0.0', 'a 1.0.0'],
    ],
    [
      'with --locked, a locked version also in the place of an installed one',
      { root: 'a 1.0.0: b ^1', has: ['b 1.2.0'], installed: ['b 1.1.0'], locked: { b: '1.2.0' }, isLocked: true },
      ['b 1.2.0', 'a 1.0.0'],
    ],
    [
      'texts that are no versions are ignored',
      { root: 'a 1.0.0: b *', has: ['b 1', 'b 1.0.0'] },
      ['b 1.0.0', 'a 1.0.0'],
    ],
  ])('%s', async (_, given, expected) => expect(titles(await resolve(given))).toEqual(expected));

  test('an installed or locked version without a look at the others', async () => {
    const has = ['b 1.2.0', 'b 1.9.0'];
    expect((await resolve({ root: 'a 1.0.0: b *', has, installed: ['b 1.2.0'] })).seen).toEqual([]);
    expect((await resolve({ root: 'a 1.0.0: b *', has, locked: { b: '1.2.0' } })).seen).toEqual(['b 1.2.0']);
  });
});

describe('packages are refused:', () => {
  test.each<[string, Case, string, string]>([
    [
      'two chains that exclude each other',
      { root: 'a 1.0.0: b *, d *', has: ['b 2.1.0: c ^1', 'd 1.0.0: c ^2', 'c 1.0.0', 'c 1.1.0', 'c 2.0.0'] },
      'package/conflict',
      `no version of oci://a.test/team/c fits all:
  a 1.0.0 → b 2.1.0 → team/c ^1
  a 1.0.0 → d 1.0.0 → team/c ^2
  there are 2.0.0, 1.1.0, 1.0.0`,
    ],
    [
      'only the two of several chains',
      { root: 'a 1.0.0: b *, d *, c >=1', has: ['b 2.1.0: c ^1', 'd 1.0.0: c ^2', 'c 1.0.0', 'c 2.0.0'] },
      'package/conflict',
      `no version of oci://a.test/team/c fits all:
  a 1.0.0 → b 2.1.0 → team/c ^1
  a 1.0.0 → d 1.0.0 → team/c ^2
  there are 2.0.0, 1.0.0`,
    ],
    [
      'three chains of which each two have a common version',
      {
        root: 'a 1.0.0: b *, c 1 || 2, d *',
        has: ['b 1.0.0: c 2 || 3', 'd 1.0.0: c 1 || 3', 'c 1.0.0', 'c 2.0.0', 'c 3.0.0'],
      },
      'package/conflict',
      `no version of oci://a.test/team/c fits all:
  a 1.0.0 → team/c 1 || 2
  a 1.0.0 → b 1.0.0 → team/c 2 || 3
  a 1.0.0 → d 1.0.0 → team/c 1 || 3
  there are 3.0.0, 2.0.0, 1.0.0`,
    ],
    [
      'an installed package beside the tree that needs another version',
      { root: 'a 1.0.0: c ^2', has: ['c 2.0.0'], installed: ['x 3.0.0: c ^1', 'c 1.0.0'] },
      'package/conflict',
      `no version of oci://a.test/team/c fits all:
  a 1.0.0 → team/c ^2
  x 3.0.0 (installed) → team/c ^1
  there are 2.0.0, 1.0.0`,
    ],
    [
      'a version that an installed package does not accept',
      { root: 'c 2.0.0', has: [], installed: ['x 3.0.0: c ^1', 'y 1.0.0: c *'] },
      'package/conflict',
      `c 2.0.0 does not fit what others need:
  x 3.0.0 (installed) → team/c ^1`,
    ],
    [
      'a missing repository',
      { root: 'a 1.0.0: b ^1', has: [] },
      'package/no-version',
      `no version of oci://a.test/team/b fits:
  a 1.0.0 → team/b ^1
  the repository has no versions, or does not exist`,
    ],
    [
      'a cycle',
      { root: 'a 1.0.0: b *', has: ['b 1.0.0: c *', 'c 1.0.0: b *'] },
      'package/cycle',
      'packages need each other: b 1.0.0 → c 1.0.0 → b 1.0.0',
    ],
    [
      'a package that needs itself',
      { root: 'a 1.0.0: a *', has: [] },
      'package/cycle',
      'packages need each other: a 1.0.0 → a 1.0.0',
    ],
    [
      'a package that the lock does not have',
      { root: 'a 1.0.0: b *', has: ['b 1.0.0'], installed: ['b 1.0.0'], isLocked: true },
      'package/not-locked',
      'typekro.lock does not have it, and oci://a.test/team/b is needed:\n  a 1.0.0 → team/b *',
    ],
    [
      'a locked version that does not fit',
      { root: 'a 1.0.0: b ^2', has: ['b 2.0.0'], locked: { b: '1.0.0' }, isLocked: true },
      'package/not-locked',
      'typekro.lock has 1.0.0, and oci://a.test/team/b is needed:\n  a 1.0.0 → team/b ^2',
    ],
    [
      'packages that exclude the versions of each other in turns',
      { root: 'a 1.0.0: b *, c *', has: ['b 2.0.0: c ^1', 'b 1.0.0: c ^2', 'c 2.0.0: b ^2', 'c 1.0.0: b ^1'] },
      'package/too-many',
      'the packages that a 1.0.0 needs were not found: its packages exclude the versions of each other in turns',
    ],
    [
      'packages that need ever more',
      { root: 'a 1.0.0: p0 *', has: Array.from({ length: 200 }, (_, index) => `p${index} 1.0.0: p${index + 1} *`) },
      'package/too-many',
      'the packages that a 1.0.0 needs were not found: more than 100 packages were read',
    ],
    [
      'many versions, of which only some are named',
      { root: 'a 1.0.0: b ^9', has: Array.from({ length: 30 }, (_, index) => `b 1.${index}.0`) },
      'package/no-version',
      `no version of oci://a.test/team/b fits:
  a 1.0.0 → team/b ^9
  there are ${Array.from({ length: 10 }, (_, index) => `1.${29 - index}.0`).join(', ')}, and 20 more`,
    ],
  ])('%s', async (_, given, code, message) => {
    await expect(resolve(given)).rejects.toMatchObject({ code, message });
  });

  test.each<[string, readonly PackageNode[]]>([
    ['in the tree', []],
    ['that is installed', [{ ...node('a 1.0.0'), reference: 'oci://b.test/a', name: 'b' }]],
  ])('another package of the same name %s', async (_, installed) => {
    const options = { installed, locked: new Map<string, string>(), isLocked: false };
    const needs = installed.length === 0 ? 'b *, c *' : 'b *';
    const source = {
      versions: async () => ['1.0.0'],
      read: async (reference: string) => ({ ...node('b 1.0.0'), reference }),
    };
    await expect(resolvePackages(node(`a 1.0.0: ${needs}`), options, source)).rejects.toMatchObject({
      code: 'package/same-name',
    });
  });
});

test('the tree shows each package with its range, and its needs once', async () => {
  const has = ['b 1.0.0: d ^1', 'c 1.0.0: d *', 'd 1.1.0: e *'];
  const { ordered } = await resolve({ root: 'a 1.0.0: b ^1, c *', has, installed: ['e 2.0.0'] });
  expect(packageTreeLines(ordered)).toEqual([
    'a 1.0.0',
    '  b 1.0.0  (^1)',
    '    d 1.1.0  (^1)',
    '      e 2.0.0  (*)  installed',
    '  c 1.0.0  (*)',
    '    d 1.1.0  (*)',
  ]);
});

test('a ladder of diamonds is walked once, and not on each of its paths', async () => {
  const rungs = Array.from({ length: 40 }, (_, index) => index);
  const needsOf = (index: number) => (index === rungs.length ? '' : `: l${index} *, r${index} *`);
  const has = rungs.flatMap((index) => ['l', 'r'].map((side) => `${side}${index} 1.0.0${needsOf(index + 1)}`));
  const { ordered } = await resolve({ root: `a 1.0.0${needsOf(0)}`, has });
  expect(ordered).toHaveLength(81);
  expect(packageTreeLines(ordered)).toHaveLength(159);
});

test('a package that is asked for may have the name of one from another repository', async () => {
  const installed = [{ ...node('a 1.0.0'), reference: 'oci://b.test/a' }];
  const options = { installed, locked: new Map<string, string>(), isLocked: false };
  const source = { versions: async () => [], read: async () => node('b 1.0.0') };
  expect(await resolvePackages(node('a 2.0.0'), options, source)).toHaveLength(1);
});

describe('needs', () => {
  test('are a repository and a range', () => {
    expect(parseNeeds(['oci://a.test:5000/team/b@^1.2', 'oci://a.test/c@>=1 <2 || 3.x'])).toEqual([
      { reference: 'oci://a.test:5000/team/b', range: '^1.2' },
      { reference: 'oci://a.test/c', range: '>=1 <2 || 3.x' },
    ]);
  });

  test.each([
    ['oci://a.test/b', 'has no range'],
    ['oci://a.test/b@', 'has no range'],
    ['oci://a.test/b@next', '"next" is no range'],
    ['oci://a.test/b:1.0.0@^1', 'it has a tag'],
    ['oci://a.test@^1', 'no repository after the host'],
    ['oci://user@a.test/b@^1', 'credentials'],
    ['a.test/b@^1', 'does not begin with oci://'],
  ])('%s are refused', (text, message) => expect(() => parseNeeds([text])).toThrow(message));

  test('with one repository twice are refused', () => {
    expect(() => parseNeeds(['oci://a.test/b@^1', 'oci://a.test/b@^2'])).toThrow(
      expect.objectContaining({ code: 'package/need', message: expect.stringContaining('the same repository') }),
    );
  });

  test.each(['^1\n', '\n^1', `${'1 || '.repeat(50)}1`, ' ', '', '1,2', '\u001b[2J', `>=${'1'.repeat(200)}`, '1.x.x.x'])(
    '%j is no range',
    (text) => expect(isRange(text)).toBe(false),
  );
});
