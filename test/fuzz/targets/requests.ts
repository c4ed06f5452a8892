import { type Cluster, type ClusterSnapshot, type Transport, createEmbeddedCluster } from '@typekro/cluster';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } };
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'x' }] } },
  },
};
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.replicas' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer', minimum: 0, default: 1 },
                  text: { type: 'string', pattern: '^a*$' },
                },
                'x-kubernetes-validations': [{ rule: 'self.replicas < 10', message: 'too many' }],
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

/** Builds an input. An input has a line with method and path, one line per header, an empty line, and the body. */
const request = (line: string, headers: Readonly<Record<string, string>> = {}, body?: unknown): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return Buffer.from(
    `${line}\n${lines.join('')}\n${body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)}`,
  );
};

const JSON_TYPE = { 'content-type': 'application/json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

const SEEDS = [
  request(`GET ${MAPS}?labelSelector=x%3Dy,z!=1&fieldSelector=metadata.name%3Da&limit=1`, TABLE),
  request(`GET ${MAPS}/a`, { accept: 'application/yaml' }),
  request(
    `GET ${MAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  ),
  request(`POST ${MAPS}?fieldManager=m&fieldValidation=Strict`, JSON_TYPE, MAP),
  request(
    `PUT ${MAPS}/a`,
    { 'content-type': 'application/yaml' },
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: w}\n',
  ),
  request(`PATCH ${DEPLOYMENTS}/web?fieldManager=m&force=true`, APPLY, DEPLOYMENT),
  request(`PATCH ${DEPLOYMENTS}/web`, { 'content-type': 'application/json-patch+json' }, [
    { op: 'replace', path: '/spec/replicas', value: 2 },
  ]),
  request(
    `PATCH ${DEPLOYMENTS}/web/scale`,
    { 'content-type': 'application/merge-patch+json' },
    { spec: { replicas: 3 } },
  ),
  request(
    `PATCH ${DEPLOYMENTS}/web/status?dryRun=All`,
    { 'content-type': 'application/strategic-merge-patch+json' },
    { status: { replicas: 1 } },
  ),
  request(`DELETE ${DEPLOYMENTS}/web`, JSON_TYPE, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'x' },
  }),
  request(`DELETE ${MAPS}?labelSelector=x`),
  request(`POST ${CRDS}`, JSON_TYPE, CRD),
  request('POST /apis/example.com/v1/namespaces/default/widgets', JSON_TYPE, {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { generateName: 'w-' },
    spec: { text: 'aa' },
  }),
  request('POST /apis/authorization.k8s.io/v1/subjectaccessreviews', JSON_TYPE, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  request('POST /api/v1/namespaces/default/serviceaccounts/default/token', JSON_TYPE, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['a'], expirationSeconds: 3600 },
  }),
  request('POST /api/v1/namespaces/default/services', JSON_TYPE, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 80, targetPort: 'http' }], selector: { a: 'b' }, clusterIP: 'None' },
  }),
  request('POST /apis/batch/v1/namespaces/default/cronjobs', JSON_TYPE, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c' },
    spec: {
      schedule: '*/5 * * * *',
      jobTemplate: {
        spec: {
          template: {
            spec: {
              restartPolicy: 'Never',
              containers: [{ name: 'a', image: 'x', resources: { limits: { cpu: '100m', memory: '1Gi' } } }],
            },
          },
        },
      },
    },
  }),
  request('POST /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', JSON_TYPE, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: "object.metadata.name != 'x'", messageExpression: "'no ' + object.metadata.name" }],
    },
  }),
  request('GET /openapi/v3/apis/apps/v1'),
  request('GET /apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }),
  request('GET /api/v1/namespaces/default/pods/a/log?tailLines=1', {
    'impersonate-user': 'u',
    'impersonate-group': 'g',
    'impersonate-extra-a': 'b',
  }),
];

interface Served {
  readonly transport: Transport;
  readonly cluster: Cluster;
  readonly start: ClusterSnapshot;
}

let served: Promise<Served> | undefined;

/** Creates a cluster with a ConfigMap, a Deployment and a CRD. Every input starts from this state. */
async function serve(): Promise<Served> {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const create = async (path: string, body: object) => {
    const { status } = await transport.request({
      method: 'POST',
      path,
      headers: JSON_TYPE,
      body: JSON.stringify(body),
    });
    if (status !== 201) throw new Error(`POST ${path} has the status ${status}`);
  };
  await create(MAPS, MAP);
  await create(DEPLOYMENTS, DEPLOYMENT);
  await create(CRDS, CRD);
  return { transport, cluster, start: cluster.snapshot() };
}

/** The maximum time for one input, in milliseconds. A list at a future resource version waits for three seconds. */
const MAX_MS = 8000;
/** The time for which a stream is read, in milliseconds. */
const MAX_STREAM_MS = 20;

/**
 * Sends requests to the embedded API server, with all kinds of paths, queries, headers, and bodies of all media types.
 */
export const target: FuzzTarget = {
  name: 'requests',
  dictionary: [
    'GET ',
    'POST ',
    'PUT ',
    'PATCH ',
    'DELETE ',
    'content-type: ',
    'accept: ',
    '\n\n',
    ...`/api/v1/ /apis/ namespaces/default/ pods /status /scale /a watch=true limit=1 continue=
resourceVersion=1 resourceVersionMatch=Exact dryRun=All force=true & ? %2F fieldManager=m
fieldValidation=Warn labelSelector= fieldSelector= shardSelector= pretty=true timeoutSeconds=0
application/merge-patch+json application/json-patch+json application/apply-patch+yaml
application/vnd.kubernetes.protobuf application/yaml "metadata":{ "ownerReferences":[{
"finalizers":["x/y"] "generateName":"g" "deletionTimestamp":"2020-01-01T00:00:00Z"
"managedFields":[{ null {} [] -1 1e400 "__proto__":{} "uid":"x" "resourceVersion":"1"
"$patch":"delete" "spec":{ "default": "pattern":"(" "rule":"self "x-kubernetes-list-type":"map"
"x-kubernetes-int-or-string":true "format":"date-time" "enum":[ "oneOf":[{ "$ref":"#"`.split(/\s/),
  ],
  seeds: () => SEEDS,
  generators: [],
  isMutable: true,
  // The cluster creates new UIDs and times in each run.
  isStateful: true,
  maxMs: MAX_MS,
  async run(input) {
    const text = input.toString('latin1');
    const head = text.split('\n\n', 1)[0] ?? '';
    const [line = '', ...headerLines] = head.split('\n');
    const [, method = 'GET', path = '/'] = /^(\S*) ?(.*)$/.exec(line) ?? [];
    const headers: Record<string, string> = {};
    for (const each of headerLines) {
      const colon = each.indexOf(': ');
      // Leaves out header names with characters other than letters, digits, `_` and `-`, because an HTTP server refuses
      // most of these names.
      if (colon > 0 && /^[\w-]+$/.test(each.slice(0, colon))) headers[each.slice(0, colon)] = each.slice(colon + 2);
    }
    served ??= serve();
    const { transport, cluster, start } = await served;
    const abort = new AbortController();
    const body = input.subarray(head.length + 2);
    const reply = await transport.request({ method, path, headers, body, signal: abort.signal });
    let answer = '';
    // A watch stream never ends.
    const end = setTimeout(() => abort.abort(), MAX_STREAM_MS);
    try {
      for await (const chunk of reply.body) if (answer.length < 2000) answer += Buffer.from(chunk).toString('latin1');
    } catch (thrown) {
      if (!abort.signal.aborted) throw thrown;
    } finally {
      clearTimeout(end);
    }
    if (method !== 'GET') cluster.restore(start);
    if (reply.status === 500 && answer.includes('Internal error occurred"')) throw new FuzzFinding(`500: ${answer}`);
    if (reply.status < 200 || reply.status > 599) throw new FuzzFinding(`the status ${reply.status}`);
    return String(reply.status);
  },
};
