import { parse, parseExpressionAt } from 'acorn';
import { describe, expect, test } from 'vitest';
import { analyseScopes, assignedAround, freeNames } from './scope-analysis.ts';
import { type FunctionSyntax, assignedNames, isFunction } from './syntax.ts';

function functionOf(text: string): FunctionSyntax {
  const node = parseExpressionAt(text, 0, { ecmaVersion: 'latest', sourceType: 'module', checkPrivateFields: false });
  if (!isFunction(node)) throw new Error(`${text} is not a function`);
  return node;
}

describe('the free variables of a function', () => {
  test.each<[what: string, text: string, names: string[]]>([
    ['names that are declared nowhere', '(spec) => outer(spec.name)', ['outer']],
    ['names in the order of their first use', '() => [b, a, b, c]', ['b', 'a', 'c']],
    ['no parameter', '(x) => x', []],
    ['no names that patterns, defaults and rest elements declare', '({ a, b: [c = d], ...e }) => a + c + e', ['d']],
    ['values of shorthand properties, not keys', '() => ({ a, b: 1, [c]: d.e })', ['a', 'c', 'd']],
    ['no globals', '(s) => Math.max(s.n, Number(s.m), undefined)', []],
    [
      'names that are also members of Object',
      '() => toString(valueOf, constructor)',
      ['toString', 'valueOf', 'constructor'],
    ],
    ['no name of the function itself', 'function me(x) { return x ? me(arguments[1]) : y; }', ['y']],
    ['the arguments of a function around an arrow function', '() => arguments[0]', ['arguments']],
    ['no private names', 'function f() { return this.#x + o.#y; }', ['o']],

    // Scopes of blocks.
    ['a name after a block that declares it', '(s) => { { const x = 1; s(x); } return x; }', ['x']],
    ['a name that a block declares further down', '() => { { use(x); } { let x; } }', ['use', 'x']],
    ['no own name that is declared after its use', '() => { use(x); const x = 1; }', ['use']],
    ['a name after a switch that declares it', '(s) => { switch (s) { case 1: let x; case 2: x; } return x; }', ['x']],
    ['the value that a switch tests', '() => { switch (x) { case 1: let x; } }', ['x']],
    ['no variable of a loop', '() => { for (let i = 0; i < 3; i++) { i; } for (const v of []) v; }', []],
    ['a name after a loop that declares it', '() => { for (let i = 0; i < 3; i++); return i; }', ['i']],
    ['no labels', '() => { here: for (const x of list) { if (x) break here; continue here; } }', ['list']],

    // The scope of a catch parameter.
    ['no parameter of a catch', '() => { try {} catch (e) { return e; } }', []],
    ['a name outside of a catch that declares it', '() => { try { e; } catch (e) {} finally { e; } return e; }', ['e']],
    ['no name of a catch with a pattern', '() => { try {} catch ({ m, n: [k] }) { m + k; } }', []],
    ['defaults in the pattern of a catch', '() => { try {} catch ({ m = d }) { m; } }', ['d']],
    ['no var that has the name of a catch parameter', '() => { try {} catch (e) { var e = 1; } return e; }', []],

    ['a name after a catch that declares it', '() => { try { f(); } catch (e) { g(e); } return e; }', ['f', 'g', 'e']],
    ['a name that `try` reads and `catch` declares', '() => { try { e; } catch (e) {} }', ['e']],
    ['a name in `finally`', '() => { try {} catch (e) {} finally { h(e); } }', ['h', 'e']],
    [
      'names that the pattern of a catch reads',
      '() => { try {} catch ({ m = d, [k]: n }) { return m + n; } }',
      ['d', 'k'],
    ],
    ['no parameter of a nested catch', '() => { try {} catch (e) { try {} catch (f) { g(e, f); } } }', ['g']],
    ['names that a catch without a parameter reads', '() => { try {} catch { return e; } }', ['e']],

    // `var`, functions and classes.
    [
      'no name that var or a function declares',
      '() => { if (a) { var b = 1; } return b + f(); function f() {} }',
      ['a'],
    ],
    ['no var that is used before its declaration', '() => { x = 1; use(x); for (;;) { var x; } }', ['use']],
    ['no var of a loop', '() => { for (var x of []) ; return x; }', []],
    ['a name that a nested function declares by var', '() => { (() => { var x; })(); return x; }', ['x']],
    ['a name that is a parameter of another function', '() => { const f = (x) => x; return f(x); }', ['x']],
    ['names that a nested function uses', '() => () => k', ['k']],
    ['the name of a function expression, read outside of it', '() => [function g() { g(); }, g]', ['g']],
    ['the name of a function in a block, read outside of the block', '() => { { function f() {} } return f; }', ['f']],
    [
      'names that a class reads',
      '() => class A extends B { [k] = v; static { s; } m() { return A; } }',
      ['B', 'k', 'v', 's'],
    ],
    ['the name of a class expression, read outside of it', '() => [class A {}, A]', ['A']],
    ['no class that the function declares', '() => { use(A); class A {} }', ['use']],

    // Default values of parameters.
    ['no earlier parameter that a default reads', '(a, b = a) => b', []],
    ['no later parameter that a default reads', '(a = b, b) => a', []],
    [
      'the outer variable that a default reads, not the body’s var of the same name',
      '(a = x) => { var x = 2; return a + x; }',
      ['x'],
    ],
    ['defaults of patterns that are assigned', '() => { let a; ({ a = x } = y); }', ['x', 'y']],
  ])('contain %s', (_what, text, names) => {
    expect(freeNames(functionOf(text))).toEqual(names);
  });
});

describe('the outer variables that a piece of code assigns', () => {
  test.each<[what: string, text: string, names: string[]]>([
    [
      'the variables of every form of assignment',
      '() => { a = 1; b += 1; c++; [d] = l; ({ e } = o); for (f of l); for (g in o); }',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    ],
    ['variables that nested functions assign', '() => { l.forEach(() => { a = 1; }); }', ['a']],
    [
      'no variable of a nested loop',
      '() => { for (let i = 0; i < n; i++) { let j = 0; j++; } for (const i of l); }',
      [],
    ],
    ['no members', '() => { a.b = 1; a[i] = 2; }', []],
    [
      'no parameter, no own name, and no name of an inner function',
      '(a) => { a = 1; f = 2; function f(b) { b = 1; } }',
      [],
    ],
    ['no parameter of a catch', '() => { try {} catch (e) { e = 1; } }', []],
    [
      'an outer variable that has the name of a catch parameter and is assigned before the catch',
      '() => { try { e = 1; } catch (e) { e = 2; } }',
      ['e'],
    ],
    ['a variable whose name a nested function also declares', '() => { a = 1; (() => { let a; a = 2; })(); }', ['a']],
  ])('contain %s', (_what, text, names) => {
    expect([...assignedAround(functionOf(text))].toSorted()).toEqual(names);
  });

  test.each<[what: string, text: string, names: string[]]>([
    ['a var of the enclosing function', '{ var i = 3; let j = 1; j = 2; }', ['i']],
    ['a var of a loop', '{ for (var i of list) use(i); }', ['i']],
    ['no var of a nested function', '{ (() => { var i = 3; })(); }', []],
  ])('contain %s, if the code is a block', (_what, text, names) => {
    const { body } = functionOf(`() => ${text}`);
    expect([...assignedAround(body)]).toEqual(names);
  });
});

describe('the free names of a module', () => {
  test.each<[what: string, text: string, names: string[]]>([
    ['no names that it exports from another module', "export { x, y as z } from 'm'; export * from 'n';", []],
    ['no exported names that it declares', 'const x = 1; export { x, x as default };', []],
    ['names that an exported declaration reads', 'export const a = b; export function c() { return d; }', ['b', 'd']],
    ['names that a default export reads', 'export default [a];', ['a']],
  ])('contain %s', (_what, text, names) => {
    expect([...analyseScopes(parse(text, { ecmaVersion: 'latest', sourceType: 'module' })).free]).toEqual(names);
  });
});

describe('the names that a body assigns', () => {
  test.each<[what: string, text: string, names: string[]]>([
    [
      'a var with a value, including the var of a loop',
      '() => { var a = 1; for (var b of l); for (var c in o); }',
      ['a', 'b', 'c'],
    ],
    ['no var without a value', '() => { var a; let b = 1; }', []],
    ['assignments in nested functions', '() => () => { a = 1; b++; [c] = l; }', ['a', 'b', 'c']],
  ])('%s', (_what, text, names) => {
    expect([...assignedNames(functionOf(text))]).toEqual(names);
  });
});
