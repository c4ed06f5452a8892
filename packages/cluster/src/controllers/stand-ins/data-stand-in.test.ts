import { expect, test } from 'vitest';
import { type KubeObject, parseJson, standInsText } from '@typekro/kit/core';
import type { StandInFailure, StandInView } from '../../stand-in.ts';
import { CERT_MANAGER_FUNCTIONS } from './cert-manager/cert-manager-functions.ts';
import { CNPG_FUNCTIONS } from './cnpg-functions.ts';
import { type StandInFunction, dataStandIn } from './data-stand-in.ts';
import { EXTERNAL_SECRETS_FUNCTIONS } from './external-secret-values.ts';
import { checkStandIn } from './stand-in-file.ts';

const NOW = Date.UTC(2026, 0, 1);

/** A view of a cluster whose only object is the ConfigMap `default/known`. */
function viewOf(failure?: StandInFailure): StandInView {
  const known: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'known', namespace: 'default' } };
  return {
    now: NOW + 999,
    timestamp: '2026-01-01T00:00:00Z',
    get: ({ kind, namespace, name }) =>
      kind === 'ConfigMap' && namespace === 'default' && name === 'known' ? known : undefined,
    list: ({ kind }) => (kind === 'ConfigMap' ? [known] : []),
    completedSteps: (count) => count,
    failure,
    conditions: (conditions, before = []) =>
      conditions.map((each) => ({ ...each, before: before.length }) as unknown as Record<string, string>),
  };
}

const queue: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Queue',
  metadata: { name: 'jobs', namespace: 'default' },
  spec: { size: 2, names: ['a', 'b'] },
  status: { old: 1, phase: 'Old' },
};

const decide = (reconcile: string, more = '', failure?: StandInFailure) => {
  const text = `definitions: []\n${more}\nkinds:\n  - group: example.com\n    kinds: [Queue]\n    reconcile: ${reconcile}`;
  return dataStandIn('queues', text).kinds[0]?.reconcile(queue, viewOf(failure));
};

test.each<[title: string, reconcile: string, more: string, expected: unknown]>([
  ['no case', '[]', '', undefined],
  ['a case that has only `when`', '[{when: "${true}"}, {status: {a: 1}}]', '', undefined],
  ['a status, which is added to the present one', '[{status: {phase: New}}]', '', { status: { old: 1, phase: 'New' } }],
  ['a member without a value', '[{status: {old: "${omit()}"}}]', '', { status: { phase: 'Old' } }],
  [
    'a status that is one expression',
    `[{status: '\${{"old": omit(), "b": [1]}}'}]`,
    '',
    { status: { phase: 'Old', b: [1] } },
  ],
  [
    'the first case that holds',
    '[{when: "${object.spec.size > 5}", status: {a: 1}}, {againMs: 5}]',
    '',
    { againMs: 5 },
  ],
  [
    'a key and a text with expressions',
    '[{annotations: {"a/${object.kind}": "x-${object.metadata.name}"}}]',
    '',
    { annotations: { 'a/Queue': 'x-jobs' } },
  ],
  [
    'lists inside of a list',
    '[{removed: [["${object.kind}"], "${[[object.metadata.name]]}"]}]',
    '',
    { removed: ['Queue', 'jobs'] },
  ],
  [
    'the time without a fraction',
    '[{annotations: {at: "${now()}", text: "${string(now())}"}}]',
    '',
    { annotations: { at: '2026-01-01T00:00:00Z', text: '2026-01-01T00:00:00Z' } },
  ],
  ['a variable', '[{againMs: "${double}"}]', 'let: {double: "${object.spec.size * 2}"}', { againMs: 4 }],
  [
    'a variable that fails in a branch that is not taken',
    `[{againMs: '\${object.spec.size > 1 ? 1 : none}'}]`,
    'let: {none: "${object.spec.none}"}',
    { againMs: 1 },
  ],
  ['a function', '[{againMs: "${twice(object.spec.size)}"}]', 'functions: {"twice(n)": "${n + n}"}', { againMs: 4 }],
  [
    'a function that calls another one and a variable',
    '[{removed: "${each(object.spec.names)}"}]',
    'let: {dash: "-"}\nfunctions: {"each(names)": "${names.map(n, named(n))}", "named(n)": "${n}${dash}"}',
    { removed: ['a-', 'b-'] },
  ],
  [
    'an object that exists',
    "[{againMs: \"${get('v1', 'ConfigMap', 'default', 'known') == null ? 1 : 2}\"}]",
    '',
    { againMs: 2 },
  ],
  [
    'an object that does not exist',
    "[{removed: [\"${get('v1', 'ConfigMap', 'default', 'none').?metadata.?name.orValue('none')}\"]}]",
    '',
    { removed: ['none'] },
  ],
  [
    'the objects of a kind',
    "[{removed: \"${list('', 'ConfigMap', '').map(each, each.metadata.name)}\"}]",
    '',
    { removed: ['known'] },
  ],
  ['the selector null', '[{unfinished: "${selects(null, {})}"}]', '', { unfinished: false }],
  ['the selector {}', '[{unfinished: "${selects({}, {})}"}]', '', { unfinished: true }],
  [
    'conditions',
    '[{conditions: [{type: Ready, status: "True"}, "${[]}"]}]',
    '',
    { status: { old: 1, phase: 'Old', conditions: [{ type: 'Ready', status: 'True', before: 0 }] } },
  ],
  [
    'conditions of a part',
    `[{status: {part: '\${conditions([{"type": "A", "status": "True"}], [{}])}'}}]`,
    '',
    { status: { old: 1, phase: 'Old', part: [{ type: 'A', status: 'True', before: 1 }] } },
  ],
])('%s', (_title, reconcile, more, expected) => {
  expect(decide(reconcile, more)).toEqual(expected);
});

test('a failure is null, or has a reason and a message', () => {
  const reconcile = `[{removed: ['\${failure.?reason.orValue("none")}']}]`;
  expect(decide(reconcile)).toEqual({ removed: ['none'] });
  expect(decide(reconcile, '', { reason: 'Full', message: 'no space' })).toEqual({ removed: ['Full'] });
});

test.each<[reconcile: string, more: string, message: string]>([
  ['[{againMs: "${none}"}]', '', 'a stand-in is invalid at "queues: kinds[0].reconcile[0].againMs": '],
  [
    '[{againMs: "${object.none}"}]',
    '',
    'cannot decide about Queue default/jobs: queues: kinds[0].reconcile[0].againMs: no such key: none',
  ],
  ['[{againMs: "${size}"}]', 'let: {size: "${object.none}"}', 'kinds[0].let.size: no such key: none'],
  ['[{annotations: {a: "x${object.spec.size}"}}]', '', 'an expression inside a text must be a string'],
])('the stand-in with %s and %s fails with the message %s', (reconcile, more, message) => {
  expect(() => decide(reconcile, more)).toThrow(message);
});

test('a finalizer may be a template, and the kinds of an entry share its rules', () => {
  const text =
    'definitions: []\nkinds: [{group: example.com, kinds: [Queue, Topic], finalizer: "x/${object.kind}", reconcile: [], finalize: [{unfinished: true}]}]';
  const { kinds } = dataStandIn('queues', text);
  expect(kinds.map(({ kind }) => kind)).toEqual(['Queue', 'Topic']);
  const topic = kinds[1];
  expect(typeof topic?.finalizer === 'function' && topic.finalizer(queue)).toBe('x/Queue');
  expect(topic?.finalize?.(queue, viewOf())).toEqual({ unfinished: true });
});

const SHIPPED = parseJson(standInsText()) as Readonly<Record<string, string>>;
const FUNCTIONS: Readonly<Record<string, Readonly<Record<string, StandInFunction>>>> = {
  'cert-manager': CERT_MANAGER_FUNCTIONS,
  cnpg: CNPG_FUNCTIONS,
  'external-secrets': EXTERNAL_SECRETS_FUNCTIONS,
};

test.each(Object.keys(SHIPPED))('the stand-in %s has only known members, and all its expressions compile', (name) => {
  checkStandIn(name, SHIPPED[name] ?? '');
  const { kinds } = dataStandIn(name, SHIPPED[name] ?? '', FUNCTIONS[name]);
  for (const kind of kinds) {
    const object = { apiVersion: `${kind.group}/v1`, kind: kind.kind ?? 'Any', metadata: {} };
    // The object has no spec, so the decision may fail. The templates are compiled before it.
    expect(() => kind.reconcile(object, viewOf({ reason: 'A', message: 'b' })) ?? {}, kind.kind).not.toThrow('invalid');
  }
});
