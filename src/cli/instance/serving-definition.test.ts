import { expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
import { keys } from '../../runtime/index.ts';
import { servingDefinition } from './serving-definition.ts';

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
])('%s', (_what, candidates, instance, crd, name) => {
  expect(servingDefinition(candidates, marked(instance), marked(crd))?.metadata.name).toBe(name);
});
