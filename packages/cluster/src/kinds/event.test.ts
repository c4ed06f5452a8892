import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { createEmbeddedCluster } from '../index.ts';
import { coreEventStrategy, eventStrategy } from './event.ts';
import type { Strategy, WriteContext } from './strategy.ts';
import { Problems } from '../errors/field-problems.ts';

// The rules of Events use no member of the context.
const context = {} as WriteContext;

const event = (namespace: string, content: JsonObject): KubeObject & JsonObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace },
  ...content,
});

function problemsOf(check: (problems: Problems) => void): string[] {
  const problems = new Problems();
  check(problems);
  return problems.map(({ field, message }) => `${field}: ${message}`);
}

const created = (strategy: Partial<Strategy>, namespace: string, content: JsonObject) =>
  problemsOf((problems) => strategy.validate?.(event(namespace, content), problems, context));

const TIME = '2026-01-01T00:00:00.000000Z';
const full = {
  eventTime: TIME,
  reportingController: 'example.com/c',
  reportingInstance: 'c-0',
  action: 'Test',
  reason: 'Tested',
  type: 'Normal',
  regarding: { kind: 'ConfigMap', namespace: 'default', name: 'a' },
} satisfies JsonObject;
const long = (field: string, max: number) => `${field}: Invalid value: "": can have at most ${max} characters`;
const other = (value: string) =>
  `involvedObject.namespace: Invalid value: ${JSON.stringify(value)}: does not match event.namespace`;

describe('an Event in v1', () => {
  const report = { eventTime: TIME, reportingComponent: 'c', reportingInstance: 'i', action: 'a', reason: 'r' };
  test.each<[string, string, JsonObject, string[]]>([
    ['needs no reporter without eventTime', 'ns', { involvedObject: { namespace: 'ns' } }, []],
    ['may have the eventTime null', 'ns', { involvedObject: { namespace: 'ns' }, eventTime: null }, []],
    ['must be in the namespace of its object', 'ns', { involvedObject: { namespace: 'other' } }, [other('other')]],
    ['about a cluster-scoped object may be in the namespace default', 'default', { involvedObject: {} }, []],
    ['about a cluster-scoped object may not be in the namespace kube-system', 'kube-system', {}, [other('')]],
    ['with eventTime about a cluster-scoped object may be in the namespace kube-system', 'kube-system', report, []],
    ['with eventTime about a cluster-scoped object may not be in another namespace', 'ns', report, [other('')]],
    [
      'with eventTime may be in another namespace than its object',
      'ns',
      { ...report, involvedObject: { namespace: 'other' } },
      [],
    ],
    [
      'with eventTime needs a reporting component',
      'default',
      { eventTime: TIME },
      [
        'reportingComponent: Required value',
        'reportingComponent: Invalid value: "": name part must be non-empty',
        "reportingComponent: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
      ],
    ],
    [
      'with eventTime may not have strings above their maximum length',
      'default',
      {
        ...report,
        reportingInstance: 'i'.repeat(129),
        action: 'a'.repeat(129),
        reason: 'r'.repeat(129),
        message: 'ü'.repeat(513),
      },
      [long('reportingInstance', 128), long('action', 128), long('reason', 128), long('message', 1024)],
    ],
    [
      'with eventTime may have strings of the maximum length',
      'default',
      { ...report, action: 'a'.repeat(128), message: 'm'.repeat(1024) },
      [],
    ],
  ])('%s', (_title, namespace, content, expected) => {
    expect(created(coreEventStrategy, namespace, content)).toEqual(expected);
  });
});

describe('a new Event in events.k8s.io/v1', () => {
  test.each<[string, JsonObject, string[]]>([
    ['is valid', full, []],
    ['may have an empty deprecated source', { ...full, deprecatedSource: {}, deprecatedCount: 0 }, []],
    ['needs eventTime', { ...full, eventTime: null }, ['eventTime: Required value']],
    [
      'must have the type Normal or Warning',
      { ...full, type: 'Bad' },
      ['type: Invalid value: "": has invalid value: Bad'],
    ],
    ['may not have a note above the maximum length', { ...full, note: 'n'.repeat(1025) }, [long('message', 1024)]],
    [
      'needs a reporting controller',
      { ...full, reportingController: 'a b' },
      [expect.stringMatching(/^reportingController: Invalid value: "a b": name part must consist/)],
    ],
    [
      'may not have deprecated members',
      {
        ...full,
        deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
        deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
        deprecatedCount: 1,
        deprecatedSource: { component: 'c' },
      },
      ['firstTimestamp', 'lastTimestamp', 'count', 'source'].map(
        (field) => `${field}: Invalid value: "": needs to be unset`,
      ),
    ],
    [
      'may not have a series with a count below 2',
      { ...full, series: { count: 1 } },
      ['series.count: Invalid value: "": should be at least 2', 'series.lastObservedTime: Required value'],
    ],
    ['may have a series', { ...full, series: { count: 2, lastObservedTime: TIME } }, []],
  ])('%s', (_title, content, expected) => {
    expect(created(eventStrategy, 'default', content)).toEqual(expected);
  });
});

describe('an update in events.k8s.io/v1', () => {
  const immutable = (field: string, value: string) => `${field}: Invalid value: ${value}: field is immutable`;
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['may change the series', {}, { series: { count: 2, lastObservedTime: TIME } }, []],
    [
      'checks a changed series',
      {},
      { series: { count: 1, lastObservedTime: TIME } },
      ['series.count: Invalid value: "": should be at least 2'],
    ],
    ['may keep an invalid series', { series: { count: 1 } }, { series: { count: 1 } }, []],
    ['may keep deprecated members', { deprecatedCount: 3 }, { deprecatedCount: 3 }, []],
    [
      'treats an absent member and its empty value as equal',
      { deprecatedSource: {}, note: '' },
      { deprecatedCount: 0 },
      [],
    ],
    [
      'may not change the reason, and the error is reported twice',
      {},
      { reason: 'x' },
      [immutable('reason', '"x"'), immutable('reason', '"x"')],
    ],
    ['may not change the note', {}, { note: 'x' }, [immutable('message', '"x"')]],
    ['may not change the count', { deprecatedCount: 1 }, { deprecatedCount: 2 }, [immutable('count', '2')]],
    [
      'may not change the source',
      {},
      { deprecatedSource: { host: 'h' } },
      [immutable('source', '{"Component":"","Host":"h"}')],
    ],
    ['may not change the type', {}, { type: 'Warning' }, [immutable('type', '"Warning"')]],
    ['may not change the action', {}, { action: 'x' }, [immutable('action', '"x"')]],
    [
      'may not change the reporting controller',
      {},
      { reportingController: 'x' },
      [immutable('reportingController', '"x"')],
    ],
    ['may not change the reporting instance', {}, { reportingInstance: 'x' }, [immutable('reportingInstance', '"x"')]],
    [
      'may not change the related object',
      {},
      { related: { kind: 'Pod' } },
      [
        immutable(
          'related',
          '{"Kind":"Pod","Namespace":"","Name":"","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}',
        ),
      ],
    ],
    [
      'may not change the time',
      {},
      { eventTime: '2026-01-01T00:00:00.000001Z' },
      [expect.stringMatching(/^eventTime: .*: field is immutable$/)],
    ],
  ])('%s', (_title, before, after, expected) => {
    const [old, next] = [event('default', { ...full, ...before }), event('default', { ...full, ...after })];
    const found = problemsOf((problems) => eventStrategy.validateUpdate?.(next, old, problems, context));
    expect(found).toEqual(expected);
  });
});

test('the core group and events.k8s.io apply different rules to the same Event', async () => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body: JsonObject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'content-type': type };
    const answer = await cluster.transport().request({ method, path, headers, body: JSON.stringify(body) });
    return answer.status;
  };
  const strict = '/apis/events.k8s.io/v1/namespaces/default/events';
  const lenient = '/api/v1/namespaces/default/events';
  const body = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e' }, ...full };
  try {
    expect(await send('POST', strict, { ...body, deprecatedCount: 1 })).toBe(422);
    expect(await send('POST', strict, body)).toBe(201);
    expect(await send('PATCH', `${strict}/e`, { series: { count: 2, lastObservedTime: TIME } })).toBe(200);
    expect(await send('PATCH', `${strict}/e`, { note: 'x' })).toBe(422);
    expect(await send('PATCH', `${lenient}/e`, { message: 'x' })).toBe(200);
  } finally {
    await cluster.close();
  }
});
