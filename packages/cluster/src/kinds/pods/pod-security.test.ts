import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { violationsOf } from './pod-security-standards.ts';

const SAFE: JsonObject = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const container = (more: JsonObject = {}): JsonObject => ({ name: 'c', image: 'i', ...more });
const context = (securityContext: JsonObject): JsonObject => ({ containers: [container({ securityContext })] });
const found = (
  spec: JsonObject,
  level: 'baseline' | 'restricted' = 'baseline',
  minor = 36,
  annotations: Record<string, string> = {},
) => violationsOf({ spec, annotations }, level, minor).map(([reason, detail]) => `${reason} (${detail})`);

describe('the baseline', () => {
  test.each<[JsonObject, string]>([
    [{ hostNetwork: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostIPC=true)'],
    [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "v")'],
    [
      { containers: [container({ ports: [{ hostPort: 80 }, { hostPort: 443 }] })] },
      'hostPort (container "c" uses hostPorts 443, 80)',
    ],
    [
      { containers: [container({ livenessProbe: { httpGet: { host: 'h' } } })] },
      'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
    ],
    [context({ privileged: true }), 'privileged (container "c" must not set securityContext.privileged=true)'],
    [
      context({ capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }),
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      context({ procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      { securityContext: { seLinuxOptions: { type: 'x', user: 'u' } } },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)',
    ],
    [
      {
        securityContext: { seccompProfile: { type: 'Unconfined' } },
        ...context({ seccompProfile: { type: 'Unconfined' } }),
      },
      'seccompProfile (pod and container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      context({ appArmorProfile: { type: 'Unconfined' } }),
      'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      { securityContext: { sysctls: [{ name: 'kernel.x' }, { name: 'net.ipv4.tcp_rmem' }] } },
      'forbidden sysctls (kernel.x)',
    ],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      { initContainers: [{ name: 'a', securityContext: { privileged: true } }], ...context({ privileged: true }) },
      'privileged (containers "a", "c" must not set securityContext.privileged=true)',
    ],
  ])('refuses %j', (spec, text) => {
    expect(found(spec)).toEqual([text]);
  });

  test.each<[string, JsonObject, number]>([
    ['a host in a probe before 1.34', { containers: [container({ livenessProbe: { httpGet: { host: 'h' } } })] }, 33],
    ['procMount in a pod with its own user namespace', { hostUsers: false, ...context({ procMount: 'Unmasked' }) }, 36],
    ['a pod without settings', { containers: [container()] }, 36],
  ])('allows %s', (_title, spec, minor) => {
    expect(found(spec, 'baseline', minor)).toEqual([]);
  });

  test('allows the sysctls and SELinux types of the given version', () => {
    const spec = {
      securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }], seLinuxOptions: { type: 'container_engine_t' } },
    };
    expect(found(spec, 'baseline', 32)).toEqual([]);
    expect(found(spec, 'baseline', 30)).toHaveLength(2);
  });

  test('checks annotations', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' };
    expect(found({}, 'baseline', 36, annotations)).toEqual([
      'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    ]);
    const seccomp = { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' };
    expect(found({}, 'baseline', 18, seccomp)).toEqual([
      'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
    ]);
  });
});

describe('the restricted level', () => {
  const rest = (without: string): JsonObject =>
    context(Object.fromEntries(Object.entries(SAFE).filter(([key]) => key !== without)));

  test.each<[JsonObject, string[]]>([
    [context(SAFE), []],
    [
      rest('allowPrivilegeEscalation'),
      ['allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)'],
    ],
    [
      rest('capabilities'),
      ['unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])'],
    ],
    [rest('runAsNonRoot'), ['runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)']],
    [{ hostUsers: false, ...rest('runAsNonRoot') }, []],
    [{ securityContext: { runAsNonRoot: true }, ...rest('runAsNonRoot') }, []],
    [{ securityContext: { runAsUser: 0 }, ...context(SAFE) }, ['runAsUser=0 (pod must not set runAsUser=0)']],
    [
      rest('seccompProfile'),
      [
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      ],
    ],
    [
      {
        volumes: [
          { name: 'a', nfs: {} },
          { name: 'b', secret: {} },
          { name: 'h', hostPath: {} },
        ],
        ...context(SAFE),
      },
      ['restricted volume types (volumes "a", "h" use restricted volume types "hostPath", "nfs")'],
    ],
  ])('reports the violations of %j', (spec, expected) => {
    expect(found(spec, 'restricted')).toEqual(expected);
  });
});

describe('the Pod Security labels of a namespace', () => {
  const namespace = (labels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n', namespace: '', labels },
  });
  const pod = (spec: JsonObject, name = 'p'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n' },
    spec: { containers: [container()], ...spec },
  });
  const key = (mode: string) => `pod-security.kubernetes.io/${mode}`;

  async function warningsOf(story: ClusterStory, method: string, path: string, body: JsonObject): Promise<string> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await story.cluster
      .transport()
      .request({ method, path, headers: { 'content-type': type }, body: JSON.stringify(body) });
    for await (const _chunk of answer.body);
    return answer.headers['warning'] ?? '';
  }

  test('refuse a pod, with the reasons', async () => {
    await using story = await startClusterStory();
    await story.create(namespace({ [key('enforce')]: 'baseline' }));
    await expect(story.create(pod({ hostNetwork: true }))).rejects.toThrow(
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    );
    await story.create(pod({}));
  });

  test('apply to an update of a seccomp annotation, but not to an update of another annotation', async () => {
    await using story = await startClusterStory();
    await story.create(namespace({}));
    await story.create(pod({ hostNetwork: true }));
    const labels = { [key('enforce')]: 'baseline', [key('enforce-version')]: 'v1.18' };
    await story.patch('v1 Namespace', 'n', { metadata: { labels } });
    const annotate = (name: string) =>
      story.client.patch(
        { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'n' },
        { metadata: { annotations: { [name]: 'unconfined' } } },
      );
    await annotate('container.seccomp.example.com/c');
    await expect(annotate('container.seccomp.security.alpha.kubernetes.io/c')).rejects.toThrow(
      'violates PodSecurity "baseline:v1.18": host namespaces (hostNetwork=true), seccompProfile (forbidden annotation',
    );
  });

  test('refuse the pods of a workload, but not the workload', async () => {
    await using story = await startClusterStory();
    await story.create(namespace({ [key('enforce')]: 'restricted', [key('enforce-version')]: 'v1.30' }));
    const labels = { app: 'a' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: labels }, template: podTemplate(labels) },
    };
    const warnings = await warningsOf(story, 'POST', '/apis/apps/v1/namespaces/n/deployments', deployment);
    expect(warnings).toContain('would violate PodSecurity \\"restricted:v1.30\\": allowPrivilegeEscalation != false');
    await story.cluster.idle();
    expect(await story.names('v1 Pod', 'n')).toEqual([]);
    const [set] = await story.list('apps/v1 ReplicaSet', 'n');
    expect(set?.status).toMatchObject({ conditions: [{ type: 'ReplicaFailure', reason: 'FailedCreate' }] });
  });

  test('warn about a pod', async () => {
    await using story = await startClusterStory();
    await story.create(namespace({ [key('warn')]: 'baseline' }));
    const path = '/api/v1/namespaces/n/pods';
    const warnings = await warningsOf(story, 'POST', path, pod({ hostPID: true }));
    expect(warnings).toContain('would violate PodSecurity \\"baseline:latest\\": host namespaces (hostPID=true)');
  });

  test('are refused when their values are invalid', async () => {
    await using story = await startClusterStory();
    await expect(story.create(namespace({ [key('enforce')]: 'strict', [key('warn-version')]: '1.2' }))).rejects.toThrow(
      /metadata\.labels\[pod-security\.kubernetes\.io\/enforce\]: Invalid value: "strict": must be one of privileged, baseline, restricted.*must be "latest" or "v1\.x"/,
    );
  });

  test('cause a warning about the existing pods that violate a stricter level', async () => {
    await using story = await startClusterStory();
    await story.create(namespace({}));
    for (const name of ['a', 'b']) await story.create(pod({ hostNetwork: true }, name));
    const change = { metadata: { labels: { [key('enforce')]: 'baseline' } } };
    const warnings = await warningsOf(story, 'PATCH', '/api/v1/namespaces/n', change);
    expect(warnings).toContain(
      'existing pods in namespace \\"n\\" violate the new PodSecurity enforce level \\"baseline:latest\\"',
    );
    expect(warnings).toContain('a (and 1 other pod): host namespaces');
  });
});

describe('the runtime class of a pod', () => {
  const runtime = (more: JsonObject): KubeObject => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'r', namespace: '' },
    handler: 'h',
    ...more,
  });
  const pod = (more: JsonObject = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { runtimeClassName: 'r', containers: [container()], ...more },
  });

  test('adds its overhead, node selector and tolerations to the pod', async () => {
    await using story = await startClusterStory();
    const tolerations = [{ key: 'k', operator: 'Exists' }];
    const scheduling = { nodeSelector: { a: 'b' }, tolerations };
    await story.create(runtime({ overhead: { podFixed: { cpu: '250m' } }, scheduling }));
    const own = { key: 'k', value: 'v', operator: 'Equal', effect: 'NoSchedule' };
    const { spec } = await story.create(pod({ nodeSelector: { c: 'd' }, tolerations: [own] }));
    expect(spec).toMatchObject({ overhead: { cpu: '250m' }, nodeSelector: { a: 'b', c: 'd' } });
    expect(objectsAt(spec, 'tolerations').filter((toleration) => toleration['key'] === 'k')).toEqual(tolerations);
  });

  test.each<[JsonObject, JsonObject, string]>([
    [{}, { overhead: { cpu: '1' } }, 'Pod Overhead set without corresponding RuntimeClass defined Overhead'],
    [
      { overhead: { podFixed: { cpu: '2' } } },
      { overhead: { cpu: '1' } },
      `Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
    ],
    [
      { scheduling: { nodeSelector: { a: 'b' } } },
      { nodeSelector: { a: 'c' } },
      'conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c',
    ],
  ])('with the fields %j refuses a pod with the fields %j', async (own, spec, text) => {
    await using story = await startClusterStory();
    await story.create(runtime(own));
    await expect(story.create(pod(spec))).rejects.toThrow(text);
  });
});
