import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';
import { imageTag } from './pod-defaults.ts';
import { podWarnings } from './pod-warnings.ts';
import { podStrategy } from './pod.ts';
import { defaultPodSpec } from './pod-defaults.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

// The results are those of ParseImageName of Kubernetes 1.36.
test.each([
  ['nginx', 'latest'],
  ['nginx:1', '1'],
  ['library/nginx', 'latest'],
  ['localhost/nginx', 'latest'],
  ['localhost:5000/nginx', 'latest'],
  ['localhost:5000/nginx:1', '1'],
  ['[::1]:5000/nginx:1', '1'],
  ['Registry/nginx:1', '1'],
  ['a__b/c--d.e_f:V1', 'V1'],
  [`nginx@${DIGEST}`, ''],
  [`nginx:latest@${DIGEST}`, 'latest'],
  ['Nginx', undefined],
  ['library/Nginx:1', undefined],
  ['nginx@sha256:0', undefined],
  ['nginx:latest@sha256:0', undefined],
  ['nginx:', undefined],
  ['a___b', undefined],
  [' nginx', undefined],
  ['', undefined],
  ['0'.repeat(64), undefined],
  ['a'.repeat(256), undefined],
])('the tag of %j is %j', (image, tag) => {
  expect(imageTag(image)).toBe(tag);
});

const withPorts = (ports: JsonObject[]): JsonObject => ({ spec: { containers: [{ name: 'c', ports }] } });
const port = (more: JsonObject = {}): JsonObject => ({ containerPort: 80, protocol: 'TCP', ...more });
const at = (index: number): string => `spec.containers[0].ports[${index}]`;

describe('the warnings about ports', () => {
  test('name each earlier port that may conflict, in the order of the ports', () => {
    const ports = [port({ hostPort: 1 }), port(), port({ hostPort: 2 }), port({ hostPort: 1 }), port()];
    expect(podWarnings(withPorts(ports), '')).toEqual([
      `${at(1)}: overlapping port definition with ${at(0)}`,
      `${at(2)}: overlapping port definition with ${at(1)}`,
      `${at(3)}: duplicate port definition with ${at(0)}`,
      `${at(3)}: overlapping port definition with ${at(1)}`,
      `${at(4)}: overlapping port definition with ${at(0)}`,
      `${at(4)}: duplicate port definition with ${at(1)}`,
      `${at(4)}: overlapping port definition with ${at(2)}`,
      `${at(4)}: overlapping port definition with ${at(3)}`,
    ]);
  });

  test('are limited to 100 for many equal ports', () => {
    const many = Array.from({ length: 3000 }, () => port());
    expect(podWarnings(withPorts(many), '').length).toBe(100);
  });
});

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
