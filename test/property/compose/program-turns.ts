/**
 * Generates statements with nested loops, loops whose resources are excluded, loops that join or compare elements, and
 * keys that look like expressions.
 */

import type { Statements, Surroundings } from './program-members.ts';

/**
 * Resources in nested loops. The loop variables may have the same name. A loop may also use only the index, and not the
 * element.
 */
export function nestedTurns({ choose, text, fresh }: Surroundings): Statements {
  const [id, out] = [fresh('nt'), fresh('q')];
  const inner = choose.pick(['q', 'w']);
  const made = (name: string, value: string) =>
    `ConfigMap({ id: '${id}', name: \`${id}-${name}\`, data: { v: ${value} } });`;
  const write = choose.pick([
    () =>
      `spec.items.forEach((a, q) => { (a.subs ?? []).forEach((b, w) => { ${made('${q}-${w}', text('string'))} }); });`,
    () =>
      `for (const [q, a] of spec.items.entries()) for (const w of (a.subs ?? []).keys()) ${made('${q}-${w}', 'a.key')}`,
    () =>
      `for (const q of spec.items) { const ${out} = q.key; for (const ${inner} of spec.items.filter((x) => x.key !== ${out})) ${made(`\${${out}}-\${${inner}.key}`, `${inner}.key + ${text('string')}`)} }`,
    () =>
      `for (let q = 0; q < spec.items.length; q++) { const ${out} = q; for (let ${inner} = 0; ${inner} < spec.nums.length; ${inner}++) ${made(`\${${out}}-\${${inner}}`, text('string'))} }`,
  ])();
  return { text: write, names: [] };
}

/** A list that a loop builds from its resources. A condition on the spec excludes the resources of all iterations. */
export function turnsWithout({ choose, text, test, fresh }: Surroundings): Statements {
  const [id, list, reader, result] = [fresh('tw'), fresh('l'), fresh('tr'), fresh('s')];
  const make = `ConfigMap({ id: '${id}', name: \`${id}-\${q}\`, data: { k: q + ${text('string')} } })`;
  const condition = test();
  const fill = choose.pick([
    () =>
      `const ${list} = spec.tags.map((q) => { const c = ${condition} ? ${make} : undefined; return { v: c?.data.k ?? q + 'none' }; });`,
    () =>
      `const ${list} = []; for (const q of spec.tags) { const c = ${condition} && ${make}; ${list}.push({ v: c ? c.metadata.name : ${text('string')} }); }`,
    () => `const ${list} = spec.tags.map((q) => { if (${condition}) ${make}; return { v: q }; });`,
  ])();
  const read = choose.pick([
    `${list}.map((q) => q.v).join()`,
    `String(${list}.length)`,
    `String(${list}.every((q) => q.v !== 'a'))`,
    `(${list}[0]?.v ?? 'first')`,
    `(${list}.find((q) => q.v !== 'b')?.v ?? 'not found')`,
  ]);
  const use = choose.pick([
    `ConfigMap({ id: '${reader}', name: '${reader}', data: { v: ${read} } }); const ${result} = '${reader}';`,
    `const ${result} = ${read};`,
  ]);
  return { text: `${fill} ${use}`, names: [{ name: result, type: 'string', mutable: false }] };
}

/**
 * A list of unique values, strings joined with a separator, and a minimum or maximum with a start value beyond all
 * elements.
 */
export function turnsTogether({ choose, text, test, fresh }: Surroundings): Statements {
  const [result, other] = [fresh('s'), fresh('w')];
  const between = choose.pick(["','", "', '", "'-'"]);
  const some = choose.pick(['', '', `if (${test()}) `, 'if (q.on) ']);
  const write = choose.pick([
    () =>
      `let ${result} = ''; for (const q of spec.items) ${some}{ if (${result}) ${result} += ${between}; ${result} += q.key; }`,
    () => `const ${result} = spec.items.reduce((a, q) => (a ? a + ${between} + q.key : q.key), '');`,
    () =>
      `let ${result} = ''; for (const q of spec.items) ${some}${result} = ${result} === '' ? q.key + q.size : ${result} + ${between} + q.key + q.size;`,
    () =>
      `const ${result} = spec.tags.reduce((a, q) => (a.includes(q) ? a : [...a, q]), [${choose.pick(['', text('string')])}]).join();`,
    () =>
      `let ${other} = -Infinity; for (const q of spec.items) ${some}if (q.size > ${other}) ${other} = q.size; const ${result} = ${other} === -Infinity ? 'none' : String(${other});`,
    () =>
      `const ${other} = spec.nums.reduce((a, q) => Math.min(a, q), Infinity); const ${result} = Number.isFinite(${other}) ? 'n' + ${other} : ${text('string')};`,
  ])();
  return { text: write, names: [{ name: result, type: 'string', mutable: false }] };
}

/** A resource with keys that look like expressions. */
export function keysWithMarks({ text, test, fresh }: Surroundings): Statements {
  const id = fresh('km');
  const data = `{ 'k\${z}': ${text('string')}, ...(${test()} && { '\${y}': 'y' }) }`;
  return { text: `ConfigMap({ id: '${id}', name: '${id}', data: ${data} });`, names: [] };
}
