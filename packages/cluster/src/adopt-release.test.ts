import type { JsonValue } from '@typekro/kit/core';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { startClusterStory } from '../test-support/cluster-story.ts';

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'typekro-upgrade-'))));
const open = (kubernetesVersion: string) => startClusterStory({ kubernetesVersion, stateDirectory: directory });

const ROLE = 'rbac.authorization.k8s.io/v1 ClusterRole';
const BINDING = 'rbac.authorization.k8s.io/v1 ClusterRoleBinding';
const NEW_ROLE = 'system:controller:device-taint-eviction-controller';
const pod = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

test('objects of an earlier version of Kubernetes lose the fields that the current version does not have', async () => {
  let version: string | undefined;
  {
    await using story = await open('1.35');
    await story.create(pod({ workloadRef: { name: 'a', podGroup: 'b' } }));
    await story.cluster.idle();
    const live = await story.get('v1 Pod', 'p');
    expect(live.spec).toHaveProperty('workloadRef');
    version = live.metadata.resourceVersion;
  }
  for (let start = 0; start < 2; start++) {
    await using story = await open('1.36');
    await story.cluster.idle();
    const live = await story.get('v1 Pod', 'p');
    expect(live.spec).not.toHaveProperty('workloadRef');
    expect(live.metadata.resourceVersion).toBe(version);
  }
  expect(readFileSync(join(directory, 'state.jsonl'), 'utf8').includes('"workloadRef":')).toBe(false);
});

test('default roles, bindings and nodes are updated to the current version, a deleted default role is restored, and rules that users added are kept', async () => {
  {
    await using story = await open('1.34');
    await story.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'old', annotations: { 'typekro.dev/simulated': 'true' } },
      status: { nodeInfo: { kubeletVersion: 'v1.32.4' } },
    });
    expect(await story.find(ROLE, NEW_ROLE, '')).toBeUndefined();
    const scheduler = await story.get(ROLE, 'system:kube-scheduler', '');
    const own = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
    await story.client.update({ ...scheduler, rules: [...(scheduler['rules'] as JsonValue[]), own] });
    await story.client.delete({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      name: 'system:basic-user',
    });
  }
  await using story = await open('1.36');
  await story.cluster.idle();
  expect(await story.find(ROLE, NEW_ROLE, '')).toBeDefined();
  expect(await story.find(BINDING, NEW_ROLE, '')).toBeDefined();
  expect(await story.find(ROLE, 'system:basic-user', '')).toBeDefined();
  const rules = (await story.get(ROLE, 'system:kube-scheduler', ''))['rules'] as { resources?: string[] }[];
  expect(rules.some(({ resources }) => resources?.includes('secrets'))).toBe(true);
  const present = new Set(rules.flatMap(({ resources = [] }) => resources));
  await using fresh = await startClusterStory();
  const expected = (await fresh.get(ROLE, 'system:kube-scheduler', ''))['rules'] as { resources?: string[] }[];
  expect(expected.flatMap(({ resources = [] }) => resources).filter((resource) => !present.has(resource))).toEqual([]);
  expect(await story.get('v1 Node', 'fake-0', '')).toMatchObject({
    status: { nodeInfo: { kubeletVersion: 'v1.36.0' } },
  });
  expect(await story.get('v1 Node', 'old', '')).toMatchObject({ status: { nodeInfo: { kubeletVersion: 'v1.32.4' } } });
});

test('a start with the same version changes only the certificate authority for requests to other API servers', async () => {
  const written = (): string[] =>
    readFileSync(join(directory, 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { plural: string }).plural);
  {
    await using story = await open('1.36');
    await story.create(pod({}));
    await story.cluster.idle();
  }
  const first = written();
  {
    await using story = await open('1.36');
    await story.cluster.idle();
  }
  // The certificate authority for requests to other API servers is new at each start.
  expect(written().slice(first.length)).toEqual(['configmaps']);
});
