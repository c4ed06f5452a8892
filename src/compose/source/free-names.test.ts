import { expect, test } from 'vitest';
import { assignedAround, freeNames } from './free-names.ts';
import { parseFunction } from './parse.ts';

test.each<[string, string, string[]]>([
  ['what is declared nowhere', '(spec) => outer(spec.name)', ['outer']],
  ['a name that an inner block declares for itself', '(s) => { { const x = 1; s(x); } return x; }', ['x']],
  ['a name that another function declares', '() => { const f = (x) => x; return f(x); }', ['x']],
  ['nothing of patterns, defaults and rest', '({ a, b: [c = d], ...e }) => a + c + e', ['d']],
  ['values of shorthand properties, not keys', '() => ({ a, b: 1, [c]: d.e })', ['a', 'c', 'd']],
  ['no labels', '() => { here: for (const x of list) continue here; }', ['list']],
  [
    'nothing that `var` and functions declare anywhere',
    '() => { if (a) { var b = 1; } return b + f(); function f() {} }',
    ['a'],
  ],
  ['nothing of loops and catch', '() => { for (let i = 0; i < 3; i++); try {} catch ({ m }) { m; } return i; }', ['i']],
  ['a name after a catch that declares it', '() => { try { f(); } catch (e) { g(e); } return e; }', ['f', 'g', 'e']],
  ['a name that `try` and `finally` read and `catch` declares', '() => { try { e; } catch (e) {} }', ['e']],
  ['a name in `finally`', '() => { try {} catch (e) {} finally { h(e); } }', ['h', 'e']],
  ['what the pattern of a catch reads', '() => { try {} catch ({ m = d, [k]: n }) { return m + n; } }', ['d', 'k']],
  ['nothing of a catch inside a catch', '() => { try {} catch (e) { try {} catch (f) { g(e, f); } } }', ['g']],
  ['what a catch without a parameter reads', '() => { try {} catch { return e; } }', ['e']],
  ['nothing of the function itself', 'function me(x) { return x ? me(arguments[1]) : y; }', ['y']],
  ['what a class reads', '() => class A extends B { [k] = v; m() { return A; } }', ['B', 'k', 'v']],
  ['no globals', '(s) => Math.max(s.n, Number(s.m))', []],
])('finds %s', (_name, text, expected) => {
  expect(freeNames(parseFunction(text).node)).toEqual(expected);
});

test.each<[string, string, string[]]>([
  [
    'assignments of every form',
    '() => { a = 1; b += 1; c++; [d] = l; ({ e } = o); for (f of l); }',
    ['a', 'b', 'c', 'd', 'e', 'f'],
  ],
  ['in functions inside, too', '() => { l.forEach(() => { a = 1; }); }', ['a']],
  ['no variable of an inner loop', '() => { for (let i = 0; i < n; i++) { let j = 0; j++; } for (const i of l); }', []],
  ['no parameter of a catch', '() => { try {} catch (e) { e = 1; b = 2; } }', ['b']],
  ['the variable that a catch hides', '() => { try { e = 1; } catch (e) { e = 2; } }', ['e']],
  ['no members', '() => { a.b = 1; a[i] = 2; }', []],
])('finds %s', (_name, text, expected) => {
  expect([...assignedAround(parseFunction(text).node)].toSorted()).toEqual(expected);
});
