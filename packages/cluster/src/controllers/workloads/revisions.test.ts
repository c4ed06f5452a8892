import { describe, expect, test } from 'vitest';
import { podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import { toJsonText } from '../../codec/json.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const labels = { app: 'r' };
const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const GENERATION = 'deprecated.daemonset.template.generation';
const DEPLOYMENT = 'apps/v1 Deployment';
const DAEMON_SET = 'apps/v1 DaemonSet';

const workload = (kind: string, spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'r', annotations },
  spec: { selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
});

const image = (tag: string): JsonObject => ({
  spec: { template: { spec: { containers: [{ name: 'c', image: `i:${tag}` }] } } },
});

describe('the revisions of a Deployment', () => {
  test.each([
    ['9007199254740993', '9007199254740994'],
    ['9223372036854775806', '9223372036854775807'],
    ['x', '1'],
    ['9223372036854775808', '1'],
    ['7', '8'],
  ])('continue after %s with %s', async (before, after) => {
    await using story = await startClusterStory();
    await story.create(workload('Deployment'));
    const [old = ''] = await story.names('apps/v1 ReplicaSet');
    await story.patch(DEPLOYMENT, 'r', { spec: { paused: true } });
    await story.patch('apps/v1 ReplicaSet', old, { metadata: { annotations: { [REVISION]: before } } });
    await story.patch(DEPLOYMENT, 'r', { spec: { paused: false, ...(image('2')['spec'] as JsonObject) } });
    const sets = await story.list('apps/v1 ReplicaSet');
    const fresh = sets.find(({ metadata }) => metadata.name !== old);
    expect(fresh?.metadata.annotations?.[REVISION]).toBe(after);
    expect((await story.get(DEPLOYMENT, 'r')).metadata.annotations?.[REVISION]).toBe(after);
  });

  test('record the earlier numbers of a template that is used again', async () => {
    await using story = await startClusterStory();
    await story.create(workload('Deployment'));
    const [first = ''] = await story.names('apps/v1 ReplicaSet');
    await story.patch(DEPLOYMENT, 'r', image('2'));
    for (const history of [undefined, '2', '2,4']) {
      const sets = await story.list('apps/v1 ReplicaSet');
      const latest = sets.find(({ metadata }) => metadata.name !== first);
      expect(latest?.metadata.annotations?.[HISTORY]).toBe(history);
      await story.patch(DEPLOYMENT, 'r', { spec: { template: podTemplate(labels) } });
      await story.patch(DEPLOYMENT, 'r', image('2'));
    }
  });
});

describe('a ControllerRevision', () => {
  test.each(['StatefulSet', 'DaemonSet'])('of a %s has sorted keys', async (kind) => {
    await using story = await startClusterStory();
    await story.create(workload(kind, kind === 'StatefulSet' ? { serviceName: 's' } : {}));
    const [revision] = await story.list('apps/v1 ControllerRevision');
    const text = toJsonText(revision?.['data']);
    expect(text).toMatch(/^\{"spec":\{"template":\{"\$patch":"replace","metadata":\{.*"spec":\{"containers"/);
    const keys = (value: unknown): boolean => {
      if (Array.isArray(value)) return value.every(keys);
      if (typeof value !== 'object' || value === null) return true;
      const names = Object.keys(value);
      return names.join() === names.toSorted().join() && Object.values(value).every(keys);
    };
    expect(keys(revision?.['data'])).toBe(true);
  });

  test('has an int64 number without rounding', async () => {
    await using story = await startClusterStory();
    await story.create(workload('DaemonSet'));
    const [name = ''] = await story.names('apps/v1 ControllerRevision');
    await story.patch('apps/v1 ControllerRevision', name, { revision: 9007199254740993n });
    await story.patch(DAEMON_SET, 'r', image('2'));
    const revisions = await story.list('apps/v1 ControllerRevision');
    expect(revisions.map((revision) => BigInt(String(revision['revision']))).toSorted()).toEqual([
      9007199254740993n,
      9007199254740994n,
    ]);
  });
});

describe('the template generation of a DaemonSet', () => {
  test.each([
    [undefined, '1'],
    ['0', '1'],
    ['7', '7'],
    ['9007199254740993', '9007199254740993'],
  ])('that is created with the annotation %s is stored as %s', async (sent, stored) => {
    await using story = await startClusterStory();
    const annotations: Record<string, string> = sent === undefined ? {} : { [GENERATION]: sent };
    const created = await story.create(workload('DaemonSet', {}, annotations));
    expect(created.metadata.annotations?.[GENERATION]).toBe(stored);
    const changed = await story.patch(DAEMON_SET, 'r', image('2'));
    expect(changed.metadata.annotations?.[GENERATION]).toBe(String(BigInt(stored) + 1n));
  });

  test('is not changed by clients', async () => {
    await using story = await startClusterStory();
    for (const [text, problem] of [
      ['x', 'invalid syntax'],
      ['9223372036854775808', 'value out of range'],
    ] as const) {
      await expect(story.create(workload('DaemonSet', {}, { [GENERATION]: text }))).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(`strconv.ParseInt: parsing "${text}": ${problem}`) as string,
      });
    }
    await story.create(workload('DaemonSet'));
    const ref = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'r', namespace: 'default' };
    for (const subresource of [undefined, 'status']) {
      for (const annotations of [{ [GENERATION]: '9' }, null]) {
        const options = subresource === undefined ? {} : { subresource };
        const changed = await story.client.patch(ref, { metadata: { annotations } }, options);
        expect(changed.metadata.annotations?.[GENERATION]).toBe('1');
      }
    }
  });
});
