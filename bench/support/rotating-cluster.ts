/**
 * An embedded cluster in a separate process, for long runs of two controllers, `a` and `b`. Its argument is a folder.
 * The cluster writes a kubeconfig for each controller into it, and `load.yaml` for the administrator. The controllers
 * use a socket with TLS, where `a` has a client certificate and `b` has the token of a ServiceAccount. The cluster
 * disturbs their requests. The message `rotate` replaces the server's certificate, both authorities, the client
 * certificate and the token. The message `{cutOff, ms}` makes the Lease unreachable for a controller. The message
 * `calm` ends all faults and rotates the credentials once more.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, type FaultMatch, type Listener, createEmbeddedCluster } from '../../dist/cluster/index.js';
import { controllerCrds } from '../../dist/controller/index.js';
import { KubeClient } from '../../dist/kube/index.js';
import { createAuthority } from '@typekro/kube/certificates';

/**
 * A message to this process. The process responds with the number of disturbances so far. A request that two rules
 * disturb is counted twice.
 */
export type ClusterOrder = 'rotate' | 'calm' | { readonly cutOff: string; readonly ms: number };

const NAMESPACE = 'kro-system';
const USERS: Readonly<Record<string, string>> = { a: 'controller-a', b: `system:serviceaccount:${NAMESPACE}:b` };
/** The number of events that the cluster keeps. It is small, so that resumed watches are often too old. */
const EVENT_WINDOW = 2000;

/** The faults that disturb requests, with their probabilities. Requests for the Lease are not disturbed. */
const FAULTS: readonly (readonly [Fault, number, FaultMatch?])[] = [
  [{ kind: 'error', status: 500, reason: 'InternalError' }, 0.004],
  [{ kind: 'error', status: 503, reason: 'ServiceUnavailable' }, 0.002],
  [{ kind: 'error', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 }, 0.004],
  [{ kind: 'conflict' }, 0.003],
  [{ kind: 'disconnect' }, 0.003],
  [{ kind: 'lost-answer' }, 0.003, { method: ['POST', 'PUT', 'PATCH', 'DELETE'] }],
  [{ kind: 'timeout' }, 0.002],
  [{ kind: 'no-answer' }, 0.0002],
  [{ kind: 'latency', milliseconds: 20, jitterMs: 400 }, 0.01],
  [{ kind: 'watch-delay', milliseconds: 300 }, 0.1],
  [{ kind: 'watch-drop', afterEvents: 400, how: 'expire' }, 0.2],
  [{ kind: 'watch-drop', afterEvents: 300, how: 'break' }, 0.2],
  [{ kind: 'watch-stall', afterEvents: 200 }, 0.02],
];

const folder = process.argv[2] ?? '';
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const cluster = await createEmbeddedCluster({ workloads: false, eventWindow: EVENT_WINDOW });
const admin = new KubeClient({ transport: cluster.transport() });

for (const crd of controllerCrds()) await admin.create(crd);
await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'b', namespace: NAMESPACE } });
await admin.create({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'controllers' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'b', namespace: NAMESPACE }],
});

/** A new token of the ServiceAccount. Tokens are valid for ten minutes, the shortest time that an API server accepts. */
async function token(): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/b/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
  const answer = await admin.raw({ method: 'POST', path, body });
  return (JSON.parse(answer.text) as { status: { token: string } }).status.token;
}

let listener: Listener | undefined;

/** Replaces all credentials, and reopens the controllers' socket on the same port. */
async function rotate(): Promise<void> {
  const [serving, clients] = [createAuthority(Date.now()), createAuthority(Date.now())];
  const { cert, key } = clients.issueClient(USERS['a'] ?? '', ['system:masters']);
  const port = listener === undefined ? 0 : Number(new URL(listener.url).port);
  await listener?.close();
  write('ca.crt', serving.ca);
  write('client.crt', cert);
  write('client.key', key);
  write('token', await token());
  listener = await cluster.listen({
    port,
    certificate: serving.issue(['localhost'], ['127.0.0.1']),
    clientCertificateAuthority: clients.ca,
  });
}

function kubeconfig(server: string, user: string): string {
  return `clusters: [{name: c, cluster: {server: "${server}", certificate-authority: ca.crt}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;
}

await rotate();
const { url } = listener as Listener;
write('a.yaml', kubeconfig(url, 'client-certificate: client.crt, client-key: client.key'));
write('b.yaml', kubeconfig(url, 'tokenFile: token'));
write('load.yaml', (await cluster.listen({ https: false })).kubeconfig);
for (const [index, [fault, probability, match]] of FAULTS.entries()) {
  const where: FaultMatch = { user: Object.values(USERS), where: ({ resource }) => resource !== 'leases', ...match };
  cluster.faults.add(where, fault, { probability, seed: index + 1, times: Number.POSITIVE_INFINITY });
}

async function carryOut(order: ClusterOrder): Promise<void> {
  if (order === 'rotate') await rotate();
  else if (order === 'calm') {
    cluster.faults.clear();
    // Closes half-open watches. Without this, their clients would wait for minutes before they open new ones.
    await rotate();
  } else {
    const { cutOff, ms } = order;
    const error: Fault = { kind: 'error', status: 503, reason: 'ServiceUnavailable' };
    const match: FaultMatch = { user: USERS[cutOff] ?? '', resource: 'leases' };
    const rule = cluster.faults.add(match, error, Number.POSITIVE_INFINITY);
    setTimeout(() => rule.remove(), ms);
  }
}

process.on('message', (order: ClusterOrder) => {
  void carryOut(order).then(() => process.send?.(cluster.faults.hits));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
