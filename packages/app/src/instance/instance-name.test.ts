import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { keys } from '@typekro/engine/runtime';
import { readingsOf } from './instance-name.ts';
import { isInstanceOf, servingDefinition } from './serving-definition.ts';

const isKind = (word: string) => ['webapp', 'webapps'].includes(word.toLowerCase());

test.each([
  ['shop', [{ name: 'shop' }]],
  [
    'team-a/shop',
    [
      { namespace: 'team-a', name: 'shop' },
      { name: 'team-a', node: 'shop' },
    ],
  ],
  ['team-a/shop/ingress', [{ namespace: 'team-a', name: 'shop', node: 'ingress' }]],
  [
    'WebApp/shop',
    [
      { kind: 'WebApp', name: 'shop' },
      { namespace: 'WebApp', name: 'shop' },
      { name: 'WebApp', node: 'shop' },
    ],
  ],
  [
    'webapps/team-a/shop',
    [
      { kind: 'webapps', namespace: 'team-a', name: 'shop' },
      { kind: 'webapps', name: 'team-a', node: 'shop' },
      { namespace: 'webapps', name: 'team-a', node: 'shop' },
    ],
  ],
  ['webapp/team-a/shop/ingress', [{ kind: 'webapp', namespace: 'team-a', name: 'shop', node: 'ingress' }]],
  ['team-a/shop/inner/cm', [{ namespace: 'team-a', name: 'shop', node: 'inner/cm' }]],
  ['webapp/team-a/shop/inner/deep/cm', [{ kind: 'webapp', namespace: 'team-a', name: 'shop', node: 'inner/deep/cm' }]],
  ['a/'.repeat(64) + 'b', []],
  ['', []],
  ['/shop', []],
  ['team-a/', []],
])('readingsOf returns all possible parses of %j', (text, readings) => {
  expect(readingsOf(text, isKind)).toEqual(readings);
});

const definition = (name: string, state?: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name },
  ...(state === undefined ? {} : { status: { state } }),
});
const marked = (name?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Any',
  metadata: name === undefined ? {} : { labels: { [keys.DEFINITION_NAME_LABEL]: name } },
});
const two = (a?: string, b?: string) => [definition('a', a), definition('b', b)];

test.each<[string, readonly KubeObject[], string | undefined, string | undefined, string | undefined]>([
  ['the only candidate, whatever the labels say', [definition('a')], 'gone', 'gone', 'a'],
  ['the candidate that the label of the instance names', two('Active', 'Inactive'), 'b', 'a', 'b'],
  ['the candidate that only the label of the CRD names', two('Active', 'Active'), undefined, 'b', 'b'],
  ['a label that names no candidate is ignored', two('Inactive', 'Inactive'), 'gone', 'b', 'b'],
  ['the only active candidate, without labels', two('Inactive', 'Active'), undefined, undefined, 'b'],
  ['no candidate when two are active', two('Active', 'Active'), undefined, undefined, undefined],
  ['no candidate when none has a state', two(), undefined, undefined, undefined],
])('labels and states decide which definition serves an instance: %s', (_what, candidates, instance, crd, name) => {
  expect(servingDefinition(candidates, marked(instance), marked(crd))?.metadata.name).toBe(name);
});

test.each([
  ['its own label', 'shops', undefined, true],
  ['the label of another definition', 'rivals', 'shops', false],
  ['no label, and the label of the CRD names the definition', undefined, 'shops', true],
  ['no label, and the label of the CRD names another definition', undefined, 'rivals', false],
  ['no label anywhere', undefined, undefined, true],
])('labels decide whether the definition shops serves an instance: %s', (_name, own, ofCrd, expected) => {
  const marked = (label: string | undefined) => ({
    apiVersion: 'a.test/v1',
    kind: 'Shop',
    metadata: { name: 'a', labels: label === undefined ? {} : { 'kro.run/resource-graph-definition-name': label } },
  });
  expect(isInstanceOf('shops', marked(own), ofCrd === undefined ? undefined : marked(ofCrd))).toBe(expected);
});
