/** Generates statements with a loop that carries a value between iterations: the best element, an object, or a pair. */

import type { Type } from './program-expressions.ts';
import type { Statements, Surroundings } from './program-members.ts';

/** A loop or a `reduce()` that carries an element, an object or a pair. */
export function carriedValues({ choose, text, test, fresh }: Surroundings): Statements {
  const [result, best, other] = [fresh('s'), fresh('b'), fresh('w')];
  const order = choose.pick(['>', '>=', '<', '<=']);
  const some = choose.pick(['', '', 'q.on && ', `${test()} && `]);
  const start = choose.pick(['undefined', 'null']);
  const unset = choose.pick([`!${best}`, `${best} === ${start}`, `${best} == null`]);
  const [type, made] = choose.pick<() => readonly [Type, string]>([
    () => [
      'string',
      `let ${best} = ${start}; for (const q of spec.items) { if (${some}(${unset} || q.size ${order} ${best}.size)) ${best} = q; } const ${result} = ${best}?.key ?? ${text('string')};`,
    ],
    () => [
      'int',
      `let ${best} = ${start}; spec.items.forEach((q) => { if (${some}(${best} == null || q.size ${order} ${best})) ${best} = q.size; }); const ${result} = ${best} ?? ${text('int')};`,
    ],
    () => [
      'string',
      `let ${best} = ${text('int')}; let ${other} = ${text('string')}; for (const q of spec.items) if (${some}q.size ${order} ${best}) { ${best} = q.size; ${other} = q.key; } const ${result} = ${other} + ${best};`,
    ],
    () => [
      'string',
      `let ${best} = { key: ${text('string')}, size: ${text('int')} }; for (const q of spec.items) if (${some}q.size ${order} ${best}.size) ${best} = { key: q.key, size: q.size }; const ${result} = ${best}.key;`,
    ],
    () => [
      'int',
      `const ${result} = spec.items.reduce((a, q) => (${some}true ? { ...a, n: a.n + q.size, s: a.s + q.key } : a), { n: ${text('int')}, s: ${text('string')} }).n;`,
    ],
    () => [
      'strings',
      `const [${result}] = spec.items.reduce(([a, b], q) => (q.size ${order} ${text('int')} ? [[...a, q.key], b] : [a, b + 1]), [[], ${text('int')}]);`,
    ],
    () => [
      'string',
      `const ${result} = spec.items.reduce((a, q) => (!a || q.size ${order} a.size ? q : a), ${start})?.key ?? ${text('string')};`,
    ],
  ])();
  return { text: made, names: [{ name: result, type, mutable: false }] };
}
