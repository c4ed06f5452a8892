import { text as textOf } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startClusterStory } from '../test-support/cluster-story.ts';
import type { JsonObject } from '@typekro/kit/core';
import { KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import { releaseOf } from './earlier-release.ts';
import { latestRelease, ROLE_KINDS } from './release.ts';

const RELEASES = KUBERNETES_RELEASES.map((version) => [version] as const);

test('the latest release is 1.36, a version may begin with v, and a version without data is refused', () => {
  expect(releaseOf('1.36')).toBe(latestRelease);
  expect(releaseOf('v1.35').minor).toBe(35);
  expect(releaseOf('1.35')).toBe(releaseOf('v1.35'));
  for (const version of ['1.33', '1.37', '1.35.1', '', '1', 'v']) {
    expect(() => releaseOf(version)).toThrowError(
      expect.objectContaining({ code: 'cluster/kubernetes-version' }) as Error,
    );
  }
});

test.each(RELEASES)('roleCount is the number of default roles of %s', (version) => {
  const release = releaseOf(version);
  for (const plural of ROLE_KINDS) expect(release.roleCount(plural)).toBe(release.defaultRoles(plural).length);
});

test.each(RELEASES)('every type to which a type of %s refers exists in the same version', (version) => {
  const release = releaseOf(version);
  const seen = new Set<string>();
  const visit = (name: string, from: string): void => {
    const plain = name.replace(/(?:\[\]|\{\})+$/, '');
    if (!plain.includes('.') || seen.has(plain)) return;
    seen.add(plain);
    const facts = release.typeFacts(plain);
    expect(facts, `${plain}, to which ${from} refers`).toBeDefined();
    for (const { t } of Object.values(facts?.fields ?? {})) visit(t, plain);
  };
  for (const { metadata, versions } of release.groups()) {
    const group = metadata.name ?? '';
    for (const { version: name, resources } of versions)
      for (const { responseKind } of resources)
        visit(`${group === '' ? 'core' : group.split('.')[0]}.${name}.${responseKind.kind}`, 'a resource');
  }
  expect(seen.size).toBeGreaterThan(300);
});

/** Each row of the next tables has a kind, a field or a role, and the versions that have it. */
const KINDS = [
  ['admissionregistration.k8s.io/v1', 'mutatingadmissionpolicies', 'MutatingAdmissionPolicy', ['1.36']],
  ['admissionregistration.k8s.io/v1', 'mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', ['1.36']],
  [
    'admissionregistration.k8s.io/v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    ['1.36', '1.35', '1.34'],
  ],
  ['resource.k8s.io/v1', 'resourceclaims', 'ResourceClaim', ['1.36', '1.35', '1.34']],
] as const;

const FIELDS = [
  ['core.v1.PodSpec', 'schedulingGroup', ['1.36']],
  ['core.v1.PodSpec', 'workloadRef', ['1.35']],
  ['core.v1.PodStatus', 'resources', ['1.36', '1.35']],
  ['storage.v1.CSIDriverSpec', 'serviceAccountTokenInSecrets', ['1.36', '1.35']],
  ['resource.v1.DeviceAttribute', 'bools', ['1.36']],
] as const;

const ROLES = [
  ['clusterroles', 'system:controller:device-taint-eviction-controller', ['1.36']],
  ['clusterrolebindings', 'system:controller:device-taint-eviction-controller', ['1.36']],
  ['clusterroles', 'cluster-admin', ['1.36', '1.35', '1.34']],
] as const;

test.each(FIELDS)('%s has the field %s only in the versions %j', (type, field, versions) => {
  const having = KUBERNETES_RELEASES.filter(
    (version) => releaseOf(version).typeFacts(type)?.fields[field] !== undefined,
  );
  expect(having).toEqual(versions);
});

test.each(ROLES)('%s include %s only in the versions %j', (plural, name, versions) => {
  const has = (version: string) =>
    releaseOf(version)
      .defaultRoles(plural)
      .some(({ metadata }) => (metadata as JsonObject)['name'] === name);
  expect(KUBERNETES_RELEASES.filter(has)).toEqual(versions);
});

test.each(RELEASES)(
  'a cluster of %s serves and describes the kinds of its version, and reports the version',
  async (version) => {
    await using story = await startClusterStory({ kubernetesVersion: version });
    const text = async (path: string) => {
      const { status, body } = await story.cluster.transport().request({ method: 'GET', path });
      return { status, text: await textOf(body) };
    };
    const { gitVersion, minor } = JSON.parse((await text('/version')).text) as Record<string, string>;
    expect([gitVersion, minor]).toEqual([`v${version}.0+typekro`, version.slice(2)]);
    for (const [group, plural, kind, versions] of KINDS) {
      const isServed = (versions as readonly string[]).includes(version);
      expect([plural, (await text(`/apis/${group}/${plural}`)).status]).toEqual([plural, isServed ? 200 : 404]);
      expect((await text(`/apis/${group}`)).text.includes(`"${plural}"`)).toBe(isServed);
      expect((await text(`/openapi/v3/apis/${group}`)).text.includes(`"kind":"${kind}"`)).toBe(isServed);
    }
    const core = (await text('/openapi/v3/api/v1')).text;
    expect(core.includes('"workloadRef"')).toBe(version === '1.35');
    const node = await story.get('v1 Node', 'fake-0');
    expect(node['status']).toMatchObject({ nodeInfo: { kubeletVersion: `v${version}.0` } });
  },
);

test('clusters of several versions in one process do not share types', async () => {
  const stored = async (kubernetesVersion: string) => {
    await using story = await startClusterStory({ kubernetesVersion, workloads: false });
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i' }], workloadRef: { name: 'w', podGroup: 'g' } },
    };
    const created = await story.create(pod);
    return (created['spec'] as JsonObject)['workloadRef'];
  };
  expect(await Promise.all(['1.36', '1.35', '1.34'].map(stored))).toEqual([
    undefined,
    { name: 'w', podGroup: 'g' },
    undefined,
  ]);
});
