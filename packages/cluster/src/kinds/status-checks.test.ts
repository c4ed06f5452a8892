import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { statusChecks } from './status-checks.ts';
import { Problems } from '../errors/field-problems.ts';

const object = (kind: string, status: JsonObject, rest: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: {},
  ...rest,
  status,
});

function wrong(key: string, next: KubeObject, old: KubeObject): string[] {
  const problems = new Problems();
  statusChecks.get(key)?.(next, old, problems);
  return problems.map(({ field, message }) => `${field}: ${message}`);
}

const IS_NAME =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const NEGATIVE = 'Invalid value: -1: must be greater than or equal to 0';

describe('the status', () => {
  test.each<[string, JsonObject, string[]]>([
    ['apps/deployments', { replicas: 2, readyReplicas: 1, availableReplicas: 1, collisionCount: 5 }, []],
    ['apps/deployments', { replicas: -1, updatedReplicas: -1, readyReplicas: -1, availableReplicas: -1 }, []],
    [
      'apps/deployments',
      { readyReplicas: 1 },
      ['status.readyReplicas: Invalid value: 1: cannot be greater than status.replicas'],
    ],
    [
      'apps/replicasets',
      { replicas: 3, availableReplicas: 2 },
      ['status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas'],
    ],
    [
      'apps/statefulsets',
      { replicas: 3, availableReplicas: 2 },
      ['status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas'],
    ],
    ['apps/daemonsets', { numberReady: -1 }, [`status.numberReady: ${NEGATIVE}`]],
    ['policy/poddisruptionbudgets', { disruptionsAllowed: -1 }, [`status.disruptionsAllowed: ${NEGATIVE}`]],
    ['batch/jobs', { active: -1 }, [`status.active: ${NEGATIVE}`]],
    [
      'networking.k8s.io/ingresses',
      { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { ip: 'x' }] } },
      [
        'status.loadBalancer.ingress[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      'networking.k8s.io/ingresses',
      { loadBalancer: { ingress: [{ hostname: 'a.b' }, { hostname: '1.2.3.4' }, { hostname: 'A' }] } },
      [
        'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
        "status.loadBalancer.ingress[2].hostname: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      '/resourcequotas',
      { hard: { pods: '1500m', 'x y': '1' }, used: { cpu: '1500m' } },
      [
        'status.hard[pods]: Invalid value: "1500m": must be an integer',
        `status.hard[x y]: Invalid value: "x y": name part ${IS_NAME}`,
        'status.hard[x y]: Invalid value: "x y": must be a standard resource for quota',
      ],
    ],
    [
      '/persistentvolumeclaims',
      {
        capacity: { storage: '-1', 'example.com/a': '1' },
        allocatedResourceStatuses: { storage: 'x', cpu: 'NodeResizePending', 'example.com/a': 'NodeResizePending' },
        allocatedResources: { storage: '-2', 'kubernetes.io/a': '1', 'x y': '1' },
      },
      [
        'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
        'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
        'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "storage"',
        'status.allocatedResources[storage]: Invalid value: -2: must be a valid resource quantity',
        'status.allocatedResources: Unsupported value: "kubernetes.io/a": supported values: "storage"',
        `status.allocatedResources: Invalid value: "x y": name part ${IS_NAME}`,
      ],
    ],
    ['/pods', { podIPs: [{ ip: '1.2.3.4' }, { ip: '::1' }] }, []],
    [
      '/namespaces',
      { phase: 'Terminating' },
      ['status.Phase: Invalid value: "Terminating": may not be \'Terminating\' if `deletionTimestamp` is empty'],
    ],
  ])('of the resource %s is validated: %j', (key, status, expected) => {
    const found = wrong(key, object('K', status), object('K', {}));
    // A row without an expected error ignores the errors about negative counts, which other rows cover.
    expect(found.filter((text) => expected.length > 0 || !text.endsWith(NEGATIVE))).toEqual(expected);
  });

  test('a collision count cannot decrease', () => {
    const found = wrong('apps/deployments', object('D', { collisionCount: 1 }), object('D', { collisionCount: 2 }));
    expect(found).toEqual(['status.collisionCount: Invalid value: 1: cannot be decremented']);
  });

  test('only a Service of the type LoadBalancer may have ingress addresses', () => {
    const status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } };
    const of = (type: string) => wrong('/services', object('Service', status, { spec: { type } }), object('S', {}));
    expect(of('LoadBalancer')).toEqual([]);
    expect(of('ClusterIP')).toEqual([
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });

  test('an ingress entry may not have an unknown ipMode, or an ipMode without an IP address', () => {
    const ingress = [
      { ip: '1.2.3.4', ipMode: 'Proxy' },
      { ip: '1.2.3.4', ipMode: 'X' },
      { hostname: 'a.b', ipMode: 'VIP' },
    ];
    const service = object('Service', { loadBalancer: { ingress } }, { spec: { type: 'LoadBalancer' } });
    expect(wrong('/services', service, service)).toEqual([
      'status.loadBalancer.ingress[1].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"',
      'status.loadBalancer.ingress[2].ipMode: Forbidden: may not be specified when `ip` is not set',
    ]);
  });

  test('the QoS class of a pod is immutable', () => {
    const found = wrong('/pods', object('Pod', { qosClass: 'Guaranteed' }), object('Pod', { qosClass: 'BestEffort' }));
    expect(found).toEqual(['status.qosClass: Invalid value: "Guaranteed": field is immutable']);
  });
});
