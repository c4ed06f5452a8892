import { describe, expect, it } from 'vitest';
import { instancePage, readInstanceQuery } from './instance-page.ts';
import type { DefinitionList, InstancePage, InstanceQuery, InstanceRow } from './inspect-model.ts';
import type { InspectCall, Viewer } from './details.ts';
import { EventLog } from './event-log.ts';
import type { InspectIndex } from './inspect-index.ts';
import { answerInspect } from './answer-inspect.ts';
import { maySeeEvent, visibleRows } from './visible-rows.ts';

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

describe('visible rows', () => {
  const row = (number: number): InstanceRow => ({
    ref: `acme.test/v1/Boat/n${number}/a`,
    apiVersion: 'acme.test/v1',
    kind: 'Boat',
    namespace: `n${number}`,
    name: 'a',
    uid: String(number),
    definition: 'boats',
    state: 'ACTIVE',
  });
  const rowsOf = (count: number): InstanceRow[] => Array.from({ length: count }, (_, index) => row(index));

  /** A viewer that may list the boats of all namespaces that `may` accepts, and all definitions. */
  const viewerOf = (may: (namespace: string | undefined) => boolean): Viewer =>
    ({
      mayList: ({ kind }: { kind: string }, namespace?: string) => Promise.resolve(kind !== 'Boat' || may(namespace)),
    }) as unknown as Viewer;
  const inNamespaces = viewerOf((namespace) => namespace !== undefined);

  describe('visibleRows', () => {
    it.each<[string, Viewer, number, number, number]>([
      ['all rows for a user that may list all namespaces', viewerOf(() => true), 201, 201, 0],
      ['the rows of 200 of 201 namespaces, with a notice', inNamespaces, 201, 200, 1],
      ['the rows of all namespaces, without a notice, if there are at most 200', inNamespaces, 200, 200, 0],
      ['the rows of only the allowed namespace', viewerOf((namespace) => namespace === 'n7'), 9, 1, 0],
      ['no rows for a user without rights', viewerOf(() => false), 9, 0, 0],
    ])('has %s', async (_title, viewer, count, shown, limits) => {
      const found = await visibleRows(rowsOf(count), viewer);
      expect(found.rows).toHaveLength(shown);
      expect([found.limits.length, found.countLimits.length]).toEqual([limits, limits]);
    });
  });

  describe('the limits of visibleRows', () => {
    const kind = (name: string) => ({ apiVersion: 'acme.test/v1', kind: name });
    const [boats, cars] = [kind('Boat'), kind('Car')];
    const inN7 = viewerOf((namespace) => namespace === 'n7');
    const nobody = { mayList: () => Promise.resolve(false) } as unknown as Viewer;

    it.each<[string, Viewer, Parameters<typeof visibleRows>[2], number, string | undefined]>([
      ['name the kind that the caller may not list', viewerOf(() => false), { kinds: [cars, boats] }, 9, 'Boat'],
      ['do not depend on hidden rows', viewerOf(() => false), { kinds: [cars, boats] }, 0, 'Boat'],
      ['name all kinds if the caller has no rights', nobody, { kinds: [cars, boats] }, 9, 'Boat and Car'],
      [
        'name at most five kinds',
        nobody,
        { kinds: ['A', 'B', 'C', 'D', 'E', 'F', 'G'].map(kind) },
        0,
        'A, B, C, D, E and 2 other kinds',
      ],
      ['do not name a kind that the caller may list', inNamespaces, { kinds: [boats] }, 9, undefined],
      ['do not name a kind with a visible row', inN7, { kinds: [boats] }, 9, undefined],
    ])('%s', async (_title, viewer, kinds, count, named) => {
      const { limits, countLimits } = await visibleRows(rowsOf(count), viewer, kinds);
      const refusal = (what: string): string[] =>
        named === undefined ? [] : [`instances of ${named} ${what}: you may not list them in all namespaces`];
      expect(limits).toEqual(refusal('cannot be listed'));
      expect(countLimits).toEqual(refusal('are not counted'));
    });

    it.each([
      ['n7', []],
      ['n1', ['instances of Boat cannot be listed: you may not list them in n1']],
    ])('of one namespace depend only on the rights in it: %s', async (namespace, expected) => {
      expect((await visibleRows([], inN7, { kinds: [boats], namespace })).limits).toEqual(expected);
    });
  });

  describe('maySeeEvent', () => {
    const ofDefinitions = viewerOf(() => false);
    it('allows each caller an event about changed limits', async () => {
      const event = { id: 1, at: 0, type: 'limits-changed', subject: '', message: '' } as const;
      expect(
        await maySeeEvent(
          event,
          viewerOf(() => false),
        ),
      ).toBe(true);
    });

    it.each<[string, string, Viewer, boolean]>([
      ['a definition', 'boats', ofDefinitions, true],
      ['an instance that it may list', 'acme.test/v1/Boat/n1/a', inNamespaces, true],
      ['an instance that it may not list', 'acme.test/v1/Boat/n1/a', ofDefinitions, false],
      ['a cluster-scoped instance that it may not list', 'acme.test/v1/Boat/-/a', inNamespaces, false],
      ['a subject that is not an address', 'acme.test/Boat//a', ofDefinitions, false],
    ])('allows an event only if the caller may see its subject: %s', async (_title, subject, viewer, expected) => {
      expect(await maySeeEvent({ id: 1, at: 0, type: 'failed', subject, message: '' }, viewer)).toBe(expected);
    });
  });

  describe('a user with rights by namespace', () => {
    const index: InspectIndex = {
      definitions: () => [{ name: 'boats' }] as unknown as DefinitionList['items'],
      instances: () => rowsOf(300),
      instance: () => undefined,
      kinds: () => [{ apiVersion: 'acme.test/v1', kind: 'Boat' }],
      removed: () => undefined,
      limits: () => [],
      log: new EventLog(),
    };
    const call: InspectCall = { viewer: inNamespaces, signal: new AbortController().signal };
    const ask = (segment: string, query = ''): Promise<unknown> =>
      answerInspect(
        { method: 'GET', segments: [segment], parameters: new URLSearchParams(query), body: () => Promise.resolve('') },
        { index, call, epoch: 'e', now: 0 },
      );

    it('gets the list of 200 namespaces with a notice, and the list of any chosen namespace without one', async () => {
      const page = (await ask('instances')) as InstancePage;
      expect(page.total).toBe(200);
      expect(page.limits).toEqual([
        'instances of some namespaces are not shown: choose a namespace to see all of its instances',
      ]);
      const chosen = (await ask('instances', 'namespace=n299')) as InstancePage;
      expect([chosen.items.map(({ namespace }) => namespace), chosen.limits]).toEqual([['n299'], []]);
    });

    it('gets a notice with the empty list if it has no right in any namespace', async () => {
      const viewer = viewerOf(() => false);
      const page = await answerInspect(
        { method: 'GET', segments: ['instances'], parameters: new URLSearchParams(), body: () => Promise.resolve('') },
        { index, call: { ...call, viewer }, epoch: 'e', now: 0 },
      );
      expect(page).toMatchObject({
        total: 0,
        limits: expect.arrayContaining(['instances of Boat cannot be listed: you may not list them in all namespaces']),
      });
    });

    it('gets numbers of instances with a notice', async () => {
      const { items, limits } = (await ask('definitions')) as DefinitionList;
      expect(items.map(({ instances }) => instances)).toEqual([200]);
      expect(limits).toEqual(['the numbers of instances leave out some namespaces']);
    });
  });
});
