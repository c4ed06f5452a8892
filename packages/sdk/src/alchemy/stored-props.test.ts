import { type } from 'arktype';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createResource } from '../compose/index.ts';
import { parseJson } from '@typekro/kit/core';
import { kubernetesComposition } from '../index.ts';
import type { Secret } from './kro-resource-props.ts';
import { kubeConfigOf, openSpec, storedProps } from './stored-props.ts';

const isSecret = (value: unknown): value is Secret =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'secret';
const secret = <Value>(unencrypted: Value): Secret<Value> => ({ type: 'secret', unencrypted });

const note = (label: string) =>
  kubernetesComposition({ name: 'note', spec: type({ name: 'string', text: 'string' }) }, (spec) => {
    createResource(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: spec.name, labels: { label } }, data: { t: spec.text } },
      { id: 'config' },
    );
  });
const declared = { composition: note('a'), spec: { name: 'n', text: 'one' } };

describe('a spec', () => {
  test('without secrets is kept as it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(openSpec(value, isSecret)).toEqual({ plain: value, sealed: value, secrets: [] });
      }),
    );
  });

  test('has the values of its secrets for the cluster, and null in their places for the state, at every depth', () => {
    const [first, second] = [secret('x'), secret({ user: secret('y') })];
    expect(openSpec({ a: [1, first], b: second, c: undefined }, isSecret)).toMatchObject({
      plain: { a: [1, 'x'], b: { user: 'y' } },
      sealed: { a: [1, null], b: null },
      secrets: [{ path: '/a/1', value: first }, { path: '/b', value: second }, { path: '/b/user' }],
    });
  });

  test('may have a field "type" that is "secret"', () => {
    expect(openSpec({ type: 'secret', name: 'x' }, isSecret)).toEqual({
      plain: { type: 'secret', name: 'x' },
      sealed: { type: 'secret', name: 'x' },
      secrets: [],
    });
  });

  test('keeps keys that are special in JavaScript', () => {
    const { plain } = openSpec(parseJson('{"__proto__":{"a":1},"constructor":2}'), isSecret);
    expect(Object.entries(plain as object)).toEqual([
      ['__proto__', { a: 1 }],
      ['constructor', 2],
    ]);
  });

  test.each([
    ['a promise', { a: Promise.resolve(1) }],
    ['a function', { a: () => 1 }],
    ['a date', { a: [new Date(0)] }],
    ['a symbol', { a: Symbol('x') }],
    ['NaN', { a: Number.NaN }],
  ])('with %s is refused, and the message names the path', (_, spec) => {
    expect(() => openSpec(spec, isSecret)).toThrow(/must be JSON; \/a/);
  });

  test('that contains itself is refused', () => {
    const spec: Record<string, unknown> = {};
    spec['self'] = spec;
    expect(() => openSpec(spec, isSecret)).toThrow('nested too deeply');
  });
});

describe('the props for the state', () => {
  test('have the location of the instance', () => {
    expect(storedProps({ ...declared, mode: 'kro', namespace: 'shop' }, isSecret).place).toEqual({
      mode: 'kro',
      definition: 'note',
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Note',
      namespace: 'shop',
      name: 'n',
    });
  });

  test('are equal for equal declarations, and differ for another definition', () => {
    const text = (label: string) => JSON.stringify(storedProps({ ...declared, composition: note(label) }, isSecret));
    expect(text('a')).toBe(text('a'));
    expect(text('a')).not.toBe(text('b'));
  });

  test('have the secrets of the spec in a separate member', () => {
    const text = secret('do-not-tell');
    const { spec, secrets } = storedProps({ ...declared, spec: { name: 'n', text } }, isSecret);
    expect(spec).toBe('{"name":"n","text":null}');
    expect(secrets).toEqual([{ path: '/text', value: text }]);
  });

  test('refuse a spec that the composition refuses', () => {
    const spec = { name: 'n', text: 7 } as unknown as typeof declared.spec;
    expect(() => storedProps({ ...declared, spec }, isSecret)).toThrow('text');
  });

  test.each([
    ['text', 'apiVersion: v1\nkind: Config'],
    ['JSON', '{"apiVersion":"v1"}'],
  ])('refuse a kubeconfig that is plain %s', (_, kubeConfig) => {
    expect(() => storedProps({ ...declared, kubeConfig }, isSecret)).toThrow('must be a path or a secret');
  });

  test.each([
    ['a path as the kubeconfig', 'some/kubeconfig', 'some/kubeconfig'],
    ['a secret as the kubeconfig', secret('a: b\n'), 'a: b\n'],
    ['a declaration without a kubeconfig', undefined, undefined],
  ])('accept %s', (_, kubeConfig, used) => {
    const props = kubeConfig === undefined ? declared : { ...declared, kubeConfig };
    expect(kubeConfigOf(storedProps(props, isSecret).connection)).toBe(used);
  });
});
