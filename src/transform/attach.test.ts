import { describe, expect, test } from 'vitest';
import { createCompositionApi, createResource } from '../compose/index.ts';
import { attachSources } from './attach.ts';

interface Data {
  readonly src: string;
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly vars: Record<string, unknown>;
}

const dataOf = (fn: unknown): Data => (fn as Record<symbol, Data>)[Symbol.for('typekro.source')] as Data;

/** Runs a transformed module text and answers what it returns. */
function run(code: string, given: Record<string, unknown> = {}): unknown {
  const transformed = attachSources({ code, file: '/app/a.js' });
  if (transformed === undefined) throw new Error('nothing was transformed');
  // eslint-disable-next-line no-new-func -- the transformed module is the thing under test
  return (new Function('given', transformed) as (given: unknown) => unknown)(given);
}

describe('attachSources', () => {
  test('leaves text, place and variables beside a function that is passed to a call', () => {
    const fn = run('const min = 3;\nreturn (function take(f) { return f; })((spec) => spec.n > min);');
    const data = dataOf(fn);
    expect(data).toMatchObject({ src: '(spec) => spec.n > min', file: '/app/a.js', line: 2, col: 41 });
    expect(data.vars['min']).toBe(3);
    expect(Object.keys(data.vars)).toEqual(['min']);
  });

  test.each([
    ['function helper(a) { return a + k; }\nconst k = 2;\nreturn helper;', 'function helper(a) { return a + k; }', 1],
    ['const k = 2;\nconst helper = (a) => a + k;\nreturn helper;', '(a) => a + k', 2],
  ])('also for functions at module level: %j', (code, src, line) => {
    const data = dataOf(run(code));
    expect(data).toMatchObject({ src, line });
    expect(data.vars['k']).toBe(2);
  });

  test('variables are read when they are asked for, and uninitialised ones throw as in the original', () => {
    const both = run(
      'const f = () => later;\nlet early;\ntry { early = f; f[Symbol.for("typekro.source")].vars.later; } catch (e) { early = e; }\nconst later = 1;\nreturn [early, f];',
    ) as unknown[];
    expect(both[0]).toBeInstanceOf(ReferenceError);
    expect(dataOf(both[1]).vars['later']).toBe(1);
  });

  test('keeps every line where it is', () => {
    const code = "import a from 'a';\nconst f = () => a;\n\nconsole.log(f);\n";
    const lines = attachSources({ code, file: 'x' })?.split('\n') ?? [];
    expect(lines[0]).toBe("import a from 'a';");
    expect(lines[3]).toBe('console.log(f);');
  });

  test.each(['const a = 1;', 'not javascript at all <', ''])('leaves %j alone', (code) => {
    expect(attachSources({ code, file: 'x' })).toBeUndefined();
  });

  test('a composition is traced from what the transform left, with the author’s positions', () => {
    const { kubernetesComposition } = createCompositionApi({
      loadDeploy: () => Promise.reject(new Error('no cluster here')),
    });
    const spec = {
      type: 'object',
      properties: { name: { type: 'string' }, on: { type: 'boolean' } },
      required: ['name', 'on'],
    };
    const program = (field: string) =>
      `const { kubernetesComposition, createResource, spec } = given; const prefix = 'p-';\nconst make = (name) => createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: prefix + name } }, { id: 'c' });\n` +
      `return kubernetesComposition({ name: 'demo', spec }, (s) => {\n  if (s.on) make(s.${field});\n});`;
    const composition = run(program('name'), { kubernetesComposition, createResource, spec }) as { toYaml(): string };
    expect(composition.toYaml()).toContain('name: p-${schema.spec.name}');
    expect(() => run(program('nmae'), { kubernetesComposition, createResource, spec })).toThrow(/\/app\/a\.js:4:18/);
  });
});
