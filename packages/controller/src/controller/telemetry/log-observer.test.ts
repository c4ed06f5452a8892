import { describe, expect, test } from 'vitest';
import { KubeError } from '@typekro/kube';
import type { ApplyAction } from '@typekro/engine/runtime';
import type { InstanceStep } from '../controller-event.ts';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import { LogObserver } from './log-observer.ts';

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
    const status = (message: string): WrittenStatus => ({ state: 'Inactive', conditions: [{ ...condition, message }] });
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
    const action = { nodeId: 'web', target: { type: { kind: 'Pod' }, name: 'a-web', namespace: 'bay' } } as ApplyAction;
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
