import { describe, expect, test } from 'vitest';
import type { ObjectEvent } from '@typekro/kube';
import type { CompiledSpec } from '../definition/compiler.ts';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import { EventObserver } from './event-observer.ts';

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
