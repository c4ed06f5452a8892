import { describe, expect, test } from 'vitest';
import { literal, variable } from '../ir/build.ts';
import { Variable } from '../ir/node.ts';
import { STRING } from '../ir/types.ts';
import { treeInterpreter } from '../interp/tree-interpreter.ts';
import { Trace } from '../trace/trace.ts';
import { withTrace } from '../trace/current-trace.ts';
import { KEYS } from '../value/key-order.ts';
import { tokenFor, wrap } from '../value/proxy.ts';
import { DEAD, Earlier, Maybe, MERGED, Phi, POISON, Splice, Sym, Untranslated } from '../value/symbolic.ts';
import { View } from '../library/view.ts';
import { assertPlainData } from './plain-data.ts';

const node = () => variable(new Variable('x', 'schema'), STRING);
const list = () => variable(new Variable('l', 'schema'), { kind: 'list', element: STRING });

/** One value of each class of the tracer, and values that are not JSON data. */
const KINDS: Readonly<Record<string, () => unknown>> = {
  'a value of the graph': () => wrap(new Sym(node())),
  'one of two values': () => wrap(new Phi(node(), { a: 1 }, 'b')),
  'the object behind a value': () => new Sym(node()),
  'the object behind one of two values': () => new Phi(node(), 1, 2),
  'an element under a condition': () => new Maybe(node(), 'x'),
  'the elements of a list': () => new Splice(list(), false),
  'a list seen in another form': () => new View(new Sym(list())),
  'a value before an iteration': () => new Earlier('x'),
  'maps merged into an object': () => ({ [MERGED]: [{ map: new Sym(node()) }] }),
  'keys under conditions': () => ({ a: 1, [KEYS]: [{ key: 'a', test: node(), value: 1 }] }),
  'a value that a graph cannot express': () => new Untranslated('regex', 'x', 'y'),
  'a dead branch': () => DEAD,
  'the value of a refused statement': () => POISON,
  'a placeholder in a text': () => `a-${tokenFor(new Sym(node()))}`,
  'a placeholder in a key': () => ({ [tokenFor(new Sym(node()))]: 1 }),
  'a node of an expression': () => Object.assign(Object.create({ op: 'lit' }) as object, literal('x')),
  'a variable': () => new Variable('x', 'schema'),
  'a function': () => () => 1,
  'a symbol': () => Symbol('x'),
  'a Date': () => new Date(0),
  'a Map': () => new Map(),
  'a pattern': () => /a/,
  NaN: () => Number.NaN,
  'the text that an object prints': () => 'app-[object Object]',
  'the text that a Map prints': () => '[object Map]',
};

describe('assertPlainData refuses', () => {
  test.each(Object.entries(KINDS))('%s', (_, make) => {
    withTrace(new Trace(true, treeInterpreter), () => {
      const value = make();
      for (const part of [value, [value], { deep: [{ x: value }] }])
        expect(() => assertPlainData(part, 'cm')).toThrow(/^cm\S* would hold /);
    });
  });
});

test.each(['[object Object]', '[object Map]'])('the error contains %s, the printed form of an object', (printed) => {
  expect(() => assertPlainData({ a: `app-${printed}-x` }, 'cm')).toThrow(
    `cm.a would hold a string with "${printed}", the printed form of an object`,
  );
});

test('plain data is accepted, and so is a string of several lines with "[object Object]"', () => {
  const data = {
    a: [1, 'x', null, true, 2n],
    b: { 'c.d': '' },
    file: "if (String(x) === '[object Object]')\n  fail();\n",
    none: undefined,
  };
  expect(() => assertPlainData(data, 'cm')).not.toThrow();
  expect(() => assertPlainData(Object.assign(Object.create(null) as object, data), 'cm')).not.toThrow();
});
