/** @jsxImportSource preact */
import { textOf } from '../../../test-support/rendered-text.ts';
import { renderToString } from 'preact-render-to-string';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type {
  CurrentValue,
  DefinitionDetail,
  InspectAction,
  InspectMeta,
  InstanceDetail,
  InstanceNode,
  InstanceRow,
  WhyPath,
} from '@typekro/controller/inspect';

// The theme module reads the choice of the user from localStorage when it is loaded, so the stubs come before the
// imports.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
const { NodeList } = await import('../lists/node-list.tsx');
const { StateShape } = await import('../shared/icons.tsx');
const { Remedy, StateBadge, Value } = await import('../shared/parts.tsx');
const { timesText } = await import('./events-panel.tsx');
const { InstanceHead } = await import('./instance-head.tsx');
const { meta } = await import('../data/session.ts');
const { NodePanel } = await import('./node-panel.tsx');
const { WhyPanel } = await import('./why-panel.tsx');
const { SourcePanel, SourceText } = await import('./source-panel.tsx');

afterAll(() => {
  vi.unstubAllGlobals();
});

const nothing = (): void => {};

const node = (id: string, state: InstanceNode['state'], more: Partial<InstanceNode> = {}): InstanceNode => ({
  id,
  state,
  reason: `${id} has a reason`,
  waitsFor: [],
  objects: [],
  counts: { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 },
  ...more,
});
const row = (name: string): InstanceRow => ({
  ref: `acme.dev/v1/Shop/b/${name}`,
  apiVersion: 'acme.dev/v1',
  kind: 'Shop',
  namespace: 'b',
  name,
  uid: name,
  definition: 'shops',
  state: 'IN_PROGRESS',
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
  ])('the state %s is shown as "%s" with the class %s', (state, word, tone) => {
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

test.each<[Parameters<typeof timesText>[0], string]>([
  [{ count: 1 }, ''],
  [{ count: 4 }, ', 4 times'],
  // A time later than the present time of this clock counts as now.
  [{ count: 4, first: '2999-01-01T00:00:00Z' }, ', 4 times in 0s'],
])('the repetitions of an event with %j are shown as "%s"', (event, text) => {
  expect(timesText(event)).toBe(text);
});

describe('the head of an instance', () => {
  const instance = {
    ref: 'v1/Shop/n/s',
    apiVersion: 'v1',
    kind: 'Shop',
    name: 's',
    definition: 'shops',
    state: 'ACTIVE',
  };
  test.each<[readonly InspectAction[], boolean, readonly string[]]>([
    [[], false, []],
    [[], true, []],
    [['suspend', 'resume', 'reconcile'], false, ['Suspend', 'Reconcile']],
    [['suspend', 'resume', 'reconcile'], true, ['Resume', 'Reconcile']],
    [['reconcile'], true, ['Reconcile']],
  ])('with the allowed actions %j and suspended=%j has the buttons %j', (actions, suspended, buttons) => {
    const facts: Omit<InspectMeta, 'actions'> = {
      version: '1',
      cluster: { name: 'c' },
      source: 'cluster',
      plans: true,
      limits: [],
      epoch: 'e',
      now: 0,
    };
    meta.value = { ...facts, actions };
    const detail = { instance: { ...instance, suspended }, nodes: [] } as unknown as InstanceDetail;
    const html = renderToString(<InstanceHead detail={detail} isGone={false} onChanged={nothing} />);
    meta.value = undefined;
    expect(['Suspend', 'Resume', 'Reconcile'].filter((label) => html.includes(`>${label}</button>`))).toEqual(buttons);
  });
});

describe('lists', () => {
  test('nodes that need attention come first, with their reasons; a ready node is shown with its object', () => {
    const nodes = [
      node('ready', 'ready', { objects: [{ object, state: 'present' }] }),
      node('many', 'ready', { objects: [{ object, state: 'present' }], omitted: 1999 }),
      node('late', 'waiting'),
      node('bad', 'failed'),
    ];
    const text = textOf(<NodeList nodes={nodes} selected={undefined} onSelect={nothing} />);
    expect(text).toBe('bad bad has a reason late late has a reason ready ConfigMap a many 2,000 objects');
  });

  test('a retired node is marked as retired', () => {
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

  test('markup in a name is shown as text', () => {
    const html = renderToString(
      <NodeList nodes={[node('<img src=x>', 'failed')]} selected={undefined} onSelect={nothing} />,
    );
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x>');
  });
});

test.each<[string, DefinitionDetail['source'], RegExp, RegExp]>([
  ['a plan', { text: 'a: b' }, /Plan a change/, /hides/],
  ['no plan, but the reason why', { text: 'a: b', masked: true }, /hides values of Secrets/, /Plan a change/],
])('the source of a definition offers %s', (_title, source, shown, absent) => {
  const detail: Pick<DefinitionDetail, 'definition' | 'source' | 'diagnostics'> = {
    definition: {
      name: 'shops',
      uid: 'u',
      apiVersion: 'acme.dev/v1',
      kind: 'Shop',
      state: 'Active',
      instances: 0,
      conditions: [],
      problems: [],
      counts: { ACTIVE: 0, IN_PROGRESS: 0, ERROR: 0, DELETING: 0, NONE: 0 },
      suspended: 0,
      createdAt: '',
    },
    source,
    diagnostics: [],
  };
  const text = textOf(<SourcePanel detail={detail} />);
  expect(text).toMatch(shown);
  expect(text).not.toMatch(absent);
});

describe('the panel of a node', () => {
  const panel = (each: InstanceNode, chosen?: string, tab = 'state'): string =>
    textOf(
      <NodePanel
        instance="acme.dev/v1/Shop/shop/web"
        instanceObject={{ apiVersion: 'acme.dev/v1', kind: 'Shop', namespace: 'shop', name: 'web' }}
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

  test('in a collection, the objects that are not ready come first, and their number is shown', () => {
    const text = panel(node('web', 'waiting', { objects: many, unready: 1 }));
    expect(text).toContain('1 of 3 is not ready');
    expect(text).toMatch(/ConfigMap b\/c1 not ready ConfigMap b\/c0 present/);
  });

  test.each<[string, readonly Partial<InstanceNode['objects'][0]>[], string]>([
    ['that is not ready', [{ ready: true }, { ready: false }, { ready: true }], 'c1'],
    ['that does not exist', [{ ready: true }, {}, { state: 'absent' }], 'c2'],
    ['that failed, rather than one that is not ready', [{ ready: false }, { state: 'failed' }, {}], 'c1'],
    ['that is not ready, rather than one that is being deleted', [{ state: 'deleting' }, {}, { ready: false }], 'c2'],
    ['that comes first, when all are ready', [{ ready: true }, { ready: true }], 'c0'],
  ])('the header of a collection names the object %s', (_title, states, name) => {
    const objects = states.map((state, index): InstanceNode['objects'][0] => ({
      object: { ...object, name: `c${index}` },
      state: 'present',
      ready: true,
      ...state,
    }));
    expect(panel(node('web', 'waiting', { objects }))).toMatch(new RegExp(`^web ConfigMap b/${name} `));
  });

  test('an object in the state deleting is not also called "not ready"', () => {
    const deleting = many.map((each) => ({ ...each, state: 'deleting' as const }));
    const text = panel(node('web', 'deleting', { objects: deleting }));
    expect(text).toContain('ConfigMap b/c1 deleting');
    expect(text).not.toContain('not ready');
  });

  test('an address can name any object of a collection, even an object that the server omits from the node', () => {
    const other = 'v1/ConfigMap/b/c9';
    expect(panel(node('web', 'waiting', { objects: many }), 'v1/ConfigMap/b/c2')).toMatch(/^web ConfigMap b\/c2/);
    expect(panel(node('web', 'waiting', { objects: many, omitted: 7 }), other)).toMatch(/^web ConfigMap b\/c9/);
    expect(panel(node('web', 'waiting', { objects: many }), other)).toMatch(
      /^web ConfigMap b\/c1.*The node has no object v1\/ConfigMap\/b\/c9\./,
    );
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
    othersWaiting: 0,
    othersCompared: 0,
    limits: [],
    ...more,
  });
  const shown = (more: Partial<WhyPath>, nodes: readonly InstanceNode[] = []): string =>
    textOf(<WhyPanel read={{ value: why(more) }} nodes={nodes} onNode={nothing} onClose={nothing} />);

  test.each<[string, Partial<WhyPath>, readonly string[]]>([
    ['everything is ready', { ready: 3 }, ['Everything is ready.']],
    ['nothing is in the way', {}, ['No cause is found.']],
    ['a suspended instance', { suspended: true }, ['The instance is suspended.']],
    [
      'a finalizer',
      { blocked: [{ reason: 'held by x', remedy: 'remove x' }] },
      ['1 of 3 nodes ready. Everything waits for this:', 'held by x remove x'],
    ],
  ])('%s', (_, more, texts) => {
    for (const text of texts) expect(shown(more)).toContain(text);
  });

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

  test.each<[string, number, number, number, RegExp]>([
    ['all are compared', 9000, 9000, 878, /Correct spec\.image\..* 878 other instances with the same cause b\/x0 /],
    ['all are compared, and one has the cause', 9, 9, 1, / 1 other instance with the same cause b\/x0$/],
    ['all are compared, and none has the cause', 9000, 9000, 0, /1 node behind it ingress$/],
    [
      'some are compared',
      9000,
      25,
      25,
      /At least 25 other instances with the same cause .* and 13 more 25 of 9,000 other waiting instances were compared\.$/,
    ],
    [
      'some are compared, and none has the cause',
      26,
      25,
      0,
      /ingress 25 of 26 other waiting instances were compared: none has this cause\.$/,
    ],
  ])('the number of other instances with a cause is exact or a minimum: %s', (_, waiting, compared, same, text) => {
    const others = Array.from({ length: Math.min(same, 100) }, (__, index) => row(`x${index}`));
    const chain = { nodes: ['web'], object, others, othersTotal: same };
    const more = { causes: [cause], chains: [chain], othersWaiting: waiting, othersCompared: compared };
    expect(shown(more)).toMatch(text);
  });

  test('the panel says what its numbers leave out', () => {
    expect(shown({ limits: ['the numbers of instances leave out some namespaces'] })).toContain(
      'leave out some namespaces',
    );
  });

  test('the command of a remedy has its own button, and each button copies the command beside it', () => {
    const remedy = 'have the quota raised: kubectl describe resourcequota -n shop shows the present ones';
    const chain = { nodes: ['web'], object, others: [], othersTotal: 0 };
    const more = { causes: [{ ...cause, remedy, look: 'kubectl describe configmap a -n b' }], chains: [chain] };
    expect(shown(more)).toContain(
      'have the quota raised kubectl describe resourcequota -n shop shows the present ones kubectl describe configmap a -n b',
    );
    const html = renderToString(<Remedy text={remedy} />);
    expect(html.match(/(?<=<code[^>]*>)[^<]*/g)).toEqual(html.match(/(?<=aria-label="Copy )[^"]*/g));
  });

  test('a cause has its reason and its remedy', () => {
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

test('a source is shown line by line, with a caret under the column of a problem', () => {
  const text = renderToString(
    <SourceText
      text={'a: 1\nb: 2\n'}
      diagnostics={[{ code: 'x', severity: 'error', message: 'wrong', source: { line: 2, column: 4 } }]}
    />,
  );
  expect(text.match(/<li/g)).toHaveLength(2);
  expect(text).toContain('>   ^<');
  // The list above the text has the message.
  expect(text).not.toContain('wrong');
});
