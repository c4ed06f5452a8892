import { expect, test } from 'vitest';
import { kroEnvironment } from '@typekro/cel';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { necessaryNames } from './necessary-names.ts';

const environment = kroEnvironment({ features: {} });

test.each([
  ['a.x', 'a'],
  ['c.on ? a.x : b.x', 'c'],
  ['(c.on ? a.x : b.x) + a.y', 'a c'],
  ['c.on ? (d.on ? a.x : b.x) : e.x', 'c'],
  ['f(c.on ? a.x : 1)', 'c'],
  ['[c.on ? a.x : 1, b]', 'b c'],
  ['{c.key: d.on ? a.x : 1}', 'c d'],
  ['.c.on ? .a.x : 1', 'c'],
  ['a.?x.orValue(1)', 'a'],
  ['has(a.x) && b.y', 'a b'],
  // The expansions of these macros have a conditional operator, which the author did not write.
  ['a.list.map(x, b.on, d.y)', 'a b d x'],
  ['a.list.filter(x, x == b.y)', 'a b x'],
  ['a.?x.optMap(v, v + b.y)', 'a b v'],
  ['a.list.map(x, x.on ? b.y : d.y)', 'a x'],
])('whichever branches are taken, %s reads %s', (cel, names) => {
  const parsed = environment.parse(cel);
  if (!parsed.ok) throw new Error(parsed.text);
  expect([...necessaryNames([parsed.ast.expr])].toSorted().join(' ')).toBe(names);
});

const RESOURCES = `
schema: {spec: {on: boolean}}
resources:
  - {id: svc, includeWhen: ["\${schema.spec.on}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: s}, data: {url: u}}}
  - {id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {url: "\${schema.spec.on ? svc.data.url : 'none'}"DATA}}}
`;

test.each([
  ['a name in a branch', '', ['svc']],
  ['a name in a branch of one field, and outside of branches in another field', ', more: "${svc.data.url}"', undefined],
  [
    'a name in a branch of an expression inside a string',
    ', more: "x-${schema.spec.on ? svc.data.url : \'\'}"',
    ['svc'],
  ],
])('%s: the dependencies in branches are %s', (_title, data, inBranches) => {
  const yaml = RESOURCES.replace('DATA', data);
  const on = graphOf(yaml, { features: { partialDependencies: true } }).nodes.get('cfg');
  expect(on?.dependsOn).toEqual(['svc']);
  expect(on?.dependsOnInBranches).toEqual(inBranches);
  expect(graphOf(yaml).nodes.get('cfg')).not.toHaveProperty('dependsOnInBranches');
});
