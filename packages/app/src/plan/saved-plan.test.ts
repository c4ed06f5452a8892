import { expect, test } from 'vitest';
import { type JsonObject, type KubeObject, parseJson, stringifyJson } from '@typekro/kit/core';
import type { InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';
import { LiveSource } from './simulation/live-source.ts';
import { LEVEL_FLAG } from '../controllers/controller-settings.ts';
import type { SavedPlan } from './saved-plan.ts';
import { basisKey, movedSince, parseSavedPlan, planAgain, savedPlan, savedPlanText } from './saved-plan.ts';

const LARGEST = 9223372036854775807n;
const ref = { apiVersion: 'example.dev/v1', kind: 'Any', name: 'x', namespace: 'default' };

function planTo(to: bigint): Plan {
  const write = {
    node: 'a',
    object: ref,
    wave: 1,
    action: 'change',
    fields: [{ path: 'spec.max', to }],
    checked: 'none',
  };
  const instance = { instance: ref, definition: 'anys', action: 'none', fields: [], state: 'changed', writes: [write] };
  return {
    schemaVersion: 1,
    operation: 'apply',
    source: { kind: 'cluster', name: 'dev', readAt: '' },
    definitions: [],
    objects: [write as unknown as ObjectPlan],
    instances: [instance as unknown as InstancePlan],
    limits: [],
  } as unknown as Plan;
}

const PLACE = { namespace: 'default', options: {}, now: 0, salt: 'salt' };

test('a plan with integers beyond 2^53 is saved, read and compared exactly', () => {
  const based = {
    source: new LiveSource({ api: {} as never, signal: new AbortController().signal, fallback: 'default' }),
    contents: new Map<string, string>(),
  };
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, spec: { max: LARGEST } };
  const { name, text } = savedPlanText(savedPlan(planTo(LARGEST), [object], based, PLACE));
  expect(name).toMatch(/^plan-.{8}\.json$/);
  expect(text).toContain('"max": 9223372036854775807');
  const saved = parseSavedPlan(text, 'x.json');
  if (saved === undefined) throw new Error('the text is not a saved plan');
  expect(saved.objects).toEqual([object]);
  expect(movedSince(saved, planTo(LARGEST), based)).toBeUndefined();
  expect(movedSince(saved, planTo(LARGEST - 1n), based)).toBe(
    'Any default/x, Any default/x: spec.max would get a different value now',
  );
});

/** Returns a saved plan as JSON. */
function savedValues(): JsonObject {
  const based = { source: emptySource(), contents: new Map<string, string>() };
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
  return parseJson(savedPlanText(savedPlan(planTo(1n), [object], based, PLACE)).text) as JsonObject;
}

const emptySource = () =>
  new LiveSource({ api: {} as never, signal: new AbortController().signal, fallback: 'default' });

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each<[string, (saved: JsonObject) => JsonObject | string]>([
  ['of an empty plan', () => ({ kind: 'TypeKroPlan', schemaVersion: 1, plan: {}, objects: [] })],
  ['without its basis', ({ basis: _basis, ...rest }) => rest],
  ['with a string as its basis', (saved) => ({ ...saved, basis: 'x' })],
  ['with an object that has no kind', (saved) => ({ ...saved, objects: [{ metadata: {} }] })],
  ['with an object that has no metadata', (saved) => ({ ...saved, objects: [{ apiVersion: 'v1', kind: 'A' }] })],
  [
    'with labels that are not strings',
    (saved) => ({ ...saved, objects: [{ apiVersion: 'v1', kind: 'A', metadata: { labels: { a: {} } } }] }),
  ],
  [
    'with an instance without a reference to an object',
    (saved) => ({ ...saved, plan: { ...(saved['plan'] as JsonObject), instances: [{ writes: [] }] } }),
  ],
  [
    'with an unknown operation',
    (saved) => ({ ...saved, plan: { ...(saved['plan'] as JsonObject), operation: 'destroy' } }),
  ],
  ['with a salt that is not a string', (saved) => ({ ...saved, salt: 1 })],
  [
    'with a nesting depth of 100,000',
    (saved) => stringifyJson({ ...saved, more: 'DEEP' }).replace('"DEEP"', nested(100_000)),
  ],
])('a saved plan %s is refused with an error message', (_what, damage) => {
  const damaged = damage(savedValues());
  const text = typeof damaged === 'string' ? damaged : stringifyJson(damaged);
  expect(() => parseSavedPlan(text, 'x.json')).toThrow('x.json is damaged');
});

test('the error for a saved plan of another version names the version', () => {
  const text = stringifyJson({ ...savedValues(), schemaVersion: 2 });
  expect(() => parseSavedPlan(text, 'x.json')).toThrow(
    'x.json was saved by another version of typekro: its schemaVersion is 2, and this version reads 1',
  );
});

test('the error for a truncated plan says that it is truncated, and any other broken file does not count as a plan', () => {
  const { text } = savedPlanText(savedValues() as unknown as SavedPlan);
  for (const length of [60, 300, text.length - 3])
    expect(() => parseSavedPlan(text.slice(0, length), 'x.json')).toThrow('x.json is truncated, or no longer JSON');
  expect(parseSavedPlan('{ "kind": "ConfigMap", ', 'x.json')).toBeUndefined();
});

test.each<[string, (saved: JsonObject) => JsonObject, string]>([
  [
    'an object',
    (saved) => ({
      ...saved,
      objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1' } }],
    }),
    'ConfigMap x',
  ],
  ['the number of objects', (saved) => ({ ...saved, objects: [] }), 'the list of objects'],
  [
    'the plan',
    (saved) => ({ ...saved, plan: { ...(saved['plan'] as JsonObject), operation: 'delete' } }),
    'the planned changes',
  ],
  ['the namespace', (saved) => ({ ...saved, namespace: 'other' }), 'the state of the cluster, or the options'],
])('the error for an edited plan names the edited part: %s', (_what, change, part) => {
  const text = stringifyJson(change(savedValues()));
  expect(() => parseSavedPlan(text, 'x.json')).toThrow(
    `x.json was changed after it was saved; the changed part is ${part}`,
  );
  const { parts: _parts, ...rest } = change(savedValues());
  expect(() => parseSavedPlan(stringifyJson(rest), 'x.json')).toThrow('x.json is damaged');
});

/**
 * Each row says how a write of the new plan differs from the saved plan. Then it has the function that makes the new
 * plan, and the expected sentence.
 */
const MOVES: readonly (readonly [string, (plan: Plan) => Plan, string])[] = [
  [
    'is new',
    (plan) => withWrites(plan, [...writesOf(plan), { ...writesOf(plan)[0], object: other }]),
    `Any default/y: the plan does not have it, and now it says change`,
  ],
  ['is gone', (plan) => withWrites(plan, []), 'Any default/x: the plan says change, and nothing would happen now'],
  [
    'is another one',
    (plan) => withWrites(plan, [{ ...writesOf(plan)[0], action: 'replace' }]),
    'Any default/x: the plan says change, and now it says replace',
  ],
  [
    'replaces another live value',
    (plan) => withWrites(plan, [{ ...writesOf(plan)[0], fields: [{ path: 'spec.max', from: 0n, to: 1n }] }]),
    'Any default/x: spec.max has a different value now',
  ],
  [
    'changes no field any more',
    (plan) => withWrites(plan, [{ ...writesOf(plan)[0], fields: [] }]),
    'Any default/x: the write would be different now',
  ],
];
const other = { ...ref, name: 'y' };
const writesOf = (plan: Plan) => plan.instances.flatMap(({ writes }) => writes);
const withWrites = (plan: Plan, writes: readonly object[]): Plan => ({
  ...plan,
  instances: plan.instances.map((each) => ({ ...each, writes: writes as ObjectPlan[] })),
});

test.each(MOVES)('movedSince describes a write that %s', (_what, change, sentence) => {
  const based = { source: emptySource(), contents: new Map<string, string>() };
  const saved = savedPlan(planTo(1n), [], based, PLACE);
  expect(movedSince(saved, change(planTo(1n)), based)).toBe(`Any default/x, ${sentence}`);
});

test('planAgain returns a command with the files and options of the plan', () => {
  const based = { source: emptySource(), contents: new Map<string, string>() };
  const options = { files: ['a b.yaml', 'c.ts'], only: 'team-a', dryRun: 'none', level: '0.9' };
  const saved = savedPlan({ ...planTo(1n), operation: 'delete' }, [], based, { ...PLACE, options });
  expect(planAgain(saved)).toBe(
    `typekro plan 'a b.yaml' c.ts --delete --namespace team-a --dry-run none ${LEVEL_FLAG} 0.9 --save`,
  );
  expect(planAgain(savedPlan(planTo(1n), [], based, PLACE))).toBe('typekro plan FILE --save');
});

test('two plans differ when the content of a write differs, and not when only the kind of its check differs', () => {
  const key = basisKey(ref);
  const based = (digest: string) => ({ source: emptySource(), contents: new Map([[key, digest]]) });
  const saved = savedPlan(planTo(1n), [], based('a'), PLACE);
  const checked = JSON.parse(
    JSON.stringify(planTo(1n), (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    ).replaceAll('"checked":"none"', '"checked":"server"'),
  ) as Plan;
  expect(movedSince(saved, checked, based('a'))).toBeUndefined();
  expect(movedSince(saved, planTo(1n), based('b'))).toBe('Any default/x: different content would be written now');
});
