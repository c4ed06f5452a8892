import { expect, test } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'i', ...more });
const pod = (more: JsonObject = {}, inside: JsonObject = {}): JsonObject => ({
  containers: [container(inside)],
  ...more,
});

function problemsOf(spec: JsonObject) {
  const problems: FieldError[] = [];
  defaultPodSpec(spec, true);
  validatePodSpec(spec, 'spec', problems);
  return problems.map(({ field, message }) => `${field}: ${message}`);
}

test('an ordinary pod has no problems', () => {
  const probe = { httpGet: { port: 'web' } };
  const inside = {
    ports: [{ containerPort: 80, name: 'web' }],
    livenessProbe: probe,
    resources: { limits: { cpu: '1' } },
  };
  expect(
    problemsOf(pod({ volumes: [{ name: 'v', emptyDir: {} }], tolerations: [{ operator: 'Exists' }] }, inside)),
  ).toEqual([]);
});

test.each<[string, JsonObject, string]>([
  ['host names', pod({ hostname: 'a.B' }), 'spec.hostname: Invalid value: "a.B": a lowercase RFC 1123 label'],
  [
    'host aliases',
    pod({ hostAliases: [{ ip: 'x' }] }),
    'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address',
  ],
  [
    'tolerations',
    pod({ tolerations: [{ value: 'x' }] }),
    'spec.tolerations[0].operator: Invalid value: "": operator must be Exists',
  ],
  [
    'topology spread',
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
  ],
  [
    'users',
    pod({ securityContext: { runAsUser: -1 } }),
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    'file modes of keys',
    pod({ volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 9999 } }] }),
    'spec.volumes[0].secret.defaultMode: Invalid value: 9999: must be a number between 0 and 0777 (octal), both inclusive',
  ],
  [
    'extended resources',
    pod({}, { resources: { requests: { 'x.io/gpu': '1' } } }),
    'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
  ],
  [
    'field references of variables',
    pod({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.x' } } }] }),
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.x": error converting fieldPath: field label not supported: metadata.x',
  ],
  [
    'probes',
    pod({}, { livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }),
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  [
    'probes of init containers',
    pod({ initContainers: [{ name: 'i', image: 'i', readinessProbe: { exec: { command: ['x'] } } }] }),
    'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
])('a pod is checked for its %s', (_, spec, problem) => {
  const [first = '', ...rest] = problemsOf(spec);
  expect(rest).toEqual([]);
  expect(first.startsWith(problem)).toBe(true);
});
