import { describe, expect, it } from 'vitest';
import { RETRY_POLICIES } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { afterFailedRead, afterFailedWrite } from './after-failure.ts';
import type { WriteRules } from './ports.ts';

const RETRIED: WriteRules = { backoff: RETRY_POLICIES.instanceWrite, silentRetries: 4, lasting: 'retried' };
const error = (status: number, reason = 'Any', retryAfterMs?: number) =>
  new KubeError('no', { status, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
const NEVER = Number.POSITIVE_INFINITY;

describe('after a failed write', () => {
  it.each([
    ['the pass waits for a busy server', error(429), 0, false, { failures: 1, waitMs: 200, isSilent: true }],
    [
      'the pass waits for an unreachable server',
      error(0, 'Transport'),
      3,
      false,
      { failures: 4, waitMs: 1600, isSilent: true },
    ],
    ['the fifth failure in a row is reported', error(503), 4, false, { failures: 5, waitMs: 3200, isSilent: false }],
    [
      'a failure with a long pause is reported at once',
      error(429, 'Any', 6000),
      0,
      false,
      { waitMs: 6000, isSilent: false },
    ],
    ['the pause is the Retry-After of the server', error(429, 'Any', 3000), 2, false, { waitMs: 3000 }],
    ['a server fault is reported at once', error(500), 0, false, { waitMs: 200, isSilent: false }],
    ['a conflict is reported at once', error(409), 0, false, { waitMs: 200, isSilent: false }],
    ['a refused write is retried', error(422), 11, false, { waitMs: 300_000, isSilent: false }],
    ['a refused final write is not retried', error(422), 0, true, { failures: 1, waitMs: NEVER, isSilent: false }],
    ['a final write is retried after a transient failure', error(409), 0, true, { waitMs: 200 }],
    ['a final write is retried when its kind is not served yet', error(404, 'UnknownKind'), 0, true, { waitMs: 200 }],
  ])('%s', (_name, thrown, before, isFinal, expected) => {
    expect(afterFailedWrite(thrown, before, RETRIED, 1, isFinal)).toMatchObject(expected);
  });
});

describe('after a failed read', () => {
  it.each([
    ['the read is retried after growing pauses', error(403), 2, { failures: 3, waitMs: 4000, isSilent: false }],
    ['the first failure of a busy server is reported', error(503), 0, { waitMs: 1000, isSilent: false }],
    ['the pause is the Retry-After of the server', error(429, 'Any', 7000), 0, { waitMs: 7000 }],
  ])('%s', (_name, thrown, before, expected) => {
    expect(afterFailedRead(thrown, before, 1)).toMatchObject(expected);
  });
});
