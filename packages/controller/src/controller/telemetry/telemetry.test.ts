import { describe, expect, test } from 'vitest';
import type { ApplyAction, NodeReport, Reports } from '@typekro/engine/runtime';
import { type ObjectEvent, KubeError } from '@typekro/kube';
import type { CompiledSpec } from '../definition/compiler.ts';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import type { InstanceStep } from '../controller-event.ts';
import { heldObjects } from './held-objects.ts';
import { RefusedEvents } from './refused-events.ts';
import { WatchErrorLogger } from './watch-error-logger.ts';
import { EventObserver } from './event-observer.ts';
import { LeaseLogger } from './lease-logger.ts';
import { LogObserver } from './log-observer.ts';
import { Reachability } from './reachability.ts';

const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const since = '2026-01-01T00:00:00Z';
const finalizers = ['acme.dev/keep'];

const OBJECTS: readonly Reports.ObjectReport[] = [
  { object: ref('failed'), state: 'failed' },
  { object: ref('present'), state: 'present', finalizers },
  { object: ref('hanging'), state: 'deleting', finalizers, deletingSince: since },
  { object: ref('going'), state: 'deleting', finalizers: [], deletingSince: since },
];

const failure = { code: 403, reason: 'Forbidden', message: 'no' };
const terminating = { object: ref('hanging'), finalizers, since };

test.each<[because: Reports.Because, held: readonly string[]]>([
  [{ kind: 'being-deleted', objects: [terminating, { ...terminating, finalizers: [] }] }, ['hanging']],
  [{ kind: 'retired', objects: [] }, ['hanging']],
  [{ kind: 'write-failed', object: ref('failed'), failure, retryAt: 0 }, ['hanging']],
  [{ kind: 'read-failed', object: ref('failed'), failure }, ['hanging']],
  [{ kind: 'graph-owner', object: ref('failed'), managers: [] }, ['hanging']],
  [{ kind: 'ready' }, []],
  [{ kind: 'external-missing', object: ref('failed') }, []],
])(
  'for a node with the reason %o, only objects that are being deleted and have finalizers are listed',
  (because, held) => {
    const report: NodeReport = { id: 'maps', state: 'failed', because, objects: OBJECTS };
    expect(heldObjects(report)).toEqual(held.map((name) => ({ object: ref(name), finalizers, since })));
  },
);

/** A clock whose wall time is corrected backwards while its monotonic time passes. */
const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

test('a missing permission for events is logged as a warning at most once an hour; all other entries have the level debug', () => {
  let now = 0;
  const entries: string[] = [];
  const refused = new RefusedEvents(
    { log: (level, _message, fields) => entries.push(`${level} ${String(fields?.['error'])}`) },
    goingBack(() => now),
  );
  const forbidden = 'User "kro" cannot create resource "events" in API group "" in the namespace "n"';
  for (const [at, status, message] of [
    [0, 403, 'namespace n is being terminated'],
    [1000, 403, forbidden],
    [2000, 403, forbidden],
    [3_601_000, 403, forbidden],
  ] as const) {
    now = at;
    refused.log(new KubeError(message, { status, reason: 'Forbidden' }));
  }
  const rule = '{apiGroups: [""], resources: ["events"], verbs: ["create", "patch"]}';
  const expectedText = `${forbidden} (missing permission; add the rule ${rule} in namespace n)`;
  expect(entries).toEqual([
    'debug namespace n is being terminated',
    `warn ${expectedText}`,
    `debug ${expectedText}`,
    `warn ${expectedText}`,
  ]);
});

const type = {
  group: 'kro.run',
  version: 'v1alpha1',
  kind: 'R',
  plural: 'resourcegraphdefinitions',
  namespaced: false,
};

test('an unreadable kind is logged once for each reason except a lost connection and the status 401, and once when it is readable again', () => {
  const entries: unknown[] = [];
  const watchErrors = new WatchErrorLogger({ log: (level, message, fields) => entries.push([level, message, fields]) });
  const refusal =
    'User "kro" cannot list resource "resourcegraphdefinitions" in API group "kro.run" at the cluster scope';
  const forbidden = new KubeError(refusal, { status: 403, reason: 'Forbidden' });
  for (const error of [
    undefined,
    new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' }),
    new KubeError('Unauthorized', { status: 401, reason: 'Unauthorized' }),
    forbidden,
    forbidden,
    new KubeError('out of order', { status: 500, reason: 'InternalError' }),
    undefined,
    undefined,
  ]) {
    watchErrors.handleState(type, error);
  }
  const kind = 'resourcegraphdefinitions.kro.run';
  const rule = '{apiGroups: ["kro.run"], resources: ["resourcegraphdefinitions"], verbs: ["list", "watch"]}';
  expect(entries).toEqual([
    [
      'warn',
      'the controller cannot read a kind that it requires',
      { kind, error: `${refusal} (missing permission; add the rule ${rule})` },
    ],
    ['warn', 'the controller cannot read a kind that it requires', { kind, error: 'out of order' }],
    ['info', 'the controller can read this kind again', { kind }],
  ]);
});

/** A definition before its first status. */
function definitionOf(uid: string): DefinitionObject {
  const object = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'boats', uid } };
  return { name: 'boats', uid, object, status: {} } as unknown as DefinitionObject;
}

function setup() {
  const recorded: string[] = [];
  const record = ({ reason, message }: ObjectEvent): void => void recorded.push(`${reason}: ${message}`);
  return { recorded, observer: new EventObserver({ events: { record } as never, conditionEvents: false }) };
}

const refused = { graph: undefined, problems: ['the kind Boot is unknown'] } as unknown as CompiledSpec;
const invalid: WrittenStatus = {
  state: 'Inactive',
  conditions: [{ type: 'GraphAccepted', status: 'False', reason: 'InvalidResourceGraph', message: 'kro says no' }],
};

describe('the problems of a refused definition', () => {
  test('have an event in addition to the condition', () => {
    const { recorded, observer } = setup();
    observer.listen({ kind: 'definition-passed', definition: definitionOf('1'), compiled: refused });
    observer.listen({ kind: 'definition-changed', definition: definitionOf('1'), status: invalid });
    expect(recorded).toContain('Problem: the kind Boot is unknown');
  });

  test.each(['1', '2'])(
    'are dropped when the definition is deleted, and are not reported for a later definition with the uid %s',
    (uid) => {
      const { recorded, observer } = setup();
      observer.listen({ kind: 'definition-passed', definition: definitionOf('1'), compiled: refused });
      observer.listen({ kind: 'definition-gone', name: 'boats' });
      observer.listen({ kind: 'definition-changed', definition: definitionOf(uid), status: invalid });
      expect(recorded.filter((text) => text.startsWith('Problem'))).toEqual([]);
    },
  );
});

test('an object whose deletion hangs has its own event, even when the write of another object of the same node failed', () => {
  const { recorded, observer } = setup();
  const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
  const failure = { code: 422, reason: 'Invalid', message: 'no' };
  const hanging = { object: ref('b'), state: 'deleting', finalizers: ['acme.dev/keep'], deletingSince: '2026-01-01' };
  const because = { kind: 'write-failed', object: ref('a'), failure, retryAt: 0 };
  const node = { id: 'maps', state: 'failed', because, objects: [{ object: ref('a'), state: 'absent' }, hanging] };
  const decision = { state: 'ERROR', nodes: [node], statusProblems: [], status: {} };
  const instance = { apiVersion: 'acme.dev/v1', kind: 'Boat', metadata: { name: 'x' }, status: { state: 'ERROR' } };
  const step = { instance, decision, served: { origin: 'definition' }, record: {} };
  observer.listen({ kind: 'instance-changed', step } as never);
  expect(recorded).toEqual([
    expect.stringMatching(/^WriteFailed: node maps: /),
    'DeletionBlocked: ConfigMap v1 default/b is held by finalizers acme.dev/keep since 2026-01-01',
  ]);
});

describe('lease logger', () => {
  /** A clock whose wall time is corrected backwards while its monotonic time passes. */
  const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

  test('an unreachable lease is logged once a minute and for each new reason, and once when it is reachable again', () => {
    let now = 0;
    const entries: unknown[] = [];
    const leaseLogger = new LeaseLogger(
      { log: (level, message, fields) => entries.push([level, message, fields]) },
      goingBack(() => now),
      'kro-system/a',
    );
    const message =
      'User "kro" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "kro-system"';
    const poll = (at: number, failure?: KubeError) => {
      now = at;
      leaseLogger.polled(failure);
      return leaseLogger.reachable;
    };
    const forbidden = new KubeError(message, { status: 403, reason: 'Forbidden' });
    expect(leaseLogger.reachable).toBe(false);
    expect([1000, 3000, 60_000, 61_000].map((at) => poll(at, forbidden))).toEqual([false, false, false, false]);
    poll(62_000, new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' }));
    poll(62_500, new KubeError('the request was aborted', { status: 0, reason: 'Aborted' }));
    expect([poll(63_000), poll(65_000)]).toEqual([true, true]);
    const lease = 'kro-system/a';
    const remedy = 'check that the API server runs and that its address is correct';
    const error = expect.stringContaining('resources: ["leases"], verbs: ["get"]') as string;
    expect(entries).toEqual([
      ['warn', 'the lease cannot be read or renewed', { lease, error }],
      ['warn', 'the lease cannot be read or renewed', { lease, error, forMs: 60_000 }],
      ['warn', 'the lease cannot be read or renewed', { lease, error: 'connect ECONNREFUSED', remedy, forMs: 61_000 }],
      [
        'warn',
        'the lease cannot be read or renewed',
        { lease, error: 'the API server did not respond in time', forMs: 61_500 },
      ],
      ['info', 'the lease can be read or renewed again', { lease, afterMs: 62_000 }],
    ]);
  });

  test('reasons that alternate are logged once a minute each, and again after the recovery', () => {
    let now = 0;
    const errors: unknown[] = [];
    const leaseLogger = new LeaseLogger(
      { log: (_level, _message, fields) => errors.push(fields?.['error'] ?? 'reachable') },
      { now: () => now, elapsed: () => now },
      'kro-system/a',
    );
    const refused = new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' });
    const silent = new KubeError('the request was aborted', { status: 0, reason: 'Aborted' });
    const texts = ['connect ECONNREFUSED', 'the API server did not respond in time'];
    const pollBoth = () => {
      for (const failure of [refused, silent, refused, silent]) leaseLogger.polled(failure);
      return errors.splice(0);
    };
    expect(pollBoth()).toEqual(texts);
    now = 59_999;
    expect(pollBoth()).toEqual([]);
    now = 60_000;
    expect(pollBoth()).toEqual(texts);
    leaseLogger.polled(undefined);
    expect(pollBoth()).toEqual(['reachable', ...texts]);
  });
});

describe('log observer', () => {
  function setup() {
    const entries: unknown[] = [];
    return {
      entries,
      observer: new LogObserver({ log: (level, message, fields) => entries.push([level, message, fields]) }),
    };
  }

  describe('the log', () => {
    const definition = { name: 'boats', status: {} } as DefinitionObject;
    const condition = { type: 'Ready', status: 'False', reason: 'FailedToStart', message: 'boats may not be watched' };

    test.each<[WrittenStatus, object]>([
      [
        { state: 'Inactive', conditions: [condition] },
        { to: 'Inactive', reason: 'FailedToStart', why: 'boats may not be watched' },
      ],
      [
        { state: 'Active', conditions: [{ ...condition, status: 'True', reason: 'Ready', message: '' }] },
        { to: 'Active' },
      ],
    ])('has the new state of a definition, and the reason unless the new state is Active: %j', (status, fields) => {
      const { entries, observer } = setup();
      observer.listen({ kind: 'definition-changed', definition, status });
      expect(entries).toEqual([['info', 'definition changed state', { definition: 'boats', from: '', ...fields }]]);
    });

    test('names an inactive definition again only when the message of its condition changes', () => {
      const { entries, observer } = setup();
      const status = (message: string): WrittenStatus => ({
        state: 'Inactive',
        conditions: [{ ...condition, message }],
      });
      const is = (message: string) => ({ name: 'boats', status: status(message) }) as unknown as DefinitionObject;
      observer.listen({ kind: 'definition-changed', definition: is('one'), status: status('one') });
      expect(entries).toEqual([]);
      observer.listen({ kind: 'definition-changed', definition: is('one'), status: status('two') });
      expect(entries).toEqual([
        [
          'info',
          'definition is still not active',
          { definition: 'boats', from: 'Inactive', to: 'Inactive', reason: 'FailedToStart', why: 'two' },
        ],
      ]);
    });

    test('has a debug entry for each written child', () => {
      const { entries, observer } = setup();
      const step = { instance: { metadata: { name: 'a', namespace: 'bay' } } } as InstanceStep;
      const action = {
        nodeId: 'web',
        target: { type: { kind: 'Pod' }, name: 'a-web', namespace: 'bay' },
      } as ApplyAction;
      observer.listen({ kind: 'child-written', step, action, outcome: 'created' });
      const child = { instance: 'a', namespace: 'bay', node: 'web', kind: 'Pod', name: 'a-web', outcome: 'created' };
      expect(entries).toEqual([['debug', 'wrote a child', child]]);
    });

    test('names the RBAC rule to add when a pass fails with 403', () => {
      const { entries, observer } = setup();
      const message = 'User "kro" cannot patch resource "boats/status" in API group "acme.test" in the namespace "bay"';
      observer.listen({
        kind: 'pass-failed',
        work: { group: 'boats', key: 'acme.test/Boat/bay/a' },
        error: new KubeError(message, { status: 403, reason: 'Forbidden' }),
        retryInMs: 100,
        failures: 1,
      });
      expect(JSON.stringify(entries)).toContain(
        JSON.stringify('add the rule {apiGroups: ["acme.test"], resources: ["boats/status"], verbs: ["patch"]}').slice(
          1,
          -1,
        ),
      );
    });
  });
});

describe('reachability', () => {
  /** A clock whose wall time is corrected backwards while its monotonic time passes. */
  const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

  test('an unreachable server is logged once a minute, and once when it responds again', () => {
    let now = 0;
    const entries: string[] = [];
    const log = {
      log: (level: string, message: string, fields?: object) =>
        entries.push(`${level} ${message} ${JSON.stringify(fields)}`),
    };
    const reachability = new Reachability(
      log,
      goingBack(() => now),
    );
    const refused = new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' });
    const fail = (at: number) => {
      now = at;
      reachability.unanswered('GET', refused);
      reachability.answered('GET', 0);
    };
    reachability.answered('GET', 200);
    for (const at of [1000, 1500, 60_000, 61_000, 62_000]) fail(at);
    now = 70_000;
    reachability.answered('GET', 503);
    reachability.answered('GET', 200);
    fail(80_000);
    expect(entries).toEqual([
      'warn the API server does not respond {"error":"connect ECONNREFUSED"}',
      'warn the API server does not respond {"error":"connect ECONNREFUSED","forMs":60000}',
      'info the API server responds again {"afterMs":69000}',
      'warn the API server does not respond {"error":"connect ECONNREFUSED"}',
    ]);
  });

  test('refused credentials are logged once a minute, and once when they are accepted again', () => {
    let now = 0;
    const entries: unknown[] = [];
    const reachability = new Reachability(
      { log: (level, message, fields) => entries.push([level, message, fields]) },
      goingBack(() => now),
    );
    for (const [at, status] of [
      [0, 200],
      [1000, 401],
      [2000, 401],
      [3000, 503],
      [61_000, 401],
      [62_000, 200],
      [63_000, 200],
    ] as const) {
      now = at;
      reachability.answered('GET', status);
    }
    expect(entries).toEqual([
      ['warn', 'the API server refuses the credentials', { status: 401 }],
      ['warn', 'the API server refuses the credentials', { status: 401, forMs: 60_000 }],
      ['info', 'the API server accepts the credentials again', { afterMs: 61_000 }],
    ]);
  });

  test('a server counts as reached after its first response, whatever the response is', () => {
    const reachability = new Reachability({ log: () => undefined }, { now: () => 0 });
    expect(reachability.isReached).toBe(false);
    reachability.answered('GET', 0);
    expect(reachability.isReached).toBe(false);
    reachability.answered('GET', 503);
    reachability.answered('GET', 0);
    expect(reachability.isReached).toBe(true);
  });
});
