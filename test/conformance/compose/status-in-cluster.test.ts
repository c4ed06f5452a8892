import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { composeConditional, compiled } from '../../property/compose/conditional.ts';
import { putInstance, settle } from '@typekro/engine/test-support/direct-loop';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';

const given: JsonObject = { name: 'n', a: false, b: true, c: false, env: 'dev', tags: [] };

/** Programs, each with the status that clients read from an instance whose spec has no field `opt`. */
const PROGRAMS: readonly (readonly [string, JsonObject])[] = [
  ['(s) => ({ o: { v: s.opt } })', {}],
  ['(s) => ({ n: s.name, o: { deep: { v: s.opt } } })', { n: 'n' }],
  ['(s) => ({ o: { v: s.opt, n: s.name } })', { o: { n: 'n' } }],
  ['(s) => ({ list: [{ v: s.opt }, { v: s.name }] })', {}],
  ['(s) => ({ n: s.name, list: [{ v: s.opt }] })', { n: 'n' }],
  ['(s) => { const o = {}; if (s.a) o.v = s.name; return { n: s.name, o }; }', { n: 'n' }],
  ['(s) => ({ n: s.name, r: s.name.length / s.tags.length })', { n: 'n' }],
  ['(s) => ({ n: s.name, r: [1, s.tags.length / s.tags.length] })', { n: 'n' }],
  ["(s) => { const it = s.a ? ConfigMap({ id: 'it', name: 'it', data: { v: 'x' } }) : undefined; return { n: s.name, o: { v: it?.data.v } }; }", { n: 'n' }],
];

test.each(PROGRAMS)('evaluate() returns the status that an instance gets: %s', (source, wanted) => {
  const composition = composeConditional(source);
  expect(composition.evaluate(given).status).toEqual(wanted);
  const graph = compiled(composition.toDefinition({ target: 'typekro' }), 'typekro');
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'x', {});
  cluster.edit(key, (object) => void (object.spec = given));
  const { state: _state, conditions: _conditions, ...status } = settle(graph, key, cluster).instance?.status ?? {};
  expect(status).toEqual(wanted);
});
