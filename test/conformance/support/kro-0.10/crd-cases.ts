import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ComparedFacets } from '@typekro/engine/schema';
import { compareCrds } from '../../../../packages/engine/src/schema/crd/compare-crds.ts';
import { crdOf } from '@typekro/kit/test-support/crd';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';

const text: JsonObject = { type: 'string' };
const listOf = (more: JsonObject): JsonObject => ({ type: 'array', items: text, ...more });
const mapOf = (...names: readonly string[]): JsonObject => ({
  type: 'object',
  additionalProperties: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, text])) },
});
const keyed = (...keys: readonly string[]): JsonObject => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [...keys],
  items: { type: 'object', properties: { a: text, b: text }, required: ['a', 'b'] },
});
const ruled = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != ""' }] };
const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/**
 * One row per change that a case describes in words: a pattern for the words, and the schemas of a field before and
 * after the change.
 */
const FIELDS: readonly (readonly [RegExp, JsonObject, JsonObject])[] = [
  [/^enum added/, text, { type: 'string', enum: ['a'] }],
  [/^enum (dropped|removed)/, { type: 'string', enum: ['a'] }, text],
  [/^nullable (true → absent|removed)/, { type: 'string', nullable: true }, text],
  [/^nullable (absent → true|added)/, text, { type: 'string', nullable: true }],
  [/^preserve-unknown-fields removed/, free, { type: 'object' }],
  [/^preserve-unknown-fields added/, { type: 'object' }, free],
  [/^format added/, text, { type: 'string', format: 'date' }],
  [/^format changed/, { type: 'string', format: 'date' }, { type: 'string', format: 'date-time' }],
  [/^format (removed|dropped)/, { type: 'string', format: 'date' }, text],
  [/removed inside additionalProperties/, mapOf('x', 'y'), mapOf('y')],
  [/^additionalProperties true → false/, { type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: false }],
  [/^additionalProperties .*(schema|free)/, { type: 'object', additionalProperties: true }, mapOf('x')],
  [/^list-type atomic written out/, listOf({}), listOf({ 'x-kubernetes-list-type': 'atomic' })],
  [/^list-type .*(changed|→)/, listOf({ 'x-kubernetes-list-type': 'atomic' }), listOf({ 'x-kubernetes-list-type': 'set' })],
  [/^list-map-keys reordered/, keyed('a', 'b'), keyed('b', 'a')],
  [/^list-map-keys (changed|removed)/, keyed('a', 'b'), keyed('a')],
  [/^map-type .*changed/, { type: 'object', 'x-kubernetes-map-type': 'granular' }, { type: 'object', 'x-kubernetes-map-type': 'atomic' }],
  [/validations rule added/, text, ruled],
  [/validations rule removed/, ruled, text],
  [/validations rule changed/, ruled, { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != "a"' }] }],
  [/^uniqueItems changed/, listOf({ uniqueItems: false }), listOf({ uniqueItems: true })],
];

function crd(field: JsonObject, columns?: readonly JsonObject[]): KubeObject {
  const made = crdOf('Gauge', { properties: { spec: { type: 'object', properties: { f: field } } } });
  const [version] = (made.spec as { versions: JsonObject[] }).versions;
  if (columns !== undefined && version !== undefined) version['additionalPrinterColumns'] = [...columns];
  return made;
}

const COLUMN = { name: 'A', type: 'string', jsonPath: '.spec.f' };

/**
 * Runs a case about a change of a CRD, with the default comparison and with the feature gate ConservativeCRDComparison.
 */
export function runCrdCase({ input, expect }: KroCase): CaseOutcome {
  const change = String(input['change']);
  const isColumns = change.startsWith('printer column');
  const pair = FIELDS.find(([pattern]) => pattern.test(change));
  if (pair === undefined && !isColumns) return notRun(`no schemas for "${change}"`);
  const [before, after] = isColumns ? [crd(text), crd(text, [COLUMN])] : [crd(pair?.[1] ?? {}), crd(pair?.[2] ?? {})];
  const byDefault = verdict(before, after, 'engine');
  const conservative = String(expect['ConservativeCRDComparison'] ?? '');
  return outcomeOf([
    ...compare('default', byDefault, String(expect['default'] ?? '')),
    ...compare('conservative', verdict(before, after, 'conservative'), conservative === 'same' ? String(expect['default']) : conservative),
  ]);
}

function verdict(before: KubeObject, after: KubeObject, facets: ComparedFacets): string | undefined {
  const result = compareCrds(before, after, facets);
  if ('error' in result) return result.error;
  const paths = [...result.breaking, ...result.nonBreaking].map(({ path }) => path).join(', ');
  if (result.breaking.length > 0) return `breaking ${paths}`;
  return result.nonBreaking.length > 0 ? `non-breaking ${paths}` : undefined;
}

function compare(what: string, found: string | undefined, expected: string): string[] {
  const wanted = /^(non-breaking|breaking)/.exec(expected)?.[1];
  const path = /path (\S+)/.exec(expected)?.[1] ?? '';
  const isRight = found === undefined ? wanted === undefined : wanted !== undefined && found.startsWith(`${wanted} `) && found.includes(path);
  return isRight ? [] : [`${what}: ${found ?? 'no change'} instead of ${expected}`];
}
