import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { readPolicies } from './definition/policies.ts';
import type { ServedKind } from './served-kinds.ts';
import { instanceTypeOf, movedInstances } from './served-kinds.ts';

const graph = graphOf('schema: {spec: {}}\nresources: []\n');
const policies = readPolicies({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: {} });
const identity = {} as ServedKind['identity'];

/** A definition whose second revision goes to these instances first. With `undefined`, no instances are chosen yet. */
function servedTo(members: readonly string[] | undefined, base = 1): ServedKind {
  const canary = {
    base: { revision: base, graph },
    members: members === undefined ? undefined : new Set(members),
    heldBack: 1,
    key: String(members),
  };
  const type = instanceTypeOf(graph);
  return { definition: 'd', definitionUid: 'u', type, graph, revision: 2, policies, identity, canary };
}

const { canary: _canary, ...done } = servedTo(['a']);

test('when the members of a canary change, only the instances that join or leave the members are moved', () => {
  expect(movedInstances(servedTo(['a', 'b']), servedTo(['b', 'c', 'd']))).toEqual(['a', 'c', 'd']);
});

test.each([
  ['the first revision', undefined, servedTo(['a'])],
  ['the first choice of instances', servedTo(undefined), servedTo(['a'])],
  ['the end of a roll-out', servedTo(['a']), done],
  ['another revision', { ...servedTo(['a']), revision: 1 }, servedTo(['a'])],
  ['another base', servedTo(['a'], 0), servedTo(['a'])],
  ['another identity', servedTo(['a']), { ...servedTo(['a']), identity: {} as ServedKind['identity'] }],
  ['another policy', servedTo(['a']), { ...servedTo(['a']), policies: { ...policies, explain: true } }],
] as const)('after %s, any instance may be moved', (_title, before, after) => {
  expect(movedInstances(before, after)).toBeUndefined();
});
