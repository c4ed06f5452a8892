import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { LiveSchemas } from '../../kube/index.ts';
import { builtinSource } from '../../schema/index.ts';
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

/** An object in itself, this many times. */
function nested(levels: number): JsonObject {
  let value: JsonObject = { leaf: 'v' };
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe('a spec that is nested too deep', () => {
  const TOO_DEEP = /^values are nested more than 220 levels deep/;

  it.each([500, 5000, 50_000])('of %i levels is refused: a Graph', async (levels) => {
    const object = graph({ nodes: [{ id: 'deep', def: nested(levels) }] });
    const compiled = await new GraphCompiler(SCHEMAS, {}).compile(object, signal);
    expect(compiled.graph).toBeUndefined();
    expect(compiled.message).toMatch(TOO_DEEP);
  });

  it.each([500, 5000, 50_000])('of %i levels is refused: a definition', async (levels) => {
    const spec = { schema: { apiVersion: 'v1', kind: 'Pot', spec: nested(levels) }, resources: [] };
    const compiled = await new DefinitionCompiler(SCHEMAS, {}).compile('pots', spec, signal);
    expect(compiled.graph).toBeUndefined();
    expect(compiled.message).toMatch(TOO_DEEP);
  });
});

describe('a spec with a kind that the cluster does not serve', () => {
  const SPEC = { nodes: [{ id: 'a', ref: { apiVersion: 'late.test/v1', kind: 'Late', metadata: { name: 'a' } } }] };

  it('is compiled again by the next call', async () => {
    let asked = 0;
    const schemas = {
      sourceFor: () => Promise.resolve(((asked += 1), builtinSource())),
      forget: () => undefined,
    } as unknown as LiveSchemas;
    const compiler = new GraphCompiler(schemas, {});
    const first = await compiler.compile(graph(SPEC), signal);
    expect(first).toMatchObject({ isKindMissing: true, message: expect.stringContaining('late.test') as string });
    await compiler.compile(graph(SPEC), signal);
    expect(asked).toBe(2);
  });

  it('whose schema changes during its look-up is not kept', async () => {
    let asked = 0;
    const schemas = {
      sourceFor() {
        asked += 1;
        if (asked === 1) compiler.forgetKind('', 'ConfigMap');
        return Promise.resolve(builtinSource());
      },
      forget: () => undefined,
    } as unknown as LiveSchemas;
    const compiler = new GraphCompiler(schemas, {});
    const object = graph({ nodes: [{ id: 'a', def: { x: '1' } }] });
    for (let call = 0; call < 3; call += 1) await compiler.compile(object, signal);
    expect(asked).toBe(2);
  });
});

describe('the compiled specs of a GraphCompiler', () => {
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
    ['with another spec', graph({ nodes: [{ id: 'a', def: { x: '2' } }] })],
    ['with the nodes in another order', graph({ nodes: SPEC.nodes.toReversed() })],
  ])('are not shared with a Graph %s', async (_title, other) => {
    const compiler = new GraphCompiler(SCHEMAS, {});
    await compiler.compile(graph(SPEC), signal);
    const { graph: compiled } = await compiler.compile(other, signal);
    expect(compiled?.definition).toEqual(other);
  });
});
