import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type JsonValue, hasErrors, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { compile, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { readGraphCases } from '../conformance/support/graph-corpus.ts';

const sources = builtinSource();
const cases = readGraphCases(fileURLToPath(new URL('../conformance/graph', import.meta.url)));

/** Values that the mutations put into a definition. */
const intruder = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    0,
    1.5,
    9007199254740993n,
    '',
    '${',
    '${}',
    '${a',
    '${schema.spec.name}',
    '${schema}',
    '${nope.x + each}',
    '${[1, "a"].map(x, x)}',
    '${omit()}\n',
    'x-${schema.spec.name}-${',
    '__proto__',
    'v1',
    'Deployment',
    [],
    {},
    [null],
    [['${schema.spec.name}']],
    { constructor: '${toString}' },
  ),
  fc.string({ maxLength: 8 }),
);
const intruderKey = fc.constantFrom('__proto__', 'constructor', '', 'a.b', 'x[0]', 'metadata', 'status', 'y', '${x}');

/**
 * A mutation at one place of a definition. `place` counts the places in document order, and begins again after the last
 * one.
 */
const mutation = fc.record({
  place: fc.nat(400),
  kind: fc.constantFrom('replace', 'remove', 'add', 'double', 'nest'),
  value: intruder,
  key: intruderKey,
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** All places in a value, in document order. A place is a container and one of its keys. */
function places(value: JsonValue, found: [JsonValue[] | { [key: string]: JsonValue | undefined }, string][] = []) {
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) {
      found.push([value, String(index)]);
      places(entry, found);
    }
  } else if (isJsonObject(value)) {
    for (const [key, entry] of Object.entries(value)) {
      found.push([value, key]);
      if (entry !== undefined) places(entry, found);
    }
  }
  return found;
}

function spoil(definition: JsonValue, { place, kind, value: given, key }: Mutation): void {
  const value = structuredClone(given);
  const all = places(definition);
  const chosen = all[place % Math.max(all.length, 1)];
  if (chosen === undefined) return;
  const [container, name] = chosen;
  const slots = container as { [key: string]: JsonValue | undefined };
  const define = (at: string, entry: JsonValue): unknown =>
    Object.defineProperty(container, at, { value: entry, enumerable: true, writable: true, configurable: true });
  if (kind === 'replace') define(name, value);
  else if (kind === 'nest') define(name, { [key === '__proto__' ? 'x' : key]: slots[name] ?? null });
  else if (Array.isArray(container)) {
    if (kind === 'remove') container.splice(Number(name), 1);
    else container.push(kind === 'double' ? structuredClone(slots[name] ?? null) : value);
  } else if (kind === 'remove') delete slots[name];
  else define(key, kind === 'double' ? structuredClone(slots[name] ?? null) : value);
}

const damaged = fc
  .record({ pick: fc.nat(cases.length - 1), mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }) })
  .map(({ pick, mutations }) => {
    const each = cases[pick] as (typeof cases)[number];
    const definition = structuredClone(each.definition);
    for (const one of mutations) spoil(definition, one);
    return { definition, sources: { ...each.sources, [fc.toStringMethod]: () => each.name } };
  });

describe('compile', () => {
  test('compiles a damaged definition to a graph or to errors, deterministically, and does not change its input', () => {
    fc.assert(
      fc.property(damaged, fc.boolean(), ({ definition, sources }, strict) => {
        const before = stringifyJson(definition);
        const options = { sources, strict, features: { omit: true } };
        const first = compile(definition, options);
        expect(first.graph === undefined).toBe(hasErrors(first.diagnostics));
        expect(stringifyJson(definition)).toBe(before);
        const second = compile(definition, options);
        expect(second.diagnostics).toEqual(first.diagnostics);
        expect(second.graph?.order).toEqual(first.graph?.order);
        expect(second.graph?.hash).toBe(first.graph?.hash);
      }),
      { numRuns: 400 },
    );
  });

  test('has the same result for YAML text and for an object, and each diagnostic has a position', () => {
    fc.assert(
      fc.property(damaged, ({ definition, sources }) => {
        const { documents } = parseDefinitions(stringifyJson(definition, 1), 'd.json');
        for (const document of documents) {
          const fromText = compile(document, { sources }).diagnostics;
          const fromObject = compile(definition, { sources }).diagnostics;
          expect(fromText.map(({ source: _source, ...rest }) => rest)).toEqual(fromObject);
          for (const { source } of fromText) expect(source?.line).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Snippets that a typing mistake or an editor may insert into a file. */
const slip = fc.oneof(
  fc.constantFrom(
    ' ',
    '\n',
    '\t',
    ': ',
    '- ',
    '${',
    '}',
    '"',
    "'",
    '{',
    '[',
    '&a ',
    '*a',
    '|',
    '\r\n',
    '#',
    '<<: *a',
    '😀',
  ),
  fc.string({ maxLength: 3 }),
);
const realistic = fileURLToPath(new URL('../conformance/graph/realistic', import.meta.url));
const files = readdirSync(realistic)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(`${realistic}/${name}`, 'utf8'));

test('a definition file with mistakes has diagnostics inside the file, never an exception', () => {
  const edit = fc.record({ at: fc.nat(4000), remove: fc.nat(6), insert: slip });
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(edit, { minLength: 1, maxLength: 5 }), (text, edits) => {
      const damaged = edits.reduce((before, { at, remove, insert }) => {
        const place = at % before.length;
        return before.slice(0, place) + insert + before.slice(place + remove);
      }, text);
      const lines = damaged.split(/\r\n|\r|\n/);
      const { documents, diagnostics } = parseDefinitions(damaged, 'f.yaml');
      const compiled = documents.flatMap((document) => compile(document, { sources }).diagnostics);
      for (const { source } of [...diagnostics, ...compiled]) {
        const line = lines[(source?.line ?? 0) - 1];
        expect(line).toBeDefined();
        expect(source?.column).toBeLessThanOrEqual(Array.from(line ?? '').length + 1);
      }
    }),
    { numRuns: 300 },
  );
});

test('a dependency comes before its dependents in the topological order and in the apply order', () => {
  let graphs = 0;
  for (const { definition, sources, omit } of cases) {
    const { graph } = compile(definition, { sources, features: { omit } });
    if (graph === undefined) continue;
    graphs += 1;
    for (const node of graph.nodes.values()) {
      for (const need of node.dependsOn) {
        expect(graph.order.indexOf(need)).toBeLessThan(graph.order.indexOf(node.id));
        expect(graph.applyOrder.get(need)).toBeLessThan(graph.applyOrder.get(node.id) ?? 0);
      }
    }
  }
  expect(graphs).toBeGreaterThan(500);
});
