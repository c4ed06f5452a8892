import { describe, expect, test } from 'vitest';
import type { AuditPolicy, AuditPolicyRule } from '../audit-options.ts';
import { attributesOf } from '../auth/authorize.ts';
import { Query, splitPath } from '../protocol/request.ts';
import { auditDecision } from './audit-rules.ts';

const JANE = { name: 'jane', groups: ['devs', 'system:authenticated'] };

/** Returns the attributes of a request, given as `METHOD PATH`. */
function attributes(request: string) {
  const [method = '', target = ''] = request.split(' ');
  const [path = '', query = ''] = target.split('?');
  return attributesOf({ method, path, segments: splitPath(path), query: new Query(query) });
}

const levelOf = (rule: Omit<AuditPolicyRule, 'level'>, request: string, user: typeof JANE | undefined = JANE) =>
  auditDecision({ rules: [{ level: 'Metadata', ...rule }] }, user, attributes(request)).level;

const PODS = '/api/v1/namespaces/a/pods';

describe('a rule applies to requests that match all its members', () => {
  test.each<[Omit<AuditPolicyRule, 'level'>, string, boolean]>([
    [{}, `GET ${PODS}`, true],
    [{}, 'GET /version', true],
    [{ users: ['jane'] }, `GET ${PODS}`, true],
    [{ users: ['joe'] }, `GET ${PODS}`, false],
    [{ userGroups: ['ops', 'devs'] }, `GET ${PODS}`, true],
    [{ userGroups: ['ops'] }, `GET ${PODS}`, false],
    [{ users: ['jane'], verbs: ['list'] }, `GET ${PODS}`, true],
    [{ users: ['jane'], verbs: ['watch'] }, `GET ${PODS}`, false],
    [{ verbs: ['watch'] }, `GET ${PODS}?watch=1`, true],
    [{ verbs: ['get'] }, 'GET /version', true],
    [{ namespaces: ['a'] }, `GET ${PODS}`, true],
    [{ namespaces: ['b'] }, `GET ${PODS}`, false],
    [{ namespaces: [''] }, 'GET /api/v1/nodes', true],
    [{ namespaces: [''] }, 'GET /version', false],
    [{ resources: [{}] }, `GET ${PODS}`, true],
    [{ resources: [{ group: 'apps' }] }, `GET ${PODS}`, false],
    [{ resources: [{ group: 'apps' }, { resources: ['pods'] }] }, `GET ${PODS}`, true],
    [{ resources: [{ resources: ['pods'] }] }, `GET ${PODS}/x/log`, false],
    [{ resources: [{ resources: ['pods/log'] }] }, `GET ${PODS}/x/log`, true],
    [{ resources: [{ resources: ['pods/*'] }] }, `GET ${PODS}/x/log`, true],
    [{ resources: [{ resources: ['pods/*'] }] }, `GET ${PODS}/x`, true],
    [{ resources: [{ resources: ['*/log'] }] }, `GET ${PODS}/x/log`, true],
    [{ resources: [{ resources: ['*/log'] }] }, `GET ${PODS}/x`, false],
    [{ resources: [{ resources: ['*'] }] }, `GET ${PODS}/x/log`, true],
    [{ resources: [{ resources: ['pods'], resourceNames: ['x'] }] }, `GET ${PODS}/x`, true],
    [{ resources: [{ resources: ['pods'], resourceNames: ['x'] }] }, `GET ${PODS}/y`, false],
    [
      { resources: [{ resources: ['pods'], resourceNames: ['x'] }] },
      `GET ${PODS}?fieldSelector=metadata.name%3Dx`,
      true,
    ],
    [{ nonResourceURLs: ['/version'] }, 'GET /version', true],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /healthz/ping', true],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /version', false],
    [{ nonResourceURLs: ['*'] }, `GET ${PODS}`, false],
  ])('the rule %j matches %s: %s', (rule, request, matches) => {
    expect(levelOf(rule, request)).toBe(matches ? 'Metadata' : 'None');
  });
});

test('invalid credentials match no user and no group', () => {
  const level = (rule: Omit<AuditPolicyRule, 'level'>) =>
    auditDecision({ rules: [{ level: 'Request', ...rule }] }, undefined, attributes(`GET ${PODS}`)).level;
  expect([level({}), level({ users: ['jane'] }), level({ userGroups: ['devs'] })]).toEqual(['Request', 'None', 'None']);
});

test('the first matching rule decides, omits its own stages and those of the policy, and its omitManagedFields overrides the policy', () => {
  const policy: AuditPolicy = {
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'None', verbs: ['watch'] },
      { level: 'Request', resources: [{ resources: ['pods'] }], omitStages: ['Panic'], omitManagedFields: false },
      { level: 'Metadata' },
    ],
  };
  const decided = (request: string) => {
    const { level, omitStages, omitManagedFields } = auditDecision(policy, JANE, attributes(request));
    return [level, [...omitStages], omitManagedFields];
  };
  expect(decided(`GET ${PODS}?watch=1`)).toEqual(['None', ['RequestReceived'], true]);
  expect(decided(`GET ${PODS}`)).toEqual(['Request', ['RequestReceived', 'Panic'], false]);
  expect(decided('GET /version')).toEqual(['Metadata', ['RequestReceived'], true]);
});
