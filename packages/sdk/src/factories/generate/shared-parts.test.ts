import { describe, expect, test } from 'vitest';
import type { Schema } from '@typekro/engine/schema';
import { singular } from './identifiers.ts';
import { sharedParts } from './shared-parts.ts';

const text: Schema = { type: 'string' };
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});
const issuer = (more: Schema = {}) => object({ group: text, kind: text, name: text }, more);
const asWanted = (wanted: string) => wanted;

describe('objects of a generated file', () => {
  test('that occur twice are named after the first kind that has them and the member that contains them', () => {
    const [first, second] = [issuer(), issuer()];
    const parts = [
      { name: 'CertificateSpec', base: 'Certificate', schema: object({ issuerRef: first }) },
      { name: 'RequestSpec', base: 'Request', schema: object({ issuerRefs: { type: 'array', items: second } }) },
    ];
    const { nameOf, declarations } = sharedParts(parts, asWanted);
    expect([nameOf(first), nameOf(second)]).toEqual(['CertificateIssuerRef', 'CertificateIssuerRef']);
    expect(declarations.join('\n')).toBe(
      'export interface CertificateIssuerRef {\n' +
        '  group?: string | undefined;\n  kind?: string | undefined;\n  name?: string | undefined;\n}\n',
    );
  });

  test('stay inline when they occur once, when they are small, and when they repeat only inside of an object that itself repeats', () => {
    const small = () => object({ key: text, name: text });
    const holder = () => object({ inner: issuer(), more: text });
    const parts = [
      { base: 'A', schema: object({ a: small(), b: small(), once: object({ x: text, y: text, z: text }) }) },
      { base: 'B', schema: object({ left: holder(), right: holder() }) },
    ];
    const { declarations } = sharedParts(parts, asWanted);
    expect(declarations.map((each) => /interface (\w+)/.exec(each)?.[1])).toEqual(['BLeft']);
  });

  test.each<[string, Schema]>([
    ['a required member', issuer({ required: ['name'] })],
    ['another type of a member', object({ group: text, kind: text, name: { type: 'integer' } })],
    ['other values of a member', object({ group: text, kind: text, name: { type: 'string', enum: ['a'] } })],
    ['a nullable member', object({ group: text, kind: text, name: { type: 'string', nullable: true } })],
    [
      'another description of a member',
      object({ group: text, kind: text, name: { type: 'string', description: 'x' } }),
    ],
    ['a member with a default', object({ group: text, kind: text, name: { type: 'string', default: 'x' } })],
    ['members of any name', issuer({ 'x-kubernetes-preserve-unknown-fields': true })],
    ['a very large integer as value', object({ group: text, kind: text, name: { enum: [2n ** 60n] } })],
  ])('share no type when one of them has %s', (_what, other) => {
    const parts = [{ base: 'A', schema: object({ one: issuer(), two: other }) }];
    expect(sharedParts(parts, asWanted).declarations).toEqual([]);
  });

  test('share a type when only their own description and nullability differ', () => {
    const parts = [
      { base: 'A', schema: object({ one: issuer({ description: 'First.', nullable: true }), two: issuer() }) },
    ];
    const { declarations } = sharedParts(parts, asWanted);
    expect(declarations).toHaveLength(1);
    expect(declarations[0]).not.toMatch(/First|null/);
  });

  test('that equal the spec of a kind have the name of this spec', () => {
    const [first, second] = [issuer(), issuer()];
    const parts = [
      { name: 'ClusterIssuerSpec', base: 'ClusterIssuer', schema: first },
      { name: 'IssuerSpec', base: 'Issuer', schema: second },
    ];
    const { nameOf, declarations } = sharedParts(parts, asWanted);
    expect(nameOf(second)).toBe('ClusterIssuerSpec');
    expect(declarations).toEqual([]);
  });

  test('can be nested to a depth of one thousand', () => {
    let deep: Schema = text;
    for (let level = 0; level < 1000; level++) deep = object({ inner: deep, a: text, b: text });
    const parts = [{ base: 'A', schema: object({ one: deep, two: deep }) }];
    expect(sharedParts(parts, asWanted).declarations.length).toBeGreaterThan(0);
  });
});

test.each([
  ['tolerations', 'toleration'],
  ['policies', 'policy'],
  ['addresses', 'address'],
  ['status', 'status'],
  ['access', 'access'],
  ['data', 'data'],
])('the singular of %s is %s', (plural, one) => {
  expect(singular(plural)).toBe(one);
});
