import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringifyJson } from '@typekro/kit/core';
import { type World, eventually, realNode } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await realNode();
  const line = 'install typekro charts/typekro -n typekro --create-namespace --wait --set rbac.mode=unrestricted';
  expect(await world.run('helm', line)).toMatchObject({ code: 0, stderr: '' });
  await world.apply(NAMESPACES);
  for (const [name, container, , , pod, namespace] of CAUSES)
    await applyCase(name, { ...pod, containers: [{ ...server, ...container }] }, namespace);
});
afterAll(async () => {
  // Another installation would not have the rights for these definitions.
  await world.run('kubectl', 'delete rgd --all');
  // The instances in them keep the finalizer of the controller, so the namespaces stay until the node ends.
  await world.run('kubectl', 'delete namespace strict full --wait=false');
  await world.run('helm', 'uninstall typekro -n typekro --wait');
});

const server = { name: 'web', image: 'typekro.test/web:1' };
const probe = { httpGet: { path: '/fail', port: 80 }, periodSeconds: 1 };
const mounted = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
const NAMESPACES = `
{ apiVersion: v1, kind: Namespace, metadata: { name: strict, labels: { pod-security.kubernetes.io/enforce: restricted } } }
---
{ apiVersion: v1, kind: Namespace, metadata: { name: full } }
---
{ apiVersion: v1, kind: ResourceQuota, metadata: { name: none, namespace: full }, spec: { hard: { pods: 0 } } }
`;
const volume = (source: object) => ({ volumes: [{ name: 'data', ...source }] });

/** Rows: what holds a workload, the pod of its Deployment, and the cause and the remedy of `typekro why`. */
const CAUSES: readonly (readonly [
  name: string,
  container: object,
  cause: RegExp,
  remedy: RegExp,
  pod?: object,
  namespace?: string,
])[] = [
  [
    'registry',
    { image: '192.0.2.10:5000/none:1' },
    /ImagePullBackOff .*connection refused/,
    /correct registry, name and tag/,
  ],
  [
    'image',
    { imagePullPolicy: 'Never', image: 'typekro.test/none:1' },
    /ErrImageNeverPull/,
    /put the image on the node/,
  ],
  [
    'crash',
    { args: ['crash'] },
    /(?:CrashLoopBackOff|Error) .*exit code 1[^]*log: no database/,
    /correct command, args/,
  ],
  [
    'memory',
    { args: ['fill'], resources: { limits: { memory: '16Mi' } } },
    /OOMKilled/,
    /raise resources.limits.memory/,
  ],
  [
    'probe',
    { readinessProbe: probe },
    /Unhealthy .*Readiness probe failed/,
    /correct port, path and times of the probe/,
  ],
  [
    'liveness',
    { livenessProbe: { ...probe, failureThreshold: 1 } },
    /CrashLoopBackOff[^]*Liveness probe failed/,
    /correct port, path and times of the probe/,
  ],
  ['cpu', { resources: { requests: { cpu: '64' } } }, /Unschedulable .*Insufficient cpu/, /request less/],
  ['capacity', { resources: { requests: { memory: '1Ti' } } }, /Unschedulable .*Insufficient memory/, /request less/],
  ['selector', {}, /Unschedulable .*affinity/, /correct nodeSelector and affinity/, { nodeSelector: { disk: 'fast' } }],
  [
    'volume',
    mounted,
    /persistentvolumeclaim "data" not found/,
    /create the claim/,
    volume({ persistentVolumeClaim: { claimName: 'data' } }),
  ],
  [
    'config',
    { envFrom: [{ configMapRef: { name: 'absent' } }] },
    /configmap "absent" not found/,
    /create it, or correct the name/,
  ],
  [
    'secret',
    mounted,
    /secret "absent" not found/,
    /create it, or correct the name/,
    volume({ secret: { secretName: 'absent' } }),
  ],
  ['command', { command: ['/absent'] }, /\/absent: no such file/, /correct command, image/],
  ['user', { securityContext: { runAsNonRoot: true } }, /runAsNonRoot and image will run as root/, /set runAsUser/],
  [
    'setup',
    {},
    /container setup ended with exit code 1[^]*log: no database/,
    /correct command, args/,
    { initContainers: [{ ...server, name: 'setup', args: ['crash'] }] },
  ],
  ['policy', {}, /violates PodSecurity "restricted:latest"/, /securityContext .*less strict level/, {}, 'strict'],
  ['quota', {}, /exceeded quota: none/, /request at most what the quota still allows/, {}, 'full'],
];

async function applyCase(name: string, pod: object, namespace = 'default'): Promise<void> {
  const labels = { app: name };
  const kind = `C${name}`;
  await world.apply(
    stringifyJson({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name },
      spec: {
        schema: { apiVersion: 'v1alpha1', kind, spec: {} },
        resources: [
          {
            id: 'web',
            readyWhen: ['${web.status.?availableReplicas.orValue(0) == 1}'],
            template: {
              apiVersion: 'apps/v1',
              kind: 'Deployment',
              metadata: { name },
              spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
            },
          },
        ],
      },
    }),
  );
  await eventually(() =>
    world.apply(
      `{ apiVersion: kro.run/v1alpha1, kind: ${kind}, metadata: { name: ${name}, namespace: ${namespace} }, spec: {} }`,
    ),
  );
}

test.each(CAUSES.map(([name, , cause, remedy, , namespace]) => [name, cause, remedy, namespace] as const))(
  'why names the cause and the remedy: %s',
  async (name, cause, remedy, namespace = 'default') => {
    await eventually(async () => {
      const { stdout } = await world.run('typekro', `why ${namespace}/${name}`);
      expect(stdout).toMatch(cause);
      expect(stdout).toMatch(remedy);
      expect(stdout).not.toContain('unable to retrieve');
    });
  },
);
