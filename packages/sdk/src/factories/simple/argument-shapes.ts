import { type ArgumentShape, isPlainText } from '../../compose/index.ts';
import { quoteForAuthor } from '../../javascript/index.ts';

const shape =
  (takes: ArgumentShape['takes'], items?: ArgumentShape['items']) =>
  (example: string | ArgumentShape['example']): ArgumentShape => ({
    takes,
    ...(items === undefined ? {} : { items }),
    example: typeof example === 'string' ? () => example : example,
  });

/** Writes the key of an object literal. A plain or quoted `__proto__` would set the prototype. */
const keyOf = (key: string): string =>
  key === '__proto__' ? "['__proto__']" : /^[A-Za-z_]\w*$/.test(key) ? key : quoteForAuthor(key);

const text = shape(['text']);
const flag = shape(['flag'])((given) => (given === 'false' ? 'false' : 'true'));
const texts = shape(['list'], ['text']);
const objects = shape(['list'], ['object']);
const object = shape(['object']);

/**
 * The shape of a number. For any other argument, the remedy shows a correct value: the number in a string of digits, or
 * an example.
 */
const number = (usual: number): ArgumentShape =>
  shape(['number'])((given) =>
    isPlainText(given) && /^\s*\d+\s*$/.test(given) ? String(Number(given)) : String(usual),
  );

/**
 * The shape of a map. The remedy shows a string, or a list of strings, as a map: `'app=web'` becomes `{ app: 'web' }`.
 */
const map = (usual: string): ArgumentShape =>
  object((given) => {
    const pairs = [given]
      .flat()
      .flatMap((each) => (isPlainText(each) ? each.split(',') : []))
      .flatMap((pair) => {
        const [, key, value = ''] = /^\s*([\w./-]+)\s*[=:]\s*(\S*)\s*$/.exec(pair) ?? [];
        return key === undefined ? [] : [`${keyOf(key)}: ${quoteForAuthor(value)}`];
      });
    return pairs.length > 0 ? `{ ${pairs.join(', ')} }` : usual;
  });

/**
 * The shape of ports. The remedy converts numbers and strings such as `'80/TCP'` to the form that the factory accepts.
 */
const ports = shape(
  ['list'],
  ['number', 'object'],
)((given, kind) => {
  const listed = [given]
    .flat()
    .filter((each) => isPlainText(each) || typeof each === 'number')
    .map((each) => /^(?:(\d+):)?(\d+)(?:\/(\w+))?$/.exec(String(each).trim()))
    .filter((match) => match !== null)
    .map(([, outer, port = '', protocol]) => {
      const own = kind === 'Service' ? 'port' : 'containerPort';
      const target = kind === 'Service' && outer !== undefined ? `, targetPort: ${Number(port)}` : '';
      const number = Number(target === '' ? port : outer);
      const named = protocol === undefined ? '' : `, protocol: '${protocol.toUpperCase()}'`;
      return target === '' && named === '' ? String(number) : `{ ${own}: ${number}${target}${named} }`;
    });
  return listed.length > 0
    ? `[${listed.join(', ')}]`
    : kind === 'Service'
      ? '[{ port: 80, targetPort: 8080 }]'
      : '[8080]';
});

const probe = object('{ httpGet: { path: "/", port: 8080 } }');
const container = objects("[{ name: 'init', image: 'busybox' }]");

/** The shape of a list of strings. The remedy shows the words of a string as a list. */
const listOf = (usual: string): ArgumentShape =>
  texts((given) => {
    const words = isPlainText(given) ? given.split(/\s+/).filter((word) => word !== '') : [];
    return words.length > 0 ? `[${words.map(quoteForAuthor).join(', ')}]` : usual;
  });

/** The smallest number that counts as a size in bytes. A smaller number counts as a size in GiB. */
const BYTES_FROM = 2 ** 20;

/** The shape of a size. The remedy shows a small number in GiB, and a large number in bytes. */
const size = text((given) => {
  if (typeof given !== 'number' || given === 0 || !/^[\d.]+$/.test(String(given))) return "'1Gi'";
  return given < BYTES_FROM ? `'${given}Gi'` : `'${given}'`;
});

/**
 * Maps the name of an argument to its shape. Arguments with the same name have the same shape in all simple factories.
 */
export const ARGUMENT_SHAPES: Readonly<Record<string, ArgumentShape>> = {
  id: text("'web'"),
  name: text("'web'"),
  namespace: text("'default'"),
  labels: map("{ tier: 'web' }"),
  annotations: map("{ 'example.com/note': 'text' }"),
  waitForReady: flag,
  // Pods
  image: text("'nginx:1.27'"),
  command: listOf("['sh', '-c', 'date']"),
  args: listOf("['--verbose']"),
  env: shape(['object', 'list'])("{ LEVEL: 'info' }"),
  envFrom: objects("[{ configMapRef: { name: 'settings' } }]"),
  ports,
  resources: object("{ requests: { cpu: '100m', memory: '64Mi' } }"),
  volumeMounts: objects("[{ name: 'data', mountPath: '/data' }]"),
  volumes: objects("[{ name: 'data', emptyDir: {} }]"),
  readinessProbe: probe,
  livenessProbe: probe,
  startupProbe: probe,
  imagePullPolicy: text("'IfNotPresent'"),
  imagePullSecrets: objects((given) => {
    const [first] = [given].flat();
    return `[{ name: ${quoteForAuthor(isPlainText(first) && first.trim() !== '' ? first : 'registry')} }]`;
  }),
  serviceAccountName: text("'runner'"),
  securityContext: object('{ runAsNonRoot: true }'),
  podSecurityContext: object('{ fsGroup: 1000 }'),
  nodeSelector: map("{ 'kubernetes.io/arch': 'arm64' }"),
  tolerations: objects("[{ key: 'spot', operator: 'Exists' }]"),
  affinity: object('{ nodeAffinity: { … } }'),
  initContainers: container,
  containers: container,
  podAnnotations: map("{ 'prometheus.io/scrape': 'true' }"),
  terminationGracePeriodSeconds: number(30),
  restartPolicy: text("'OnFailure'"),
  // Workloads
  replicas: number(2),
  strategy: object("{ type: 'Recreate' }"),
  updateStrategy: object("{ type: 'RollingUpdate' }"),
  minReadySeconds: number(5),
  revisionHistoryLimit: number(3),
  progressDeadlineSeconds: number(600),
  serviceName: text("'peers'"),
  volumeClaimTemplates: objects("[{ metadata: { name: 'data' }, spec: { … } }]"),
  podManagementPolicy: text("'Parallel'"),
  completions: number(1),
  parallelism: number(1),
  backoffLimit: number(4),
  activeDeadlineSeconds: number(600),
  ttlSecondsAfterFinished: number(3600),
  schedule: text("'0 3 * * *'"),
  timeZone: text("'Etc/UTC'"),
  suspend: flag,
  concurrencyPolicy: text("'Forbid'"),
  successfulJobsHistoryLimit: number(3),
  failedJobsHistoryLimit: number(1),
  startingDeadlineSeconds: number(60),
  // Services, Ingresses, NetworkPolicies
  selector: map("{ app: 'web' }"),
  type: text((_, kind) => (kind === 'Secret' ? "'Opaque'" : "'ClusterIP'")),
  clusterIP: text("'None'"),
  externalName: text("'db.example.com'"),
  loadBalancerClass: text("'example.com/internal'"),
  sessionAffinity: text("'ClientIP'"),
  externalTrafficPolicy: text("'Local'"),
  ipFamilies: listOf("['IPv4']"),
  ipFamilyPolicy: text("'PreferDualStack'"),
  ingressClassName: text("'nginx'"),
  rules: objects("[{ host: 'a.example.com', http: { paths: [ … ] } }]"),
  tls: objects("[{ hosts: ['a.example.com'], secretName: 'cert' }]"),
  defaultBackend: object("{ service: { name: 'web', port: { number: 80 } } }"),
  podSelector: object("{ matchLabels: { app: 'web' } }"),
  policyTypes: listOf("['Ingress']"),
  ingress: objects('[{ from: [ … ] }]'),
  egress: objects('[{ to: [ … ] }]'),
  // Scaling, storage, configuration
  target: object("{ kind: 'Deployment', name: 'web' }"),
  scaleTargetRef: object("{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }"),
  minReplicas: number(1),
  maxReplicas: number(5),
  cpuUtilization: number(80),
  targetCPUUtilizationPercentage: number(80),
  metrics: objects("[{ type: 'Resource', resource: { … } }]"),
  behavior: object('{ scaleDown: { stabilizationWindowSeconds: 300 } }'),
  size,
  storageClass: text("'standard'"),
  accessModes: listOf("['ReadWriteOnce']"),
  volumeMode: text("'Filesystem'"),
  hostPath: shape(['text', 'object'])("'/data'"),
  nfs: object("{ server: 'nfs.example.com', path: '/data' }"),
  persistentVolumeReclaimPolicy: text("'Retain'"),
  data: map("{ LEVEL: 'info' }"),
  binaryData: map("{ logo: 'aGVsbG8=' }"),
  stringData: map("{ password: '…' }"),
  immutable: flag,
};
