import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { Registry } from '../registry/registry.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { Store } from '../store/store.ts';
import type { AdmissionAttributes, Operation } from './attributes.ts';
import { type RuleTarget, matchedResource, namespaceSelected, objectSelected, ruleMatches } from './rule-matches.ts';

const rule = (parts: object = {}) => ({
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  ...parts,
});
const target = (parts: Partial<RuleTarget> = {}): RuleTarget => ({
  operation: 'CREATE',
  group: '',
  version: 'v1',
  plural: 'pods',
  subresource: '',
  name: 'a',
  namespace: 'default',
  ...parts,
});
const namespaces = { plural: 'namespaces', name: 'a', namespace: 'a' };

describe('each member of a rule restricts the matched requests', () => {
  test.each<[string, object, Partial<RuleTarget>, boolean]>([
    ['the members of the request', {}, {}, true],
    ['another operation', {}, { operation: 'DELETE' }, false],
    ['all operations', { operations: ['*'] }, { operation: 'CONNECT' }, true],
    ['another group', {}, { group: 'apps' }, false],
    ['all groups', { apiGroups: ['*'] }, { group: 'apps' }, true],
    ['another version', {}, { version: 'v2' }, false],
    ['all versions', { apiVersions: ['*'] }, { version: 'v2' }, true],
    ['another resource', {}, { plural: 'services' }, false],
    ['a resource does not match its subresources', {}, { subresource: 'status' }, false],
    ['a subresource', { resources: ['pods/status'] }, { subresource: 'status' }, true],
    ['a subresource does not match the resource', { resources: ['pods/status'] }, {}, false],
    ['the star does not match subresources', { resources: ['*'] }, { subresource: 'status' }, false],
    ['the star matches all resources', { resources: ['*'] }, { plural: 'services' }, true],
    ['all subresources of one resource', { resources: ['pods/*'] }, { subresource: 'eviction' }, true],
    ['all subresources and the resource itself', { resources: ['pods/*'] }, {}, true],
    [
      'a subresource of all resources',
      { resources: ['*/scale'] },
      { plural: 'deployments', subresource: 'scale' },
      true,
    ],
    ['everything', { resources: ['*/*'] }, { plural: 'deployments', subresource: 'scale' }, true],
    ['the scope Namespaced, for a request in a namespace', { scope: 'Namespaced' }, {}, true],
    ['the scope Namespaced, for a request outside namespaces', { scope: 'Namespaced' }, { namespace: '' }, false],
    ['the scope Cluster', { scope: 'Cluster' }, { namespace: '' }, true],
    ['the scope Cluster, for a request in a namespace', { scope: 'Cluster' }, {}, false],
    ['the scope Cluster matches a Namespace', { scope: 'Cluster', resources: ['namespaces'] }, namespaces, true],
    [
      'the scope Namespaced does not match a Namespace',
      { scope: 'Namespaced', resources: ['namespaces'] },
      namespaces,
      false,
    ],
    ['every scope', { scope: '*' }, { namespace: '' }, true],
    ['a name', { resourceNames: ['a'] }, {}, true],
    ['another name', { resourceNames: ['b'] }, {}, false],
  ])('%s (rule %j, request %j, matches: %s)', (_, parts, request, expected) => {
    expect(ruleMatches(rule(parts), target(request))).toBe(expected);
  });
});

const store = new Store();
const registry = new Registry(store);

function served(group: string, version: string, plural: string): ServedResource {
  const found = registry.find(group, version, plural);
  if (found === undefined) throw new Error(`${group}/${version} has no ${plural}`);
  return found;
}

const object = (labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', ...(labels === undefined ? {} : { labels }) },
});

function attributes(parts: Partial<AdmissionAttributes> = {}): AdmissionAttributes {
  const resource = parts.resource ?? served('', 'v1', 'pods');
  return {
    operation: 'CREATE',
    resource,
    subresource: '',
    kind: resource,
    type: undefined,
    name: 'a',
    namespace: 'default',
    object: object(),
    old: undefined,
    user: { name: 'u', groups: [] },
    dryRun: false,
    options: {},
    ...parts,
  };
}

describe('the matchPolicy decides whether a rule matches other versions of the same objects', () => {
  const v2 = rule({ apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['horizontalpodautoscalers'] });
  const request = attributes({ resource: served('autoscaling', 'v1', 'horizontalpodautoscalers') });

  test.each([
    ['Equivalent', 'v2'],
    ['', 'v2'],
    ['Exact', undefined],
  ])('with the policy "%s", a rule for v2 matches a request for v1 as the version %s', (policy, version) => {
    expect(matchedResource([v2], policy, request, registry.all())?.version).toBe(version);
  });

  test('a rule for the version of the request takes precedence over an earlier rule for another version', () => {
    const both = [v2, rule({ apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] })];
    expect(matchedResource(both, 'Equivalent', request, registry.all())?.version).toBe('v1');
  });
});

describe('an object selector can match the object before the request or the object after it', () => {
  const selector = { matchLabels: { a: 'b' } };
  const absent = { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] };
  const bare = (kind: string) => ({ apiVersion: 'v1', kind }) as KubeObject;
  test.each<[string, object, KubeObject | undefined, KubeObject | undefined, boolean, Operation?]>([
    ['no selector', {}, object(), undefined, true],
    ['the new object', selector, object({ a: 'b' }), undefined, true],
    ['the old object', selector, object(), object({ a: 'b' }), true],
    ['a deleted object', selector, undefined, object({ a: 'b' }), true],
    ['neither', selector, object(), object({ a: 'c' }), false],
    ['a review without metadata', selector, bare('SubjectAccessReview'), undefined, false],
    ['a review without metadata, and the absence of a label', absent, bare('SubjectAccessReview'), undefined, true],
    ['the options of a connection', absent, bare('PodExecOptions'), undefined, false, 'CONNECT'],
    ['a custom kind of options', absent, bare('BackupOptions'), undefined, true],
  ])('%s (%j, new %j, old %j, matches: %s)', (_, given, next, old, expected, operation = 'UPDATE') => {
    expect(objectSelected({ ...given }, attributes({ operation, object: next, old }))).toBe(expected);
  });
});

describe('a namespace selector matches the labels of the namespace', () => {
  const space = (name: string, labels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  store.collection('', 'namespaces').put('default', space('default', { a: 'b' }));
  const ofNamespaces = { resource: served('', 'v1', 'namespaces'), name: 'default', namespace: 'default' };
  const outside = { resource: served('', 'v1', 'nodes'), namespace: '' };

  test.each<[string, object, Partial<AdmissionAttributes>, boolean]>([
    ['its labels match', { matchLabels: { a: 'b' } }, {}, true],
    ['other labels do not match', { matchLabels: { a: 'c' } }, {}, false],
    ['a request outside namespaces matches every selector', { matchLabels: { a: 'c' } }, outside, true],
    [
      'the labels that a write of the namespace sets match',
      { matchLabels: { a: 'c' } },
      { ...ofNamespaces, object: space('default', { a: 'c' }) },
      true,
    ],
    [
      'the labels of a deleted namespace match',
      { matchLabels: { a: 'b' } },
      { ...ofNamespaces, operation: 'DELETE', object: undefined },
      true,
    ],
  ])('%s', (_, selector, parts, expected) => {
    expect(namespaceSelected({ ...selector }, attributes(parts), store)).toBe(expected);
  });

  test('an unknown namespace is an error', () => {
    expect(() => namespaceSelected({ matchLabels: { a: 'b' } }, attributes({ namespace: 'gone' }), store)).toThrow(
      'namespaces "gone" not found',
    );
  });
});
