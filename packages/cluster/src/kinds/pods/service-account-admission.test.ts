import { describe, expect, onTestFinished, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { createEmbeddedCluster } from '../../cluster.ts';
import type { ClusterOptions } from '../../cluster-options.ts';
import { mirrorPodProblem, referenceProblem } from '../secret-references.ts';

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const MIRROR = { 'kubernetes.io/config.mirror': 'hash' };

const pod = (spec: JsonObject = {}, metadata: KubeObject['metadata'] = { name: 'p' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const account = (name: string, content: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, annotations },
  ...content,
});
const mounts = ({ spec }: KubeObject) =>
  objectsAt(spec, 'containers').map((container) => objectsAt(container, 'volumeMounts').map(({ name }) => name));

async function start(accounts: readonly KubeObject[] = [], options: ClusterOptions = {}): Promise<ClusterStory> {
  const story = await startClusterStory(options);
  onTestFinished(() => story[Symbol.asyncDispose]());
  for (const each of accounts) await story.create(each);
  return story;
}

describe('a new pod', () => {
  test('gets the default account of its namespace, and a volume with a token', async () => {
    const story = await start();
    const { spec } = await story.create(pod({ initContainers: [{ name: 'before', image: 'i' }] }));
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    const [volume] = objectsAt(spec, 'volumes');
    const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
    expect(volume?.['name']).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume?.['projected']).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
      ],
    });
    for (const container of [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')])
      expect(container['volumeMounts']).toEqual([{ name: volume?.['name'], readOnly: true, mountPath: TOKEN_PATH }]);
  });

  test('keeps an existing mount at the token path, and mounts an existing volume whose name begins with kube-api-access-', async () => {
    const story = await start();
    const own = { name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: TOKEN_PATH }] };
    const kept = await story.create(pod({ containers: [own], volumes: [{ name: 'v', emptyDir: {} }] }));
    expect([mounts(kept), objectsAt(kept.spec, 'volumes').length]).toEqual([[['v']], 1]);
    const volumes = [{ name: 'kube-api-access-mine', emptyDir: {} }];
    const used = await story.create(pod({ volumes }, { name: 'q' }));
    expect([mounts(used), objectsAt(used.spec, 'volumes').length]).toEqual([[['kube-api-access-mine']], 1]);
  });

  test.each([
    [undefined, undefined, 1],
    [undefined, false, 0],
    [true, false, 1],
    [false, true, 0],
  ])(
    'with automountServiceAccountToken %s, whose account has the value %s, has %i token mounts',
    async (ofPod, ofAccount, count) => {
      const wish = (value: boolean | undefined): JsonObject =>
        value === undefined ? {} : { automountServiceAccountToken: value };
      const story = await start([account('a', wish(ofAccount))]);
      const created = await story.create(pod({ serviceAccountName: 'a', ...wish(ofPod) }));
      expect(mounts(created)[0]).toHaveLength(count);
      expect(objectsAt(created.spec, 'volumes')).toHaveLength(count);
    },
  );

  test('gets the pull secrets of its account, unless it names its own pull secrets', async () => {
    const story = await start([account('a', { imagePullSecrets: [{ name: 'registry' }] })]);
    const filled = await story.create(pod({ serviceAccountName: 'a' }));
    const own = await story.create(pod({ serviceAccountName: 'a', imagePullSecrets: [{ name: 'o' }] }, { name: 'q' }));
    const secrets = [filled, own].map(({ spec }) => spec?.['imagePullSecrets']);
    expect(secrets).toEqual([[{ name: 'registry' }], [{ name: 'o' }]]);
  });

  test('with an account that does not exist is refused', async () => {
    const story = await start();
    const text = 'error looking up service account default/gone: serviceaccount "gone" not found';
    const spec = { serviceAccountName: 'gone' };
    await expect(story.create(pod(spec))).rejects.toThrow(`pods "p" is forbidden: ${text}`);
    await expect(story.create(pod(spec, { generateName: 'x-' }))).rejects.toThrow(`pods "x-" is forbidden: ${text}`);
  });

  test('with an account that restricts Secrets may use only the Secrets that the account names', async () => {
    const restricting = account(
      'a',
      { secrets: [{ name: 'own' }] },
      { 'kubernetes.io/enforce-mountable-secrets': 'T' },
    );
    const story = await start([restricting]);
    const withSecret = (secretName: string) =>
      pod({ serviceAccountName: 'a', volumes: [{ name: 'v', secret: { secretName } }] });
    const end = 'is not allowed because service account a does not reference that secret';
    await expect(story.create(withSecret('other'))).rejects.toThrow(
      `pods "p" is forbidden: volume with secret.secretName="other" ${end}`,
    );
    await story.create(withSecret('own'));
    const env = [{ name: 'E', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }];
    const live = await story.get('v1 Pod', 'p');
    const changed = { ...live, spec: { ...live.spec, ephemeralContainers: [{ name: 'd', image: 'i', env }] } };
    await expect(story.client.update(changed, { subresource: 'ephemeralcontainers' })).rejects.toThrow(
      `pods "p" is forbidden: ephemeral container d with envVar E referencing secret.secretName="x" ${end}`,
    );
  });

  test('that mirrors a static pod is not changed, and may not use an account', async () => {
    const story = await start();
    const { spec } = await story.create(pod({}, { name: 'p', annotations: MIRROR }));
    expect([spec?.['serviceAccountName'], spec?.['volumes']]).toEqual([undefined, undefined]);
    const wrong = pod({ serviceAccountName: 'default' }, { name: 'q', annotations: MIRROR });
    await expect(story.create(wrong)).rejects.toThrow(
      'pods "q" is forbidden: a mirror pod may not reference service accounts',
    );
  });

  test('is accepted directly after the creation of its namespace, while the controllers are busy', async () => {
    const cluster = await createEmbeddedCluster();
    onTestFinished(() => cluster.close());
    const transport = cluster.transport();
    const headers = { 'content-type': 'application/json' };
    const post = async (path: string, body: object) =>
      (await transport.request({ method: 'POST', path, headers, body: JSON.stringify(body) })).status;
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const made = names.map((name) => post('/api/v1/namespaces', { metadata: { name } }));
    await made.at(-1);
    expect(await post('/api/v1/namespaces/n99/pods', pod())).toBe(201);
    await Promise.all(made);
  });
});

test.each<[ClusterOptions, boolean]>([
  [{}, true],
  [{ controllers: false }, false],
  [{ controllers: { disable: ['serviceaccount-controller'] } }, false],
  [{ controllers: false, serviceAccountAdmission: true }, true],
  [{ serviceAccountAdmission: false }, false],
])('with the options %j, the admission plugin ServiceAccount runs: %s', async (options, isRunning) => {
  const story = await start([], options);
  const created = story.create(pod({ serviceAccountName: 'gone' }));
  await (isRunning ? expect(created).rejects.toThrow('is forbidden') : expect(created).resolves.toBeDefined());
});

describe('references to Secrets', () => {
  const env = { name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's' } } }] };
  const envFrom = { name: 'c', envFrom: [{ secretRef: { name: 's' } }] };
  const end = 'is not allowed because service account a does not reference that';
  test.each<[JsonObject, string]>([
    [{ containers: [env] }, `container c with envVar E referencing secret.secretName="s" ${end} secret`],
    [{ initContainers: [env] }, `init container c with envVar E referencing secret.secretName="s" ${end} secret`],
    [{ containers: [envFrom] }, `container c with envFrom referencing secret.secretName="s" ${end} secret`],
    [{ imagePullSecrets: [{ name: 'own' }, { name: 's' }] }, `imagePullSecrets[1].name="s" ${end} imagePullSecret`],
  ])('%j are refused', (spec, problem) => {
    expect(referenceProblem(spec, account('a', { imagePullSecrets: [{ name: 'own' }] }))).toBe(problem);
    expect(referenceProblem(spec, undefined)).toBeUndefined();
    expect(mirrorPodProblem(spec)).toBe('a mirror pod may not reference secrets');
  });

  test.each<[JsonObject, string | undefined]>([
    [{ emptyDir: {} }, undefined],
    [{ csi: { nodePublishSecretRef: { name: 's' } } }, 'reference secrets'],
    [{ projected: { sources: [{ secret: { name: 's' } }] } }, 'reference secrets'],
    [{ projected: { sources: [{ serviceAccountToken: {} }] } }, 'use ServiceAccountToken volume projections'],
  ])('a mirror pod with the volume %j has the problem %s', (source, what) => {
    const problem = mirrorPodProblem({ volumes: [{ name: 'v', ...source }] });
    expect(problem).toBe(what === undefined ? undefined : `a mirror pod may not ${what}`);
  });
});
