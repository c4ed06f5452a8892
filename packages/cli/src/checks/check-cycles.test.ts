import { expect, test } from 'vitest';
import { DEFAULT_KRO_COMPATIBILITY } from '@typekro/engine/graph';
import { checkCycles } from './check-cycles.ts';
import { parseManifest } from '../inputs/read-manifest.ts';

const definition = (kind: string, made: string, more = '', group = 'kro.run'): string =>
  `{apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: {name: ${kind}}, spec: {` +
  `schema: {apiVersion: v1alpha1, kind: ${kind}, group: ${group}}, resources: [{id: r, ${more}` +
  `template: {apiVersion: kro.run/v1alpha1, kind: ${made}, metadata: {name: r}}}]}}`;

test.each<readonly [title: string, objects: readonly string[], found: readonly string[]]>([
  ['two definitions that create each other', [definition('A', 'B'), definition('B', 'A')], ['A creates B creates A']],
  [
    'three definitions, and one that leads to them',
    [definition('X', 'A'), definition('A', 'B'), definition('B', 'C'), definition('C', 'A')],
    ['A creates B creates C creates A'],
  ],
  ['a definition that creates itself', [definition('A', 'A')], ['A creates A']],
  ['a chain with an end', [definition('A', 'B'), definition('B', 'C')], []],
  ['a condition', [definition('A', 'B'), definition('B', 'A', 'includeWhen: ["${schema.spec.more}"], ')], []],
  ['a loop', [definition('A', 'B'), definition('B', 'A', 'forEach: [{x: "${schema.spec.list}"}], ')], []],
  ['a kind of another group', [definition('A', 'B', '', 'x.io'), definition('B', 'A')], []],
])('definitions whose instances have no end are reported: %s', (_, objects, found) => {
  const { objects: inputs } = parseManifest(objects.join('\n---\n'), 'a.yaml');
  const named = inputs.map((input) => ({ ...input, file: 'a.yaml' }));
  expect(checkCycles(named, DEFAULT_KRO_COMPATIBILITY).map(({ message }) => message)).toEqual(
    found.map((chain) => `each instance leads to more instances, without an end: ${chain}`),
  );
});
