import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { admitPod, defaultPodSpec, defaultVolumeSource, qosClass } from './pod-defaults.ts';

const withResources = (...resources: JsonObject[]): JsonObject => ({
  containers: resources.map((each, index) => ({ name: `c${index}`, image: 'i', resources: each })),
});
const both = (amounts: JsonObject): JsonObject => ({ requests: amounts, limits: amounts });

describe('the QoS class follows the rules of Kubernetes: for a pod', () => {
  test.each<[string, JsonObject, string]>([
    ['without resources', withResources({}), 'BestEffort'],
    ['whose amounts are zero', withResources({ requests: { cpu: '0' }, limits: { memory: '0' } }), 'BestEffort'],
    ['with a resource other than CPU and memory', withResources(both({ 'a.b/gpu': '1' })), 'BestEffort'],
    [
      'with equal amounts in different notations',
      withResources({ requests: { cpu: '1', memory: '1G' }, limits: { cpu: '1e0', memory: '1e9' } }),
      'Guaranteed',
    ],
    ['with a container without limits', withResources(both({ cpu: '1', memory: '1' }), {}), 'Burstable'],
    [
      'with requests below its limits',
      withResources({ requests: { cpu: '1', memory: '1' }, limits: { cpu: '2', memory: '1' } }),
      'Burstable',
    ],
    [
      'with a limit without a request',
      withResources({ requests: { cpu: '1' }, limits: { cpu: '1', memory: '1' } }),
      'Burstable',
    ],
    ['with pod-level resources', { ...withResources({}), resources: both({ cpu: '1', memory: '1Gi' }) }, 'Guaranteed'],
    [
      'with pod-level requests',
      { ...withResources(both({ cpu: '1', memory: '1' })), resources: { requests: { cpu: '2' } } },
      'Burstable',
    ],
  ])('%s', (_, spec, expected) => {
    expect(qosClass(spec)).toBe(expected);
  });
});

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1', 'IfNotPresent'],
  [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ['Nginx', 'IfNotPresent'],
])('the default pull policy of %s is %s', (image, expected) => {
  const spec: JsonObject = {
    containers: [{ name: 'c', image }],
    volumes: [{ name: 'v', image: { reference: image } }],
  };
  defaultPodSpec(spec, true);
  expect(spec).toMatchObject({
    containers: [{ imagePullPolicy: expected }],
    volumes: [{ image: { pullPolicy: expected } }],
  });
});

test('with hostNetwork, the ports of a pod get a default hostPort, and the ports of a template do not', () => {
  const ports = (isPod: boolean) => {
    const spec: JsonObject = { hostNetwork: true, containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] };
    defaultPodSpec(spec, isPod);
    return spec['containers'];
  };
  expect(ports(true)).toMatchObject([{ ports: [{ containerPort: 80, hostPort: 80 }] }]);
  expect(ports(false)).toMatchObject([{ ports: [{ containerPort: 80, protocol: 'TCP' }] }]);
  expect(JSON.stringify(ports(false))).not.toContain('hostPort');
});

describe('the pod-level resources', () => {
  const defaulted = (resources: JsonObject, ...ofContainers: JsonObject[]): unknown => {
    const spec: JsonObject = { ...withResources(...ofContainers), resources };
    defaultPodSpec(spec, true);
    return spec['resources'];
  };
  test.each<[string, JsonObject, JsonObject[], JsonObject]>([
    ['stay empty', {}, [both({ cpu: '1' })], {}],
    ['get no limits from requests', { requests: { cpu: '1' } }, [both({ memory: '1' })], { requests: { cpu: '1' } }],
    ['get requests from the pod-level limits', { limits: { cpu: '2' } }, [{}], both({ cpu: '2' })],
    [
      'get requests from the sum of the requests of the containers',
      { limits: { cpu: '5' } },
      [{ requests: { cpu: '1' } }, { requests: { cpu: '500m', memory: '1Gi' } }],
      { limits: { cpu: '5' }, requests: { cpu: '1500m', memory: '1Gi' } },
    ],
    [
      'get huge pages from the containers',
      { limits: { cpu: '1' } },
      [both({ 'hugepages-2Mi': '4Mi' }), both({ 'hugepages-2Mi': '2Mi' })],
      both({ cpu: '1', 'hugepages-2Mi': '6Mi' }),
    ],
  ])('%s', (_, resources, ofContainers, expected) => {
    expect(defaulted(resources, ...ofContainers)).toEqual(expected);
  });
});

test('zeros get the defaults of missing numbers, and the reference to a file is not optional', () => {
  const spec: JsonObject = {
    hostNetwork: true,
    containers: [
      {
        name: 'c',
        image: 'i',
        ports: [{ containerPort: 80, hostPort: 0 }],
        livenessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 0, periodSeconds: 0, failureThreshold: 0 },
        env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'A' } } }],
      },
    ],
  };
  defaultPodSpec(spec, true);
  expect(spec).toMatchObject({
    containers: [
      {
        ports: [{ hostPort: 80 }],
        livenessProbe: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
        env: [{ valueFrom: { fileKeyRef: { optional: false } } }],
      },
    ],
  });
});

test.each([[{ operator: 'Exists' }], [{ key: '', operator: 'Exists' }]])(
  'the toleration %j without a key tolerates node failures',
  (toleration) => {
    const spec: JsonObject = { tolerations: [toleration] };
    admitPod(spec);
    expect(spec['tolerations']).toEqual([toleration]);
  },
);

test('volume sources get their defaults', () => {
  const volume: JsonObject = { azureDisk: { diskName: 'd' }, iscsi: {}, rbd: {}, scaleIO: {}, hostPath: { path: '/' } };
  defaultVolumeSource(volume);
  expect(volume).toEqual({
    azureDisk: { diskName: 'd', cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false },
    iscsi: { iscsiInterface: 'default' },
    rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
    scaleIO: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
    hostPath: { path: '/', type: '' },
  });
});
