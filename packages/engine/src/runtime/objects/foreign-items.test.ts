import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { foreignItems, removalCommand } from './foreign-items.ts';
import { CHILD_MANAGER } from './keys.ts';

const OWN = CHILD_MANAGER;
const container = (fields: JsonObject): JsonObject => ({
  'f:spec': { 'f:containers': { 'k:{"name":"main"}': fields } },
});

/** Rows: title, kind, wanted spec, live spec, the field sets of the managers, the lines expected of the items. */
test.each<readonly [string, string, string, string, readonly (readonly [string, JsonObject])[], readonly string[]]>([
  [
    'a port of a container with a changed number',
    'v1/Pod',
    '{ containers: [{ name: main, ports: [{ name: http, containerPort: 80 }] }] }',
    '{ containers: [{ name: main, ports: [{ name: http, containerPort: 81, protocol: TCP }] }] }',
    [
      [OWN, container({ 'f:name': {} })],
      ['edit', container({ 'f:ports': { 'k:{"containerPort":81,"protocol":"TCP"}': { '.': {} } } })],
    ],
    [
      'spec.containers[0].ports[0] by edit: test /spec/containers/0/name=main, test /spec/containers/0/ports/0/containerPort=81, test /spec/containers/0/ports/0/protocol=TCP, remove /spec/containers/0/ports/0',
    ],
  ],
  [
    'a port beside other ports, whose protocol is a default',
    'v1/Service',
    '{ ports: [{ port: 80 }, { port: 443 }] }',
    '{ ports: [{ port: 80, protocol: TCP }, { port: 444, protocol: TCP }] }',
    [
      [OWN, { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': {} } } }],
      ['edit', { 'f:spec': { 'f:ports': { 'k:{"port":444,"protocol":"TCP"}': {} } } }],
    ],
    ['spec.ports[1] by edit: test /spec/ports/1/port=444, test /spec/ports/1/protocol=TCP, remove /spec/ports/1'],
  ],
  [
    'the only port of a Service, which must have one: the port gets its wanted key again',
    'v1/Service',
    '{ ports: [{ name: http, port: 80 }] }',
    '{ ports: [{ name: http, port: 81, protocol: TCP }] }',
    [['edit', { 'f:spec': { 'f:ports': { 'k:{"port":81,"protocol":"TCP"}': {} } } }]],
    [
      'spec.ports[0] by edit: test /spec/ports/0/port=81, test /spec/ports/0/protocol=TCP, replace /spec/ports/0/port=80',
    ],
  ],
  [
    'the only item of a custom resource, whose schema may demand an item',
    'acme.test/v1/Pump',
    '{ valves: [{ id: a }] }',
    '{ valves: [{ id: b }] }',
    [['edit', { 'f:spec': { 'f:valves': { 'k:{"id":"b"}': {} } } }]],
    ['spec.valves[0] by edit: test /spec/valves/0/id=b, replace /spec/valves/0/id=a'],
  ],
  [
    'environment variables, volumes and containers of two managers',
    'v1/Pod',
    '{ containers: [{ name: main, env: [{ name: A }] }], volumes: [{ name: data }] }',
    '{ containers: [{ name: side }, { name: main, env: [{ name: A }, { name: a/b }] }], volumes: [{ name: data }, { name: more }] }',
    [
      [OWN, container({ 'f:env': { 'k:{"name":"A"}': {} } })],
      ['one', container({ 'f:env': { 'k:{"name":"a/b"}': {} } })],
      ['two', { 'f:spec': { 'f:containers': { 'k:{"name":"side"}': {} } } }],
      ['two', { 'f:spec': { 'f:volumes': { 'k:{"name":"more"}': {} } } }],
    ],
    [
      'spec.containers[0] by two: test /spec/containers/0/name=side, remove /spec/containers/0',
      'spec.containers[1].env[1] by one: test /spec/containers/1/name=main, test /spec/containers/1/env/1/name=a/b, remove /spec/containers/1/env/1',
      'spec.volumes[1] by two: test /spec/volumes/1/name=more, remove /spec/volumes/1',
    ],
  ],
  [
    'an item that both managers own',
    'v1/Pod',
    '{ volumes: [{ name: data }] }',
    '{ volumes: [{ name: data }, { name: old }] }',
    [
      [OWN, { 'f:spec': { 'f:volumes': { 'k:{"name":"old"}': {} } } }],
      ['edit', { 'f:spec': { 'f:volumes': { 'k:{"name":"old"}': {} } } }],
    ],
    ['spec.volumes[1] by edit: test /spec/volumes/1/name=old, remove /spec/volumes/1'],
  ],
  [
    'nothing in an atomic list, in a list that only the controller owns, and in a list that the template does not set',
    'v1/Pod',
    '{ tolerations: [{ key: a }], volumes: [{ name: data }] }',
    '{ tolerations: [{ key: b }], volumes: [{ name: old }], containers: [{ name: side }] }',
    [
      [OWN, { 'f:spec': { 'f:volumes': { 'k:{"name":"old"}': {} } } }],
      ['edit', { 'f:spec': { 'f:tolerations': {}, 'f:containers': { 'k:{"name":"side"}': {} } } }],
    ],
    [],
  ],
])('foreign items: %s', (_title, type, wanted, live, managers, expected) => {
  const [apiVersion, kind] = [type.slice(0, type.lastIndexOf('/')), type.split('/').at(-1) ?? ''];
  const object = (spec: string, managedFields: JsonObject[]): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: 'x', managedFields },
    spec: parse(spec) as JsonObject,
  });
  const entries = managers.map(([manager, fieldsV1]) => ({ manager, operation: 'Apply', fieldsV1 }));
  const found = foreignItems(object(wanted, []), object(live, entries));
  const text = found.map(({ path, managers: by, tests, edits }) => {
    const steps = [...tests, ...edits].map(
      ({ op, path: at, value }) => `${String(op)} ${String(at)}${value === undefined ? '' : `=${String(value)}`}`,
    );
    return `${path} by ${by.join(', ')}: ${steps.join(', ')}`;
  });
  expect(text).toEqual(expected);
});

test('the command removes the last items first, tests each key once, and quotes the patch for a shell', () => {
  const item = (index: number, id: string) => ({
    path: `spec.valves[${index}]`,
    key: { id },
    managers: ['edit'],
    tests: [
      { op: 'test', path: '/spec/name', value: "it's" },
      { op: 'test', path: `/spec/valves/${index}/id`, value: id },
    ],
    edits: [{ op: 'remove', path: `/spec/valves/${index}` }],
  });
  const object = { apiVersion: 'acme.test/v1', kind: 'Pump', name: 'p', namespace: 'team' };
  expect(removalCommand(object, [item(0, 'a'), item(2, 'b')])).toBe(
    String.raw`kubectl patch pump.acme.test p -n team --type json -p '[{"op":"test","path":"/spec/name","value":"it'\''s"},{"op":"test","path":"/spec/valves/0/id","value":"a"},{"op":"test","path":"/spec/valves/2/id","value":"b"},{"op":"remove","path":"/spec/valves/2"},{"op":"remove","path":"/spec/valves/0"}]'`,
  );
});
