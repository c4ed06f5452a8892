/** @jsxImportSource preact */
import type { JSX } from 'preact';
import { textOf } from '../../../test-support/rendered-text.ts';
import { renderToString } from 'preact-render-to-string';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type {
  DefinitionDetail,
  DefinitionRow,
  InspectMeta,
  InstancePage,
  InstanceRow,
} from '@typekro/controller/inspect';
import type { Remote } from '../data/remote.ts';
import type { ListOptions } from '../data/routes.ts';

// The module for the choice of colours reads `localStorage` when it is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('matchMedia', () => ({ matches: false }));

/** The responses of the server, by the beginning of the path after `/api/v1/`. */
const answers = new Map<string, Remote<unknown>>();
vi.mock(import('../data/session.ts'), async (original) => ({
  ...(await original()),
  liveRead: ((path: string) => {
    const key = [...answers.keys()].find((each) => path.startsWith(`/api/v1/${each}`));
    return { state: { value: answers.get(key ?? '') ?? {} }, refresh: () => {}, notice: () => {}, close: () => {} };
  }) as unknown as Awaited<ReturnType<typeof original>>['liveRead'],
}));

const { meta } = await import('../data/session.ts');
const { InstanceList } = await import('./instances-view.tsx');
const { RevisionsPanel } = await import('./revisions-panel.tsx');
const { DefinitionsView } = await import('./definitions-view.tsx');

beforeEach(() => answers.clear());
afterAll(() => {
  vi.unstubAllGlobals();
});

const nothing = (): void => {};
const SHOPS = { name: 'shops', apiVersion: 'acme.dev/v1', kind: 'Shop' };
const COUNTS = { ACTIVE: 0, IN_PROGRESS: 0, ERROR: 0, DELETING: 0, NONE: 0 };
const row = (name: string, more: Partial<InstanceRow> = {}): InstanceRow => ({
  ref: `acme.dev/v1/Shop/b/${name}`,
  apiVersion: 'acme.dev/v1',
  kind: 'Shop',
  namespace: 'b',
  name,
  uid: name,
  definition: 'shops',
  state: 'ACTIVE',
  ...more,
});
const page = (items: readonly InstanceRow[], more: Partial<InstancePage> = {}): Remote<unknown> => ({
  value: { items, total: items.length, counts: { ...COUNTS, ACTIVE: items.length }, offset: 0, limits: [], ...more },
  readAt: 1,
});

describe('the list of instances', () => {
  const list = (options: ListOptions = {}, definition?: string): JSX.Element => (
    <InstanceList options={options} {...(definition && { definition: SHOPS })} onChange={nothing} />
  );
  const limits = ['instances of some namespaces are not shown: choose a namespace to see all of its instances'];

  test('the list says what the server leaves out, and has a field for a namespace only in that case', () => {
    answers.set('instances', page([row('a')], { limits }));
    expect(textOf(list())).toContain(limits[0]);
    expect(renderToString(list())).toMatch(/<span>Namespace<\/span><input/);
    answers.set('instances', page([row('a')]));
    expect(textOf(list())).not.toMatch(/namespaces are not shown|Namespace /);
  });

  test('an empty list does not claim that no instance exists while the server leaves something out', () => {
    answers.set('instances', page([]));
    expect(textOf(list())).toContain('There is no instance yet.');
    answers.set('instances', page([], { limits: ['instances of Shop cannot be listed: you may not list them'] }));
    expect(textOf(list())).toMatch(/you may not list them No instance can be shown\.$/);
    answers.set('instances', page([]));
    meta.value = { limits: [{ text: 'instances of Shop cannot be listed: no' }] } as unknown as InspectMeta;
    expect(textOf(list())).toMatch(/No instance can be shown\.$/);
    meta.value = undefined;
  });

  test('a namespace in the address is shown in the field and sent in the request, and the empty list has a link to all instances', () => {
    answers.set('instances?namespace=team', page([]));
    expect(renderToString(list({ namespace: 'team' }))).toMatch(/<span>Namespace<\/span><input[^>]* value="team"/);
    expect(textOf(list({ namespace: 'team' }))).toContain('No instance matches the filter. Show all instances');
  });
});

test('the table has the state, name, revision, reason and age of each instance, and an ellipsis for rows that are not loaded yet', () => {
  const items = [
    row('a', { state: 'ERROR', revision: 3, waitingFor: 'db: no', createdAt: '2999-01-01T00:00:00Z', suspended: true }),
  ];
  answers.set('instances', page(items, { total: 2 }));
  const html = renderToString(<InstanceList options={{ sort: '-age' }} onChange={nothing} />);
  expect(html).toContain('aria-rowcount="3"');
  expect(html).toMatch(/cell-age" aria-sort="descending"/);
  expect(html.match(/aria-sort="none"/g)).toHaveLength(4);
  expect(html).toContain('href="#/instances/acme.dev/v1/Shop/b/a"');
  expect(textOf(<InstanceList options={{}} onChange={nothing} />)).toMatch(
    / Waits for Age Error b\/ a suspended Shop r3 db: no 0s …$/,
  );
});

describe('the list of one definition', () => {
  test('a revision in the address is sent in the request, and a button removes it', () => {
    answers.set('instances?definition=shops&revision=2&', page([row('a')]));
    const view = (
      <InstanceList options={{ revision: '2', filter: '', state: '' }} definition={SHOPS} onChange={nothing} />
    );
    expect(textOf(view)).toMatch(/Revision 2 × .* b\/ a Shop/);
    expect(renderToString(view)).toMatch(/<button[^>]*aria-pressed[^>]*>Revision 2/);
    answers.clear();
    answers.set('instances?definition=shops&revision=2&', page([]));
    expect(textOf(view)).toContain('No instance matches the filter.');
  });
});

describe('the revisions', () => {
  const revision = (number: number, pinned: readonly string[] = []) => ({
    revision: number,
    current: number === 3,
    changes: number === 3 ? ['node web'] : [],
    pinned,
  });
  const detail = {
    definition: { name: 'shops' },
    revisions: [revision(3), revision(2, ['a/legacy', 'b/old']), revision(1)],
    followers: [
      { revision: 3, instances: 1200 },
      { revision: 2, instances: 2 },
    ],
  } as unknown as DefinitionDetail;

  test('the number of instances of a revision is a link to their list, and pinned instances are counted', () => {
    const html = renderToString(<RevisionsPanel detail={detail} />);
    expect(html).toContain('href="#/definitions/shops?tab=instances&amp;revision=3"');
    expect(html).toContain('href="#/definitions/shops?tab=instances&amp;revision=2"');
    expect(html).not.toContain('revision=1"');
    expect(html).toContain('<summary>2 pinned</summary></details>');
    expect(textOf(<RevisionsPanel detail={detail} />)).toMatch(
      / 3 current 1,200 of revision 3 node web from to 2 2 of revision 2 2 pinned – from to 1 0 – /,
    );
  });

  test('the difference between the newest revision and the previous one is shown first', () => {
    answers.set('definitions/shops/revisions/2', { value: { text: 'a: 1\nb: 2\n' } });
    answers.set('definitions/shops/revisions/3', { value: { text: 'a: 1\nb: 3\n' } });
    expect(textOf(<RevisionsPanel detail={detail} />)).toMatch(
      /Revision 2 → 3 Revision 2 Revision 3 1 1 a: 1 2 − b: 2 2 \+ b: 3$/,
    );
  });

  test('a definition without a revision says so', () => {
    const none = { ...detail, revisions: [] };
    expect(textOf(<RevisionsPanel detail={none} />)).toBe('There is no stored revision yet.');
  });
});

describe('the definitions', () => {
  const definition: DefinitionRow = {
    name: 'shops.acme.dev',
    uid: 'u',
    apiVersion: 'acme.dev/v1',
    kind: 'Shop',
    state: 'Inactive',
    revision: 3,
    instances: 1302,
    conditions: [],
    problems: ['no such field', 'no such node'],
    counts: { ...COUNTS, ACTIVE: 1300, ERROR: 2 },
    suspended: 4,
  };

  test('a card has the state, the revision, the numbers of instances by state, and the first problem', () => {
    answers.set('definitions', { value: { items: [definition], limits: [] } });
    expect(textOf(<DefinitionsView />)).toBe(
      'Definitions kubectl Shop Inactive shops.acme.dev · acme.dev/v1 · revision 3 1,302 instances : 2 error, 1,300 active, ' +
        '4 suspended no such field and 1 more',
    );
  });

  test('the list says what its numbers leave out', () => {
    const limit = 'the numbers of instances leave out some namespaces';
    answers.set('definitions', { value: { items: [definition], limits: [limit] } });
    expect(textOf(<DefinitionsView />)).toContain(limit);
  });

  test('without a definition, the page names the next step', () => {
    answers.set('definitions', { value: { items: [], limits: [] } });
    expect(textOf(<DefinitionsView />)).toMatch(/There is no definition yet\..* Plan a definition/);
  });
});
