import { describe, expect, it } from 'vitest';
import { type Observations, FieldManager } from '@typekro/engine/runtime';
import type { ActingIdentities } from '../acting-identity.ts';
import type { GraphCompiler } from './graph-compiler.ts';
import { GraphKind, makersOf, MAX_MAKERS } from './graph-kind.ts';

/** A Graph with this UID as its name; `maker` is the UID of the Graph that created this Graph. */
function made(uid: string, maker?: string): Observations.LiveObject {
  const object = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: uid, namespace: 'team-a', uid },
    spec: { nodes: [{ id: 'a', def: { x: '1' } }] },
  };
  const managers = maker === undefined ? [] : [[FieldManager.ofTemplate(maker), { owned: 'x' }] as const];
  return { object, engineFields: new Map(managers) };
}

function makers(of: Observations.LiveObject, graphs: readonly Observations.LiveObject[]): readonly string[] {
  const indexed = (text: string) =>
    graphs.filter(({ object }) => FieldManager.ofTemplate(object.metadata.uid ?? '') === text);
  return makersOf(of, { indexed });
}

describe('the makers of a Graph', () => {
  const chain = Array.from({ length: 20 }, (_, index) => made(`g${index}`, index === 0 ? undefined : `g${index - 1}`));

  it('are none for a Graph that a user created, and for a Graph whose maker no longer exists', () => {
    expect(makers(made('a'), [])).toEqual([]);
    expect(makers(made('b', 'gone'), [])).toEqual([]);
  });

  it('are the Graphs that made one another, the direct maker first', () => {
    expect(makers(made('x', 'g2'), chain)).toEqual(['team-a/g2', 'team-a/g1', 'team-a/g0']);
  });

  it('are at most one more than the maximum, even if Graphs made each other in a circle', () => {
    expect(makers(made('x', 'g19'), chain)).toHaveLength(MAX_MAKERS + 1);
    const circle = [made('a', 'b'), made('b', 'a')];
    expect(makers(made('a', 'b'), circle)).toHaveLength(MAX_MAKERS + 1);
  });

  it('are refused when they are too many, and the refusal names the direct maker', async () => {
    const graphs = new GraphKind({
      compiler: {} as GraphCompiler,
      identities: { of: () => ({}) } as unknown as ActingIdentities,
      controller: { namespace: 'kro-system', name: 'kro' },
    });
    const last = made('x', 'g19');
    const { failure } = await graphs.serve(last.object, makers(last, chain), new AbortController().signal);
    expect(failure).toMatch(
      /^refusing to apply: the Graph "team-a\/g19" made this Graph, at the end of a chain of more than 10 Graphs/,
    );
  });
});
