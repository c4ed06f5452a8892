import { readFileSync } from 'node:fs';
import { crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { controllerManifests, runController } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { KubeClient, loadKubeConfig } from '@typekro/kube';

const RBAC = 'rbac.authorization.k8s.io';
const POTS: JsonObject = { apiGroups: ['acme.test'], resources: ['*'], verbs: ['*'] };
const POLL = { timeout: 20_000 };
const GRAPHS = [
  '--feature-gates=GraphKind=true',
  '--controller-namespace=kro-system',
  '--controller-service-account=typekro',
];
/** The admission policy of the guide for several teams. */
const PAGE = readFileSync(new URL('../../docs/guides/several-teams.md', import.meta.url), 'utf8');
const POLICY = parseAllDocuments(/```yaml\n(# limits\.yaml\n[^`]*)```/.exec(PAGE)?.[1] ?? '').map(
  (document) => document.toJS() as KubeObject,
);

const account = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace, name },
});
const granted = (name: string, role: string, namespace: string, subject: string) => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', namespace, name: subject }],
});
const clusterRole = (name: string, rules: JsonObject[], labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name, labels },
  rules,
});
const FOREIGN_CRD = { ...crdOf('Gem', {}, { group: 'other.test' }) };

/** What the author of a definition tries to obtain. The key is the name of the definition. */
const ATTACKS: Readonly<Record<string, { resource: JsonObject; status?: JsonObject; account?: string }>> = {
  secret: {
    resource: {
      id: 'bait',
      externalRef: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bait', namespace: 'kube-system' } },
    },
    status: { word: '${string(bait.data.word)}' },
  },
  rights: { resource: { id: 'binding', template: granted('attack-rights', 'cluster-admin', 'team-a', 'author') } },
  account: {
    resource: { id: 'binding', template: granted('attack-account', 'cluster-admin', 'team-a', 'author') },
    account: 'kube-system/powerful',
  },
  crd: {
    resource: {
      id: 'crd',
      template: { ...FOREIGN_CRD, metadata: { name: 'gems.other.test', annotations: { taken: 'yes' } } },
    },
  },
};
const definitionOf = (name: string): KubeObject => {
  const { resource, status, account: named } = ATTACKS[name] ?? { resource: {} };
  const kind = `Pot${name}`;
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name, ...(named === undefined ? {} : { annotations: { 'typekro.dev/service-account': named } }) },
    spec: {
      schema: { apiVersion: 'v1', kind, group: 'acme.test', spec: {}, ...(status === undefined ? {} : { status }) },
      resources: [resource],
    },
  };
};

describe.each<{
  readonly mode: string;
  readonly rbac: 'aggregation' | 'unrestricted';
  readonly flags?: readonly string[];
  readonly policy?: boolean;
  readonly obtained: readonly string[];
}>([
  { mode: 'aggregation', rbac: 'aggregation', obtained: ['crd'] },
  { mode: 'aggregation with the policy', rbac: 'aggregation', policy: true, obtained: [] },
  { mode: 'aggregation with the gate GraphKind', rbac: 'aggregation', flags: GRAPHS, obtained: ['account', 'crd'] },
  {
    mode: 'aggregation with the gate GraphKind and the policy',
    rbac: 'aggregation',
    flags: GRAPHS,
    policy: true,
    obtained: [],
  },
  {
    mode: 'an account in the namespace of the instance',
    rbac: 'aggregation',
    flags: ['--instance-service-account=runner'],
    obtained: [],
  },
  { mode: 'unrestricted', rbac: 'unrestricted', obtained: ['secret', 'rights', 'account', 'crd'] },
])('the mode $mode', ({ rbac, flags = [], policy = false, obtained }) => {
  let cluster: Cluster;
  let admin: KubeClient;
  const open: KubeClient[] = [];
  const stop = new AbortController();
  let ended: Promise<void> | undefined;
  const apply = async (client: KubeClient, ...objects: KubeObject[]) => {
    for (const object of objects) await client.apply(object, { fieldManager: 'test', force: true });
  };
  /** A client with the token of a ServiceAccount, so that it has exactly the rights of this account. */
  const clientOf = async (text: string, namespace: string, name: string) => {
    const { text: answer } = await admin.raw({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
    });
    const { token } = (JSON.parse(answer) as { readonly status: { readonly token: string } }).status;
    const client = new KubeClient({ config: { ...(await loadKubeConfig({ text })), credentials: { token } } });
    open.push(client);
    return client;
  };
  let author: KubeClient;
  let user: KubeClient;

  beforeAll(async () => {
    cluster = await createEmbeddedCluster();
    const { kubeconfig } = await cluster.listen();
    admin = new KubeClient({ transport: cluster.transport() });
    const manifests = controllerManifests({ image: 'none', rbac }).filter(({ kind }) => kind !== 'Deployment');
    const aggregated = { 'rbac.kro.run/aggregate-to-controller': 'true' };
    const graphs = flags.some((flag) => flag.includes('GraphKind'));
    await apply(
      admin,
      ...manifests,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
      ...['author', 'user', 'runner'].map((name) => account('team-a', name)),
      account('kube-system', 'powerful'),
      granted('powerful', 'cluster-admin', 'kube-system', 'powerful'),
      granted('author', 'typekro-edit', 'team-a', 'author'),
      clusterRole('pots', [POTS]),
      ...['author', 'user'].map((name) => ({
        ...granted(name, 'pots', 'team-a', name),
        kind: 'RoleBinding',
        metadata: { name, namespace: 'team-a' },
      })),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'bait', namespace: 'kube-system' },
        stringData: { word: 'x' },
      },
      FOREIGN_CRD,
      // What `typekro rbac` prints for instances, and the chart for the gate.
      clusterRole(
        'instances',
        [{ apiGroups: ['acme.test'], resources: ['*', '*/status', '*/finalizers'], verbs: ['*'] }],
        aggregated,
      ),
      ...(flags.length > 0
        ? [
            clusterRole(
              'impersonate',
              [
                {
                  apiGroups: [''],
                  resources: ['serviceaccounts'],
                  verbs: ['impersonate'],
                  ...(graphs ? {} : { resourceNames: ['runner'] }),
                },
              ],
              aggregated,
            ),
          ]
        : []),
      ...(policy ? POLICY : []),
    );
    author = await clientOf(kubeconfig, 'team-a', 'author');
    user = await clientOf(kubeconfig, 'team-a', 'user');
    const client = await clientOf(kubeconfig, 'kro-system', 'typekro');
    const args = ['--metrics-bind-address=0', '--health-probe-bind-address=0', ...flags];
    let isReady = () => {};
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    const logger = {
      log: (_level: string, message: string) => (message === 'the controller is ready' ? isReady() : undefined),
    };
    ended = runController({ client, args, logger, signal: stop.signal, identity: 'one' });
    await ready;
  }, 60_000);
  afterAll(async () => {
    stop.abort();
    await ended;
    for (const client of [...open, admin]) await client.close();
    await cluster.close();
  });

  const found = async (name: string): Promise<boolean> => {
    switch (name) {
      case 'secret': {
        const type = { apiVersion: 'acme.test/v1', kind: 'Potsecret', namespace: 'team-a', name: 'p' };
        return (await admin.find(type))?.status?.['word'] !== undefined;
      }
      case 'crd':
        return (await admin.get({ ...FOREIGN_CRD, name: 'gems.other.test' })).metadata.annotations?.['taken'] === 'yes';
      default:
        return (
          (await admin.find({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', name: `attack-${name}` })) !==
          undefined
        );
    }
  };

  test.each(Object.keys(ATTACKS))('gives the author of a definition only what the pages say: %s', async (name) => {
    const written = apply(author, definitionOf(name));
    if (policy) return expect(written).rejects.toMatchObject({ status: 422 });
    await written;
    const pot: KubeObject = {
      apiVersion: 'acme.test/v1',
      kind: `Pot${name}`,
      metadata: { name: 'p', namespace: 'team-a' },
      spec: {},
    };
    const isMade = () =>
      apply(author, pot).then(
        () => true,
        () => false,
      );
    await expect.poll(isMade, POLL).toBe(true);
    const state = async () => (await admin.get({ ...pot, name: 'p', namespace: 'team-a' })).status?.['state'];
    await expect.poll(state, POLL).toBe(obtained.includes(name) ? 'ACTIVE' : 'ERROR');
    await expect.poll(() => found(name), POLL).toBe(obtained.includes(name));
  });

  test('gives the author of an instance nothing for the annotations of definitions', async () => {
    const template = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'made', namespace: 'kube-system' } };
    await apply(admin, {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: {
        name: 'safe',
        annotations: {
          'typekro.dev/service-account': 'kro-system/definition-safe',
          'typekro.dev/namespaces': 'instance',
        },
      },
      spec: {
        schema: { apiVersion: 'v1', kind: 'Potsafe', group: 'acme.test', spec: {} },
        resources: [{ id: 'made', template }],
      },
    });
    const annotations = {
      'typekro.dev/service-account': 'kube-system/powerful',
      'typekro.dev/namespaces': 'any',
      'typekro.dev/adoption': 'take-over',
    };
    const pot: KubeObject = {
      apiVersion: 'acme.test/v1',
      kind: 'Potsafe',
      metadata: { name: 'p', namespace: 'team-a', annotations },
      spec: {},
    };
    const isMade = () =>
      apply(user, pot).then(
        () => true,
        () => false,
      );
    await expect.poll(isMade, POLL).toBe(true);
    const state = async () => (await admin.get({ ...pot, name: 'p', namespace: 'team-a' })).status?.['state'];
    await expect.poll(state, POLL).toBe('ERROR');
    expect(await admin.find({ ...template, name: 'made', namespace: 'kube-system' })).toBeUndefined();
    await expect(apply(user, definitionOf('secret'))).rejects.toMatchObject({ status: 403 });
  });
});
