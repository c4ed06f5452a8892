import { SourceMap } from 'node:module';
import { compileFunction } from 'node:vm';
import { parse } from 'acorn';
import { describe, expect, test } from 'vitest';
import { createCompositionApi, createResource } from '../compose/index.ts';
import { type Transformed, attachSources } from './attach.ts';

interface Data {
  readonly src: string;
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly vars: Record<string, unknown>;
}

const dataOf = (fn: unknown): Data => (fn as Record<symbol, Data>)[Symbol.for('typekro.source')] as Data;

function attach(code: string): Transformed {
  const transformed = attachSources({ code, file: '/app/a.js' });
  if (transformed === undefined) throw new Error('nothing was transformed');
  return transformed;
}

/** Runs code as the body of a function. */
const evaluate = (code: string, parameter = 'given', argument?: unknown): unknown =>
  (compileFunction(code, [parameter]) as (argument: unknown) => unknown)(argument);

/** Runs a transformed module and returns its result. */
function run(code: string, given?: unknown): unknown {
  return evaluate(attach(code).code, 'given', given);
}

/** The data that is attached to a function which the module passes to one of its functions. */
const passed = (before: string, fn: string): Data =>
  dataOf(run(`const take = (f) => f;\n${before}\nreturn take(${fn});`));

describe('attachSources', () => {
  test('attaches source, position and variables to a function that is passed to a call', () => {
    const data = dataOf(run('const min = 3; const take = (f) => f;\nreturn take((spec) => spec.n > min);'));
    expect(data).toMatchObject({ src: '(spec) => spec.n > min', file: '/app/a.js', line: 2, col: 13 });
    expect(data.vars['min']).toBe(3);
    expect(Object.keys(data.vars)).toEqual(['min']);
  });

  test.each([
    ['function helper(a) { return a + k; }\nconst k = 2;\nreturn helper;', 'function helper(a) { return a + k; }', 1],
    ['const k = 2;\nconst helper = (a) => a + k;\nreturn helper;', '(a) => a + k', 2],
    [
      '"use strict"\nfunction helper(a) { return a + k }\nconst k = 2; return helper',
      'function helper(a) { return a + k }',
      2,
    ],
    ['const k = 2; const o = { helper: (a) => a + k };\nreturn o.helper;', '(a) => a + k', 1],
    ['const k = 2; let f;\nf = function (a) { return a + k };\nreturn f;', 'function (a) { return a + k }', 2],
    ['const k = 2;\nconst f = given ? null : () => k;\nreturn f;', '() => k', 2],
    ['const k = 2; function f() { return 1; }\nfunction f() { return k; }\nreturn f;', 'function f() { return k; }', 2],
  ])('attaches source, position and variables to a function at module level: %j', (code, src, line) => {
    const data = dataOf(run(code));
    expect(data).toMatchObject({ src, line });
    expect(data.vars['k']).toBe(2);
  });

  test('variables are read on access, and uninitialised variables throw as in the original', () => {
    const f =
      'const f = () => later;\nlet early;\ntry { f[Symbol.for("typekro.source")].vars.later; } catch (e) { early = e; }\n';
    const both = run(`${f}const later = 1;\nreturn [early, f];`) as unknown[];
    expect(both[0]).toBeInstanceOf(ReferenceError);
    expect(dataOf(both[1]).vars['later']).toBe(1);
  });

  test.each([
    ['const f = () => 1; return f;', 'f'],
    ['let f; f = () => 1; return f;', 'f'],
    ['const f = function () {}; return f;', 'f'],
    ['const f = function g() {}; return f;', 'g'],
    ['const o = { key: () => 1 }; return o.key;', 'key'],
    ['const o = { "two words": () => 1 }; return o["two words"];', 'two words'],
    ['function f() {} return f;', 'f'],
    ['const f = given ?? (() => 1); return f;', ''],
    ['const take = (f) => f; return take(() => 1);', ''],
  ])('functions keep their names: %j', (code, name) => {
    const fn = run(code) as () => void;
    expect((evaluate(code) as () => void).name).toBe(name);
    expect(fn.name).toBe(name);
    expect(dataOf(fn)).toBeDefined();
  });

  test('the name of a function under a computed key is that key', () => {
    const fn = run('const also = () => 1; const k = "z"; const o = { [k]: () => 1 }; return o.z;') as () => void;
    expect(fn.name).toBe('z');
  });

  test.each(['\u2028', '\u2029'])('the attached source of a function with %j has no line break', (text) => {
    const src = `(s) => s + "${text}"`;
    const { code } = attach(`const f = ${src}; return f;`);
    expect(code.split(text)).toHaveLength(2);
    expect(dataOf(evaluate(code)).src).toBe(src);
  });

  test('the helper function that the transform adds has a name that the module does not use', () => {
    expect(dataOf(run('const __typekroSource = 1; const f = () => __typekroSource; return f;')).vars).toMatchObject({
      __typekroSource: 1,
    });
  });

  test('a module that is already transformed does not change', () => {
    expect(attachSources({ code: attach('const f = () => 1;').code, file: 'x' })).toBeUndefined();
  });

  test.each([
    'const a = 1;',
    'not javascript at all <',
    '',
    'setTimeout(() => 1);',
    'import { test } from "node:test"; test("a", () => 1);',
    'import { createServer } from "http"; createServer(() => 1);',
    'import x from "y"; const xs = [1]; xs.map((a) => x);',
    'import express from "express"; class A { b() { express(() => 1); } }',
    'async function f() {} const g = async () => 1; function* h() {}',
  ])('does not change %j', (code) => {
    expect(attachSources({ code, file: 'x' })).toBeUndefined();
  });

  test.each([
    'import a from "a"\nimport b from "b"\nfunction f() {}',
    'function f() {}\nf()\nimport a from "a"',
    '#!/usr/bin/env node\n"use strict"\nfunction f() {}\n// end',
    'export function f() {}',
    'export default function () {}',
    'export default () => 1',
    'export default (() => 1)',
    'switch (1) { case 1: function f() {} } const g = () => f();',
    'label: function f() {}',
    'if (1) function f() {}\nvar g = () => f()',
  ])('returns valid JavaScript for %j', (code) => {
    const { code: result } = attach(`${code}\nconst always = () => 1`);
    const parses = (sourceType: 'module' | 'script') => () =>
      parse(result, { ecmaVersion: 'latest', sourceType, allowHashBang: true });
    if (code.includes('function f() {}\nvar g') || code.startsWith('label')) expect(parses('script')).not.toThrow();
    else expect(parses('module')).not.toThrow();
  });

  test('an anonymous default export keeps its name, and its source is attached', async () => {
    const { code } = attach('const k = 1; export default function (a) { return a + k; }');
    const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: () => void };
    expect(module.default.name).toBe('default');
    expect(dataOf(module.default)).toMatchObject({ src: 'function (a) { return a + k; }', vars: { k: 1 } });
  });

  test.each([
    [
      'a call of the SDK in a function',
      'function make() { kubernetesComposition({}, (s) => s.first); }',
      '(s) => s.first',
    ],
    ['a method of the SDK', 'function make() { kro.toResourceGraph({}, (s) => s.first); }', '(s) => s.first'],
    [
      'a function that the author defines',
      'const own = (f) => f; function make() { own((s) => s.first); }',
      '(s) => s.first',
    ],
    [
      'a variable',
      'function make() { const body = (s) => s.first; return kubernetesComposition({}, body); }',
      '(s) => s.first',
    ],
    [
      'a captured arrow function',
      'function make() { const h = (s) => s.first; kubernetesComposition({}, (s) => h(s)); }',
      '(s) => s.first',
    ],
    [
      'a captured declaration',
      'function make() { function h(s) { return 1; } kubernetesComposition({}, (s) => h(s)); }',
      'function h(s) { return 1; }',
    ],
    [
      'a captured object',
      'function make() { const o = { h: (s) => 1 }; kubernetesComposition({}, (s) => o.h(s)); }',
      '(s) => 1',
    ],
    [
      'a required SDK',
      'const { opaque } = require("typekro"); function make() { opaque((s) => s.first); }',
      '(s) => s.first',
    ],
  ])('finds a function through %s', (_, code, src) => {
    const head = code.includes('require')
      ? ''
      : 'import * as kro from "typekro"; import { kubernetesComposition } from "typekro";';
    expect(attach(`${head}${code}`).code).toContain(`{ src: ${JSON.stringify(src)}`);
  });

  test('treats the packages in the option `packages` as the SDK', () => {
    const code = 'import { app } from "@acme/platform"; function make() { app((s) => s.first); }';
    expect(attach(code).code).not.toContain('src: "(s) => s.first"');
    const result = attachSources({ code, file: 'x', packages: ['@acme/platform'] });
    expect(result?.code).toContain('src: "(s) => s.first"');
  });
});

describe('the variables that a function captures', () => {
  test.each([
    ['a name that an inner block shadows', 'const x = 1;', '(s) => { { const x = 2; s(x); } return x; }', { x: 1 }],
    ['a name that a parameter default reads', 'const x = 1;', '(a = x) => { var x = 2; return a + x; }', { x: 1 }],
    ['no name that a parameter hides', 'const x = 1;', '(x) => x', {}],
    ['no name that a loop inside declares with var', 'const x = 1;', '() => { for (var x of []) ; return x; }', {}],
    [
      'a name that a catch also declares',
      'const e = 1;',
      '() => { try {} catch (e) { return e; } return e; }',
      { e: 1 },
    ],
    ['no name that only a catch clause declares', 'const e = 1;', '() => { try {} catch (e) { return e; } }', {}],
    [
      'a default in the pattern of a catch',
      'const m = 1, k = 2;',
      '() => { try {} catch ({ m = k }) { m; } }',
      { k: 2 },
    ],
    [
      'a name that `try` reads and a catch clause hides',
      'const e = 1;',
      '() => { try { return e; } catch (e) {} }',
      { e: 1 },
    ],
    ['what `finally` reads', 'const e = 1;', '() => { try {} catch (e) {} finally { e; } }', { e: 1 }],
    ['a name that a catch without a parameter reads', 'const e = 1;', '() => { try {} catch { return e; } }', { e: 1 }],
    ['no name of the function itself', 'const g = 1;', 'function g() { return g; }', {}],
    [
      'no keys, members or labels',
      'const k = 1, m = 2, l = 3;',
      '(s) => { l: for (;;) break l; return { k: s.m }; }',
      {},
    ],
    ['shorthand and computed keys', 'const k = 1, m = 2;', '(s) => ({ k, [m]: s })', { k: 1, m: 2 }],
    ['destructured defaults', 'const k = 1, m = 2;', '({ k: a = m }) => a', { m: 2 }],
    ['names that a function inside uses', 'const k = 1;', '() => () => k', { k: 1 }],
    [
      'a name that a static field reads, but not the name of the class',
      'const C = 1, k = 2;',
      '() => class C { static x = k; m() { return C; } }',
      { k: 2 },
    ],
    ['no globals', '', '() => Math.max(undefined, nowhere)', {}],
  ])('include %s', (_, before, fn, vars) => {
    expect({ ...passed(before, fn).vars }).toEqual(vars);
  });

  test('include a name that a switch or a block hides only inside', () => {
    const fn = '(s) => { switch (s) { case 1: { let x; } case 2: let y; } return [x, y]; }';
    expect(passed('const x = 1, y = 2;', fn).vars).toEqual({ x: 1, y: 2 });
  });

  test('include this and arguments of the enclosing code, if they are used', () => {
    const code = (body: string) =>
      `const take = (f) => f; const o = { m() { return (${body}); } }; const { kubernetesComposition: sdk } = require("typekro"); return o;`;
    const sdk = () => ({ kubernetesComposition: (f: unknown) => f });
    const o = evaluate(attach(code('sdk(() => this)')).code, 'require', sdk) as { m(): unknown };
    expect((dataOf(o.m()).vars['this'] as () => unknown)()).toBe(o);
    expect(attach(code('sdk(() => arguments[0])')).code).toContain('vars: { arguments: arguments }');
    expect(attach(code('sdk(() => function () { return this; })')).code).toContain('vars: {  }');
    expect(attach(code('sdk(() => class { x = this; static { this.y; } })')).code).toContain('vars: {  }');
    expect(attach(code('sdk(() => class { [this.k] = 1; })')).code).toContain('this: () => this');
  });

  test('include this of a class field, and private names of the class', () => {
    const code =
      'const { sdk } = require("typekro"); class A { #owner = "me"; n = 1; make = sdk(() => this.n + this.#owner); }; return new A();';
    const sdk = () => ({ sdk: (f: unknown) => f });
    const a = evaluate(attach(code).code, 'require', sdk) as { make: () => unknown };
    const { vars } = dataOf(a.make);
    expect((vars['this'] as () => unknown)()).toBe(a);
    expect((vars['#owner'] as (o: unknown) => unknown)(a)).toBe('me');
    expect(a.make()).toBe('1me');
  });
});

describe('positions', () => {
  test('line numbers do not change', () => {
    const code = "import a from 'a';\nconst f = () => a;\n\nconsole.log(f);\n";
    const lines = attach(code).code.split('\n');
    expect(lines[0]).toBe("import a from 'a';");
    expect(lines[3]).toBe('console.log(f);');
  });

  test('the map leads every token back to its original position', () => {
    const code = 'const take = (f) => f;\nfunction h(a) {\n  return take((x) => x + a) + later;\n} const later = 1;\n';
    const { code: result, map } = attach(code);
    const sourceMap = new SourceMap({ file: '', sourceRoot: '', sourcesContent: [], ...map });
    for (const word of ['return', '=> x', '+ later', 'const later', '1;']) {
      const at = (text: string) => {
        const before = text.slice(0, text.lastIndexOf(word)).split('\n');
        return { line: before.length - 1, column: (before.at(-1) as string).length };
      };
      const { line, column } = at(result.slice(0, result.lastIndexOf('\nfunction __typekro')));
      const entry = sourceMap.findEntry(line, column);
      expect(entry, word).toMatchObject({ originalLine: at(code).line, originalColumn: at(code).column });
    }
    expect(map.sources).toEqual(['/app/a.js']);
  });

  test('in rewritten code refer to the author’s text', () => {
    const code = 'const f=s=>s.first;';
    const inputMap = (_: number, column: number) =>
      column === 8
        ? { file: '/app/a.ts', line: 7, column: 11 }
        : column === 11
          ? { file: '/app/a.ts', line: 9, column: 3 }
          : undefined;
    const transformed = attachSources({ code, file: '/out/a.js', inputMap });
    const data = dataOf(evaluate(`${transformed?.code}; return f;`));
    expect(data).toMatchObject({ file: '/app/a.ts', line: 7, col: 11, at: [0, 7, 11, 3, 9, 3] });
    expect(transformed?.map.sources).toEqual(['/app/a.ts']);
    const chained = attachSources({ code, file: '/out/a.js', inputMap, mapsAreChained: true });
    expect(chained?.map.sources).toEqual(['/out/a.js']);
  });

  test('a composition is traced from the attached sources, with the author’s positions', () => {
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

  test('the composition may use `this` of the enclosing code', () => {
    const { kubernetesComposition } = createCompositionApi({
      loadDeploy: () => Promise.reject(new Error('no cluster here')),
    });
    const code =
      `const { kubernetesComposition, createResource } = require('typekro');\nclass Platform { prefix = 'p-'; build = kubernetesComposition({ name: 'demo', spec: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },\n` +
      `(s) => { createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: this.prefix + s.name } }, { id: 'c' }); }); }\nreturn new Platform().build;`;
    const sdk = () => ({ kubernetesComposition, createResource });
    const composition = evaluate(attach(code).code, 'require', sdk) as { toYaml(): string };
    expect(composition.toYaml()).toContain('name: p-${schema.spec.name}');
  });
});
