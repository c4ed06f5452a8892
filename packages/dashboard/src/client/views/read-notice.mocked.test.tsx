/** @jsxImportSource preact */
import { textOf } from '../../../test-support/rendered-text.ts';
import type { JSX } from 'preact';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InstanceDetail, InstanceNode, WhyPath } from '@typekro/controller/inspect';
import type { Remote } from '../data/remote.ts';

// `theme.ts` reads `localStorage` when it is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('matchMedia', () => ({ matches: false }));

/** The responses of the server, by their paths without the common prefix. */
const answers = new Map<string, Remote<unknown>>();
vi.mock(import('../data/session.ts'), async (original) => ({
  ...(await original()),
  liveRead: ((path: string) => ({
    state: { value: answers.get(path.slice('/api/v1/'.length).split('?')[0] ?? '') ?? {} },
    refresh: () => {},
    reset: () => {},
    notice: () => {},
    close: () => {},
  })) as unknown as Awaited<ReturnType<typeof original>>['liveRead'],
}));

const { ApiError } = await import('../data/api-client.ts');
const { connection } = await import('../data/connection-state.ts');
const { DefinitionView } = await import('./definition-view.tsx');
const { DefinitionsView } = await import('./definitions-view.tsx');
const { EventsPanel } = await import('./events-panel.tsx');
const { InstanceList } = await import('./instances-view.tsx');
const { InstanceView } = await import('./instance-view.tsx');
const { NodePanel } = await import('./node-panel.tsx');
const { LogsPanel, ObjectPanel } = await import('./object-panels.tsx');
const { RevisionsPanel } = await import('./revisions-panel.tsx');
const { WhyPanel } = await import('./why-panel.tsx');

const nothing = (): void => {};
const ref = 'acme.dev/v1/Shop/b/web';
const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'b', name: 'a' };
const own = `instances/${encodeURIComponent(ref)}`;
const READ_AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const TIME = new Date(READ_AT).toLocaleTimeString();
const refusal = (status: number) =>
  new ApiError(status, { code: 'kube/unreachable', message: 'the API server does not respond', remedy: 'wait' });

beforeEach(() => {
  answers.clear();
  connection.value = { is: 'live' };
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const node: InstanceNode = {
  id: 'maps',
  state: 'ready',
  reason: 'is ready',
  waitsFor: [],
  objects: [],
  counts: { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 },
};
const instance = {
  ref,
  apiVersion: 'acme.dev/v1',
  kind: 'Shop',
  namespace: 'b',
  name: 'web',
  definition: 'shops',
  state: 'ACTIVE',
};
const detail = { instance, edges: [], nodes: [node], notes: [], conditions: [] } as unknown as InstanceDetail;
const definition = {
  name: 'shops',
  kind: 'Shop',
  apiVersion: 'acme.dev/v1',
  instances: 0,
  problems: [],
  counts: {},
  state: 'Active',
};
const parts = { definition, revisions: [], followers: [], diagnostics: [], notes: [], edges: [] };
const pods = [{ pod: { ...object, kind: 'Pod' }, containers: ['web'] }];
const why = { causes: [], blocked: [], refusals: [], limits: [], chains: [], ready: 1, nodes: 1 };
const list = { items: [], total: 0, counts: {}, limits: [] };
const revisions = [2, 1].map((revision) => ({ revision, current: revision === 2, changes: [], pinned: [] }));
const panel = { onObject: nothing, onTab: nothing, onNode: nothing, onClose: nothing, edges: [], object: undefined };

/**
 * Each view of data of the server: the name of the data, their path, a response, and a function that makes the view.
 */
const views: readonly [string, string, unknown, () => JSX.Element][] = [
  ['the instances', 'instances', list, () => <InstanceList options={{}} onChange={nothing} />],
  ['the instance', own, detail, () => <InstanceView route={{ view: 'instance', ref }} />],
  ['the definitions', 'definitions', { items: [], limits: [] }, () => <DefinitionsView />],
  [
    'the definition',
    'definitions/shops',
    parts,
    () => <DefinitionView route={{ view: 'definition', name: 'shops' }} />,
  ],
  ['the events', `${own}/events`, { items: [], unread: [] }, () => <EventsPanel instance={ref} />],
  [
    'the object',
    `${own}/object`,
    { differences: [], managers: [], masked: [], pods },
    () => <ObjectPanel instance={ref} object={object} />,
  ],
  ['the pods', `${own}/object`, { pods }, () => <LogsPanel instance={ref} object={object} />],
  ['the log', `${own}/logs`, { lines: ['one'], truncated: false }, () => <LogsPanel instance={ref} object={object} />],
  [
    'the values',
    `${own}/nodes/maps`,
    { node, expressions: [] },
    () => <NodePanel instance={ref} instanceObject={object} node={node} tab="values" {...panel} />,
  ],
  [
    'the revisions',
    'definitions/shops/revisions/2',
    { text: 'a: 1' },
    () => <RevisionsPanel detail={{ ...parts, revisions } as never} />,
  ],
  [
    'the path',
    'why',
    why,
    () => <WhyPanel read={answers.get('why') as Remote<WhyPath>} nodes={[]} onNode={nothing} onClose={nothing} />,
  ],
];

describe.each(views)('the view of %s', (what, path, value, view) => {
  const shown = (read: Remote<unknown>): string => {
    answers.set(`${own}/object`, { value: { pods } });
    answers.set('definitions/shops/revisions/1', { value: { text: 'a: 2' } });
    answers.set(path, read);
    return textOf(view());
  };

  test.each([502, 500, 403])('keeps the last state and reports the error if the server responds with %i', (status) => {
    const read = { value, readAt: READ_AT, error: refusal(status) };
    expect(shown(read)).toContain(
      `The page shows ${what} of ${TIME}. The last read failed: the API server does not respond. wait`,
    );
    expect(shown({ value, readAt: READ_AT })).not.toContain('The last read failed');
  });

  test('does not report a lost connection, which the page itself reports', () => {
    const read = { value, readAt: READ_AT, error: refusal(0) };
    connection.value = { is: 'lost', since: 0 };
    expect(shown(read)).not.toContain('The last read failed');
    connection.value = { is: 'live' };
    expect(shown(read)).toContain('The last read failed');
  });

  test('says that a read takes long, with its start and the time of the last state', () => {
    const slowSince = READ_AT + 60_000;
    const since = new Date(slowSince).toLocaleTimeString();
    expect(shown({ slowSince })).toContain(`Still reading ${what}, since ${since} …`);
    const read = { value, readAt: READ_AT, slowSince };
    expect(shown(read)).toContain(`Still reading ${what}, since ${since}. The page shows ${what} of ${TIME}.`);
    connection.value = { is: 'lost', since: 0 };
    expect(shown(read)).not.toContain('Still reading');
  });

  test.runIf(path.startsWith(`${own}/`))('does not repeat the notice that the instance is gone', () => {
    const error = new ApiError(404, { code: 'inspect/no-instance', message: 'the instance is gone' });
    expect(shown({ value, readAt: READ_AT, error })).not.toContain('the instance is gone');
    expect(shown({ error })).toContain(`The instance was deleted before the page read ${what}.`);
  });

  test('without a value, says what is read, and why it cannot be read', () => {
    expect(shown({})).toContain(`Reading ${what} …`);
    expect(shown({ error: refusal(502) })).toMatch(/ cannot be read: the API server does not respond\. wait/);
  });
});
