/** @jsxImportSource preact */
import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { CurrentValue, InstanceNode, Plan, WhyPath } from '../../../inspect/index.ts';

// The choice of colours is read when its module is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
const { NodeList } = await import('../lists/node-list.tsx');
const { StateShape } = await import('../shared/icons.tsx');
const { StateBadge, Value } = await import('../shared/parts.tsx');
const { NodePanel } = await import('./node-panel.tsx');
const { PlanResult } = await import('./plan-result.tsx');
const { WhyPanel } = await import('./why-panel.tsx');
const { SourceText } = await import('./source-panel.tsx');
const { StepTable } = await import('../playground/step-table.tsx');

afterAll(() => {
  vi.unstubAllGlobals();
});

const nothing = (): void => {};

/** The text of a component without its markup. */
const textOf = (view: JSX.Element | null): string =>
  renderToString(view ?? <></>)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();

const node = (id: string, state: InstanceNode['state'], more: Partial<InstanceNode> = {}): InstanceNode => ({
  id,
  state,
  reason: `${id} has a reason`,
  waitsFor: [],
  objects: [],
  counts: { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 },
  ...more,
});
const object = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'b' };

describe('values and states', () => {
  test.each<[CurrentValue, string]>([
    [{ is: 'known', value: { a: 1 } }, '{"a":1}'],
    [{ is: 'large', bytes: 5000 }, '(5 KiB)'],
    [{ is: 'secret' }, '(secret)'],
    [{ is: 'unknown', message: 'a does not exist yet' }, 'a does not exist yet'],
    [{ is: 'failed', message: 'no such key' }, 'no such key'],
  ])('%j is shown as %s', (value, text) => {
    expect(textOf(<Value value={value} />)).toBe(text);
  });

  test.each([
    ['ACTIVE', 'Active', 'tone-ready'],
    ['IN_PROGRESS', 'In progress', 'tone-busy'],
    ['ERROR', 'Error', 'tone-failed'],
    ['', 'No state yet', 'tone-unknown'],
    ['constructor', 'Constructor', 'tone-unknown'],
  ])('the state %s is "%s" with %s', (state, word, tone) => {
    const html = renderToString(<StateBadge state={state} />);
    expect(html).toContain(word);
    expect(html).toContain(tone);
  });
});

test.each(['ready', 'busy', 'waiting', 'blocked', 'failed', 'idle', 'leaving', 'unknown'] as const)(
  'the shape of %s has new elements for each use, because a shared element keeps every former page in memory',
  (tone) => {
    const [first, second] = [StateShape({ tone }), StateShape({ tone })];
    expect(first.props.children).toBeTypeOf('object');
    expect(first.props.children).not.toBe(second.props.children);
  },
);

describe('lists', () => {
  test('nodes that need attention come first, with their reasons; a ready one has its object', () => {
    const nodes = [
      node('ready', 'ready', { objects: [{ object, state: 'present' }] }),
      node('many', 'ready', { objects: [{ object, state: 'present' }], omitted: 1999 }),
      node('late', 'waiting'),
    ];
    const text = textOf(<NodeList nodes={nodes} selected={undefined} onSelect={nothing} />);
    expect(text).toBe('late late has a reason ready ConfigMap a many 2,000 objects');
  });

  test('a retired node says so', () => {
    const text = textOf(
      <NodeList nodes={[node('old', 'deleting', { retired: true })]} selected="old" onSelect={nothing} />,
    );
    expect(text).toContain('retired: old has a reason');
  });

  test('a long list draws few rows, and has a filter and the number of all rows', () => {
    const nodes = Array.from({ length: 10_000 }, (_, index) => node(`n${index}`, 'waiting'));
    const html = renderToString(<NodeList nodes={nodes} selected={undefined} onSelect={nothing} />);
    expect(html.match(/role="option"/g)?.length ?? 0).toBeLessThan(80);
    expect(html).toContain('aria-setsize="10000"');
    expect(html).toContain('Filter 10,000 nodes');
  });

  test('markup in a name is a text', () => {
    const html = renderToString(
      <NodeList nodes={[node('<img src=x>', 'failed')]} selected={undefined} onSelect={nothing} />,
    );
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x>');
  });
});

describe('the panel of a node', () => {
  const panel = (each: InstanceNode, chosen?: string, tab = 'state'): string =>
    textOf(
      <NodePanel
        instance="acme.dev/v1/Shop/shop/web"
        node={each}
        edges={[]}
        object={chosen}
        tab={tab}
        onObject={nothing}
        onTab={nothing}
        onNode={nothing}
        onClose={nothing}
      />,
    );

  test('it has the state, the reason, the remedy, and the nodes that it waits for', () => {
    const text = panel(node('web', 'blocked', { waitsFor: ['database'], remedy: 'Create the secret.' }));
    expect(text).toContain('Blocked');
    expect(text).toContain('web has a reason');
    expect(text).toContain('Create the secret.');
    expect(text).toContain('database');
  });

  const many: InstanceNode['objects'] = Array.from({ length: 3 }, (_, index) => ({
    object: { ...object, name: `c${index}` },
    state: 'present',
    ready: index !== 1,
  }));

  test('the objects of a collection that are not ready come first, with their number', () => {
    const text = panel(node('web', 'waiting', { objects: many, unready: 1 }));
    expect(text).toContain('1 of 3 is not ready');
    expect(text).toMatch(/ConfigMap b\/c1 not ready ConfigMap b\/c0 present/);
  });

  test('an object in the state deleting is not also called "not ready"', () => {
    const deleting = many.map((each) => ({ ...each, state: 'deleting' as const }));
    const text = panel(node('web', 'deleting', { objects: deleting }));
    expect(text).toContain('ConfigMap b/c1 deleting');
    expect(text).not.toContain('not ready');
  });

  test('an object of a collection has its own address, also one that the server leaves out of the node', () => {
    const other = 'v1/ConfigMap/b/c9';
    expect(panel(node('web', 'waiting', { objects: many }), 'v1/ConfigMap/b/c2')).toMatch(/^web ConfigMap b\/c2/);
    expect(panel(node('web', 'waiting', { objects: many, omitted: 7 }), other)).toMatch(/^web ConfigMap b\/c9/);
    expect(panel(node('web', 'waiting', { objects: many }), other)).toMatch(/^web ConfigMap b\/c0/);
  });

  test('it names the objects of the node', () => {
    expect(panel(node('web', 'ready', { objects: [{ object, state: 'present' }] }))).toContain('ConfigMap');
  });
});

describe('the why path', () => {
  const why = (more: Partial<WhyPath>): WhyPath => ({
    schemaVersion: 1,
    instance: object,
    state: 'IN_PROGRESS',
    ready: 1,
    nodes: 3,
    skipped: 0,
    blocked: [],
    refusals: [],
    causes: [],
    chains: [],
    ...more,
  });
  const shown = (more: Partial<WhyPath>, nodes: readonly InstanceNode[] = []): string =>
    textOf(<WhyPanel read={{ value: why(more) }} nodes={nodes} onNode={nothing} onClose={nothing} />);

  test.each<[string, Partial<WhyPath>, readonly string[]]>([
    ['everything is ready', { ready: 3 }, ['Everything is ready.']],
    ['nothing is in the way', {}, ['Nothing is in the way.']],
    ['a suspended instance', { suspended: true }, ['The instance is suspended.']],
    [
      'a finalizer',
      { blocked: [{ reason: 'held by x', remedy: 'remove x' }] },
      ['1 of 3 nodes ready. Everything waits for this:', 'held by x remove x'],
    ],
  ])('%s', (_, more, texts) => {
    for (const text of texts) expect(shown(more)).toContain(text);
  });

  test('a cause has its reason and its remedy', () => {
    const cause: WhyPath['causes'][0] = {
      node: 'web',
      state: 'waiting',
      reason: 'waits until it is available',
      waitsFor: [],
      waiting: ['ingress'],
      objects: [object],
      found: [],
      troubles: [],
      unread: [],
      remedy: 'Correct spec.image.',
    };
    const chain = { nodes: ['web', 'ingress'], object, others: [], othersTotal: 0 };
    const text = shown({ causes: [cause], chains: [chain] });
    expect(text).toContain('waits until it is available');
    expect(text).toContain('Correct spec.image.');
    const objects = ['a', 'c', 'd'].map((name) => ({
      object: { ...object, name },
      state: 'present' as const,
      ready: name === 'd',
    }));
    const collection = node('web', 'waiting', { objects, unready: 2 });
    const ofMany = renderToString(
      <WhyPanel
        read={{ value: why({ causes: [cause], chains: [chain] }) }}
        nodes={[collection]}
        onNode={nothing}
        onClose={nothing}
      />,
    );
    expect(ofMany).toMatch(/<button[^>]*class="link"[^>]*>ConfigMap b\/a<\/button>/);
    expect(ofMany).toMatch(/<button[^>]*class="chip"[^>]*>c<\/button>/);
    expect(ofMany).toContain('2 of 3 are not ready');
  });
});

describe('a plan', () => {
  const summary = {
    create: 0,
    adopt: 0,
    change: 0,
    replace: 0,
    prune: 0,
    delete: 0,
    orphan: 0,
    labels: 0,
    later: 0,
    refused: 0,
  };
  const plan = (more: Partial<Plan>): Plan =>
    ({
      schemaVersion: 1,
      operation: 'apply',
      source: { kind: 'cluster', name: 'test', readAt: '2026-01-01T00:00:00Z' },
      definitions: [],
      objects: [],
      instances: [],
      limits: [],
      summary,
      ...more,
    }) as Plan;

  test('breaking changes come first', () => {
    const line = (field: string, breaking: boolean) => ({
      change: 'changed' as const,
      field,
      description: `${field} changes`,
      breaking,
      setBy: [],
    });
    const definition = {
      name: 'shop',
      kind: 'Shop',
      place: 'a.yaml:1',
      action: 'change',
      revision: { from: 1, to: 2 },
      schema: [line('spec.small', false), line('spec.large', true)],
      nodes: [],
      other: [],
      notes: [],
    } as unknown as Plan['definitions'][0];
    const text = textOf(<PlanResult plan={plan({ definitions: [definition] })} />);
    expect(text.indexOf('spec.large')).toBeGreaterThan(-1);
    expect(text.indexOf('spec.large')).toBeLessThan(text.indexOf('spec.small'));
    expect(text).toContain('breaking');
  });

  test('the page says what could not be read', () => {
    expect(textOf(<PlanResult plan={plan({ limits: ['Secrets may not be read.'] })} />)).toContain(
      'Secrets may not be read.',
    );
  });
});

test('a source is shown line by line, with a caret under the column of a problem', () => {
  const text = renderToString(
    <SourceText
      text={'a: 1\nb: 2\n'}
      diagnostics={[{ code: 'x', severity: 'error', message: 'wrong', source: { line: 2, column: 4 } }]}
    />,
  );
  expect(text.match(/<li/g)).toHaveLength(2);
  expect(text).toContain('   ^ wrong');
});

test('the steps of the playground have a column for each step', () => {
  const step = (title: string, state: InstanceNode['state']) => ({
    title,
    state: 'IN_PROGRESS' as const,
    nodes: [node('web', state)],
    edges: [],
    objects: [],
    status: {},
  });
  const text = textOf(
    <StepTable
      steps={[step('Nothing exists', 'applying'), step('Creates Pod web', 'ready')]}
      selected={1}
      onSelect={nothing}
    />,
  );
  expect(text).toBe('In progress Step 2 of 2: Creates Pod web Node 1 2 web applying ready');
});
