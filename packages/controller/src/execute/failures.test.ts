import { describe, expect, it } from 'vitest';
import { RETRY_POLICIES } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { afterFailedRead, afterFailedWrite } from './after-failure.ts';
import type { WriteRules } from './ports.ts';
import { apiFailure } from './api-failure.ts';

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

const user = 'system:serviceaccount:blue:deployer';
const failure = (message: string, status = 403, name?: string) =>
  apiFailure(
    new KubeError(message, {
      status,
      reason: 'Forbidden',
      ...(name === undefined ? {} : { details: { name, causes: [] } }),
    }),
    user,
  ).permission;

describe('the missing right', () => {
  it.each([
    [
      `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" at the cluster scope`,
      { verb: 'list', group: '', resource: 'configmaps', user },
    ],
    [
      `deployments.apps "a" is forbidden: User "${user}" cannot patch resource "deployments" in API group "apps" in the namespace "blue"`,
      { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'blue', user },
    ],
    [
      'pods "a" is forbidden: User "x" cannot create resource "pods/exec" in API group "" in the namespace "n": denied',
      { verb: 'create', group: '', resource: 'pods/exec', namespace: 'n', user },
    ],
  ])('is read from %s', (message, expected) => {
    expect(failure(message)).toEqual(expected);
  });

  it('is the right of the controller to impersonate when the controller may not impersonate the account', () => {
    const message =
      'serviceaccounts "deployer" is forbidden: User "kro" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "blue"';
    expect(failure(message, 403, 'deployer')).toEqual({
      verb: 'impersonate',
      group: '',
      resource: 'serviceaccounts',
      namespace: 'blue',
      name: 'deployer',
    });
  });

  it.each([
    ['pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'],
    ['admission webhook "policy.acme.test" denied the request: no'],
    ['configmaps "a" is forbidden: unable to create new content in namespace blue because it is being terminated'],
  ])('is undefined when no rule would help: %s', (message) => {
    expect(failure(message)).toBeUndefined();
  });

  it('is undefined for a status other than 403', () => {
    expect(failure('User "x" cannot list resource "pods" in API group ""', 500)).toBeUndefined();
  });
});
