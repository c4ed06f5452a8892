import { expect, test } from 'vitest';
import { kroEnvironment } from '@typekro/cel';
import { formatPath } from '../path.ts';
import type { ReadPart } from '../model.ts';
import { type ReadScope, partOf, readPaths } from './read-paths.ts';

const scope: ReadScope = {
  isVariable: (id) => ['schema', 'web', 'pods', 'json'].includes(id),
  isCollection: (id) => id === 'pods',
  names: new Map<string, ReadPart | undefined>([
    ['pod', { id: 'pods', steps: [] }],
    ['port', undefined],
  ]),
};

function expressionOf(text: string): Parameters<typeof readPaths>[0] {
  const parsed = kroEnvironment().parse(text);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.ast.expr;
}

const show = ({ id, steps }: ReadPart): string => formatPath([id, ...steps]);

test.each([
  ['web.status.ready', 'web.status.ready'],
  ['web.?status.?ready.orValue(false)', 'web.status.ready'],
  ['has(web.status.ready) && web.spec.x > 1', 'web.spec.x web.status.ready'],
  ['web.data["a.b"]', 'web.data["a.b"]'],
  ['web.data[schema.spec.key]', 'schema.spec.key web.data'],
  ['web.status.list[0].name', 'web.status.list'],
  ['web.status.list.exists(c, c.type == "Ready")', 'web.status.list'],
  ['dyn(web).anything', 'web.anything'],
  ['string(web)', 'web'],
  ['[web.a, {"k": web.b}]', 'web.a web.b'],
  ['web.a ? web.b : web.c', 'web.a web.b web.c'],
  ['pods[0].metadata.name', 'pods.metadata.name'],
  ['pods.map(p, p.metadata.name)', 'pods.metadata.name'],
  ['pods.filter(p, p.status.ready).map(p, p.metadata.name)', 'pods.metadata.name pods.status.ready'],
  ['pods.all(i, p, p.status.ready)', 'pods.status.ready'],
  ['pods.map(p, p)', 'pods'],
  ['size(pods) > 1', 'pods.metadata.name'],
  ['string(pods.size()) + web.a', 'pods.metadata.name web.a'],
  ['size(pods.filter(p, p.status.ready))', 'pods.metadata.name pods.status.ready'],
  ['size(pods.map(p, p))', 'pods'],
  ['size(pods[0])', 'pods'],
  ['pods.map(p, size(p))', 'pods'],
  ['size(pod)', 'pods'],
  ['size(web)', 'web'],
  ['cel.bind(w, web, w.spec.x + w.spec.y)', 'web.spec.x web.spec.y'],
  ['pod.metadata.name + string(port)', 'pods.metadata.name'],
  ['web.spec.a__dash__b', 'web.spec'],
  ['json.marshal(web.spec)', 'json web.spec'],
  ['other.x + "literal"', ''],
])('%s reads %s', (text, expected) => {
  const found = [...new Set(readPaths(expressionOf(text), scope).map(show))].toSorted();
  expect(found.join(' ')).toBe(expected);
});

test.each([
  ['pods', 'pods'],
  ['web.spec.list', 'web.spec.list'],
  ['pods.filter(p, p.x)', 'pods'],
  ['pods.map(p, p.x)', undefined],
])('%s denotes %s', (text, expected) => {
  const part = partOf(expressionOf(text), scope);
  expect(part === undefined ? undefined : show(part)).toBe(expected);
});
