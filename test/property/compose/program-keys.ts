/** Generates statements that set and delete keys of objects under conditions, and read these objects. */

import type { Name, Type } from './program-expressions.ts';
import type { Statements, Surroundings } from './program-members.ts';

/** A statement that sets or deletes keys of an object. */
function step({ choose, text, test }: Surroundings, object: string): string {
  const value = () => text('string');
  const key = () => choose.pick(['a', 'b', 'c']);
  return choose.pick([
    () => `if (${test()}) ${object}.${key()} = ${value()};`,
    () => `if (${test()}) ${object}.${key()} = ${value()}; else ${object}.${key()} = ${value()};`,
    () => `if (${test()}) { ${object}.${key()} = ${value()}; ${object}.${key()} = ${value()}; }`,
    () => `${object}.${key()} = ${value()};`,
    () => `if (${test()}) delete ${object}.${key()};`,
    () => `delete ${object}.${key()};`,
    () => `${object}.${key()} ??= ${value()};`,
    () => `if (${object}.${key()}) ${object}.${key()} = ${value()};`,
    () => `if (!('${key()}' in ${object})) ${object}.${key()} = ${value()};`,
    () => `Object.assign(${object}, ${test()} ? { ${key()}: ${value()} } : { ${key()}: ${value()} });`,
    () => `Object.assign(${object}, ${test()} && { ${key()}: ${value()} });`,
  ])();
}

/**
 * A read whose result does not depend on the order of the object's keys. A graph and JavaScript order the keys of the
 * spec differently.
 */
function unordered({ choose, text }: Surroundings, object: string): string {
  return choose.pick([
    () => `Object.keys(${object}).sort().join()`,
    () => `Object.values(${object}).sort().join('|')`,
    () => `Object.entries(${object}).map(([k, v]) => \`\${k}=\${v}\`).sort().join(';')`,
    () => `Object.entries(${object}).filter(([k]) => k !== 'x').map(([k, v]) => k + v).sort().join()`,
    () => `String(Object.keys(${object}).length) + ('x' in ${object})`,
    () => `String(${text('string')} in ${object})`,
    () => `(${object}[${text('string')}] ?? ${object}.x ?? 'unknown')`,
    () => `Object.keys({ a: 1, ...${object} }).sort().join()`,
  ])();
}

/** A string expression that reads an object whose keys depend on a condition. */
function conditionalRead({ choose, text }: Surroundings, object: string): string {
  const key = () => choose.pick(["'a'", "'b'", "'c'", "'d'"]);
  return choose.pick([
    () => `Object.keys(${object}).join()`,
    () => `Object.values(${object}).join('|')`,
    () => `Object.entries(${object}).map(([k, v]) => \`\${k}=\${v}\`).join(';')`,
    () =>
      `Object.entries(${object}).filter(([k, v]) => k !== ${key()} && v !== ${text('string')}).map(([k]) => k).join()`,
    () => `String(Object.values(${object}).length) + Object.keys(${object}).includes(${key()})`,
    () => `String(${key()} in ${object})`,
    () => `String(${text('string')} in ${object})`,
    () => `String(Object.hasOwn(${object}, ${key()}))`,
    () => `(${object}[${text('string')}] ?? 'unknown')`,
    () => `(${object}.a ?? ${object}.b ?? 'neither')`,
    () => `(${object}?.a?.toUpperCase() ?? 'no a')`,
    () => `(Object.values(${object})[0] ?? 'empty')`,
    () => `(Object.keys(${object}).at(-1) ?? 'empty')`,
    () => `JSON.stringify(Object.keys(${object}))`,
    () => `Object.entries(${object}).reduce((a, [k, v]) => a + k + v, '')`,
    () => `String(Object.values(${object}).some((v) => v === ${text('string')}))`,
    () => `Object.entries({ ...${object}, z: 'z' }).map(([k, v]) => k + v).sort().join()`,
    () => `Object.keys({ a: 1, ...${object} }).join()`,
  ])();
}

const variables = (...all: readonly (readonly [string, Type])[]): readonly Name[] =>
  all.map(([name, type]) => ({ name, type, mutable: false }));

/** An object that changes in some steps, with reads between and after them. */
export function changedKeys(around: Surroundings): Statements {
  const { choose, text, test, fresh } = around;
  const [object, first, second, copy] = [fresh('m'), fresh('s'), fresh('s'), fresh('m')];
  const start = choose.pick([
    () => '{}',
    () => `{ a: ${text('string')} }`,
    () => `{ b: ${text('string')}, a: 'x' }`,
    () => `{ c: 'c', ...(${test()} && { a: ${text('string')} }) }`,
    () => `(${test()} ? { a: ${text('string')} } : { b: ${text('string')}, c: 'c' })`,
  ])();
  const steps = (count: number) =>
    Array.from({ length: 1 + choose.below(count) }, () => step(around, object)).join(' ');
  const before = steps(3);
  const read = conditionalRead(around, object);
  const loop = choose.pick([
    '',
    `let ${first}k = ''; for (const k in ${object}) ${first}k += k;`,
    `let ${first}k = ''; for (const [k, v] of Object.entries(${object})) { if (v !== 'k') ${first}k += k + v; }`,
    `let ${first}k = 0; for (const v of Object.values(${object})) ${first}k += v.length;`,
  ]);
  const copied = choose.pick([
    `Object.fromEntries(Object.entries(${object}).map(([k, v]) => [k, v + '!']))`,
    `Object.fromEntries(Object.entries(${object}).filter(([k]) => k !== 'a'))`,
    `{ z: 'z', ...${object} }`,
    `{ ...${object} }`,
  ]);
  const after = choose.chance(0.5) ? steps(2) : '';
  return {
    text:
      `const ${object} = ${start}; ${before} const ${first} = ${read}; ${loop} const ${copy} = ${copied}; ${after} ` +
      `const ${second} = ${conditionalRead(around, object)}${loop === '' ? '' : ` + ${first}k`};`,
    names: variables([object, 'map'], [copy, 'map'], [first, 'string'], [second, 'string']),
  };
}

/** Generates an object into which one of two objects is spread, by a condition, and a read of the resulting object. */
export function oneOfTwoObjects(around: Surroundings): Statements {
  const { choose, text, test, fresh } = around;
  const [one, other, whole, answer] = [fresh('o'), fresh('o'), fresh('m'), fresh('s')];
  const made = choose.pick([
    () => `const ${one} = { a: ${text('string')} }; const ${other} = { a: ${text('string')}, b: ${text('string')} };`,
    () =>
      `const ${one} = { a: ${text('string')} }; if (${test()}) ${one}.c = ${text('string')}; const ${other} = { b: 'b' };`,
    () => `const ${one} = spec.labels ?? {}; const ${other} = { a: ${text('string')} };`,
    () => `const ${one} = { ...spec.labels, a: ${text('string')} }; const ${other} = {}; ${step(around, other)}`,
  ])();
  const either = choose.pick([
    () => `(${test()} ? ${one} : ${other})`,
    () => `(${test()} ? ${one} : {})`,
    () => `(${test()} && ${one})`,
    () => `(${test()} ? ${one} : undefined)`,
    () => `(${test()} ? ${test()} ? ${one} : ${other} : null)`,
    () => `(spec.labels ?? ${other})`,
  ])();
  const spread = choose.pick([
    () => `{ a: 'base', ...${either} }`,
    () => `{ ...${either}, b: ${text('string')} }`,
    () => `{ ...${either}, ...(${test()} ? ${one} : ${other}) }`,
    () => `Object.assign({ c: 'c' }, ${either})`,
  ])();
  const ofSpec = `${made}${spread}`.includes('spec.labels');
  const readText = ofSpec ? unordered(around, whole) : conditionalRead(around, whole);
  return {
    text: `${made} const ${whole} = ${spread}; const ${answer} = ${readText};`,
    names: variables([whole, 'map'], [answer, 'string']),
  };
}

/** Generates a match of a string against a pattern, or a replacement whose text a function computes. */
export function matchedTexts({ choose, text, fresh }: Surroundings): Statements {
  const result = fresh('s');
  const of = text('string');
  const value = choose.pick([
    () => `[...${of}.matchAll(/[a-c]+/g)].map((q) => q[0]).join('+')`,
    () => `[...${of}.matchAll(/([a-z])-/g)].map((q) => q[1]).join('+')`,
    () => `String([...${of}.matchAll(/[a-z]/g)].length)`,
    () => `Array.from(${of}.matchAll(/[b-d]/g), (q) => q[0].toUpperCase()).join()`,
    () => `${of}.replace(/[a-c]/g, (q) => q.toUpperCase())`,
    () => `${of}.replace(/[a-c]/, (q) => \`<\${q}>\`)`,
    () => `${of}.replace(/[^a-z]/g, () => ${text('string')})`,
    () => `${of}.replaceAll(/[a-k]/g, (q) => q + q.length)`,
    () => `${of}.replace('a', () => ${text('string')})`,
    () => `${of}.replaceAll('-', () => ${text('string')})`,
    () => `${of}.replace(/[ab]/g, (q) => ({ a: '1', b: '2' })[q] ?? q)`,
    () => `${of}.replace(/([a-z])-([a-z])/, (q, a, b) => b + a)`,
    () => `(${of}.match(/^([a-z]+)-?/)?.[1] ?? 'none')`,
    () => `(/^([a-c])(.*)$/.exec(${of})?.[2] ?? 'none')`,
  ])();
  return { text: `const ${result} = ${value};`, names: variables([result, 'string']) };
}

/**
 * Generates lists of the spec that are joined with literals, and loops over these lists that change a variable outside
 * the loop.
 */
export function joinedLiterals({ choose, text, test, fresh }: Surroundings): Statements {
  const [list, result] = [fresh('l'), fresh('s')];
  const joined = choose.pick([
    () => `[...spec.tags, ${text('string')}, 'z']`,
    () => `['a', ...(spec.opts ?? []), ...(${test()} ? ['b', ${text('string')}] : [])]`,
    () => `['x', ${text('string')}].concat(${test()} ? spec.tags : ['c'])`,
    () => `[${test()} && ${text('string')}, 'a', ...spec.tags].filter(Boolean)`,
    () => `[...(${test()} ? spec.tags : ['y']), ...Object.keys(spec.pool)]`,
  ])();
  const readText = choose.pick([
    () => `(${list}.at(-1) ?? 'none') + ${list}.length`,
    () => `${list}.map((q, w) => w + q).join()`,
    () => `[...${list}].sort().join()`,
    () => `${list}.slice(1).join('/')`,
    () => `String(${list}.indexOf(${text('string')})) + ${list}.includes('a')`,
    () => `(${list}.find((q) => q > 'b') ?? 'none')`,
    () => `${list}.reduce((a, q) => (q.length >= a.length ? q : a), '')`,
  ])();
  const last = choose.pick([
    '',
    `let ${result}l = 'none'; for (const q of ${list}) ${result}l = q;`,
    `let ${result}l; for (const q of ${list}) if (q !== 'a') ${result}l = q; ${result}l ??= 'unset';`,
    `let ${result}l = ''; for (const q of ${list}) { if (q === 'a') continue; ${result}l = q + '.'; }`,
  ]);
  return {
    text: `const ${list} = ${joined}; ${last} const ${result} = ${readText}${last === '' ? '' : ` + ${result}l`};`,
    names: variables([list, 'strings'], [result, 'string']),
  };
}
