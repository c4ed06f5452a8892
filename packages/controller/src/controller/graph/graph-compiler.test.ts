import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { LiveSchemas } from '@typekro/kube';
import { crdOf } from '@typekro/kit/test-support/crd';
import { builtinSource, crdSource } from '@typekro/engine/schema';
import { DefinitionCompiler } from '../definition/compiler.ts';
import { GraphCompiler } from './graph-compiler.ts';

const SCHEMAS = {
  sourceFor: () => Promise.resolve(builtinSource()),
  forget: () => undefined,
} as unknown as LiveSchemas;
const { signal } = new AbortController();

const graph = (spec: JsonObject, name = 'g', namespace = 'team-a'): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name, namespace },
  spec,
});

/** An object with this number of nested levels. */
function nested(levels: number): JsonObject {
  let value: JsonObject = { leaf: 'v' };
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe('a spec that is nested too deep', () => {
  const TOO_DEEP = /^values are nested more than 200 levels deep/;

  it.each([500, 5000, 50_000])('is refused in a Graph (%i levels)', async (levels) => {
    const object = graph({ nodes: [{ id: 'deep', def: nested(levels) }] });
    const compiled = await new GraphCompiler(SCHEMAS, {}).compile(object, signal);
    expect(compiled.graph).toBeUndefined();
    expect(compiled.message).toMatch(TOO_DEEP);
  });

  it.each([500, 5000, 50_000])('is refused in a definition (%i levels)', async (levels) => {
    const spec = { schema: { apiVersion: 'v1', kind: 'Pot', spec: nested(levels) }, resources: [] };
    const compiled = await new DefinitionCompiler(SCHEMAS, {}).compile('pots', spec, signal);
    expect(compiled.graph).toBeUndefined();
    expect(compiled.message).toMatch(TOO_DEEP);
  });
});

describe('the compiler does not keep a result', () => {
  const SPEC = { nodes: [{ id: 'a', ref: { apiVersion: 'late.test/v1', kind: 'Late', metadata: { name: 'a' } } }] };

  it('for a kind that the cluster does not serve', async () => {
    let lookups = 0;
    const schemas = {
      sourceFor: () => Promise.resolve(((lookups += 1), builtinSource())),
      forget: () => undefined,
    } as unknown as LiveSchemas;
    const compiler = new GraphCompiler(schemas, {});
    const first = await compiler.compile(graph(SPEC), signal);
    expect(first).toMatchObject({ isKindMissing: true, message: expect.stringContaining('late.test') as string });
    await compiler.compile(graph(SPEC), signal);
    expect(lookups).toBe(2);
  });

  it('of a compilation during which a schema changed', async () => {
    let lookups = 0;
    const schemas = {
      sourceFor() {
        lookups += 1;
        if (lookups === 1) compiler.forgetKind('', 'ConfigMap');
        return Promise.resolve(builtinSource());
      },
      forget: () => undefined,
    } as unknown as LiveSchemas;
    const compiler = new GraphCompiler(schemas, {});
    const object = graph({ nodes: [{ id: 'a', def: { x: '1' } }] });
    for (let call = 0; call < 3; call += 1) await compiler.compile(object, signal);
    expect(lookups).toBe(2);
  });
});

describe('the results of a GraphCompiler', () => {
  const SPEC = {
    nodes: [
      { id: 'a', def: { x: '1' } },
      { id: 'b', def: { x: '2' } },
    ],
  };

  it('are kept, also for a Graph that was read again', async () => {
    const compiler = new GraphCompiler(SCHEMAS, {});
    const first = await compiler.compile(graph(SPEC), signal);
    expect(await compiler.compile(graph(structuredClone(SPEC)), signal)).toBe(first);
  });

  it.each<[string, KubeObject]>([
    ['of another namespace', graph(SPEC, 'g', 'team-b')],
    ['of another name', graph(SPEC, 'h')],
    ['with another literal', graph({ nodes: [SPEC.nodes[0] ?? {}, { id: 'b', def: { x: '3' } }] })],
    ['with another spec', graph({ nodes: [{ id: 'a', def: { x: '2' } }] })],
    ['with the nodes in another order', graph({ nodes: SPEC.nodes.toReversed() })],
  ])('are not used for a Graph %s', async (_title, other) => {
    const compiler = new GraphCompiler(SCHEMAS, {});
    await compiler.compile(graph(SPEC), signal);
    const { graph: compiled } = await compiler.compile(other, signal);
    expect(compiled?.definition).toEqual(other);
    expect(compiled?.name).toBe(other.metadata.name);
    const texts = [...(compiled?.nodes.values() ?? [])].map(({ template }) => template.skeleton['x']);
    const own = other.spec?.['nodes'] as { def: { x: string } }[] | undefined;
    expect(texts).toEqual(own?.map(({ def }) => def.x));
  });
});

describe('Graphs that differ only in literals', () => {
  const spec = (text: string): JsonObject => ({
    nodes: [
      { id: 'cfg', def: { text } },
      {
        id: 'a',
        template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: text }, data: { x: '${cfg.text}' } },
      },
    ],
  });
  /** A compiler, and the number of its compilations. */
  const counting = (schemas = SCHEMAS) => {
    let compilations = 0;
    const compiler = new GraphCompiler(schemas, {}, () => void (compilations += 1));
    const skeletonOf = async (name: string, own: JsonObject) => {
      const { graph: compiled } = await compiler.compile(graph(own, name), signal);
      return compiled?.nodes.get('a')?.template.skeleton['metadata'];
    };
    return { compiler, skeletonOf, count: () => compilations };
  };

  it('share one compilation, each with its own literals', async () => {
    const { skeletonOf, count } = counting();
    for (let pass = 0; pass < 2; pass += 1) {
      expect(await skeletonOf('one', spec('first'))).toEqual({ name: 'first' });
      expect(await skeletonOf('two', spec('second'))).toEqual({ name: 'second' });
    }
    expect(await skeletonOf('one', spec('changed'))).toEqual({ name: 'changed' });
    expect(await skeletonOf('two', spec('second'))).toEqual({ name: 'second' });
    expect(count()).toBe(1);
  });

  it('still share the compilation with the first Graph after more Graphs than the cache holds', async () => {
    const { skeletonOf, count } = counting();
    for (let index = 0; index < 200; index += 1) {
      expect(await skeletonOf(`g${index}`, spec(`text-${index}`))).toEqual({ name: `text-${index}` });
    }
    expect(await skeletonOf('g0', spec('text-0'))).toEqual({ name: 'text-0' });
    expect(count()).toBe(1);
  });

  it('do not share a compilation with a Graph whose expression differs', async () => {
    const { compiler, skeletonOf, count } = counting();
    await skeletonOf('one', spec('first'));
    const other = JSON.parse(
      JSON.stringify(spec('first')).replace('${cfg.text}', '${cfg.text + cfg.text}'),
    ) as JsonObject;
    const { graph: compiled } = await compiler.compile(graph(other, 'two'), signal);
    expect(compiled?.nodes.get('a')?.template.holes[0]?.expression.cel).toBe('cfg.text + cfg.text');
    expect(count()).toBe(2);
  });

  it('are both compiled again after the schema of their kind has changed', async () => {
    const things = (type: string) =>
      crdSource([crdOf('Thing', { properties: { size: { type } } }, { group: 'parts.test' })]);
    let type = 'string';
    const schemas = { sourceFor: () => Promise.resolve(things(type)), forget: () => undefined };
    const { compiler, skeletonOf, count } = counting(schemas as unknown as LiveSchemas);
    const own = (name: string) => ({
      nodes: [{ id: 'a', template: { apiVersion: 'parts.test/v1', kind: 'Thing', metadata: { name }, size: 'one' } }],
    });
    expect(await skeletonOf('one', own('first'))).toEqual({ name: 'first' });
    compiler.forgetKind('other.test', 'Thing');
    expect(await skeletonOf('two', own('second'))).toEqual({ name: 'second' });
    expect(count()).toBe(1);
    type = 'integer';
    compiler.forgetKind('parts.test', 'Thing');
    for (const name of ['one', 'two']) {
      const { graph: compiled, message } = await compiler.compile(graph(own(name), name), signal);
      expect(compiled).toBeUndefined();
      expect(message).toContain('expected integer type for path size, got string');
    }
  });

  it('do not share an error, because an error quotes one Graph', async () => {
    const { compiler } = counting();
    const wrong = (text: string) =>
      graph({ nodes: [{ id: 'a', template: { apiVersion: `a/b/${text}`, kind: 'X', metadata: {} } }] }, text);
    const texts = await Promise.all(['one', 'two'].map(async (text) => compiler.compile(wrong(text), signal)));
    expect(texts.map(({ graph: compiled }) => compiled)).toEqual([undefined, undefined]);
    expect(texts[0]?.message).toContain('one');
    expect(texts[1]?.message).toContain('two');
  });

  it('are each compiled when a string in a loop differs, and keep their own graphs', async () => {
    const loop = (text: string): JsonObject => {
      const metadata = { name: `${text}-\${i}` };
      return {
        nodes: [{ id: 'a', forEach: [{ i: "${['x']}" }], template: { apiVersion: 'v1', kind: 'ConfigMap', metadata } }],
      };
    };
    const { compiler, count } = counting();
    for (const name of ['one', 'two', 'one', 'two', 'one']) {
      const { graph: compiled } = await compiler.compile(graph(loop(name), name), signal);
      const expression = compiled?.nodes.get('a')?.template.holes[0]?.expression;
      expect(expression?.program.evaluate({ i: '7' })).toEqual({ ok: true, value: `${name}-7` });
    }
    expect(count()).toBe(2);
  });

  it('keep their own literals while some of them compile at the same time', async () => {
    const { skeletonOf } = counting();
    const names = Array.from({ length: 20 }, (_, index) => `text-${index}`);
    const found = await Promise.all(names.map((name) => skeletonOf(name, spec(name))));
    expect(found).toEqual(names.map((name) => ({ name })));
  });
});
