import { expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
import { keys } from '../../runtime/index.ts';
import { isInstanceOf, servingDefinition } from './serving-definition.ts';

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
  ['the only one serves, whatever the labels say', [definition('a')], 'gone', 'gone', 'a'],
  ['the label of the instance names it', two('Active', 'Inactive'), 'b', 'a', 'b'],
  ['the label of the CRD names it when the instance has none', two('Active', 'Active'), undefined, 'b', 'b'],
  ['a label that names none of them counts for nothing', two('Inactive', 'Inactive'), 'gone', 'b', 'b'],
  ['the only active one without labels', two('Inactive', 'Active'), undefined, undefined, 'b'],
  ['none when two are active', two('Active', 'Active'), undefined, undefined, undefined],
  ['none when no controller has seen them', two(), undefined, undefined, undefined],
])('the definition that serves an instance: %s', (_what, candidates, instance, crd, name) => {
  expect(servingDefinition(candidates, marked(instance), marked(crd))?.metadata.name).toBe(name);
});

test.each([
  ['its own label', 'shops', undefined, true],
  ['the label of another definition', 'rivals', 'shops', false],
  ['no label, and the CRD is of the definition', undefined, 'shops', true],
  ['no label, and the CRD is of another definition', undefined, 'rivals', false],
  ['no label anywhere', undefined, undefined, true],
])('an instance of shops: %s', (_name, own, ofCrd, expected) => {
  const marked = (label: string | undefined) => ({
    apiVersion: 'a.test/v1',
    kind: 'Shop',
    metadata: { name: 'a', labels: label === undefined ? {} : { 'kro.run/resource-graph-definition-name': label } },
  });
  expect(isInstanceOf('shops', marked(own), ofCrd === undefined ? undefined : marked(ofCrd))).toBe(expected);
});
