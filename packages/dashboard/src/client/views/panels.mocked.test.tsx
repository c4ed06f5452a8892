/** @jsxImportSource preact */
import { textOf } from '../../../test-support/rendered-text.ts';
import { renderToString } from 'preact-render-to-string';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { objectName } from '@typekro/kit/core';
import type { OutlineNode } from '@typekro/engine/graph';
import type {
  DefinitionDetail,
  InspectMeta,
  InstanceDetail,
  InstanceNode,
  NodeDetail,
  ObjectDetail,
  RolloutState,
} from '@typekro/controller/inspect';
import type { Remote } from '../data/remote.ts';

// `theme.ts` reads `localStorage` when it is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '', host: '127.0.0.1:9000' });

/** The responses of the server, by the end of the path. */
const answers = new Map<string, Remote<unknown>>();
vi.mock(import('../data/session.ts'), async (original) => ({
  ...(await original()),
  liveRead: ((path: string) => ({
    state: { value: answers.get([...answers.keys()].find((each) => path.endsWith(each)) ?? '') ?? {} },
    refresh: () => {},
    notice: () => {},
    close: () => {},
  })) as unknown as Awaited<ReturnType<typeof original>>['liveRead'],
}));

const { ApiError } = await import('../data/api-client.ts');
const { connection } = await import('../data/connection-state.ts');
const { meta } = await import('../data/session.ts');
const { SchemaForm, SchemaPanel, VersionsPanel } = await import('../form/schema-form.tsx');
const { ConnectionBanner, ConnectionSign } = await import('../shared/connection-sign.tsx');
const { DefinitionView, RolloutNotice } = await import('./definition-view.tsx');
const { EventsPanel } = await import('./events-panel.tsx');
const { InstanceHead } = await import('./instance-head.tsx');
const { LogsPanel } = await import('./logs-panel.tsx');
const { NodePanel } = await import('./node-panel.tsx');
const { ObjectPanel, OwnedObjects } = await import('./object-panel.tsx');
const { OutlinePanel } = await import('./outline-panel.tsx');
const { InstanceParts } = await import('./instance-parts.tsx');
const { User } = await import('../app.tsx');

const nothing = (): void => {};
const ref = 'acme.dev/v1/Shop/b/web';
const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'b', name: 'a' };
/** A time in the far future, so that each age is 0. */
const NOW = '2999-01-01T00:00:00Z';

beforeEach(() => {
  answers.clear();
  meta.value = undefined;
  connection.value = { is: 'live' };
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe('the notice of a canary', () => {
  const rollout = (more: Partial<RolloutState>): RolloutState => ({
    revision: 4,
    phase: 'waiting',
    first: ['b/one'],
    of: 40,
    ...more,
  });

  test.each<[string, Partial<RolloutState>, string, boolean]>([
    ['that waits', {}, 'Revision 4 is tried first on 1 of 40 instances (b/one).', false],
    [
      'that is held, with the reason',
      { phase: 'held', message: 'b/one failed' },
      'Revision 4 is held on 1 of 40 instances (b/one). b/one failed',
      true,
    ],
    [
      'with many first instances',
      { first: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] },
      'Revision 4 is tried first on 7 of 40 instances (a, b, c, d, e and 2 more).',
      false,
    ],
  ])('has the expected text for a canary %s', (_title, more, text, isBad) => {
    const view = <RolloutNotice rollout={rollout(more)} />;
    expect(textOf(view)).toBe(text);
    expect(renderToString(view).startsWith('<div class="notice bad">')).toBe(isBad);
  });
});

test.each<[string, boolean]>([
  ['during the canary', true],
  ['after the canary', false],
])('the page of a definition has the notice only until the end of its canary: %s', (_title, isRunning) => {
  const detail = {
    definition: { name: 'shops', apiVersion: 'acme.dev/v1', kind: 'Shop', state: 'Active', instances: 40 },
    ...(isRunning ? { rollout: { revision: 4, phase: 'waiting', first: ['b/one'], of: 40 } } : {}),
    revisions: [],
    followers: [],
    diagnostics: [],
    notes: ['the numbers of instances leave out some namespaces'],
  } as unknown as DefinitionDetail;
  answers.set('/definitions/shops', { value: detail });
  const text = textOf(<DefinitionView route={{ view: 'definition', name: 'shops', tab: 'revisions' }} />);
  expect(text.includes('Revision 4 is tried first on 1 of 40 instances')).toBe(isRunning);
  expect(text).toContain('the numbers of instances leave out some namespaces Graph New instance Schema Source');
});

describe('the connection', () => {
  test.each([
    [{ is: 'connecting' }, 'Connecting', /^$/],
    [{ is: 'live' }, 'Live', /^$/],
    [
      { is: 'lost', since: Date.now() - 190_000 },
      'Reconnecting 3m',
      /^The connection was lost at .* connects again by itself\./,
    ],
    [
      { is: 'refused', elsewhere: true },
      'No access',
      /^This page cannot connect again at 127\.0\.0\.1:9000\. .*127\.0\.0\.1:PORT/,
    ],
    [{ is: 'refused' }, 'No access', /^The token is missing or no longer valid\. Open the address .* #token=…/],
  ] as const)('%j has the sign "%s"', (state, sign, banner) => {
    connection.value = state;
    expect(textOf(<ConnectionSign />)).toMatch(new RegExp(`^${sign}`));
    expect(textOf(<ConnectionBanner />)).toMatch(banner);
  });
});

test.each([
  [{ is: 'refused' }, true],
  [{ is: 'refused', asks: true }, true],
  [{ is: 'lost', since: 0 }, false],
] as const)('the notice of the connection %j comes after the playground: %s', async (state, isAfter) => {
  const { App } = await import('../app.tsx');
  const { route } = await import('../data/session.ts');
  connection.value = state;
  const orderOf = (view: 'playground' | 'instances'): boolean => {
    route.value = { view };
    const text = renderToString(<App />);
    return text.indexOf('class="notice bad"') + 1 > text.indexOf('id="main"') && text.includes('notice bad');
  };
  expect(orderOf('playground')).toBe(isAfter);
  expect(orderOf('instances')).toBe(false);
  connection.value = { is: 'live' };
});

describe('the object', () => {
  const detail: ObjectDetail = {
    object,
    node: 'web',
    desired: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: 'wanted' } },
    live: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u' }, data: { text: 'found' } },
    differences: [
      {
        path: 'data.text',
        kind: 'differs',
        wanted: 'wanted',
        found: 'found',
        managers: ['jane'],
        taken: true,
        at: NOW,
      },
      { path: 'data.key', kind: 'differs', wanted: 'a', found: 'b', managers: [], secret: true },
    ],
    owned: [],
    managers: [{ manager: 'jane', operation: 'Update', subresource: 'status', time: NOW, fields: 2 }],
    masked: ['data.key'],
    pods: [],
  };
  const view = <ObjectPanel instance={ref} object={object} />;

  test('a changed field has its manager and both values, and a secret one has no value', () => {
    answers.set('', { value: detail });
    const text = textOf(view);
    expect(text).toContain('data.text changed by jane, 0s ago "wanted" → "found"');
    expect(text).toContain('data.key (secret) → (secret)');
    expect(text).toContain('Masked: data.key');
    expect(text).toContain('jane Update of status, 2 fields, 0s ago');
  });

  test('the live side has only the fields that the graph sets', () => {
    answers.set('', { value: { ...detail, differences: [] } });
    expect(textOf(view)).toContain('The live object has all desired values.');
    expect(textOf(view)).not.toContain('uid');
  });

  test('the panel of an object that may not be read shows the reason', () => {
    answers.set('', { value: { ...detail, live: undefined, differences: [], unread: 'configmaps is forbidden' } });
    expect(textOf(view)).toMatch(/^configmaps is forbidden/);
    answers.set('', { error: new ApiError(403, { code: 'x', message: 'no', remedy: 'ask' }) });
    expect(textOf(view)).toBe('The object cannot be read: no. ask');
  });
});

describe('the events', () => {
  const view = <EventsPanel instance={ref} node="web" />;
  const event = {
    time: NOW,
    type: 'Warning',
    reason: 'Failed',
    object,
    count: 3,
    source: 'kubelet',
    message: 'no image',
  };

  test('an event has its reason, age, number, message, object and source; earlier ones are counted', () => {
    answers.set('/events?node=web', { value: { items: [event], unread: ['events of c'], omitted: 1200 } });
    expect(textOf(view)).toBe(
      'events of c Failed 0s ago, 3 times no image ConfigMap b/a · kubelet 1,200 earlier events are not listed.',
    );
  });

  test('a panel without events says so', () => {
    answers.set('/events?node=web', { value: { items: [], unread: [] } });
    expect(textOf(view)).toBe('There are no events. By default, they are kept for an hour.');
  });
});

describe('the logs', () => {
  const view = <LogsPanel instance={ref} object={object} />;
  const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'b', name: 'web-1' };
  const pods = [{ pod, containers: ['init', 'web'] }];

  test('the log of the first container is shown, and the others can be chosen', () => {
    answers.set('/object?object=v1%2FConfigMap%2Fb%2Fa', { value: { pods } });
    answers.set('&container=init&tail=500', { value: { lines: ['one', 'two'], truncated: true } });
    const text = textOf(view);
    expect(text).toContain('web-1 · init web-1 · web');
    expect(text).toMatch(/The last 2 lines: one two$/);
  });

  test('the panel of a log that the server refuses shows the reason', () => {
    answers.set('/object?object=v1%2FConfigMap%2Fb%2Fa', { value: { pods } });
    answers.set('&container=init&tail=500', { error: new ApiError(403, { code: 'x', message: 'no right' }) });
    expect(textOf(view)).toContain('The log cannot be read: no right.');
  });

  test('the panel of an object without pods says so', () => {
    answers.set('/object?object=v1%2FConfigMap%2Fb%2Fa', { value: { pods: [] } });
    expect(textOf(view)).toBe('The object has no pods whose logs can be read.');
  });
});

test('the values of a collection are those of the chosen object', () => {
  const node: InstanceNode = {
    id: 'maps',
    state: 'ready',
    reason: 'is ready',
    waitsFor: [],
    objects: ['a', 'c'].map((name) => ({ object: { ...object, name }, state: 'present', ready: true })),
    counts: { unknown: 0, absent: 0, present: 2, deleting: 0, failed: 0 },
  };
  const values = (value: string): Remote<NodeDetail> => ({
    value: {
      node,
      expressions: [
        { purpose: 'field', place: 'data.zone', expression: '${zone}', type: 'string', value: { is: 'known', value } },
      ],
    },
  });
  answers.set('/nodes/maps?object=v1%2FConfigMap%2Fb%2Fa', values('of a'));
  answers.set('/nodes/maps?object=v1%2FConfigMap%2Fb%2Fc', values('of c'));
  const props = { onObject: nothing, onTab: nothing, onNode: nothing, onClose: nothing, edges: [], tab: 'values' };
  expect(
    textOf(<NodePanel instance={ref} instanceObject={object} node={node} object="v1/ConfigMap/b/c" {...props} />),
  ).toMatch(/data\.zone string \$\{zone\} "?of c"?$/);
});

test('the panel of a node of a definition shows its rules, what the node reads, and its readers', () => {
  const node: OutlineNode = {
    id: 'web',
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    nodeType: 'collection',
    level: 2,
    deletionWave: 1,
    dependsOn: ['db'],
    reads: [],
    forEach: [{ name: 'zone', expression: 'schema.spec.zones' }],
    includeWhen: ['schema.spec.on'],
    readyWhen: [],
  };
  const read = {
    purpose: 'field',
    place: 'spec.host',
    expression: '${db.status.host}',
    paths: ['status.host'],
  } as const;
  const edges = [
    { from: 'db', to: 'web', reads: [read] },
    { from: 'web', to: 'ingress', reads: [read] },
    { from: 'web', to: 'status', reads: [read] },
  ];
  expect(textOf(<OutlinePanel node={node} edges={edges} onClose={nothing} onSelect={nothing} />)).toMatch(
    /For each zone in schema\.spec\.zones Included when schema\.spec\.on Level 2 Reads db spec\.host \$\{db\.status\.host\} Read by ingress$/,
  );
});

describe('the head of an instance', () => {
  const node = (state: InstanceNode['state']): InstanceNode => ({ state }) as InstanceNode;
  const detail = (more: object): InstanceDetail =>
    ({
      instance: {
        ref,
        apiVersion: 'acme.dev/v1',
        kind: 'Shop',
        namespace: 'b',
        name: 'web',
        definition: 'shops',
        state: 'IN_PROGRESS',
        revision: 4,
        createdAt: NOW,
        ...more,
      },
      nodes: [node('ready'), node('waiting'), node('skipped')],
    }) as unknown as InstanceDetail;
  const head = (more: object, isGone = false): string =>
    textOf(<InstanceHead detail={detail(more)} isGone={isGone} onChanged={nothing} />);
  const actions: InspectMeta['actions'] = ['suspend', 'resume', 'reconcile'];

  test('does not count skipped nodes, and shows the reason why the instance waits', () => {
    expect(head({ waitingFor: 'db: waits' })).toMatch(
      /^Instances \/ Shop b\/ web In progress 1 of 2 nodes ready · revision 4 · 0s old db: waits why get$/,
    );
  });

  test.each<[string, object, boolean, RegExp]>([
    ['of a running instance', {}, false, / Suspend Reconcile why get$/],
    ['of a suspended instance', { suspended: true }, false, /suspended .* Resume Reconcile why get$/],
    ['of an instance that is gone', {}, true, / old why get$/],
  ])('shows the actions %s', (_title, more, isGone, text) => {
    meta.value = { actions } as InspectMeta;
    expect(head(more, isGone)).toMatch(text);
  });

  test('a server that only reads has no actions', () => {
    meta.value = { actions: [] as InspectMeta['actions'] } as InspectMeta;
    expect(head({ deletedAt: NOW })).toMatch(/ deletion requested 0s ago why get$/);
  });
});

test('the objects that an object owns have their values, restarts, reasons and last log lines', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'b', name: 'p' };
  const owned = [{ object: pod, state: 'failed', value: 'Running', restarts: 12, message: 'it waits', log: 'no file' }];
  answers.set('', { value: { owned } });
  expect(textOf(<OwnedObjects instance="x" object={object} />)).toBe(
    `Owned by ${objectName(object)} Pod p Running, 12 restarts it waits no file`,
  );
  answers.set('', { value: { owned: [], podsUnread: 'pods is forbidden' } });
  expect(textOf(<OwnedObjects instance="x" object={object} />)).toBe('pods is forbidden');
});

test('the head of an instance says for how long it is not ready, and after which change', () => {
  const named = { ref: 'v1/A/b/c', apiVersion: 'v1', kind: 'A', name: 'c', state: 'ERROR' };
  const past = { since: NOW, after: { object, manager: 'jane', time: NOW } };
  const detail = { instance: named, nodes: [], past } as unknown as InstanceDetail;
  meta.value = undefined;
  expect(textOf(<InstanceHead detail={detail} isGone onChanged={() => {}} />)).toContain(
    `not ready for 0s, after jane changed ${objectName(object)} 0s ago`,
  );
});

describe('the object of an instance', () => {
  const detail = (more: object): InstanceDetail =>
    ({
      instance: { state: 'ACTIVE' },
      conditions: [
        { type: 'Ready', status: 'False', reason: 'NotReady', message: 'web waits', lastTransitionTime: NOW },
        { type: 'InstanceManaged', status: 'True', reason: 'Managed', message: '' },
      ],
      object: { metadata: { labels: { team: 'a' } }, spec: { size: 2 }, status: { conditions: [{}], url: 'x' } },
      ...more,
    }) as unknown as InstanceDetail;

  test('shows the conditions with reasons and ages, the spec, the labels, and the status without the conditions', () => {
    expect(textOf(<InstanceParts detail={detail({})} />)).toBe(
      'Conditions Ready False NotReady, since 0s web waits InstanceManaged True Managed Spec size: 2 Labels team: a Status url: x',
    );
  });

  test.each([
    ['ERROR', 'failed'],
    ['IN_PROGRESS', 'waiting'],
    ['DELETING', 'waiting'],
    ['NONE', 'waiting'],
    ['ACTIVE', 'waiting'],
  ] as const)('in the state %s, the reason and a condition that does not hold have the tone %s', (state, tone) => {
    const named = { ref: 'v1/A/b/c', apiVersion: 'v1', kind: 'A', name: 'c' };
    const instance = { ...named, state, waitingFor: 'web waits' };
    const shown = detail({ instance, nodes: [] });
    meta.value = undefined;
    const html = renderToString(<InstanceHead detail={shown} isGone onChanged={() => {}} />);
    expect(html).toContain(`<p class="waiting-for tone-${tone}">web waits</p>`);
    expect(renderToString(<InstanceParts detail={shown} />).match(/tone-\w+/g)).toEqual([`tone-${tone}`, 'tone-ready']);
  });

  test('the panel of an instance without conditions says that no controller has written one', () => {
    const text = textOf(<InstanceParts detail={detail({ conditions: [], object: { metadata: {}, spec: {} } })} />);
    expect(text).toBe('Conditions No controller has written a condition yet.');
  });
});

test.each([
  ['jane', 'as jane'],
  [undefined, ''],
])('the sign for the user %s, whose rights limit the page, is "%s"', (user, text) => {
  meta.value = { ...(user && { user }) } as InspectMeta;
  expect(textOf(<User />)).toBe(text);
});

describe('the schemas of a definition', () => {
  const detail = (more: Partial<DefinitionDetail>): DefinitionDetail =>
    ({
      definition: { name: 'shops', apiVersion: 'acme.dev/v1', kind: 'Shop' },
      namespaced: true,
      diagnostics: [],
      ...more,
    }) as DefinitionDetail;
  const schema = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, size: { type: 'integer', default: 2 } },
  };

  test('the form has the fields of the spec, marks the required ones, and makes the YAML of an instance', () => {
    const text = textOf(<SchemaForm detail={detail({ schema })} />);
    expect(text).toMatch(/^Metadata name required namespace Spec name required string size integer · default 2 Shop /);
    expect(text).toMatch(
      /Copy YAML apply apiVersion: acme\.dev\/v1 kind: Shop metadata: name: NAME namespace: default spec: \{\} /,
    );
  });

  test('the schemas of spec and status are side by side', () => {
    const statusSchema = { properties: { url: { type: 'string' } } };
    expect(textOf(<SchemaPanel detail={detail({ schema, statusSchema })} />)).toMatch(
      /^Spec type: object .* Status properties: url: type: string$/,
    );
    expect(textOf(<SchemaPanel detail={detail({ schema })} />)).toMatch(/ Status There are no fields\.$/);
  });

  const row = { hub: false, served: true, stored: false, schema, statusSchema: {} };
  const rows = [
    { ...row, name: 'v1', hub: true, stored: true },
    { ...row, name: 'v1beta1', deprecated: 'use v1' },
    { ...row, name: 'v1alpha1', served: false, stored: true },
  ];
  const conversions = [
    { from: 'v1beta1', to: 'v1', rules: [{ field: 'spec.name', value: '${self.spec.title}' }], kept: ['spec.size'] },
    { from: 'v1alpha1', to: 'v1', rules: [], kept: [] },
  ];

  test('the versions have their uses, the warning of the author, and the rules of the conversions', () => {
    expect(textOf(<VersionsPanel detail={detail({ versions: { rows, conversions } })} />)).toBe(
      'Versions Version Use Warning for clients v1 hub served stored – v1beta1 served deprecated use v1 ' +
        'v1alpha1 not served still stored – v1beta1 → v1 v1beta1 → v1 Field Value spec.name ${self.spec.title} ' +
        'spec.size kept in an annotation, because v1 has no such field v1alpha1 → v1 All fields are copied. ' +
        'Schema of v1 Schema of v1beta1 Schema of v1alpha1',
    );
  });

  test.each([
    ['a migration with its progress', { status: 'Unknown', message: '2 of 5' }, '<p>2 of 5</p><progress', ' max="5"'],
    ['a migration that is held', { status: 'False', message: 'refused' }, 'class="notice bad"', '<p>refused</p>'],
  ])('the versions begin with %s', (_title, more, ...parts) => {
    const versions = { rows, conversions, migration: { migrated: 2, total: 5, ...more } };
    const html = renderToString(<VersionsPanel detail={detail({ versions })} />);
    for (const part of parts) expect(html).toContain(part);
  });

  test('the versions name the problems of the conversions', () => {
    const problem = { code: 'graph/conversion', severity: 'error', message: 'a is lost' } as const;
    const diagnostics = [
      { ...problem, path: 'spec.schema.versions[0].convertTo' },
      { ...problem, message: 'other', path: 'spec.resources[0]' },
    ];
    const text = textOf(<VersionsPanel detail={detail({ versions: { rows, conversions }, diagnostics })} />);
    expect(text).toMatch(/^The versions have 1 problem: see the source a is lost Versions /);
  });

  test.each([
    ['form', SchemaForm],
    ['schemas', SchemaPanel],
  ] as const)('a definition with problems has no %s', (_title, View) => {
    expect(textOf(<View detail={detail({})} />)).toBe('The definition has no schema until its problems are solved.');
  });
});
