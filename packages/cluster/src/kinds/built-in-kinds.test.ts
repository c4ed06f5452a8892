import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { Problems } from '../errors/field-problems.ts';
import { statusChecks } from './status-checks.ts';
import { validateSchedule, validateTimeZone } from './jobs/jobs.ts';
import { finalizerWarnings } from './custom-strategy.ts';
import { validateAnnotations, validateMetaUpdate } from './metadata.ts';
import { defaultPriorityClass } from './pods/pod-admission.ts';
import { secretStrategy } from './config.ts';
import type { MutableObject } from './strategy.ts';

test('an autoscaler with a negative tolerance is refused', async () => {
  await using story = await startClusterStory({ controllers: false });
  const autoscaler = (tolerance: string) => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      behavior: { scaleUp: { tolerance } },
    },
  });
  await expect(story.create(autoscaler('-0.1'))).rejects.toThrow(
    'spec.behavior.scaleUp.tolerance: Invalid value: "-100m": must be greater than or equal to 0',
  );
  await story.create(autoscaler('0'));
});

const VALID = { type: 'Ready', status: 'True', reason: 'Done', lastTransitionTime: '2026-01-01T00:00:00Z' };
const IS_REASON =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

test.each<[string, JsonObject[], string[]]>([
  ['is valid', [VALID, { ...VALID, type: 'example.com/Other', status: 'Unknown', observedGeneration: 1 }], []],
  ['is repeated', [VALID, { ...VALID, status: 'False' }], ['[1].type: Duplicate value: "Ready"']],
  [
    'has no status, reason or time',
    [{ type: 'Ready' }],
    [
      '[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
      '[0].lastTransitionTime: Required value',
      '[0].reason: Required value',
    ],
  ],
  [
    'has a negative generation and an invalid reason',
    [{ ...VALID, observedGeneration: -1, reason: 'no reason' }],
    [
      '[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero',
      `[0].reason: Invalid value: "no reason": ${IS_REASON}`,
    ],
  ],
  [
    'has too long texts',
    [{ ...VALID, reason: 'x'.repeat(1025), message: 'x'.repeat(32 * 1024 + 1) }],
    [
      '[0].reason: Too long: may not be more than 1024 bytes',
      '[0].message: Too long: may not be more than 32768 bytes',
    ],
  ],
])('a list with a condition that %s has exactly the expected problems', (_title, conditions, expected) => {
  for (const kind of ['policy/poddisruptionbudgets', 'admissionregistration.k8s.io/validatingadmissionpolicies']) {
    const object: KubeObject = { apiVersion: 'v1', kind: 'K', metadata: {}, status: { conditions } };
    const problems = new Problems();
    statusChecks.get(kind)?.(object, object, problems);
    expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual(
      expected.map((text) => `status.conditions${text}`),
    );
  }
});

/** Calls a function that adds problems, and returns their messages. */
function messagesOf(validate: (problems: Problems) => void): string[] {
  const problems = new Problems();
  validate(problems);
  return problems.map(({ message }) => message);
}

const NO_ZONES = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';

test.each<[string, string[]]>([
  ['* * * * *', []],
  ['TZ=UTC 0 * * * *', [NO_ZONES]],
  ['CRON_TZ=Local @daily', [NO_ZONES]],
  ['TZ=Middle/Earth * * * * *', ['provided bad location Middle/Earth: unknown time zone Middle/Earth', NO_ZONES]],
  ['TZ=UTC * * *', ['expected exactly 5 fields, found 3: [* * *]', NO_ZONES]],
  ['TZ=0', ['invalid schedule format: runtime error: slice bounds out of range [:-1]', NO_ZONES]],
  ['* * * * TZ', ['failed to parse int from TZ: strconv.Atoi: parsing "TZ": invalid syntax', NO_ZONES]],
])('the schedule %j has the problems %j', (schedule, messages) => {
  expect(messagesOf((problems) => validateSchedule(problems.field('spec', { schedule }).text('schedule')))).toEqual(
    messages.map((message) => expect.stringContaining(message) as string),
  );
});

test.each<[string, string[]]>([
  ['Europe/Berlin', []],
  ['Etc/GMT+1', []],
  ['', ['timeZone must be nil or non-empty string']],
  ['Local', ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']],
  ['+01', ['unknown time zone +01']],
  ['+01:00', ['unknown time zone +01:00']],
  ['../UTC', ['unknown time zone ../UTC']],
  ['Middle/Earth', ['unknown time zone Middle/Earth']],
])('the time zone %j has the problems %j', (timeZone, messages) => {
  const expected = messages.map((message) => expect.stringContaining(message) as string);
  expect(messagesOf((problems) => validateTimeZone(problems.field('spec', { timeZone }).member('timeZone')))).toEqual(
    expected,
  );
});

const holding = (finalizers: string[]) => ({
  apiVersion: 'example.com/v1',
  kind: 'A',
  metadata: { name: 'a', finalizers },
});
const warning = (name: string, path = '') =>
  `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;

test.each([
  ['a qualified name', ['example.com/x'], undefined, []],
  ['the finalizers of Kubernetes', ['orphan', 'foregroundDeletion', 'kubernetes'], undefined, []],
  ['plain names, sorted by name', ['y', 'x'], undefined, [warning('x'), warning('y')]],
  ['a domain without a path', ['example.com'], undefined, [warning('example.com', ' including a path (/)')]],
  ['an existing name', ['x', 'y'], ['x'], [warning('y')]],
])('for %s, a change of the finalizers to %j from %j causes the warnings %j', (_, finalizers, before, warnings) => {
  expect(finalizerWarnings(holding(finalizers), before === undefined ? undefined : holding(before))).toEqual(warnings);
});

const MAX = 256 * 1024;

test.each<[string, Record<string, string>, boolean]>([
  ['the maximum size', { a: 'x'.repeat(MAX - 1) }, true],
  ['one byte more', { a: 'x'.repeat(MAX) }, false],
  ['the maximum size, in two-byte characters', { aa: 'ä'.repeat(MAX / 2 - 1) }, true],
  ['one two-byte character more', { aa: 'ä'.repeat(MAX / 2) }, false],
  ['the sum of several annotations', { a: 'x'.repeat(MAX / 2), b: 'x'.repeat(MAX / 2) }, false],
])('the size limit of annotations counts bytes: %s', (_, annotations, isValid) => {
  const problems = new Problems();
  validateAnnotations(problems.field('metadata.annotations', annotations));
  expect(problems.map(({ message }) => message)).toEqual(
    isValid ? [] : ['Too long: may not be more than 262144 bytes'],
  );
});

test('the error lists each finalizer that is added during a deletion once, sorted by name', () => {
  const object = (...finalizers: string[]) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers },
  });
  const problems = new Problems();
  validateMetaUpdate(object('b/z', 'a/a', 'b/b', 'a/a'), object('b/b'), problems);
  expect(problems.map(({ message }) => message)).toEqual([
    'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/a", "b/z"}',
  ]);
});

const priorityClass = (name: string, value: number, globalDefault: boolean): KubeObject & JsonObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  globalDefault,
});

test('only one priority class is the default', async () => {
  await using story = await startClusterStory({ controllers: false });
  const { client } = story;
  await client.create(priorityClass('first', 10, true));
  await client.create(priorityClass('second', 20, false));
  const problem = 'PriorityClass first is already marked as default. Only one default can exist';
  await expect(client.create(priorityClass('third', 1, true))).rejects.toThrow(
    `priorityclasses.scheduling.k8s.io "third" is forbidden: ${problem}`,
  );
  const ref = (name: string) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name });
  await expect(client.patch(ref('second'), { globalDefault: true })).rejects.toThrow(problem);
  await expect(client.patch(ref('first'), { description: 'd' })).resolves.toMatchObject({ globalDefault: true });
});

test('of several default classes, pods get the class with the lowest value', () => {
  const classes = [priorityClass('a', 3, true), priorityClass('b', 1, true), priorityClass('c', 0, false)];
  const items = classes.map((object) => ({ key: object.metadata.name ?? '', object }));
  const store = { collection: () => ({ size: 3, get: () => undefined, all: () => items, inNamespace: () => items }) };
  expect(defaultPriorityClass(store)?.metadata.name).toBe('b');
});

test('stringData of a Secret may have keys that are names of members of JavaScript objects, such as __proto__', () => {
  const stringData = JSON.parse('{"__proto__":"a","constructor":"b"}') as JsonObject;
  const secret: MutableObject & JsonObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData };
  secretStrategy.defaults?.(secret);
  expect(Object.entries(objectAt(secret, 'data'))).toEqual([
    ['__proto__', 'YQ=='],
    ['constructor', 'Yg=='],
  ]);
});
