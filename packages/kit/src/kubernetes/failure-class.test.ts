import { describe, expect, it } from 'vitest';
import type { FailureClass } from './failure-class.ts';
import { classify, isBusy, passes } from './failure-class.ts';

type Row = readonly [status: number, reason: string, message: string, expected: FailureClass];

const ROWS: readonly Row[] = [
  [0, 'Aborted', 'the request was aborted', 'aborted'],
  [0, 'Transport', 'connect ECONNREFUSED 127.0.0.1:6443', 'unanswered'],
  [0, 'NoAnswer', 'the API server has not answered within 5 s', 'unanswered'],
  [0, 'MalformedWatch', 'a line of the watch is not JSON', 'server-fault'],
  [200, 'InvalidAnswer', 'the server responded without an object', 'unreadable'],
  [302, 'Unknown', 'Found', 'unreadable'],
  [400, 'BadRequest', 'the body is not an object', 'refused'],
  [401, 'Unauthorized', 'Unauthorized', 'unauthenticated'],
  [403, 'Forbidden', 'pods "a" is forbidden: exceeded quota: q', 'refused'],
  [403, 'Forbidden', 'pods "a" is forbidden: status unknown for quota: q, resources: pods', 'new-namespace'],
  [403, 'Forbidden', 'pods "a" is forbidden: error looking up service account n/default: not found', 'new-namespace'],
  [404, 'NotFound', 'namespaces "n" not found', 'not-found'],
  [404, 'UnknownKind', 'the server does not serve Gizmo', 'unserved-kind'],
  [405, 'ReadOnlyClient', 'this server only reads the cluster', 'not-sent'],
  [405, 'MethodNotAllowed', 'the server does not allow this method', 'refused'],
  [408, 'Unknown', 'Request Timeout', 'unanswered'],
  [409, 'AlreadyExists', 'configmaps "a" already exists', 'conflict'],
  [410, 'Expired', 'too old resource version', 'refused'],
  [413, 'RequestEntityTooLarge', 'limit is 3145728', 'refused'],
  [422, 'Invalid', 'ConfigMap "a" is invalid', 'refused'],
  [429, 'TooManyRequests', 'please try again later', 'throttled'],
  [500, 'InternalError', 'failed calling webhook "a"', 'server-fault'],
  [502, 'Unknown', 'Bad Gateway', 'server-fault'],
  [503, 'ServiceUnavailable', 'apiserver not ready', 'unanswered'],
  [504, 'Timeout', 'the server was unable to return a response in the time allotted', 'unanswered'],
];

describe('the class of a failed request', () => {
  it.each(ROWS)('%i %s, "%s", is %s', (status, reason, message, expected) => {
    expect(classify({ status, reason, message })).toBe(expected);
  });
});

/** Per class, the results of `isBusy` (a pass waits silently) and `passes` (a deploy keeps waiting). */
const CONSEQUENCES: Record<FailureClass, readonly [busy: boolean, passing: boolean]> = {
  aborted: [false, true],
  unanswered: [true, true],
  throttled: [true, true],
  conflict: [false, true],
  'unserved-kind': [false, true],
  'new-namespace': [false, true],
  'server-fault': [false, true],
  'not-found': [false, false],
  unauthenticated: [false, false],
  refused: [false, false],
  'not-sent': [false, false],
  unreadable: [false, false],
};

describe('isBusy() and passes() have the listed results for the class', () => {
  it.each(Object.entries(CONSEQUENCES))('%s', (name, [busy, passing]) => {
    expect([isBusy(name as FailureClass), passes(name as FailureClass)]).toEqual([busy, passing]);
  });
});
