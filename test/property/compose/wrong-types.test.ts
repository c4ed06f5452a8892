import { expect, test } from 'vitest';
import { CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { type TransformData, SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { pick, seededChoices } from '../../support/choices.ts';
import { share } from '@typekro/kit/test-support/budget';
import { ConfigMap, Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';
import { SPEC } from './differential.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

/** Values of each type: from the spec, from a resource, computed, and literal. */
const OPERANDS = (
  's.name s.n s.f s.flag s.tags s.nums s.items s.pool s.labels s.counts s.opt s.tag s.port s.nothing d.status d.metadata ' +
  'd.status.readyReplicas 1 0.5 true null undefined [] {} (s.name+"x") s.tags.length s.tags.map((t)=>t+1)'
).split(' ');

const OPERATORS = '+ - * / % ** < >= === !== == && || ?? in | & ^'.split(' ');
const FUNCTIONS = (
  'String Number Boolean parseInt parseFloat isNaN isFinite Number.isInteger Number.isNaN Math.round Math.abs Math.sign ' +
  'Math.floor Math.sqrt JSON.stringify JSON.parse btoa atob encodeURIComponent Object.keys Object.values Object.entries ' +
  'Object.fromEntries Array.from Array.isArray structuredClone Object.freeze'
).split(' ');
const OF_TWO = 'Math.max Math.min Math.pow Object.hasOwn Object.assign'.split(' ');
const METHODS = (
  'slice indexOf includes startsWith padStart repeat split replace replaceAll trim toUpperCase at charAt concat match search ' +
  'substring toFixed toString join map filter flat reverse sort push lastIndexOf fill entries keys get has find reduce ' +
  'matchAll codePointAt localeCompare'
).split(' ');
const PLACES = [
  's.name.slice(0, $)',
  's.name.padStart($, "0")',
  's.name.replace($, "b")',
  's.tags.join($)',
  's.tags.fill($)',
  'Object.fromEntries(s.tags.map((t) => [t, $]))',
  'Object.fromEntries(s.tags.map((t) => [$, t]))',
  '(s.labels ?? {})[$] ?? "x"',
  '({ a: 1, b: 2 })[$] ?? 3',
  '[1, 2][$] ?? 3',
  's.f.toFixed($)',
  's.items.map((p) => ({ ...p, x: $ }))',
  's.items.every((p) => p.size > $)',
  's.items.reduce((m, p) => m + p.size, $)',
  '[...s.items].sort((p, q) => $)',
  '[...$]',
  '({ ...$, b: 1 })',
  '`x${$}`',
  '(() => { for (const q of $) ConfigMap({ id: "q", name: q }); return s.n })()',
  '(() => { let z = 0; for (let i = 0; i < $; i++) z += i; return z })()',
  '(() => { const o = {}; for (const t of s.tags) o[t] = $; return o })()',
  'ConfigMap({ id: "c", name: $ }).metadata.name',
  'ConfigMap({ id: "c", name: "c", data: $ }).metadata.name',
  'ConfigMap({ id: "c", name: "c", data: { k: $ } }).metadata.name',
  'Deployment({ id: "e", name: "e", image: $ }).metadata.name',
  'Deployment({ id: "e", name: "e", image: "i", replicas: $ }).metadata.name',
  'Deployment({ id: "e", name: "e", image: "i", env: $ }).metadata.name',
  'Deployment({ id: "e", name: "e", image: "i", ports: $ }).metadata.name',
  'Deployment({ id: "e", name: "e", image: "i", args: [$] }).metadata.name',
  'Service({ id: "f", name: "f", selector: { a: "b" }, ports: [{ port: $ }] }).metadata.name',
];

/** Words of CEL and of the tracer that the author of a composition does not know. */
const FOREIGN =
  /\b_\W|@in\b|__type|\bschema\.|\bdyn\(|\bstring\(|\bint\(|\bdouble\(|\bsize\(|\blists\.|orValue|overload|optional_type|base64\.|json\.|\bint\b|\bbool\b|type kind|\.exists\(|\.all\(|transformMap|lowerAscii|cel\.bind|\[\?|\.\?\w|\b(?:isinteger|isfinite|isnumber|tofixed|toint32|parsenumber|pow)\(/;

/** All expressions of the tables. A run tests a random part of them. */
function expressions(): string[] {
  const pairs = OPERANDS.flatMap((a) => OPERANDS.map((b) => [a, b] as const));
  return [
    ...OPERATORS.flatMap((operator) => pairs.map(([a, b]) => `${a} ${operator} ${b}`)),
    ...['-', '+', '!', '~', 'typeof '].flatMap((operator) => OPERANDS.map((a) => `${operator}${a}`)),
    ...pairs.flatMap(([a, b]) => [
      `s.flag ? ${a} : ${b}`,
      `(${a})[${b}]`,
      `[${a}, ${b}]`,
      `[...s.tags, ${a}].concat(${b})`,
    ]),
    ...FUNCTIONS.flatMap((name) => OPERANDS.map((a) => `${name}(${a})`)),
    ...OF_TWO.flatMap((name) => pairs.map(([a, b]) => `${name}(${a}, ${b})`)),
    ...METHODS.flatMap((name) => pairs.map(([a, b]) => `(${a}).${name}(${b})`)),
    ...METHODS.flatMap((name) => OPERANDS.flatMap((a) => [`(${a}).${name}()`, `(${a}).${name}`])),
    ...PLACES.flatMap((place) => OPERANDS.map((a) => place.replaceAll(/\$(?!\{)/g, () => a))),
  ];
}

/**
 * Compiles an expression, and returns those of its errors that contain words of `FOREIGN`, or that lack a hint or a
 * place. Empty when the expression compiles.
 */
function badWords(expression: string): string[] {
  const source = `(s) => { const d = Deployment({ id: 'd', name: 'd', image: 'i' }); return { r: ${expression} }; }`;
  const vars = { ConfigMap, Deployment, Service };
  const build = new Function(...Object.keys(vars), `return ${source}`)(...Object.values(vars)) as () => never;
  const data: TransformData = { src: source, file: 'wrong.js', line: 1, col: 1, vars };
  try {
    kubernetesComposition({ name: 'wrong', spec: SPEC }, Object.assign(build, { [SOURCE]: data })).toYaml();
    return [];
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    return error.diagnostics.flatMap(({ severity, code, message, hint, source: place }) => {
      const text = `${message} / ${hint ?? ''}`.replaceAll(expression, '');
      const bad = FOREIGN.test(text) || hint === undefined || place === undefined;
      return severity === 'error' && bad ? [`${expression}: ${code} ${message} / ${hint ?? 'no hint'}`] : [];
    });
  }
}

test('the refusal of an expression with wrong types has a remedy and a place, and no words of CEL', () => {
  const { first, count } = share('wrongTypes');
  const choices = seededChoices(Number(process.env['TYPEKRO_SEED'] ?? 1 + first));
  const all = expressions();
  const picked = Array.from({ length: count }, () => pick(choices, all));
  expect(picked.flatMap(badWords)).toEqual([]);
}, 120_000);
