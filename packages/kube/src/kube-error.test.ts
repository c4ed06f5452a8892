import { describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { errorOfResponse, errorOfStatus, isConflict, isUnanswered, KubeError } from './kube-error.ts';

const status = (fields: JsonObject): JsonObject => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...fields });

describe('the pause that a server requests', () => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  const details = { details: { retryAfterSeconds: 3 } };

  it.each<[headers: Record<string, string>, body: JsonObject, milliseconds: number | undefined]>([
    [{ 'retry-after': '7' }, {}, 7000],
    [{ 'retry-after': '7' }, details, 7000],
    [{ 'retry-after': '0' }, details, 3000],
    [{}, details, 3000],
    [{}, { details: { retryAfterSeconds: 3600 } }, 60_000],
    [{}, { details: { retryAfterSeconds: 0 } }, undefined],
    [{}, { details: { retryAfterSeconds: -1 } }, undefined],
    [{}, {}, undefined],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:05 GMT', date }, {}, 5000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 08:28:00 GMT', date }, {}, 60_000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date }, details, 3000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:05 GMT' }, {}, undefined],
    [{ 'retry-after': 'soon', date }, details, 3000],
  ])('is computed from the headers %o and the Status %o', (headers, body, milliseconds) => {
    const error = errorOfResponse({ status: 503, headers }, JSON.stringify(status(body)));
    expect(error.retryAfterMs).toBe(milliseconds);
  });

  it('in an event ERROR of a watch is read from the details of its Status', () => {
    expect(errorOfStatus(status({ code: 429, ...details })).retryAfterMs).toBe(3000);
    expect(errorOfStatus(status({ code: 429 })).retryAfterMs).toBeUndefined();
  });
});

describe('a Status without some of its fields', () => {
  it.each([
    ['AlreadyExists', 409],
    ['Conflict', 409],
    ['Expired', 410],
    ['Gone', 410],
    ['NotFound', 404],
    ['Timeout', 504],
    ['ServerTimeout', 500],
    ['StorageReadError', 500],
    ['constructor', 500],
    ['', 500],
  ])('with only the reason "%s" is an error with the status %i', (reason, code) => {
    const error = errorOfStatus(status({ reason }));
    expect([error.status, isConflict(error)]).toEqual([code, code === 409]);
  });

  it('with an empty message has a default message', () => {
    const empty = status({ message: '', code: 503 });
    expect(errorOfResponse({ status: 503, headers: {} }, JSON.stringify(empty)).message).toBe(
      'the server responded with 503',
    );
    expect(errorOfStatus(empty).message).toBe('the server ended the watch with an error');
  });
});

it.each([
  [0, 'Transport', true],
  [0, 'NoAnswer', true],
  [503, 'ServiceUnavailable', true],
  [504, 'Timeout', true],
  [0, 'Aborted', false],
  [500, 'InternalError', false],
  [429, 'TooManyRequests', false],
])('an error with the status %i and the reason %s is unanswered: %s', (code, reason, expected) => {
  expect(isUnanswered(new KubeError('failed', { status: code, reason }))).toBe(expected);
});
