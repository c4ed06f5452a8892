import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { createCompositionApi } from '../../compose/index.ts';
import type { JsonObject } from '@typekro/kit/core';
import * as simple from './index.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('these tests deploy nothing')),
});
const spec = type({ name: 'string', count: 'number.integer' });

/** Evaluates the templates of a composition for a spec. Returns the objects by node id. */
function objectsOf(compose: (spec: { name: string; count: number }) => void): Record<string, JsonObject | undefined> {
  const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
    compose(input);
    return {};
  });
  const errors = composition.diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
  const { resources } = composition.evaluate({ name: 'x', count: 0 });
  return Object.fromEntries(resources.map(({ id, objects }) => [id, objects[0]]));
}

describe('the simple factories make objects that the compiler accepts, and refuse wrong arguments', () => {
  test('workloads keep zero replicas, numeric ports, probes, labels and the service account', () => {
    const { web, state, node, job, cron } = objectsOf(({ name, count }) => {
      const readinessProbe = { httpGet: { path: '/', port: 8080 } };
      simple.Deployment({
        id: 'web',
        name,
        image: 'nginx',
        replicas: count,
        ports: [8080],
        labels: { tier: 'front' },
        readinessProbe,
        serviceAccountName: 'runner',
      });
      simple.StatefulSet({ id: 'state', name, image: 'pg', serviceName: name, replicas: count });
      simple.DaemonSet({ id: 'node', name, image: 'agent' });
      simple.Job({ id: 'job', name, image: 'task', command: ['run'] });
      simple.CronJob({ id: 'cron', name, image: 'task', schedule: '*/5 * * * *' });
    });
    expect(web).toMatchObject({
      kind: 'Deployment',
      metadata: { name: 'x', labels: { app: 'x', tier: 'front' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'x' } },
        template: {
          spec: {
            serviceAccountName: 'runner',
            containers: [
              { image: 'nginx', ports: [{ containerPort: 8080 }], readinessProbe: { httpGet: { port: 8080 } } },
            ],
          },
        },
      },
    });
    expect(state).toMatchObject({ kind: 'StatefulSet', spec: { replicas: 0, serviceName: 'x' } });
    expect(node).toMatchObject({ kind: 'DaemonSet' });
    expect(job).toMatchObject({ kind: 'Job', spec: { template: { spec: { restartPolicy: 'OnFailure' } } } });
    expect(cron).toMatchObject({ kind: 'CronJob', spec: { schedule: '*/5 * * * *' } });
  });

  test('Service, Ingress and NetworkPolicy get the fields of their arguments', () => {
    const { svc, ing, policy } = objectsOf(({ name }) => {
      simple.Service({ id: 'svc', name, selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] });
      simple.Ingress({
        id: 'ing',
        name,
        rules: [
          {
            host: 'x.example.com',
            http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }] },
          },
        ],
      });
      simple.NetworkPolicy({ id: 'policy', name, podSelector: { matchLabels: { app: name } } });
    });
    expect(svc).toMatchObject({
      kind: 'Service',
      spec: { selector: { app: 'x' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    expect(ing).toMatchObject({
      kind: 'Ingress',
      spec: { rules: [{ http: { paths: [{ backend: { service: { name: 'x' } } }] } }] },
    });
    expect(policy).toMatchObject({ kind: 'NetworkPolicy', spec: { podSelector: { matchLabels: { app: 'x' } } } });
  });

  test('ConfigMap, Secret, Pvc and PersistentVolume get the fields of their arguments', () => {
    const { config, secret, claim, volume } = objectsOf(({ name }) => {
      simple.ConfigMap({ id: 'config', name, data: { a: '1' } });
      simple.Secret({ id: 'secret', name, stringData: { password: 'p' } });
      simple.Pvc({ id: 'claim', name, size: '1Gi' });
      simple.PersistentVolume({ id: 'volume', name, size: '1Gi', hostPath: { path: '/data' } });
    });
    expect(config).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } });
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { name: 'x' } });
    expect(claim).toMatchObject({
      kind: 'PersistentVolumeClaim',
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    expect(volume).toMatchObject({
      kind: 'PersistentVolume',
      spec: { capacity: { storage: '1Gi' }, hostPath: { path: '/data' } },
    });
  });

  test.each([
    ['target and cpuUtilization', { target: { name: 'x', kind: 'Deployment' }, cpuUtilization: 70 }],
    [
      'scaleTargetRef and targetCPUUtilizationPercentage',
      { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, targetCPUUtilizationPercentage: 70 },
    ],
  ])('an autoscaler accepts %s', (_form, fields) => {
    const { hpa } = objectsOf(({ name }) => {
      simple.Hpa({ id: 'hpa', name, minReplicas: 1, maxReplicas: 5, ...fields });
    });
    expect(hpa).toMatchObject({
      apiVersion: 'autoscaling/v2',
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'x' },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
      },
    });
  });

  test.each<[string, (name: string) => unknown, string]>([
    [
      'Deployment',
      (name) => simple.Deployment({ id: 'it', name, image: 'a', waitForReady: true }),
      'availableReplicas',
    ],
    ['Pvc', (name) => simple.Pvc({ id: 'it', name, size: '1Gi', waitForReady: true }), '== "Bound"'],
    ['Job', (name) => simple.Job({ id: 'it', name, image: 'a', waitForReady: true }), 'c.type == "Complete"'],
    [
      'Service',
      (name) => simple.Service({ id: 'it', name, selector: {}, ports: [80], type: 'LoadBalancer', waitForReady: true }),
      'loadBalancer',
    ],
  ])('a graph can wait for %s, because its kind has a readiness rule', (_kind, make, rule) => {
    const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, ({ name }) => {
      make(name);
      return {};
    });
    expect(/readyWhen:\n\s+- (.*)/.exec(composition.toYaml())?.[1]).toContain(rule);
  });

  test('the map form of env accepts sources of values', () => {
    const valueFrom = { secretKeyRef: { name: 'a', key: 'b' } };
    const { web } = objectsOf(({ name, count }) => {
      const env = { PASSWORD: { valueFrom }, COUNT: count, NONE: undefined };
      simple.Deployment({ id: 'web', name, image: 'nginx', env });
    });
    expect(web).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [
              {
                env: [
                  { name: 'PASSWORD', valueFrom },
                  { name: 'COUNT', value: '0' },
                ],
              },
            ],
          },
        },
      },
    });
  });

  test('an absent map, namespace, type or flag leaves no field in the object', () => {
    const optional = type({ 'at?': 'string', 'kind?': 'string', 'map?': 'Record<string, string>', on: 'boolean' });
    const composition = kubernetesComposition({ name: 'all', kind: 'All', spec: optional }, ({ at, kind, map, on }) => {
      const annotations = on ? map : undefined;
      simple.ConfigMap({
        id: 'config',
        name: 'x',
        namespace: at,
        labels: map,
        annotations,
        data: map,
        binaryData: map,
      });
      simple.Secret({ id: 'secret', name: 'x', type: kind, stringData: map, immutable: on ? true : undefined });
      simple.Pvc({ id: 'claim', name: 'x', size: '1Gi', namespace: on ? at : undefined, annotations: map });
      simple.Deployment({ id: 'web', name: 'x', image: 'a', nodeSelector: map, podAnnotations: annotations });
      return {};
    });
    const objects = composition.evaluate({ on: false }).resources.flatMap((resource) => resource.objects);
    const metadata = { name: 'x', labels: { app: 'x' } };
    const spec = { containers: [{ name: 'x', image: 'a' }] };
    expect(objects.sort((a, b) => (String(a['kind']) < String(b['kind']) ? -1 : 1))).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } }, spec } },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
      { apiVersion: 'v1', kind: 'Secret', metadata },
    ]);
  });

  test('the selector has the value of the label app from the arguments', () => {
    const { web } = objectsOf(({ name }) => {
      simple.Deployment({ id: 'web', name, image: 'nginx', labels: { app: 'shop' } });
    });
    const labels = { app: 'shop' };
    expect(web).toMatchObject({
      metadata: { labels },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } },
    });
  });

  test('a Service leaves the choice of its address families to the API server', () => {
    const { svc } = objectsOf(({ name }) => void simple.Service({ id: 'svc', name, selector: {}, ports: [80] }));
    expect(svc?.['spec']).toEqual({ selector: {}, ports: [{ port: 80 }] });
  });

  test.each<[string, (spec: { name: string; count: number }) => unknown, string]>([
    [
      'an unknown argument',
      ({ name }) => simple.Deployment({ name, image: 'a', replica: 2 } as never),
      'Deployment has no argument "replica"; did you mean "replicas"?',
    ],
    [
      'an unknown argument in one branch of a conditional',
      ({ name, count }) => simple.ConfigMap((count > 1 ? { name, dta: {} } : { name }) as never),
      'ConfigMap has no argument "dta"; did you mean "data"?',
    ],
    [
      'a required argument that is missing',
      ({ name }) => simple.Pvc({ name } as never),
      'PersistentVolumeClaim is called without size, which it needs',
    ],
    [
      'an optional value for a required argument',
      ({ name, count }) => simple.Deployment({ name, image: count > 1 ? 'a' : undefined } as never),
      'Deployment requires image, but ',
    ],
    ['no arguments', () => simple.Service(undefined as never), 'Service takes its arguments as one object'],
    [
      'an id that is known only when the graph runs',
      ({ name }) => simple.Pvc({ id: name, name, size: '1Gi' }),
      'id of PersistentVolumeClaim depends on input.name; it must be known when the graph is made',
    ],
    [
      'a waitForReady that is known only when the graph runs',
      ({ name, count }) => simple.Pvc({ name, size: '1Gi', waitForReady: count > 1 }),
      'waitForReady of PersistentVolumeClaim depends on count > 1',
    ],
  ])('%s is refused at its line', (_what, make, message) => {
    const compose = () =>
      kubernetesComposition({ name: 'all', kind: 'All', spec }, (input) => {
        make(input);
        return {};
      });
    expect(compose).toThrow(message);
    expect(compose).toThrow(/simple\.test\.ts:\d+:\d+/);
  });

  test('a workload without an image has a warning at its line', () => {
    const { diagnostics } = kubernetesComposition({ name: 'all', kind: 'All', spec }, ({ name }) => {
      simple.Deployment({ name } as never);
      return {};
    });
    expect(diagnostics).toMatchObject([
      { code: 'trace/missing-image', severity: 'warning', source: { file: expect.stringContaining('simple.test') } },
    ]);
  });

  test('waitForReady is refused for kinds that are ready when they exist', () => {
    const make = () =>
      objectsOf(({ name }) => {
        simple.ConfigMap({ id: 'config', name, data: {}, waitForReady: true });
      });
    expect(make).toThrow('ConfigMap has no rule for when it is ready');
  });
});
