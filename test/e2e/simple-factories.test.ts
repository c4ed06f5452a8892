import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import * as simple from '../../packages/sdk/src/factories/simple/index.ts';
import { kubernetesComposition } from '@typekro/sdk';
import { type TestCluster, createCluster } from '@typekro/testing';

/* Checks that the simple factories copy the values of their arguments into the object, and that an API server accepts the object. */

const spec = type({ name: 'string', count: 'number.integer', on: 'boolean', text: 'string', list: 'string[]' });
type Spec = typeof spec.infer;
const INPUT: Spec = { name: 'x', count: 3, on: true, text: 'word', list: ['a', 'b'] };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createCluster();
});
afterAll(() => cluster.close());

/** Arguments of a container and its pod. Some values come from the spec, as in a typical program. */
const pod = ({ name, text, list, count, on }: Spec) => ({
  labels: { tier: text },
  annotations: { note: text },
  image: text,
  command: ['sh', '-c'],
  args: list,
  env: { WORD: text, COUNT: count, ON: on, LITERAL: 'a' },
  envFrom: [{ configMapRef: { name } }],
  ports: [8080, { containerPort: 9090, name: 'admin' }],
  resources: { requests: { cpu: '100m', memory: `${count}Mi` }, limits: { memory: '1Gi' } },
  volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  volumes: [{ name: 'scratch', emptyDir: {} }],
  readinessProbe: { httpGet: { path: '/', port: 'admin' }, periodSeconds: 2, failureThreshold: 4 },
  livenessProbe: { tcpSocket: { port: count } },
  startupProbe: { exec: { command: ['true'] } },
  imagePullPolicy: 'Always' as const,
  imagePullSecrets: [{ name: 'pull' }],
  serviceAccountName: text,
  securityContext: { runAsNonRoot: true },
  podSecurityContext: { fsGroup: 1 },
  nodeSelector: { zone: text },
  tolerations: [{ key: 'spot', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  initContainers: [{ name: 'init', image: 'init' }],
  containers: [{ name: 'side', image: 'side' }],
  podAnnotations: { scrape: text },
  terminationGracePeriodSeconds: 7,
});

const POD = {
  metadata: { labels: { app: 'x', tier: 'word' }, annotations: { scrape: 'word' } },
  spec: {
    containers: [
      {
        name: 'x',
        image: 'word',
        command: ['sh', '-c'],
        args: ['a', 'b'],
        env: [
          { name: 'WORD', value: 'word' },
          { name: 'COUNT', value: '3' },
          { name: 'ON', value: 'true' },
          { name: 'LITERAL', value: 'a' },
        ],
        envFrom: [{ configMapRef: { name: 'x' } }],
        ports: [{ containerPort: 8080 }, { containerPort: 9090, name: 'admin' }],
        resources: { requests: { cpu: '100m', memory: '3Mi' }, limits: { memory: '1Gi' } },
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        readinessProbe: { httpGet: { path: '/', port: 'admin' }, periodSeconds: 2, failureThreshold: 4 },
        livenessProbe: { tcpSocket: { port: 3 } },
        startupProbe: { exec: { command: ['true'] } },
        imagePullPolicy: 'Always',
        securityContext: { runAsNonRoot: true },
      },
      { name: 'side', image: 'side' },
    ],
    initContainers: [{ name: 'init', image: 'init' }],
    volumes: [{ name: 'scratch', emptyDir: {} }],
    imagePullSecrets: [{ name: 'pull' }],
    serviceAccountName: 'word',
    securityContext: { fsGroup: 1 },
    nodeSelector: { zone: 'word' },
    tolerations: [{ key: 'spot', operator: 'Exists' }],
    affinity: { podAntiAffinity: {} },
    terminationGracePeriodSeconds: 7,
  },
};

const selector = { matchLabels: { app: 'x' } };
const OnDelete = { type: 'OnDelete' };
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const path = (name: string) => ({
  path: '/',
  pathType: 'Prefix' as const,
  backend: { service: { name, port: { number: 80 } } },
});

const CASES: Readonly<Record<string, [make: (spec: Spec) => unknown, object: JsonObject]>> = {
  Deployment: [
    (s) =>
      simple.Deployment({
        name: s.name,
        ...pod(s),
        replicas: s.count,
        strategy: { type: 'Recreate' },
        minReadySeconds: 1,
        revisionHistoryLimit: 2,
        progressDeadlineSeconds: 30,
      }),
    {
      spec: {
        replicas: 3,
        selector,
        template: POD,
        strategy: { type: 'Recreate' },
        minReadySeconds: 1,
        revisionHistoryLimit: 2,
        progressDeadlineSeconds: 30,
      },
    },
  ],
  'Deployment with a list of variables and zero replicas': [
    (s) =>
      simple.Deployment({ name: s.name, image: s.on ? 'a' : 'b', env: [{ name: 'A', value: s.text }], replicas: 0 }),
    {
      spec: { replicas: 0, template: { spec: { containers: [{ image: 'a', env: [{ name: 'A', value: 'word' }] }] } } },
    },
  ],
  StatefulSet: [
    (s) =>
      simple.StatefulSet({
        name: s.name,
        ...pod(s),
        serviceName: s.text,
        replicas: s.count,
        volumeClaimTemplates: [claim],
        updateStrategy: OnDelete,
        podManagementPolicy: 'Parallel',
      }),
    {
      spec: {
        serviceName: 'word',
        replicas: 3,
        selector,
        template: POD,
        volumeClaimTemplates: [claim],
        updateStrategy: OnDelete,
        podManagementPolicy: 'Parallel',
      },
    },
  ],
  DaemonSet: [
    (s) => simple.DaemonSet({ name: s.name, ...pod(s), updateStrategy: OnDelete }),
    { spec: { selector, template: POD, updateStrategy: OnDelete } },
  ],
  Job: [
    (s) =>
      simple.Job({
        name: s.name,
        ...pod(s),
        completions: s.count,
        parallelism: 2,
        backoffLimit: 0,
        activeDeadlineSeconds: 5,
        ttlSecondsAfterFinished: 6,
        restartPolicy: 'Never',
      }),
    {
      spec: {
        completions: 3,
        parallelism: 2,
        backoffLimit: 0,
        activeDeadlineSeconds: 5,
        ttlSecondsAfterFinished: 6,
        template: { ...POD, spec: { ...POD.spec, restartPolicy: 'Never' } },
      },
    },
  ],
  CronJob: [
    (s) =>
      simple.CronJob({
        name: s.name,
        image: s.text,
        schedule: '0 * * * *',
        timeZone: 'Etc/UTC',
        suspend: s.on,
        concurrencyPolicy: 'Forbid',
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        startingDeadlineSeconds: 20,
        backoffLimit: s.count,
      }),
    {
      spec: {
        schedule: '0 * * * *',
        timeZone: 'Etc/UTC',
        suspend: true,
        concurrencyPolicy: 'Forbid',
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        startingDeadlineSeconds: 20,
        jobTemplate: { spec: { backoffLimit: 3, template: { spec: { restartPolicy: 'OnFailure' } } } },
      },
    },
  ],
  Service: [
    (s) =>
      simple.Service({
        name: s.name,
        labels: { a: s.text },
        annotations: { b: s.text },
        selector: { app: s.name },
        ports: [
          { port: s.count, targetPort: 'http', name: 'a', protocol: 'UDP', nodePort: 30001, appProtocol: 'http' },
        ],
        type: 'LoadBalancer',
        loadBalancerClass: 'example.com/lb',
        sessionAffinity: 'ClientIP',
        externalTrafficPolicy: 'Local',
        ipFamilyPolicy: 'PreferDualStack',
      }),
    {
      metadata: { labels: { a: 'word' }, annotations: { b: 'word' } },
      spec: {
        selector: { app: 'x' },
        ports: [{ port: 3, targetPort: 'http', name: 'a', protocol: 'UDP', nodePort: 30001, appProtocol: 'http' }],
        type: 'LoadBalancer',
        loadBalancerClass: 'example.com/lb',
        sessionAffinity: 'ClientIP',
        externalTrafficPolicy: 'Local',
        ipFamilyPolicy: 'PreferDualStack',
      },
    },
  ],
  'headless Service': [
    (s) => simple.Service({ name: s.name, selector: { app: s.name }, ports: [5432], clusterIP: 'None' }),
    { spec: { clusterIP: 'None', ports: [{ port: 5432 }] } },
  ],
  Ingress: [
    (s) =>
      simple.Ingress({
        name: s.name,
        annotations: { a: s.text },
        ingressClassName: s.text,
        rules: [{ host: 'x.example.com', http: { paths: [path(s.name)] } }],
        tls: [{ hosts: ['x.example.com'], secretName: s.text }],
        defaultBackend: path(s.name).backend,
      }),
    {
      metadata: { annotations: { a: 'word' } },
      spec: {
        ingressClassName: 'word',
        rules: [{ host: 'x.example.com', http: { paths: [path('x')] } }],
        tls: [{ hosts: ['x.example.com'], secretName: 'word' }],
        defaultBackend: path('x').backend,
      },
    },
  ],
  NetworkPolicy: [
    (s) =>
      simple.NetworkPolicy({
        name: s.name,
        podSelector: { matchLabels: { app: s.name } },
        ingress: [{ ports: [{ port: s.count }] }],
        egress: [],
      }),
    {
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port: 3 }] }],
        egress: [],
      },
    },
  ],
  ConfigMap: [
    (s) =>
      simple.ConfigMap({
        name: s.name,
        data: { word: s.text, count: s.count, on: s.on },
        binaryData: { raw: 'eA==' },
        immutable: true,
      }),
    { data: { word: 'word', count: '3', on: 'true' }, binaryData: { raw: 'eA==' }, immutable: true },
  ],
  Secret: [
    (s) =>
      simple.Secret({
        name: s.name,
        stringData: { word: s.text },
        data: { raw: 'eA==' },
        type: 'Opaque',
        immutable: true,
      }),
    { stringData: { word: 'word' }, data: { raw: 'eA==' }, type: 'Opaque', immutable: true },
  ],
  Pvc: [
    (s) =>
      simple.Pvc({
        name: s.name,
        size: `${s.count}Gi`,
        storageClass: s.text,
        accessModes: ['ReadWriteMany'],
        volumeMode: 'Block',
      }),
    {
      spec: {
        resources: { requests: { storage: '3Gi' } },
        storageClassName: 'word',
        accessModes: ['ReadWriteMany'],
        volumeMode: 'Block',
      },
    },
  ],
  PersistentVolume: [
    (s) =>
      simple.PersistentVolume({
        name: s.name,
        size: '1Gi',
        storageClass: s.text,
        accessModes: ['ReadOnlyMany'],
        nfs: { server: 'a', path: '/x', readOnly: true },
        persistentVolumeReclaimPolicy: 'Delete',
      }),
    {
      spec: {
        capacity: { storage: '1Gi' },
        storageClassName: 'word',
        accessModes: ['ReadOnlyMany'],
        nfs: { server: 'a', path: '/x', readOnly: true },
        persistentVolumeReclaimPolicy: 'Delete',
      },
    },
  ],
  Hpa: [
    (s) =>
      simple.Hpa({
        name: s.name,
        target: { name: s.name, kind: 'StatefulSet' },
        minReplicas: s.count,
        maxReplicas: 9,
        cpuUtilization: 70,
        behavior: { scaleDown: { stabilizationWindowSeconds: 5 } },
      }),
    {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'x' },
        minReplicas: 3,
        maxReplicas: 9,
        metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 5 } },
      },
    },
  ],
};

describe('the object of a simple factory has the values of the arguments, and an API server accepts it', () => {
  test.each(Object.entries(CASES))('%s', async (_name, [make, expected]) => {
    const composition = kubernetesComposition({ name: 'all', kind: 'All', spec }, (given) => {
      make(given);
      return {};
    });
    // The values of the Secret are constants, which causes a warning.
    expect(composition.diagnostics.filter(({ code }) => code !== 'trace/printed-secret')).toEqual([]);
    const [object] = composition.evaluate(INPUT).resources[0]?.objects ?? [];
    expect(object).toMatchObject(expected);
    const { metadata, ...rest } = object as KubeObject;
    const place = rest.kind === 'PersistentVolume' ? {} : { namespace: 'default' };
    const sent = { ...rest, metadata: { ...metadata, ...place } };
    await cluster.client.apply(sent, { fieldManager: 'test', dryRun: true });
  });
});
