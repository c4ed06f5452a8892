import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { podStrategy } from './pod.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import type { WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';

// The rules of pods use no other member of the context.
const context = { subresource: '' } as WriteContext;

function pod(spec: JsonObject): KubeObject {
  const whole: JsonObject = { containers: [{ name: 'c', image: 'i' }], ...spec };
  defaultPodSpec(whole, true);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: whole };
}

function problemsOf(next: JsonObject, before: JsonObject): string[] {
  const problems = new Problems();
  podStrategy.validateUpdate?.(pod(next), pod(before), problems, context);
  return problems.map(({ field, message }) => `${field}: ${message.split('\n')[0]?.slice(0, 200)}`);
}

const GATES = { schedulingGates: [{ name: 'g' }] };
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const A = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
const AB = { matchExpressions: [...A.matchExpressions, { key: 'b', operator: 'Exists' }] };
const nodes = (...nodeSelectorTerms: JsonObject[]): JsonObject => ({ [REQUIRED]: { nodeSelectorTerms } });
const gated = (nodeAffinity?: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...GATES,
  ...(nodeAffinity === undefined ? more : { affinity: { nodeAffinity, ...more } }),
});
const PEERS = { podAffinity: { [REQUIRED]: [{ topologyKey: 'z', labelSelector: {} }] } };
const TERMS = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
const REFUSED = 'spec: Forbidden: pod updates may not change fields other than';

describe('an update of a pod with scheduling gates', () => {
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['may set the node affinity', gated(), gated(nodes(A)), []],
    ['may set the node affinity and remove the gates', gated(), { affinity: { nodeAffinity: nodes(A) } }, []],
    [
      'may set the node affinity of a pod that has a pod affinity',
      gated(undefined, { affinity: PEERS }),
      gated(nodes(A), PEERS),
      [],
    ],
    ['may add an expression to a term', gated(nodes(A)), gated(nodes(AB)), []],
    [
      'may set preferences',
      gated({}),
      gated({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: A }] }),
      [],
    ],
    [
      'may not remove an expression',
      gated(nodes(AB)),
      gated(nodes(A)),
      [
        `${TERMS}[0]: Invalid value: {"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
      ],
    ],
    [
      'may not add a term',
      gated(nodes(A)),
      gated(nodes(A, AB)),
      [`${TERMS}: Invalid value: [{"MatchExpressions":[{"Key":"a"`],
    ],
    [
      'may not remove the terms',
      gated(nodes(A)),
      gated(),
      [`${TERMS}: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed`],
    ],
    ['may not set the pod affinity', gated(), gated(nodes(A), PEERS), [REFUSED]],
  ])('%s', (_title, before, next, expected) => {
    const found = problemsOf(next, before);
    expect(found.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  });

  test('may not set the node affinity after the gates are removed', () => {
    const [found = ''] = problemsOf({ affinity: { nodeAffinity: nodes(A) } }, {});
    expect(found.slice(0, REFUSED.length)).toBe(REFUSED);
  });
});
