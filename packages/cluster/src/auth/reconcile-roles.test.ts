import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { reconciledBinding, reconciledRole } from './reconcile-roles.ts';

const role = (content: JsonObject, metadata: KubeObject['metadata'] = {}, kind = 'ClusterRole') =>
  ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name: 'r', ...metadata },
    ...content,
  }) as KubeObject;
const rule = (verbs: string[], resources: string[], more: JsonObject = {}) => ({
  verbs,
  apiGroups: [''],
  resources,
  ...more,
});
const rules = (...list: JsonObject[]) => role({ rules: list });
const selector = (name: string) => ({ matchLabels: { [name]: 'true' } });
const aggregated = (names: string[], list: JsonObject[] = []) =>
  role({ aggregationRule: { clusterRoleSelectors: names.map(selector) }, rules: list });

describe('a stored default role', () => {
  test.each<[string, KubeObject, KubeObject, KubeObject]>([
    [
      'gets each missing right as a separate rule',
      rules(rule(['get'], ['pods', 'nodes'])),
      rules(rule(['get', 'list'], ['pods', 'pods/log'])),
      rules(
        rule(['get'], ['pods', 'nodes']),
        rule(['get'], ['pods/log']),
        rule(['list'], ['pods']),
        rule(['list'], ['pods/log']),
      ),
    ],
    [
      'gets missing resource names and URL paths',
      rules(rule(['get'], ['leases'], { resourceNames: ['a'] })),
      rules(rule(['get'], ['leases'], { resourceNames: ['a', 'b'] }), {
        verbs: ['get'],
        nonResourceURLs: ['/healthz'],
      }),
      rules(rule(['get'], ['leases'], { resourceNames: ['a'] }), rule(['get'], ['leases'], { resourceNames: ['b'] }), {
        verbs: ['get'],
        nonResourceURLs: ['/healthz'],
      }),
    ],
    [
      'gets missing labels and annotations, and keeps its own',
      role({}, { labels: { a: 'own' } }),
      role({}, { labels: { a: 'default', b: 'default' }, annotations: { c: 'default' } }),
      role({}, { labels: { a: 'own', b: 'default' }, annotations: { c: 'default' } }),
    ],
    [
      'that is aggregated gets missing selectors, but no missing rules',
      aggregated(['own'], [rule(['get'], ['pods'])]),
      aggregated(['default'], [rule(['list'], ['pods'])]),
      aggregated(['own', 'default'], [rule(['get'], ['pods'])]),
    ],
    [
      'that must not be aggregated loses its selectors',
      aggregated(['own'], [rule(['get'], ['pods'])]),
      rules(rule(['get'], ['pods'])),
      rules(rule(['get'], ['pods'])),
    ],
  ])('%s', (_, stored, expected, result) => {
    expect(reconciledRole(stored, expected)).toEqual(result);
  });

  test.each([
    ['grants all rights of the default', rules(rule(['*'], ['*'])), rules(rule(['get'], ['pods']))],
    [
      'opts out of updates',
      role({}, { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } }),
      rules(rule(['get'], ['pods'])),
    ],
  ])('that %s stays the same', (_, stored, expected) => {
    expect(reconciledRole(stored, expected)).toBe(stored);
  });
});

describe('a stored default binding', () => {
  const subject = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });
  const binding = (to: string, names: string[], metadata: KubeObject['metadata'] = {}) =>
    role({ roleRef: { kind: 'ClusterRole', name: to }, subjects: names.map(subject) }, metadata, 'ClusterRoleBinding');

  test('gets missing subjects', () => {
    expect(reconciledBinding(binding('a', ['own']), binding('a', ['default']))).toEqual(
      binding('a', ['own', 'default']),
    );
  });

  test('to another role is replaced', () => {
    const expected = binding('a', ['default']);
    expect(reconciledBinding(binding('b', ['own'], { uid: 'u' }), expected)).toBe(expected);
  });

  test.each([
    ['has all subjects of the default', binding('a', ['own', 'default'])],
    [
      'opts out of updates',
      binding('b', [], { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } }),
    ],
  ])('that %s stays the same', (_, stored) => {
    expect(reconciledBinding(stored, binding('a', ['default']))).toBe(stored);
  });
});
