import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { defaultPodSpec } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';
import { Problems } from '../../errors/field-problems.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'i', ...more });
const pod = (more: JsonObject = {}, inside: JsonObject = {}): JsonObject => ({
  containers: [container(inside)],
  ...more,
});

/** A pod with a variable whose value is in a file of the volume `v`. */
const podWithFile = (fileKeyRef: JsonObject, source: JsonObject = { emptyDir: {} }): JsonObject =>
  pod({ volumes: [{ name: 'v', ...source }] }, { env: [{ name: 'A', valueFrom: { fileKeyRef } }] });

function problemsOf(spec: JsonObject) {
  const problems = new Problems();
  defaultPodSpec(spec, true);
  validatePodSpec(problems.field('spec', spec));
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

test.each(
  Object.entries<[JsonObject, string]>({
    'host names': [pod({ hostname: 'a.B' }), 'spec.hostname: Invalid value: "a.B": a lowercase RFC 1123 label'],
    'host aliases': [
      pod({ hostAliases: [{ ip: 'x' }] }),
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address',
    ],
    tolerations: [
      pod({ tolerations: [{ value: 'x' }] }),
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists',
    ],
    'topology spread': [
      pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    ],
    users: [
      pod({ securityContext: { runAsUser: -1 } }),
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
    'file modes of Secret volumes': [
      pod({ volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 9999 } }] }),
      'spec.volumes[0].secret.defaultMode: Invalid value: 9999: must be a number between 0 and 0777 (octal), both inclusive',
    ],
    'extended resources': [
      pod({}, { resources: { requests: { 'x.io/gpu': '1' } } }),
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    'field references of variables': [
      pod({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.x' } } }] }),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.x": error converting fieldPath: field label not supported: metadata.x',
    ],
    'subscripts of a field that has no keys': [
      pod({}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "spec.nodeName['x']" } } }] }),
      `spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nodeName['x']": error converting fieldPath: field label does not support subscript: spec.nodeName['x']`,
    ],
    'volumes that read spec.host, the former name of spec.nodeName': [
      pod({ volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'spec.host' } }] } }] }),
      'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
    ],
    'fileKeyRef without a key': [
      podWithFile({ volumeName: 'v', path: 'p' }),
      'spec.containers[0].env[0].valueFrom.fileKeyRef.key: Required value',
    ],
    'fileKeyRef with an invalid key': [
      podWithFile({ volumeName: 'v', path: 'p', key: 'a=b' }),
      `spec.containers[0].env[0].valueFrom.fileKeyRef.key: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
    'fileKeyRef without a path': [
      podWithFile({ volumeName: 'v', key: 'k' }),
      'spec.containers[0].env[0].valueFrom.fileKeyRef.path: Required value',
    ],
    'fileKeyRef with a path outside of the volume': [
      podWithFile({ volumeName: 'v', path: 'a/../../p', key: 'k' }),
      `spec.containers[0].env[0].valueFrom.fileKeyRef.path: Invalid value: "a/../../p": must not contain '..'`,
    ],
    'fileKeyRef with a volume that does not exist': [
      podWithFile({ volumeName: 'w', path: 'p', key: 'k' }),
      'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "w"',
    ],
    'fileKeyRef with a volume that is not of the type emptyDir': [
      podWithFile({ volumeName: 'v', path: 'p', key: 'k' }, { configMap: { name: 'm' } }),
      'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "v": referenced volume must be of type emptyDir',
    ],
    'variables with two sources': [
      pod(
        {},
        {
          env: [
            {
              name: 'A',
              valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: { resource: 'limits.cpu' } },
            },
          ],
        },
      ),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
    probes: [
      pod({}, { livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }),
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    'probes of init containers': [
      pod({ initContainers: [{ name: 'i', image: 'i', readinessProbe: { exec: { command: ['x'] } } }] }),
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    'resize policies': [
      pod({}, { resizePolicy: ['cpu', 'cpu'].map((resourceName) => ({ resourceName, restartPolicy: 'NotRequired' })) }),
      'spec.containers[0].resizePolicy[1]: Duplicate value: "cpu"',
    ],
    'pod-level resources': [
      pod({ resources: { limits: { 'ephemeral-storage': '1' } } }),
      'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
    ],
    'pod-level requests': [
      pod({ resources: { requests: { cpu: '1' } } }, { resources: { requests: { cpu: '1500m' } } }),
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1500m',
    ],
    'pod-level limits': [
      pod({ resources: { limits: { cpu: '1' } } }, { resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } }),
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ],
    'pod-level claims': [
      pod({ resources: { claims: [{ name: 'a' }] } }),
      'spec.resources.claims: Forbidden: claims cannot be set for Resources at pod-level',
    ],
    overhead: [pod({ overhead: { cpu: '-1' } }), 'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater'],
    'names of claims': [
      pod({ resourceClaims: ['a', 'a'].map((name) => ({ name, resourceClaimName: 'c' })) }),
      'spec.resourceClaims[1].name: Duplicate value: "a"',
    ],
    'search domains': [
      pod({ dnsConfig: { searches: ['.', '_a.b_c.', 'a_.b'] } }),
      `spec.dnsConfig.searches[2]: Invalid value: "a_.b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')`,
    ],
    'number of search domains': [
      pod({ dnsConfig: { searches: Array.from({ length: 33 }, () => 'a') } }),
      `spec.dnsConfig.searches: Invalid value: [${Array.from({ length: 33 }, () => '"a"').join(',')}]: must not have more than 32 search paths`,
    ],
    deadline: [
      pod({ activeDeadlineSeconds: 2_147_483_648 }),
      'spec.activeDeadlineSeconds: Invalid value: 2147483648: must be between 1 and 2147483647, inclusive',
    ],
    'preemption policy': [
      pod({ preemptionPolicy: 'X' }),
      'spec.preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"',
    ],
    'restart policies of containers': [
      pod({}, { restartPolicy: 'X' }),
      'spec.containers[0].restartPolicy: Unsupported value: "X": supported values: "Always", "Never", "OnFailure"',
    ],
    'restart rules of containers': [
      pod({}, { restartPolicyRules: [{ action: 'Restart' }] }),
      'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
    ],
    'host ports of init containers': [
      pod({
        initContainers: [
          { name: 'i', image: 'i', ports: [1, 2].map((containerPort) => ({ containerPort, hostPort: 1 })) },
        ],
      }),
      'spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//1"',
    ],
    'device paths': [
      pod(
        {
          volumes: [
            { name: 'v', persistentVolumeClaim: { claimName: 'c' } },
            { name: 'w', emptyDir: {} },
          ],
        },
        { volumeMounts: [{ name: 'w', mountPath: '/p' }], volumeDevices: [{ name: 'v', devicePath: '/../p' }] },
      ),
      `spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/../p": can not contain backsteps ('..')`,
    ],
    'user IDs above the safe integers of JavaScript': [
      pod({ securityContext: { runAsUser: 9_223_372_036_854_775_807n } }),
      'spec.securityContext.runAsUser: Invalid value: 9223372036854775807: must be between 0 and 2147483647, inclusive',
    ],
    'security contexts of Windows': [
      pod({ os: { name: 'windows' } }, { securityContext: { runAsUser: 1 } }),
      'spec.containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    ],
    'security contexts of Linux': [
      pod({ os: { name: 'linux' }, securityContext: { windowsOptions: {} } }),
      'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
    'label values of required node affinity': [
      pod({
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] }],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] } },
            ],
          },
        },
      }),
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "a b": a valid label',
    ],
    'units of referenced resources': [
      pod({}, { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '2' } } }] }),
      `spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
    ],
    'volumes with a resourceFieldRef that names no resource': [
      pod({
        volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'p', resourceFieldRef: { containerName: 'c' } }] } }],
      }),
      'spec.volumes[0].downwardAPI.resourceFieldRef.resource: Required value',
    ],
    'field references of volumes': [
      pod({ volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.x' } }] } }] }),
      'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Invalid value: "metadata.x": error converting fieldPath: field label not supported: metadata.x',
    ],
    'pull policies of image volumes': [
      pod({ volumes: [{ name: 'v', image: { reference: 'i', pullPolicy: 'X' } }] }),
      'spec.volumes[0].image.pullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
    ],
    'repeated spread constraints': [
      pod({
        topologySpreadConstraints: ['z', 'z'].map((topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'DoNotSchedule',
        })),
      }),
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z, DoNotSchedule}"',
    ],
  }),
)('validation of a pod checks its %s', (_, [spec, problem]) => {
  const [first = '', ...rest] = problemsOf(spec);
  expect(rest).toEqual([]);
  expect(first.startsWith(problem)).toBe(true);
});

test('an annotation key may have capital letters in its domain', () => {
  const fieldRef = { fieldPath: "metadata.annotations['Example.com/a']" };
  expect(problemsOf(pod({}, { env: [{ name: 'A', valueFrom: { fieldRef } }] }))).toEqual([]);
});

test('the image of a template may have spaces around it', () => {
  const problems = new Problems();
  const spec = pod({}, { image: ' i ' });
  defaultPodSpec(spec, false);
  validatePodSpec(problems.field('spec', spec), true);
  expect(problems).toEqual([]);
  validatePodSpec(problems.field('spec', spec));
  expect(problems).toHaveLength(1);
});

const NOT_EXTENDED = "doesn't follow extended resource name standard";

test.each(
  Object.entries<[JsonObject, string[]]>({
    'a name with two slashes': [
      { 'a/b/c': '1' },
      [
        'limits[a/b/c]: Invalid value: "a/b/c": a valid label key must consist of',
        `limits[a/b/c]: Invalid value: "a/b/c": ${NOT_EXTENDED}`,
      ],
    ],
    'a name with the prefix that quotas use': [
      { 'requests.a.b/gpu': '1' },
      [`limits[requests.a.b/gpu]: Invalid value: "requests.a.b/gpu": ${NOT_EXTENDED}`],
    ],
    'a name in a Kubernetes domain': [{ 'my.kubernetes.io/gpu': '500m' }, []],
    'a resource that only claims have': [
      { storage: '1' },
      ['limits[storage]: Invalid value: "storage": must be a standard resource for containers'],
    ],
    'an unknown resource': [
      { gpu: '1' },
      [
        'limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
        'limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      ],
    ],
    'huge pages without a size': [
      { cpu: '1', 'hugepages-x': '1' },
      ['limits[hugepages-x]: Invalid value: "1": 1 is not positive integer multiple of hugepages-x'],
    ],
    'huge pages with a fraction of a byte': [
      { cpu: '1', 'hugepages-500m': '1' },
      ['limits[hugepages-500m]: Invalid value: "1": 1 is not positive integer multiple of hugepages-500m'],
    ],
  }),
)('the limits of a container are checked: %s', (_, [limits, expected]) => {
  const problems = new Problems();
  const spec = pod({}, { resources: { limits } });
  defaultPodSpec(spec, false);
  validatePodSpec(problems.field('spec', spec), true);
  const found = problems.map(
    ({ field, message }) => `${field.slice('spec.containers[0].resources.'.length)}: ${message}`,
  );
  expect(found.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
});

test('a variable can read spec.host, the former name of spec.nodeName, and a key of a file in an emptyDir', () => {
  const fieldRef = { fieldPath: 'spec.host' };
  expect(problemsOf(pod({}, { env: [{ name: 'A', valueFrom: { fieldRef } }] }))).toEqual([]);
  expect(problemsOf(podWithFile({ volumeName: 'v', path: 'a/p', key: 'k', optional: false }))).toEqual([]);
});

test('a variable with a value and two sources has one problem', () => {
  const valueFrom = { fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: { resource: 'limits.cpu' } };
  expect(problemsOf(pod({}, { env: [{ name: 'A', value: 'x', valueFrom }] }))).toEqual([
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ]);
});
