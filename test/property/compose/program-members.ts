/**
 * Generates statements with objects that have conditional keys, and calls whose arguments are the elements of a list.
 */

import type { Choices, Name, Type } from './program-expressions.ts';

/** The parts of the surrounding program that a statement can use. */
export interface Surroundings {
  readonly choose: Choices;
  /** Generates an expression of a type. */
  readonly text: (type: Type) => string;
  readonly test: () => string;
  /** Returns an unused name. */
  readonly fresh: (prefix: string) => string;
}

/** Some statements, and the names that they declare. */
export interface Statements {
  readonly text: string;
  readonly names: readonly Name[];
}

const declared = (type: Type, ...names: readonly string[]): readonly Name[] =>
  names.map((name) => ({ name, type, mutable: false }));

/**
 * Generates an object with conditional keys, and statements that use it: they spread it into a second object, read its
 * keys or values, and destructure it.
 */
export function conditionalMembers({ choose, text, test, fresh }: Surroundings): Statements {
  const [part, whole, answer, rest] = [fresh('o'), fresh('m'), fresh('s'), fresh('m')];
  const value = () => text('string');
  const made = choose.pick([
    () => `const ${part} = {}; if (${test()}) ${part}.a = ${value()};`,
    () => `const ${part} = { a: ${value()}, b: ${value()} }; if (${test()}) delete ${part}.a;`,
    () => `const ${part} = { a: ${value()}, b: ${value()} }; delete ${part}[${value()}];`,
    () =>
      `const ${part} = {}; if (${test()}) { ${part}.a = ${value()}; ${part}.b = ${value()}; } else { ${part}.b = ${value()}; }`,
    () => `const ${part} = { b: ${value()} }; if (${test()}) ${part}.b = undefined; else ${part}.a = ${value()};`,
    () =>
      `const ${part} = Object.fromEntries([['a', ${value()}], ['b', spec.tag], ['c', ${value()}]].filter(([, w]) => w));`,
    () => `const ${part} = { ...(${test()} ? { a: ${value()} } : { b: ${value()} }), ...(${test()} && { a: 'z' }) };`,
    () => `const ${part} = { ...spec.opt?.deep && { a: spec.opt.a }, b: spec.tag };`,
    () => `const ${part} = { ...spec.labels }; if (${test()}) ${part}.a = ${value()};`,
  ])();
  const spreadObject = choose.pick([
    () => `{ a: 'base', b: ${value()}, ...${part} }`,
    () => `Object.assign({ a: ${value()} }, ${part}, ${test()} ? { c: 'c' } : null)`,
    () => `{ ...${part}, a: ${value()} }`,
    () => `{ a: 'base', ...spec.labels, ...${part} }`,
    () => `Object.fromEntries([['a', 'base'], ...Object.entries(${part})])`,
  ])();
  const read = choose.pick([
    () =>
      `String('a' in ${part}) + ${choose.pick(['Object.hasOwn', 'Object.prototype.hasOwnProperty.call'])}(${part}, 'b')`,
    () => `String(Object.hasOwn(${part}, ${value()}))`,
    () => `Object.keys(${part}).sort().join()`,
    () => `String(Object.keys(${part}).length)`,
    () => `(${part}.a ?? 'none') + (${part}.b ?? 'none')`,
  ])();
  return {
    text:
      `${made} const ${whole} = ${spreadObject}; const ${answer} = ${read}; ` +
      `const { a: ${answer}a = 'd', ...${rest} } = ${part};`,
    names: [...declared('map', whole, rest), ...declared('string', answer, `${answer}a`)],
  };
}

/** Generates an object that a loop fills, and an expression that reads this object. */
export function filledMembers({ choose, text, test, fresh }: Surroundings): Statements {
  const [filled, answer] = [fresh('m'), fresh('b')];
  const when = choose.pick(['', 'if (v.value) ', `if (${test()}) `]);
  const start = choose.pick(['{}', "{ X: 'base' }", `{ ...(${test()} ? { E: 'e' } : {}) }`]);
  const key = choose.pick(["'A'", "'X'", "'E'", text('string')]);
  const membership = choose.pick([
    `${key} in ${filled}`,
    `Object.hasOwn(${filled}, ${key})`,
    `${filled}.hasOwnProperty(${key})`,
  ]);
  return {
    text: `const ${filled} = ${start}; for (const v of spec.vars) { ${when}${filled}[v.name] = 'f'; } const ${answer} = ${membership};`,
    names: [...declared('map', filled), ...declared('bool', answer)],
  };
}

/** Generates a call whose arguments are the elements of a list. */
export function spreadCall({ choose, text, test, fresh }: Surroundings): Statements {
  const [result, list] = [fresh('s'), fresh('l')];
  const value = () => text('string');
  const simple = (type: Type, expression: string): Statements => ({
    text: `const ${result} = ${expression};`,
    names: declared(type, result),
  });
  return choose.pick([
    () => ({
      text:
        `const ${list} = [${choose.chance(0.5) ? value() : ''}]; if (${test()}) ${list}.push(${value()}); ${list}.push(${value()}); ` +
        `const ${result} = ((x = 'X', y = 'Y', ...z) => \`\${x}|\${y}|\${z.join()}\`)(${choose.pick(['', `${value()}, `])}...${list});`,
      names: [...declared('strings', list), ...declared('string', result)],
    }),
    () => simple('string', `((x = 'X', y = 'Y') => x + y)(...${choose.pick(['spec.tags', '(spec.opts ?? [])'])})`),
    () => simple('string', `((...z) => z.join('~'))(${value()}, ...spec.tags)`),
    () => simple('string', `${value()}.concat(...spec.tags)`),
    () => simple('strings', `[].concat(...spec.items.map((q) => q.subs ?? []))`),
    () => simple('strings', `[${value()}].concat(...spec.tags, ...(${test()} ? [${value()}] : []))`),
    () =>
      simple('map', `Object.assign({ x: ${value()} }, ...spec.vars.map((q) => ({ [q.name]: q.value ?? ${value()} })))`),
    () => simple('int', 'Math.max(-9, ...spec.items.map((q) => q.size), ...spec.nums)'),
  ])();
}
