import { expect, test } from 'vitest';
import type { Schema } from './model.ts';
import { shapeHint } from './shape-hint.ts';

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
const CONTAINER_PORT = object({ containerPort: { type: 'integer' }, protocol: { type: 'string' } });
const SERVICE_PORT = object({ port: { type: 'integer' }, targetPort: {}, protocol: { type: 'string' } });

test.each<[string, Schema, string | undefined]>([
  ['80', SERVICE_PORT, 'write - port: 80'],
  ['80/tcp', SERVICE_PORT, 'write - port: 80'],
  ['53/UDP', SERVICE_PORT, 'write - {port: 53, protocol: UDP}'],
  ['80:8080/tcp', SERVICE_PORT, 'write - {port: 80, targetPort: 8080}'],
  ['80:8080/sctp', SERVICE_PORT, 'write - {port: 80, targetPort: 8080, protocol: SCTP}'],
  ['80/http', SERVICE_PORT, undefined],
  ['8080:80', CONTAINER_PORT, 'write - containerPort: 80'],
  ['53/udp', CONTAINER_PORT, 'write - {containerPort: 53, protocol: UDP}'],
])('a port in the notation of another tool: %s', (text, schema, hint) => {
  expect(shapeHint(schema, text, ['ports', 0])).toBe(hint);
});
