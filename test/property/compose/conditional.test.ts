import { describe, expect, test } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { conditionalSource, conditionalStatements } from './conditional-program.ts';
import { compareConditional, compiled, runAsKro } from './conditional.ts';

const PER_TEST = 25;
const SHARE = share('conditionalPrograms');
const FIRST = Number(process.env['TYPEKRO_SEED'] ?? 1 + SHARE.first);
const ALL = Number(process.env['TYPEKRO_PROGRAMS'] ?? SHARE.count);

/** The codes of refusals that generated programs may cause. */
const KNOWN_REFUSALS = ['trace/too-large', 'trace/absent', 'trace/maybe-undefined', 'trace/types'];

/** Removes statements from a failing program for as long as it still fails. */
function smaller(statements: readonly string[]): string {
  let current = [...statements];
  const differs = (lines: readonly string[]) => {
    try {
      return compareConditional(conditionalSource(lines)).kind === 'differs';
    } catch {
      return false;
    }
  };
  for (let changed = true; changed;) {
    changed = false;
    for (let index = current.length - 2; index >= 0; index--) {
      const less = current.filter((_, position) => position !== index);
      if (!differs(less)) continue;
      current = less;
      changed = true;
    }
  }
  return conditionalSource(current);
}

describe('conditional resources that read each other exist exactly when they do in JavaScript', () => {
  const refusals = new Map<string, number>();
  let equal = 0;

  test.each(Array.from({ length: Math.ceil(ALL / PER_TEST) }, (_, index) => FIRST + index * PER_TEST))(
    'programs from seed %i: JavaScript, evaluate(), both targets and an instance in a cluster agree',
    { timeout: 120_000 },
    (from) => {
      for (let seed = from; seed < from + PER_TEST; seed++) {
        const statements = conditionalStatements(seed);
        const verdict = compareConditional(conditionalSource(statements));
        if (verdict.kind === 'refused') refusals.set(verdict.code, (refusals.get(verdict.code) ?? 0) + 1);
        else if (verdict.kind === 'equal') equal++;
        else throw new Error(`seed ${seed}: ${verdict.text}\n${smaller(statements)}`);
      }
    },
  );

  test('most programs are translated, and refusals have known reasons', () => {
    expect(equal / (Math.ceil(ALL / PER_TEST) * PER_TEST)).toBeGreaterThan(0.7);
    expect([...refusals.keys()].filter((code) => !KNOWN_REFUSALS.includes(code))).toEqual([]);
  });
});

test('the model of kro omits a list item whose expression fails', () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { b: 'two', d: 'four' } };
  const graph = compiled(
    {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'lists' },
      spec: {
        schema: {
          apiVersion: 'v1alpha1',
          kind: 'List',
          spec: {},
          status: { items: ['${map.data.a}', '${map.data.b}', '${map.data.c}', '${map.data.d}'] },
        },
        resources: [{ id: 'map', template: map }],
      },
    },
    'stock',
  );
  expect(runAsKro(graph, {}).status).toEqual({ items: ['two', 'four'] });
});
