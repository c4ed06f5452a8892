import { expect, test } from 'vitest';
import { ruleAllows } from './rbac-rule.ts';

const rule = { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['deployments', '*/scale'] };
const action = { verb: 'get', group: 'apps', resource: 'deployments', subresource: '', name: '' };

test.each([
  ['the named verb, group and resource', rule, action, true],
  ['another verb', rule, { ...action, verb: 'delete' }, false],
  ['another group', rule, { ...action, group: '' }, false],
  ['another resource', rule, { ...action, resource: 'pods' }, false],
  ['a subresource of a named resource', rule, { ...action, subresource: 'status' }, false],
  ['a subresource named for all resources', rule, { ...action, resource: 'statefulsets', subresource: 'scale' }, true],
  ['any action', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { ...action, subresource: 'status' }, true],
  ['a named object', { ...rule, resourceNames: ['web'] }, { ...action, name: 'web' }, true],
  ['an object that the rule does not name', { ...rule, resourceNames: ['web'] }, { ...action, name: 'db' }, false],
  ['an action on no single object, when the rule names objects', { ...rule, resourceNames: ['web'] }, action, false],
  ['an action, when the rule has only paths', { verbs: ['get'], nonResourceURLs: ['*'] }, action, false],
])('ruleAllows decides about %s (rule %j, action %j, allowed: %s)', (_name, given, wanted, allowed) => {
  expect(ruleAllows(given, wanted)).toBe(allowed);
});
