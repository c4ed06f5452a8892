import type * as simple from '../../../packages/sdk/src/factories/simple/index.ts';

/** Two values for each argument. The type requires an entry for every argument except `id` and `waitForReady`. */
export type Samples<Config> = {
  readonly [Key in Exclude<keyof Config, 'id' | 'waitForReady'>]-?: readonly [
    NonNullable<Config[Key]>,
    NonNullable<Config[Key]>,
  ];
};

type Factories = Omit<typeof simple.simple, 'HelmChart'>;
type ConfigOf<Name extends keyof Factories> = Parameters<Factories[Name]>[0];

/**
 * The values for every argument of every simple factory with one parameter object. The compiler checks that the table
 * is complete.
 */
export type SampleTable = { readonly [Name in keyof Factories]: Samples<ConfigOf<Name>> };

const common = {
  name: ['first', 'second'],
  namespace: ['default', 'kube-public'],
  labels: [{ app: 'shop' }, { tier: 'back', zone: 'b' }],
  annotations: [{ note: 'a' }, { 'example.com/note': 'b', other: 'c' }],
} as const;

const { namespace: _, ...clusterWide } = common;

const pod = {
  ...common,
  image: ['nginx:1', 'nginx:2'],
  command: [['run'], ['run', 'fast']],
  args: [['-v'], ['-q', '-x']],
  env: [{ WORD: 'text', COUNT: 3 }, [{ name: 'LISTED', value: 'yes' }]],
  envFrom: [[{ configMapRef: { name: 'a' } }], [{ secretRef: { name: 'b' } }, { configMapRef: { name: 'c' } }]],
  ports: [[8080], [{ containerPort: 9090, name: 'admin' }, 9091]],
  resources: [{ requests: { cpu: '100m' } }, { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } }],
  volumeMounts: [[{ name: 'scratch', mountPath: '/a' }], []],
  volumes: [
    [{ name: 'scratch', emptyDir: {} }],
    [
      { name: 'scratch', emptyDir: { medium: 'Memory' } },
      { name: 'more', configMap: { name: 'a' } },
    ],
  ],
  readinessProbe: [{ httpGet: { path: '/', port: 80 } }, { tcpSocket: { port: 80 }, periodSeconds: 2 }],
  livenessProbe: [{ tcpSocket: { port: 8080 } }, { exec: { command: ['true'] } }],
  startupProbe: [{ exec: { command: ['true'] } }, { httpGet: { port: 80 }, failureThreshold: 4 }],
  imagePullPolicy: ['Always', 'Never'],
  imagePullSecrets: [[{ name: 'pull' }], [{ name: 'other' }, { name: 'more' }]],
  serviceAccountName: ['runner', 'walker'],
  securityContext: [{ runAsNonRoot: true }, { runAsUser: 7, privileged: false }],
  podSecurityContext: [{ fsGroup: 1 }, { runAsUser: 5 }],
  nodeSelector: [{ zone: 'a' }, { zone: 'b', disk: 'ssd' }],
  tolerations: [[{ key: 'spot', operator: 'Exists' }], []],
  affinity: [
    { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } },
    {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }],
        },
      },
    },
  ],
  initContainers: [
    [{ name: 'init', image: 'init' }],
    [
      { name: 'one', image: 'a' },
      { name: 'two', image: 'b' },
    ],
  ],
  containers: [
    [{ name: 'side', image: 'side' }],
    [
      { name: 'left', image: 'a' },
      { name: 'right', image: 'b' },
    ],
  ],
  podAnnotations: [{ scrape: 'true' }, { scrape: 'false', port: '80' }],
  terminationGracePeriodSeconds: [7, 30],
} as const;

const job = {
  ...pod,
  completions: [3, 1],
  parallelism: [2, 0],
  backoffLimit: [0, 4],
  activeDeadlineSeconds: [5, 50],
  ttlSecondsAfterFinished: [6, 0],
  restartPolicy: ['Never', 'OnFailure'],
} as const;

const claim = (name: string) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });

export const SAMPLES: SampleTable = {
  ConfigMap: {
    ...common,
    data: [
      { a: 'x', count: 3 },
      { a: 'y', on: true },
    ],
    binaryData: [{ raw: 'eA==' }, { raw: 'eQ==', more: 'eA==' }],
    immutable: [true, false],
  },
  Secret: {
    ...common,
    stringData: [{ word: 'a' }, { word: 'b', more: 'c' }],
    data: [{ raw: 'eA==' }, { raw: 'eQ==', other: 'eA==' }],
    type: ['Opaque', 'example.com/own'],
    immutable: [true, false],
  },
  Deployment: {
    ...pod,
    restartPolicy: ['Always', 'Always'],
    replicas: [0, 3],
    strategy: [{ type: 'Recreate' }, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }],
    minReadySeconds: [1, 0],
    revisionHistoryLimit: [2, 0],
    progressDeadlineSeconds: [30, 60],
  },
  StatefulSet: {
    ...pod,
    restartPolicy: ['Always', 'Always'],
    serviceName: ['peers', 'others'],
    replicas: [0, 3],
    volumeClaimTemplates: [[claim('data')], [claim('data'), claim('log')]],
    updateStrategy: [{ type: 'OnDelete' }, { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }],
    podManagementPolicy: ['Parallel', 'OrderedReady'],
  },
  DaemonSet: {
    ...pod,
    restartPolicy: ['Always', 'Always'],
    updateStrategy: [{ type: 'OnDelete' }, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } }],
  },
  Job: job,
  CronJob: {
    ...job,
    schedule: ['0 * * * *', '*/5 * * * *'],
    timeZone: ['Etc/UTC', 'Europe/Zurich'],
    suspend: [true, false],
    concurrencyPolicy: ['Forbid', 'Replace'],
    successfulJobsHistoryLimit: [1, 0],
    failedJobsHistoryLimit: [2, 0],
    startingDeadlineSeconds: [20, 200],
  },
  Service: {
    ...common,
    selector: [{ app: 'a' }, { app: 'b', tier: 'c' }],
    ports: [[80], [{ port: 81, targetPort: 'http', name: 'a' }]],
    type: ['NodePort', 'LoadBalancer'],
    clusterIP: ['10.96.7.7', '10.96.7.8'],
    externalName: ['a.example.com', 'b.example.com'],
    loadBalancerClass: ['example.com/lb', 'example.com/other'],
    sessionAffinity: ['ClientIP', 'None'],
    externalTrafficPolicy: ['Local', 'Cluster'],
    ipFamilies: [['IPv4'], ['IPv6']],
    ipFamilyPolicy: ['PreferDualStack', 'SingleStack'],
  },
  Ingress: {
    ...common,
    ingressClassName: ['nginx', 'other'],
    rules: [
      [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend('a') }] } }],
      [{ http: { paths: [{ path: '/x', pathType: 'Exact', backend: backend('b') }] } }],
    ],
    tls: [[{ hosts: ['a.example.com'], secretName: 'cert' }], [{ secretName: 'other' }]],
    defaultBackend: [backend('a'), { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'b' } }],
  },
  NetworkPolicy: {
    ...common,
    podSelector: [{ matchLabels: { app: 'a' } }, {}],
    policyTypes: [['Egress'], ['Ingress', 'Egress']],
    ingress: [[], [{ ports: [{ port: 80 }] }]],
    egress: [[], [{ ports: [{ port: 53, protocol: 'UDP' }] }]],
  },
  Pvc: {
    ...common,
    size: ['1Gi', '20Gi'],
    storageClass: ['fast', 'slow'],
    accessModes: [['ReadWriteMany'], ['ReadOnlyMany', 'ReadWriteOnce']],
    volumeMode: ['Block', 'Filesystem'],
  },
  PersistentVolume: {
    ...clusterWide,
    size: ['1Gi', '20Gi'],
    storageClass: ['fast', 'slow'],
    accessModes: [['ReadWriteMany'], ['ReadOnlyMany', 'ReadWriteOnce']],
    hostPath: ['/a', { path: '/b', type: 'Directory' }],
    nfs: [
      { server: 'a', path: '/x' },
      { server: 'b', path: '/y', readOnly: true },
    ],
    persistentVolumeReclaimPolicy: ['Delete', 'Recycle'],
  },
  Hpa: {
    ...common,
    target: [
      { kind: 'Deployment', name: 'a' },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'b' },
    ],
    scaleTargetRef: [
      { kind: 'Deployment', name: 'a' },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'b' },
    ],
    minReplicas: [1, 2],
    maxReplicas: [5, 9],
    cpuUtilization: [70, 50],
    targetCPUUtilizationPercentage: [60, 40],
    metrics: [
      [{ type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 3 } } }],
      [],
    ],
    behavior: [{ scaleDown: { stabilizationWindowSeconds: 5 } }, { scaleUp: { selectPolicy: 'Max' } }],
  },
};

/** The required arguments of each factory. */
export const REQUIRED: Readonly<Record<keyof SampleTable, readonly string[]>> = {
  ConfigMap: ['name'],
  Secret: ['name'],
  Deployment: ['name', 'image'],
  StatefulSet: ['name', 'image'],
  DaemonSet: ['name', 'image'],
  Job: ['name', 'image'],
  CronJob: ['name', 'image', 'schedule'],
  Service: ['name', 'selector', 'ports'],
  Ingress: ['name'],
  NetworkPolicy: ['name', 'podSelector'],
  Pvc: ['name', 'size'],
  PersistentVolume: ['name', 'size'],
  Hpa: ['name', 'maxReplicas'],
};
