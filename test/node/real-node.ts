import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import type { KubeClient } from '@typekro/kube';
import { type ServerProcess, isServing, kubeconfigFor, openServer, startServer, until } from '../support/api-server.ts';
import { PROGRAMS } from './programs.ts';

/** The address of the node, of a device in its network namespace. No other machine reaches it. */
const ADDRESS = '192.0.2.10';
const API = `https://${ADDRESS}:6443`;
const SERVICES = '10.96.0.0/16';
const PODS = '10.244.0.0/24';
export const NODE_NAME = 'node-1';

/** The users of the programs, with their group. */
const GROUPS = {
  admin: 'system:masters',
  'system:node:node-1': 'system:nodes',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
  'system:kube-proxy': 'system:node-proxier',
};

/** A Kubernetes of one node. */
export interface RealNode {
  /** The kubeconfig file of the administrator. */
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** The file with the audit events of the API server, one JSON object a line. */
  readonly auditLog: string;
  /** Kills the first process of the container of a pod. */
  killContainer(pod: KubeObject): void;
  /** The memory of a pod in units of 2^20 bytes, as its cgroup counts it: without the files that can be read again. */
  memoryOf(pod: KubeObject): { readonly working: number; readonly peak: number };
  /**
   * Ends the validity of all tokens of ServiceAccounts: the API server gets a new key. The kubelet is stopped, so that
   * the files of the pods keep the old tokens until `startKubelet`.
   */
  expireTokens(): Promise<void>;
  startKubelet(): void;
  /** Kills containerd and the kubelet, as a crash of the machine does, with all containers, and starts them again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler, containerd, kubelet and kube-proxy with all
 * their files below `folder`. The namespaces of this process for mounts, network and processes must be fresh ones: they
 * are changed, and whoever ends them ends the node.
 *
 * @param archives the archives of the images that the node has
 * @param pause the image of the pause container
 * @throws Error with the last output of a program that ends, or when the node is not ready within a minute.
 */
export async function startRealNode(folder: string, archives: Iterable<string>, pause: string): Promise<RealNode> {
  prepareNamespaces();
  const at = (...names: readonly string[]): string => join(folder, ...names);
  const file = (name: string, content: string | JsonObject): string => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), typeof content === 'string' ? content : stringifyJson(content), { mode: 0o600 });
    return at(name);
  };
  const running = new Map<string, ServerProcess>();
  const run = (program: string, ...args: readonly string[]): void =>
    void running.set(program, startServer(join(PROGRAMS, program), args, at(`${program}.log`)));
  const waitUntil = (holds: () => boolean | Promise<boolean>): Promise<void> => until([...running.values()], holds);

  const newKey = (): string => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return file('service-account.key', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  };
  const key = newKey();
  const users = Object.entries(GROUPS).map(([user, group]) => ({
    user,
    group,
    token: randomBytes(16).toString('hex'),
  }));
  const tokens = users.map(({ user, group, token }) => `${token},${user},${user},"${group}"\n`).join('');
  const auditPolicy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] };
  const certificate = at('certificates', 'apiserver.crt');
  run(
    'etcd',
    `--data-dir=${at('etcd')}`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--unsafe-no-fsync',
    '--log-level=error',
  );
  const tokenFile = file('tokens.csv', tokens);
  const policyFile = file('audit-policy.json', auditPolicy);
  const startApi = (): void =>
    run(
      'kube-apiserver',
      '--etcd-servers=http://127.0.0.1:2379',
      `--bind-address=${ADDRESS}`,
      `--advertise-address=${ADDRESS}`,
      '--secure-port=6443',
      `--cert-dir=${dirname(certificate)}`,
      `--token-auth-file=${tokenFile}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged',
      `--service-cluster-ip-range=${SERVICES}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--audit-policy-file=${policyFile}`,
      `--audit-log-path=${at('audit.jsonl')}`,
    );
  startApi();
  await waitUntil(() => existsSync(certificate));
  const configs = Object.fromEntries(
    users.map(({ user, token }) => [
      user,
      file(`${user.replaceAll(':', '-')}.kubeconfig`, kubeconfigFor(API, token, certificate)),
    ]),
  );
  const config = (user: keyof typeof GROUPS): string => configs[user] ?? '';
  const server = await openServer(kubeconfigFor(API, users[0]?.token ?? '', certificate), () => Promise.resolve());
  const { client } = server;
  await waitUntil(() => isServing(client));

  const socket = at('containerd.sock');
  const startRuntime = async (): Promise<void> => {
    run('containerd', '--config', file('containerd.toml', containerdConfig(folder, pause)));
    await waitUntil(() => answers(socket));
    for (const each of archives) ctr(socket, 'images', 'import', each);
    startKubelet();
  };
  const startKubelet = (): void =>
    run(
      'kubelet',
      `--config=${file('kubelet.json', kubeletConfig(folder))}`,
      `--kubeconfig=${config('system:node:node-1')}`,
      `--root-dir=${at('kubelet')}`,
      `--cert-dir=${at('kubelet-certificates')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${ADDRESS}`,
    );
  file('cni/pods.conflist', cniConfig(folder));
  await startRuntime();
  const startControllers = (): void =>
    run(
      'kube-controller-manager',
      `--kubeconfig=${config('system:kube-controller-manager')}`,
      `--service-account-private-key-file=${key}`,
      `--root-ca-file=${certificate}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
    );
  startControllers();
  run(
    'kube-scheduler',
    `--kubeconfig=${config('system:kube-scheduler')}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  );
  const proxy = proxyConfig(config('system:kube-proxy'));
  run('kube-proxy', `--config=${file('proxy.json', proxy)}`, `--hostname-override=${NODE_NAME}`);
  const isReady = async (): Promise<boolean> => {
    const node = await client.find({ apiVersion: 'v1', kind: 'Node', name: NODE_NAME });
    return node !== undefined && statusCondition(node, 'Ready')?.status === 'True';
  };
  await waitUntil(isReady);
  await waitUntil(
    async () =>
      (await client.find({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' })) !==
      undefined,
  );
  const stop = async (...programs: readonly string[]): Promise<void> => {
    for (const program of programs) {
      await running.get(program)?.stop();
      running.delete(program);
    }
  };
  return {
    kubeconfig: server.kubeconfig,
    client,
    auditLog: at('audit.jsonl'),
    killContainer(pod) {
      const [, id = ''] = textAt(objectsAt(pod, 'status', 'containerStatuses')[0], 'containerID').split('://');
      ctr(socket, 'tasks', 'kill', '--signal', 'SIGKILL', id);
    },
    memoryOf: (pod) => memoryAt(textAt(pod, 'metadata', 'uid')),
    async expireTokens() {
      await stop('kubelet', 'kube-controller-manager', 'kube-apiserver');
      newKey();
      startApi();
      await waitUntil(() => isServing(client));
      startControllers();
    },
    startKubelet,
    async restart() {
      const tasks = ctr(socket, 'tasks', 'list').matchAll(/^\S+\s+(\d+)\s/gm);
      await stop('kubelet', 'containerd');
      for (const [, pid] of tasks) process.kill(Number(pid), 'SIGKILL');
      for (const pid of processesOf(join(PROGRAMS, 'containerd-shim-runc-v2'))) process.kill(pid, 'SIGKILL');
      await startRuntime();
    },
    async close() {
      for (const each of [...running.values()].toReversed()) await each.stop();
      await server.close();
    },
  };
}

/** Runs the client of containerd in the namespace of the kubelet. */
function ctr(socket: string, ...args: readonly string[]): string {
  return execFileSync(join(PROGRAMS, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', ...args], {
    encoding: 'utf8',
  });
}

/** Does containerd respond? Its socket also exists after its end. */
const answers = (socket: string): boolean =>
  spawnSync(join(PROGRAMS, 'ctr'), ['--address', socket, 'version'], { stdio: 'ignore' }).status === 0;

/** The processes of a program in the namespace of this process. */
function processesOf(program: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/exe`) === program ? [Number(name)] : [];
    } catch (error) {
      // The process has ended, or it is one of the kernel.
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  });
}

/** The cgroup of all containers. `scripts/node.mjs` removes it. */
const CGROUP = 'typekro-node';
const CGROUPS = '/sys/fs/cgroup';
const isUnified = (): boolean => existsSync(join(CGROUPS, 'cgroup.controllers'));

function memoryAt(uid: string): { readonly working: number; readonly peak: number } {
  const root = isUnified() ? CGROUPS : join(CGROUPS, 'memory');
  const name = readdirSync(join(root, CGROUP), { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith(`pod${uid}`),
  );
  const read = (file: string): string => readFileSync(join(root, CGROUP, name ?? '', file), 'utf8');
  const [usage, peak] = isUnified()
    ? ['memory.current', 'memory.peak']
    : ['memory.usage_in_bytes', 'memory.max_usage_in_bytes'];
  const [, inactive = '0'] = /^(?:total_)?inactive_file (\d+)$/m.exec(read('memory.stat')) ?? [];
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return { working: megabytes(Number(read(usage)) - Number(inactive)), peak: megabytes(Number(read(peak))) };
}

/** Creates the devices and settings of the network, the cgroup, and mounts that the kubelet can share with containers. */
function prepareNamespaces(): void {
  for (const hierarchy of isUnified() ? [''] : readdirSync(CGROUPS))
    mkdirSync(join(CGROUPS, hierarchy, CGROUP), { recursive: true });
  execFileSync('mount', ['--make-rshared', '/']);
  for (const line of [
    'link set lo up',
    'link add node0 type veth peer name node1',
    'link set node1 up',
    `address add ${ADDRESS}/24 dev node0`,
    'link set node0 up',
    // The packets to the addresses of Services need a route, before the proxy rewrites their address.
    'route add default via 192.0.2.1 dev node0',
  ])
    execFileSync('ip', line.split(' '));
  for (const name of ['ipv4/ip_forward', 'bridge/bridge-nf-call-iptables']) writeFileSync(`/proc/sys/net/${name}`, '1');
}

const cniConfig = (folder: string): JsonObject => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods0',
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(folder, 'addresses'),
        ranges: [[{ subnet: PODS }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

const containerdConfig = (folder: string, pause: string): string => `version = 3
root = "${folder}/containerd"
state = "${folder}/containerd-state"
[grpc]
address = "${folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "${folder}/opt"
[plugins."io.containerd.nri.v1.nri"]
disable = true
[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pause}"
[plugins."io.containerd.cri.v1.runtime"]
# A process without CAP_SYS_RESOURCE may not lower the score.
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${PROGRAMS}"]
conf_dir = "${folder}/cni"
`;

const kubeletConfig = (folder: string): JsonObject => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: ADDRESS,
  containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
  podLogsDir: join(folder, 'pod-logs'),
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${CGROUP}`,
  // Machines with controllers in cgroup v1 cannot offer them in cgroup v2.
  failCgroupV1: false,
  failSwapOn: false,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  clusterDomain: 'cluster.local',
  // Nothing listens there: the programs of the tests use addresses.
  clusterDNS: ['10.96.0.10'],
  evictionHard: { 'memory.available': '100Mi' },
  imageGCHighThresholdPercent: 100,
  // A registry without an answer would hold the images of other pods.
  serializeImagePulls: false,
});

const proxyConfig = (kubeconfig: string): JsonObject => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clusterCIDR: PODS,
  clientConnection: { kubeconfig },
  conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});
