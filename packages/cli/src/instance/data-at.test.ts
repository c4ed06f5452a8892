import { expect, test } from 'vitest';
import { dataAt } from './data-at.ts';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }] },
  status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] }, conditions: {} },
};

test.each([
  ['service.status.loadBalancer.ingress[0].hostname', 'status.loadBalancer.ingress[0] has ip, and no hostname'],
  ['service.status.loadBalancer.ingress[1].ip', 'status.loadBalancer.ingress has 1 item, and none at index 1'],
  ['service.status.?conditions.?ready', 'status.conditions is empty, and no ready'],
  ['service.data.x', 'the object has apiVersion, kind, metadata, spec, status, and no data'],
  ['service.spec.ports[0].port.number', 'spec.ports[0].port is a number, and has no fields'],
  ['service.metadata.name[0]', 'metadata.name is a string, and has no items'],
  [
    'service.status.loadBalancer.ingress.hostname',
    'status.loadBalancer.ingress is a list of 1 item: name one of them, as in [0].hostname',
  ],
  ['service.status.loadBalancer[0]', 'status.loadBalancer is an object, not a list'],
  ['service.status.loadBalancer.ingress[0].ip', undefined],
  ['service.constructor', 'the object has apiVersion, kind, metadata, spec, status, and no constructor'],
  ['size(service.spec.ports) > 1', undefined],
  ['service', undefined],
])('dataAt describes what the object has in place of %s', (expression, text) => {
  expect(dataAt(expression, service)).toBe(text);
});
