import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { compareApplied } from './compare.ts';
import { digestText, isSameFingerprint } from './fingerprint.ts';
import { desiredFingerprint, ownedFingerprint } from './owned-fields.ts';
import type { PathStep } from '../../graph/index.ts';
import { projectObject } from '../reports/project-object.ts';

/** A live object with fields that the controller owns and, if given, fields of another manager. */
function live(fields: JsonObject, rest: JsonObject, other?: JsonObject): KubeObject {
  const entry = (manager: string, fieldsV1: JsonObject): JsonValue => ({ manager, operation: 'Apply', fieldsV1 });
  const managedFields = [entry('kro.run/applyset', fields), ...(other === undefined ? [] : [entry('other', other)])];
  const metadata = {
    name: 'x',
    namespace: 'n',
    uid: 'u',
    resourceVersion: '7',
    ...(rest['metadata'] as JsonObject | undefined),
    managedFields,
  };
  return { apiVersion: 'v1', kind: 'ConfigMap', ...rest, metadata };
}

function desired(rest: JsonObject): KubeObject {
  const metadata = { name: 'x', namespace: 'n', ...(rest['metadata'] as JsonObject | undefined) };
  return { apiVersion: 'v1', kind: 'ConfigMap', ...rest, metadata };
}

const PORTS = {
  'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } } },
};

interface Case {
  readonly name: string;
  readonly desired: KubeObject;
  readonly live: KubeObject;
  /** Are the fingerprints equal, so that the whole object is not needed? */
  readonly same: boolean;
  /** The differences that a comparison of whole objects finds, as `kind path`. */
  readonly differences: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'the same values, next to defaults and fields of another manager',
    desired: desired({ data: { a: '1' }, metadata: { labels: { l: 'v' } } }),
    live: live(
      { 'f:data': { 'f:a': {} }, 'f:metadata': { 'f:labels': { 'f:l': {} } } },
      { data: { a: '1', b: 'theirs' }, metadata: { labels: { l: 'v', other: 'w' } }, immutable: false },
      { 'f:data': { 'f:b': {} } },
    ),
    same: true,
    differences: [],
  },
  {
    name: 'a changed value',
    desired: desired({ data: { a: '1' } }),
    live: live({ 'f:data': { 'f:a': {} } }, { data: { a: '2' } }),
    same: false,
    differences: ['differs data.a'],
  },
  {
    name: 'a missing value',
    desired: desired({ data: { a: '1', b: '2' } }),
    live: live({ 'f:data': { 'f:a': {} } }, { data: { a: '1' } }),
    same: false,
    differences: ['missing data.b'],
  },
  {
    name: 'an equal value that belongs to another manager',
    desired: desired({ data: { a: '1', b: '2' } }),
    live: live({ 'f:data': { 'f:a': {} } }, { data: { a: '1', b: '2' } }, { 'f:data': { 'f:b': {} } }),
    same: false,
    differences: ['unowned data.b'],
  },
  {
    name: 'an owned field that is no longer desired',
    desired: desired({ data: { a: '1' } }),
    live: live({ 'f:data': { 'f:a': {}, 'f:b': {} } }, { data: { a: '1', b: '2' } }),
    same: false,
    differences: ['release data.b'],
  },
  {
    name: 'a list item whose key contains a field that the server filled in',
    desired: desired({ spec: { ports: [{ port: 80, name: 'web' }] } }),
    live: live(PORTS, {
      spec: {
        ports: [
          { port: 81, protocol: 'TCP' },
          { port: 80, name: 'web', protocol: 'TCP', targetPort: 80 },
        ],
      },
    }),
    same: true,
    differences: [],
  },
  {
    name: 'a changed member of an item',
    desired: desired({ spec: { ports: [{ port: 80, name: 'web' }] } }),
    live: live(PORTS, { spec: { ports: [{ port: 80, name: 'edited', protocol: 'TCP' }] } }),
    same: false,
    differences: ['differs spec.ports[0].name'],
  },
  {
    name: 'an item that another client removed',
    desired: desired({ spec: { ports: [{ port: 80, name: 'web' }] } }),
    live: live(
      { 'f:spec': { 'f:ports': { 'k:{"port":81}': { '.': {}, 'f:port': {} } } } },
      { spec: { ports: [{ port: 81 }] } },
    ),
    same: false,
    differences: ['missing spec.ports[0]', 'release spec.ports[0]'],
  },
  {
    name: 'an atomic list is one value',
    desired: desired({ spec: { args: ['a', 'b'] } }),
    live: live({ 'f:spec': { 'f:args': {} } }, { spec: { args: ['a', 'c'] } }),
    same: false,
    differences: ['differs spec.args'],
  },
  {
    name: 'members of a set',
    desired: desired({ metadata: { finalizers: ['a/x'] } }),
    live: live({ 'f:metadata': { 'f:finalizers': { 'v:"a/x"': {} } } }, { metadata: { finalizers: ['b/y', 'a/x'] } }),
    same: true,
    differences: [],
  },
  {
    name: 'a quantity in the server’s form requires a comparison of the whole object',
    desired: desired({ spec: { resources: { limits: { cpu: '1000m', memory: '1024Mi' } } } }),
    live: live(
      { 'f:spec': { 'f:resources': { 'f:limits': { 'f:cpu': {}, 'f:memory': {} } } } },
      { spec: { resources: { limits: { cpu: '1', memory: '1Gi' } } } },
    ),
    same: false,
    differences: [],
  },
  {
    name: 'a string that only looks like a quantity is compared as a string',
    desired: desired({ data: { cpu: '1000m' } }),
    live: live({ 'f:data': { 'f:cpu': {} } }, { data: { cpu: '1' } }),
    same: false,
    differences: ['differs data.cpu'],
  },
  {
    name: 'the version label alone is not a difference',
    desired: desired({ metadata: { labels: { 'kro.run/kro-version': 'v2', l: 'v' } } }),
    live: live(
      { 'f:metadata': { 'f:labels': { 'f:kro.run/kro-version': {}, 'f:l': {} } } },
      { metadata: { labels: { 'kro.run/kro-version': 'v1', l: 'v' } } },
    ),
    same: true,
    differences: [],
  },
  {
    name: 'null members count as absent',
    desired: desired({ data: { a: '1', b: null } }),
    live: live({ 'f:data': { 'f:a': {} } }, { data: { a: '1' } }),
    same: true,
    differences: [],
  },
  {
    name: 'a key called __proto__ is a key',
    desired: desired({ data: JSON.parse('{"__proto__":"1"}') as JsonObject }),
    live: live({ 'f:data': { 'f:__proto__': {} } }, { data: JSON.parse('{"__proto__":"2"}') as JsonObject }),
    same: false,
    differences: ['differs data.__proto__'],
  },
];

describe.each(CASES)('$name', ({ desired, live, same, differences }) => {
  test('the fingerprints, and their digests, are equal or differ as expected', () => {
    const [owned, wanted] = [ownedFingerprint(live), desiredFingerprint(desired)];
    expect(isSameFingerprint(owned, wanted)).toBe(same);
    expect(digestText(owned) === digestText(wanted)).toBe(same);
    expect(projectObject(live, []).owned).toEqual(owned);
  });
  test('the comparison finds the expected differences', () => {
    expect(compareApplied(desired, live).map(({ kind, path }) => `${kind} ${path}`)).toEqual(differences);
  });
});

test('stringData of a Secret is compared as data', () => {
  const secret = { ...desired({ stringData: { pin: '0000' } }), kind: 'Secret' };
  const stored = { ...live({ 'f:stringData': { 'f:pin': {} } }, { data: { pin: 'MDAwMA==' } }), kind: 'Secret' };
  expect(isSameFingerprint(ownedFingerprint(stored), desiredFingerprint(secret))).toBe(true);
  expect(compareApplied(secret, stored)).toEqual([]);
  const edited = { ...stored, data: { pin: 'MQ==' } };
  expect(isSameFingerprint(ownedFingerprint(edited), desiredFingerprint(secret))).toBe(false);
  expect(compareApplied(secret, edited)).toMatchObject([{ kind: 'differs', path: 'data.pin' }]);
});

test('a difference names the other owners of the field', () => {
  const object = live({ 'f:data': { 'f:b': {} } }, { data: { a: '2', b: '1' } }, { 'f:data': { 'f:a': {} } });
  expect(compareApplied(desired({ data: { a: '1', b: '1' } }), object)).toEqual([
    { path: 'data.a', kind: 'differs', wanted: '1', found: '2', managers: ['other'] },
  ]);
});

test('an object without owned fields has an empty fingerprint', () => {
  expect(ownedFingerprint(desired({ data: { a: '1' } }))).toBe('');
});

describe('projectObject', () => {
  const object = live(
    { 'f:data': { 'f:a': {} } },
    {
      data: { a: '1', b: '2', c: { d: 1, e: [{ f: 1, g: 2 }] } },
      status: { phase: 'Up', load: 3 },
      metadata: {
        labels: { l: 'v', 'kro.run/node-id': 'x' },
        annotations: { 'internal.kro.run/apply-order': '2', big: 'x' },
        finalizers: ['a/b'],
      },
    },
  );

  test.each<[string, PathStep[][], Record<string, string>]>([
    ['the labels that name the owner', [], { 'kro.run/node-id': 'x' }],
    ['the labels that are read', [['metadata', 'labels', 'l']], { l: 'v', 'kro.run/node-id': 'x' }],
    ['all labels when all labels are read', [['metadata', 'labels']], { l: 'v', 'kro.run/node-id': 'x' }],
    ['all labels when the whole object is read', [[]], { l: 'v', 'kro.run/node-id': 'x' }],
  ])('keeps %s', (_what, reads, labels) => {
    expect(projectObject(object, reads).object.metadata.labels).toEqual(labels);
  });

  test('keeps identity, finalizers, apply order and the read values', () => {
    const { object: projected } = projectObject(object, [
      ['data', 'a'],
      ['data', 'c', 'e', 0, 'f'],
      ['status', 'absent'],
    ]);
    expect(projected).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'x',
        namespace: 'n',
        uid: 'u',
        resourceVersion: '7',
        labels: { 'kro.run/node-id': 'x' },
        finalizers: ['a/b'],
        annotations: { 'internal.kro.run/apply-order': '2' },
      },
      data: { a: '1', c: { e: [{ f: 1, g: 2 }] } },
      status: {},
    });
  });

  test('two paths, one below the other, keep the whole value in either order and do not change the input', () => {
    const before = structuredClone(object);
    for (const reads of [
      [['data'], ['data', 'a']],
      [['data', 'a'], ['data']],
    ]) {
      expect(projectObject(object, reads).object['data']).toEqual(before['data']);
    }
    expect(
      projectObject(object, [[], ['metadata', 'annotations', 'big']]).object.metadata.managedFields,
    ).toBeUndefined();
    expect(object).toEqual(before);
  });
});
