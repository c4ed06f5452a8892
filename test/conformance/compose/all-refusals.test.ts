import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { type CompositionError, createCompositionApi, opaque } from '@typekro/sdk/compose';
import { ConfigMap, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const spec = type({ name: 'string', replicas: 'number.integer', flag: 'boolean', tags: 'string[]', 'tag?': 'string' });
/** A spec type with fields that the schema does not have, for programs that ignore the types. */
type Loose = typeof spec.infer & { readonly bad1: string; readonly bad2: string; readonly bad3: string };

/** The messages of all errors, in order, each up to its first semicolon. */
function mistakes(program: (given: Loose) => unknown): readonly string[] {
  try {
    kubernetesComposition({ name: 'wrong', spec }, program as never);
  } catch (error) {
    const { diagnostics } = error as CompositionError;
    if (diagnostics === undefined) return [String(error)];
    return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message.split(';')[0] ?? '');
  }
  return [];
}

const unknown = (...numbers: readonly number[]) => numbers.map((number) => `s has no field "bad${number}"`);

describe('mistakes of a composition are reported at once, each at its own position', () => {
  test('in consecutive statements', () => {
    let error: CompositionError | undefined;
    try {
      kubernetesComposition({ name: 'wrong', spec }, ((s: Loose) => {
        ConfigMap({ name: s.bad1 });
        const d = Deployment({ name: s.name, image: 'x', replicas: s.replicas });
        ConfigMap({ name: `a-${s.tag}` });
        return { phase: (d.status as never as Record<string, string>)['phaze'] };
      }) as never);
    } catch (thrown) {
      error = thrown as CompositionError;
    }
    const found = error?.diagnostics.map(({ code, source }) => [code, source?.line]);
    const first = Number(found?.[0]?.[1]);
    expect(found).toEqual([
      ['trace/field', first],
      ['trace/absent', first + 2],
      ['trace/field', first + 3],
    ]);
    expect(error?.message.match(/at .*all-refusals\.test\.ts:\d+:\d+/g)).toHaveLength(3);
  });

  const programs: readonly (readonly [string, readonly string[], (s: Loose) => unknown])[] = [
    ['a read of the value of a refused statement is not a second mistake', unknown(1), (s) => { const n = s.bad1; ConfigMap({ name: n }); ConfigMap({ name: n.trim() }); return { n }; }],
    ['declarations that precede a refused one in the same statement keep their values', unknown(1, 2), (s) => { const a = s.name, b = s.bad1; ConfigMap({ name: a, data: { x: s.bad2 } }); return { b }; }],
    ['a read of a variable that the refused statement would have assigned is not a second mistake', unknown(1), (s) => { let n = 'x'; n = s.bad1; return { n: n.length }; }],
    ['a read of an object that the refused statement would have changed is not a second mistake', unknown(1), (s) => { const labels: Record<string, string> = {}; labels['a'] = s.bad1; return { a: labels['a']?.trim() }; }],
    ['a read of a list that the refused statement would have filled is not a second mistake', unknown(1), (s) => { const list: string[] = []; list.push(s.bad1); return { a: (list[0] as string).trim() }; }],
    ['a read of a variable that a called function would have assigned is not a second mistake', unknown(1), (s) => { let d: string | undefined; const set = (v: string) => { d = v; }; set(s.bad1); return { d: (d as string).trim() }; }],
    ['in both sides of a condition', unknown(1, 2, 3), (s) => { if (s.flag) ConfigMap({ name: s.bad1 }); else ConfigMap({ name: s.bad2 }); return { a: s.bad3 }; }],
    ['in a condition, but not in the code that depends on it', unknown(1, 2), (s) => { let n = 'a'; if (s.bad1 === 'x') n = 'b'; ConfigMap({ name: n }); return { a: s.bad2 }; }],
    ['a condition on which the remaining code depends ends the search', unknown(1), (s) => { if (s.bad1 === 'x') return {}; return { a: s.bad2 }; }],
    ['in both results of a function', unknown(1, 2), (s) => { if (s.flag) return { a: s.bad1 }; return { a: s.bad2 }; }],
    ['in a loop over a list of the spec', unknown(1, 2), (s) => { let all = ''; for (const t of s.tags) { all += t + s.bad1; } ConfigMap({ name: s.bad2 }); return { all }; }],
    ['a loop over a known list reports a mistake once', unknown(1, 2), (s) => { for (const t of ['a', 'b', 'c']) ConfigMap({ name: t + s.bad1 }); return { b: s.bad2 }; }],
    ['in helpers and callbacks', unknown(1, 2, 3), (s) => { const f = () => { ConfigMap({ name: s.bad1 }); return s.bad2; }; ConfigMap({ name: f() }); s.tags.map((t) => ConfigMap({ name: t + s.bad3 })); }],
    ['an exception caused by a missing value is not reported', unknown(1), (s) => { const made: Record<string, { name: string }> = {}; const add = (n: string) => { made['x'] = { name: n }; }; add(s.bad1); ConfigMap({ name: (made['x'] as { name: string }).name }); }],
    ['in try', unknown(1, 2), (s) => { try { ConfigMap({ name: s.bad1 }); } catch { ConfigMap({ name: 'x' }); } return { a: s.bad2 }; }],
  ];
  test.each(programs)('%s', (_, expected, program) => {
    expect(mistakes(program)).toEqual(expected);
  });

  test('at most twenty are reported', () => {
    const program = (s: Loose) => {
      const f = [(): unknown => s.bad1];
      for (let i = 0; i < 30; i++) ConfigMap({ name: (s as never as Record<string, string>)[`bad${i}`] as string });
      return f;
    };
    expect(mistakes(program)).toHaveLength(20);
  });

  test('an undefined name ends the search, because the function would throw there', () => {
    const called: string[] = [];
    const note = opaque((text: string) => called.push(text));
    const program = () => {
      // @ts-expect-error -- the mistake that is tested
      // oxlint-disable-next-line no-undef
      ConfigMap({ name: nowhere });
      note('after');
    };
    expect(mistakes(program)).toEqual(['nowhere is not declared']);
    expect(called).toEqual([]);
  });
});
