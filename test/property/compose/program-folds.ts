/**
 * Generates statements with sums in object members, `switch` cases that fall through, parts of strings, and positions
 * modulo a number.
 */

import type { Type } from './program-expressions.ts';
import type { Statements, Surroundings } from './program-members.ts';

const named = (text: string, type: Type, ...names: readonly string[]): Statements => ({
  text,
  names: names.map((name) => ({ name, type, mutable: false })),
});

/** An object `{ n, s }` that a loop changes, and then `n + s.length`. */
export function addedMembers({ choose, text, test, fresh }: Surroundings): Statements {
  const [totals, sum] = [fresh('o'), fresh('i')];
  const turn = choose.pick([
    `${totals}.n += q.size;`,
    `if (q.on) ${totals}.n++; ${totals}.s += q.key;`,
    `${totals}.n = ${totals}.n + ${text('int')}; if (${test()}) ${totals}.s = q.key;`,
    `if (q.size > ${totals}.n) ${totals}.n = q.size;`,
  ]);
  const loop = choose.pick([
    `for (const q of spec.items) { ${turn} }`,
    `spec.items.forEach((q) => { ${turn} });`,
    `if (${test()}) for (const q of spec.items) { ${turn} }`,
  ]);
  return named(
    `const ${totals} = { n: ${choose.pick(['0', 'spec.n'])}, s: ${text('string')} }; ${loop} const ${sum} = ${totals}.n + ${totals}.s.length;`,
    'int',
    sum,
  );
}

/** A `switch` whose cases fall through, some of them conditionally. */
export function fallingCases({ choose, text, test, fresh }: Surroundings): Statements {
  const result = fresh('s');
  const cases = ["'dev'", "'stage'", "'prod'"].map((value) => {
    const leave = choose.pick(['', `if (${test()}) break;`, 'break;']);
    return `case ${value}: ${result} += ${text('string')}; ${leave}`;
  });
  cases.splice(choose.below(4), 0, `default: ${result} += '!';${choose.chance(0.5) ? ' break;' : ''}`);
  return named(
    `let ${result} = ''; switch (${choose.pick(['spec.env', text('string')])}) { ${cases.join(' ')} }`,
    'string',
    result,
  );
}

/**
 * A text that always has a value. It comes from an element of a split string or of a list, a chain of `||`, a fold or a
 * Map.
 */
export function surePieces({ choose, text, test, fresh }: Surroundings): Statements {
  const result = fresh('s');
  const value = choose.pick([
    () => `${text('string')}.split('-')[0].toUpperCase()`,
    () => `${text('string')}.split('a').at(-1)`,
    () => `${text('string')}.split('-').map((q) => q + '!')[0]`,
    () => `spec.tags.map((q, w) => ['x', 'y', 'z'][w % ${choose.pick(['2', '3'])}] + q).join()`,
    () => `(['x', 'y'][${text('int')} % 2] ?? 'z')`,
    () => `String(spec.tag || spec.port || ${text('string')})`,
    () => `String((${test()} && spec.opt?.a) || spec.tier || spec.limit)`,
    () =>
      `spec.items.reduce((a, q) => (q.size > a.size ? q : a), { key: ${text('string')}, size: ${text('int')} }).key`,
    () => `(new Map([['dev', ${text('string')}], ['prod', 'p']]).get(spec.env) ?? 'other')`,
  ])();
  return named(`const ${result} = ${value};`, 'string', result);
}
