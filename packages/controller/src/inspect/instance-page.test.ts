import { describe, expect, it } from 'vitest';
import { instancePage, readInstanceQuery } from './instance-page.ts';
import type { InstanceQuery, InstanceRow } from './inspect-model.ts';

const row = (name: string, more: Partial<InstanceRow> = {}): InstanceRow => ({
  ref: `acme.test/v1/Boat/n/${name}`,
  apiVersion: 'acme.test/v1',
  kind: 'Boat',
  namespace: 'n',
  name,
  uid: name,
  definition: 'boats',
  state: 'ACTIVE',
  ...more,
});

const ROWS = [
  row('c', { state: 'ERROR', waitingFor: 'the Secret', createdAt: '2026-01-03T00:00:00Z', revision: 2 }),
  row('a', { createdAt: '2026-01-01T00:00:00Z', namespace: 'm', revision: 1 }),
  row('b', { state: 'IN_PROGRESS', waitingFor: 'a Pod', createdAt: '2026-01-02T00:00:00Z', definition: 'ships' }),
];

describe('instancePage', () => {
  it.each<[string, InstanceQuery, string[]]>([
    ['all rows, sorted by namespace and name', {}, ['a', 'b', 'c']],
    ['one definition', { definition: 'ships' }, ['b']],
    ['one namespace', { namespace: 'm' }, ['a']],
    ['one state', { state: 'ERROR' }, ['c']],
    ['one revision', { revision: 2 }, ['c']],
    ['a case-insensitive search for a reason', { search: 'SECRET' }, ['c']],
    ['a search for a namespace and a name', { search: 'n/B' }, ['b']],
    ['a search for two words', { search: ' secret  boat ' }, ['c']],
    ['a search for blanks', { search: '  ' }, ['a', 'b', 'c']],
    ['a search for a letter that is in the kind of all rows', { search: 'b' }, ['a', 'b', 'c']],
    ['the youngest first', { sort: 'age' }, ['c', 'b', 'a']],
    ['the oldest first', { sort: 'age', order: 'desc' }, ['a', 'b', 'c']],
    ['failures first', { sort: 'state' }, ['c', 'b', 'a']],
    ['the reasons in alphabetical order, and rows without a reason last', { sort: 'waiting' }, ['b', 'c', 'a']],
    ['the definitions in alphabetical order', { sort: 'definition' }, ['a', 'c', 'b']],
    ['a page', { offset: 1, limit: 1 }, ['b']],
    ['a page after the end', { offset: 9 }, []],
  ])('has %s', (_what, query, names) => {
    expect(instancePage(ROWS, query).items.map(({ name }) => name)).toEqual(names);
  });

  it('counts the states without the state filter, and does not change its input', () => {
    const before = [...ROWS];
    const page = instancePage(ROWS, { state: 'ERROR' });
    expect(page).toMatchObject({ total: 1, counts: { ACTIVE: 1, IN_PROGRESS: 1, ERROR: 1, DELETING: 0, NONE: 0 } });
    expect(ROWS).toEqual(before);
  });

  it('has at most 500 rows, whatever the limit', () => {
    const many = Array.from({ length: 600 }, (_each, index) => row(String(index)));
    expect(instancePage(many, { limit: 600 }).items).toHaveLength(500);
  });
});

describe('readInstanceQuery', () => {
  it.each([
    ['', {}],
    ['definition=a&namespace=&search=x', { definition: 'a', search: 'x' }],
    [
      'state=ERROR&revision=3&sort=age&order=desc&offset=500&limit=100',
      { state: 'ERROR', revision: 3, sort: 'age', order: 'desc', offset: 500, limit: 100 },
    ],
    ['unknown=1', {}],
  ])('reads `%s`', (text, query) => {
    expect(readInstanceQuery(new URLSearchParams(text))).toEqual(query);
  });

  it.each(['state=Happy', 'sort=constructor', 'order=up', 'limit=-1', 'offset=1e9', 'revision=x', 'limit=9999999999'])(
    'refuses `%s`',
    (text) => {
      expect(() => readInstanceQuery(new URLSearchParams(text))).toThrow(/must be/);
    },
  );
});
