import { expect, test } from 'vitest';
import { immutableFields, isOfController, valueLine } from './value-lines.ts';

test.each([
  ['metadata.labels["kro.run/node-id"]', true],
  ['metadata.annotations["internal.kro.run/apply-order"]', true],
  ['metadata.labels["applyset.kubernetes.io/part-of"]', true],
  ['metadata.labels["acme.test/kro.run"]', false],
  ['metadata.labels.app', false],
  ['data["kro.run/node-id"]', false],
  ['spec.template.metadata.labels["kro.run/node-id"]', false],
])('the path %s belongs to controllers: %s', (path, expected) => {
  expect(isOfController(path)).toBe(expected);
});

test.each([
  [
    'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    ['spec.clusterIPs[0]'],
  ],
  [
    'Job.batch "a" is invalid: [spec.template: Invalid value: {}: field is immutable, spec.selector: Forbidden: no]',
    ['spec.template', 'spec.selector'],
  ],
])('immutableFields finds the immutable fields in the message %j', (message, fields) => {
  expect(immutableFields(message)).toEqual(fields);
});

test.each([
  ['spec.template', true],
  ['spec.template.spec.image', true],
  ['spec.template[0]', true],
  ['spec.templates', false],
  ['spec', false],
])('if spec.template is immutable, a change of %s is marked as immutable: %s', (path, immutable) => {
  const line = valueLine({ path, from: 1, to: 2 }, () => false, ['spec.template']);
  expect(line).toEqual({ path, from: 1, to: 2, ...(immutable ? { immutable: true } : {}) });
});

test('Secret values are masked, and an absent value stays absent', () => {
  expect(valueLine({ path: 'data.key', to: 'cGFzcw==' }, () => true)).toEqual({
    path: 'data.key',
    to: '(secret)',
    secret: true,
  });
  expect(JSON.stringify(valueLine({ path: 'data.key', from: 'cGFzcw==', to: null }, () => true))).not.toContain('cGFz');
});
