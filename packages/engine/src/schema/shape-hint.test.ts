import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from './model.ts';
import { shapeHint } from './shape-hint.ts';

const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
const CONTAINER_PORT = object({ containerPort: { type: 'integer' }, protocol: { type: 'string' } });
const VARIABLE = object({ name: { type: 'string' }, value: { type: 'string' } });
const MOUNT = object({ name: { type: 'string' }, mountPath: { type: 'string' } });
const list = (items: Schema): Schema => ({ type: 'array', items });
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

test.each<[JsonValue, Schema, string]>([
  ['DEBUG=true', VARIABLE, 'write - {name: DEBUG, value: "true"}'],
  ['DEBUG=No', VARIABLE, 'write - {name: DEBUG, value: "No"}'],
  ['LEVEL=3', VARIABLE, 'write - {name: LEVEL, value: "3"}'],
  ['MODE=fast', VARIABLE, 'write - {name: MODE, value: fast}'],
  ['on=fast', VARIABLE, 'write - {name: "on", value: fast}'],
  ['yes:/data', MOUNT, 'write - {name: "yes", mountPath: /data}'],
  ['data:/a, b', MOUNT, 'write - {name: data, mountPath: "/a, b"}'],
  ['null', object({ name: { type: 'string' } }), 'write - name: "null"'],
  [{ ON: 'off' }, list(VARIABLE), 'write a list of names and values: - {name: "ON", value: "off"}'],
  [
    { 80: {} },
    list(object({ name: { type: 'string' } })),
    'write a list whose items have their name inside: - name: "80"',
  ],
])('a hint quotes a text only if YAML would not read it as a string without quotes: %j', (value, schema, hint) => {
  expect(shapeHint(schema, value, ['items', 0])).toBe(hint);
});
