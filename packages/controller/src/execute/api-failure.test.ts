import { describe, expect, it } from 'vitest';
import { KubeError } from '@typekro/kube';
import { apiFailure } from './api-failure.ts';

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
