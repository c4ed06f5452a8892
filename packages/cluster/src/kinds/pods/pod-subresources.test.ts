import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { partialUpdateOf } from './pod-subresources.ts';
import { validatePodSpec } from './pod-validation.ts';
import { Problems } from '../../errors/field-problems.ts';

const container = (name: string, cpu: string, more: JsonObject = {}): JsonObject => ({
  name,
  image: 'i',
  resources: { requests: { cpu } },
  ...more,
});
const pod = (spec: JsonObject, status: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec,
  status,
});

function update(subresource: string, before: JsonObject, next: JsonObject, status: JsonObject = {}) {
  const partial = partialUpdateOf(subresource);
  if (partial === undefined) throw new Error(`no partial update of ${subresource}`);
  const kept = partial.keep(next, before);
  const problems = new Problems();
  partial.check(pod(kept), pod(before, status), problems);
  return { kept, problems: problems.map(({ field, message }) => `${field}: ${message.split('\n')[0]}`) };
}

test('partialUpdateOf returns undefined for the pod itself and for its status', () => {
  expect([partialUpdateOf(''), partialUpdateOf('status')]).toEqual([undefined, undefined]);
});

describe('ephemeral containers', () => {
  const before = { containers: [container('c', '1')], ephemeralContainers: [{ name: 'e', image: 'x' }] };
  const added = [...before.ephemeralContainers, { name: 'f', image: 'y' }];

  test('can be added, and other changes of the pod are ignored', () => {
    const next = { containers: [container('c', '1', { image: 'other' })], ephemeralContainers: added, hostname: 'h' };
    expect(update('ephemeralcontainers', before, next)).toEqual({
      kept: { containers: before.containers, ephemeralContainers: added },
      problems: [],
    });
  });

  test.each([
    ['changed', [{ name: 'e', image: 'z' }], 'existing ephemeral containers "e" may not be changed'],
    ['removed', [], 'existing ephemeral containers "e" may not be removed'],
    ['removed together with the list', undefined, 'existing ephemeral containers "e" may not be removed'],
  ])('cannot be %s', (_, ephemeralContainers, problem) => {
    const next = { ...before, ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) };
    if (ephemeralContainers === undefined) delete (next as JsonObject)['ephemeralContainers'];
    expect(update('ephemeralcontainers', before, next).problems).toEqual([
      `spec.ephemeralContainers: Forbidden: ${problem}`,
    ]);
  });
});

describe('a resize', () => {
  const before = { containers: [container('c', '1')], initContainers: [container('i', '1')] };

  test('changes cpu and memory, and ignores an image', () => {
    const next = { ...before, containers: [container('c', '2', { image: 'other' })] };
    expect(update('resize', before, next)).toEqual({
      kept: { ...before, containers: [container('c', '2')] },
      problems: [],
    });
  });

  test.each<[string, JsonObject, readonly string[]]>([
    [
      'a removed container',
      { containers: [], initContainers: before.initContainers },
      ['spec.containers: Forbidden: containers may not be added or removed on resize'],
    ],
    [
      'a renamed container',
      { ...before, initContainers: [container('j', '1')] },
      ['spec.initContainers[0].name: Forbidden: initContainers may not be renamed or reordered on resize'],
    ],
    [
      'a removed resource request',
      { ...before, containers: [{ name: 'c', image: 'i', resources: { requests: { memory: '1' } } }] },
      ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
    ],
    [
      'another resource',
      { ...before, containers: [{ ...container('c', '1'), resources: { requests: { cpu: '1', 'x/y': '1' } } }] },
      ['spec: Forbidden: only cpu and memory resources are mutable'],
    ],
    [
      'a change of the QoS class',
      {
        containers: [{ ...container('c', '1'), resources: { requests: {} } }],
        initContainers: [{ ...container('i', '1'), resources: {} }],
      },
      [
        'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
        'spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed',
        'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
      ],
    ],
  ])('is refused: %s', (_, next, problems) => {
    expect(update('resize', before, next).problems).toEqual(problems);
  });

  test('is refused when the node does not report the resources of a running container', () => {
    const status = { containerStatuses: [{ name: 'c', state: { running: {} } }] };
    expect(update('resize', before, before, status).problems).toEqual([
      'spec: Forbidden: Pod running on node without support for resize',
    ]);
  });
});

describe('an ephemeral container', () => {
  const common = { imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };
  const problemsOf = (ephemeral: JsonObject) => {
    const problems = new Problems();
    const spec = {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      containers: [{ name: 'c', image: 'i', ...common }],
      ephemeralContainers: [{ name: 'e', image: 'i', ...common, resources: {}, ...ephemeral }],
    };
    validatePodSpec(problems.field('spec', spec));
    return problems.map(({ field, message }) => `${field}: ${message}`);
  };
  const at = 'spec.ephemeralContainers[0]';

  test.each<[string, JsonObject, readonly string[]]>([
    ['is accepted', { targetContainerName: 'c', stdin: true }, []],
    ['with the name of another container is refused', { name: 'c' }, [`${at}.name: Duplicate value: "c"`]],
    ['without an image is refused', { image: '' }, [`${at}.image: Required value`]],
    ['with an unknown target is refused', { targetContainerName: 'x' }, [`${at}.targetContainerName: Not found: "x"`]],
    [
      'with ports is refused',
      { ports: [{ containerPort: 80, protocol: 'TCP' }] },
      [`${at}.ports: Forbidden: cannot be set for an Ephemeral Container`],
    ],
    [
      'with resources is refused',
      { resources: { requests: { cpu: '1' } } },
      [`${at}.resources: Forbidden: cannot be set for an Ephemeral Container`],
    ],
  ])('%s', (_, ephemeral, problems) => {
    expect(problemsOf(ephemeral)).toEqual(problems);
  });
});
