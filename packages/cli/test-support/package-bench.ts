import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringifyJson } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { startRegistry, type TestRegistry } from '@typekro/oci/test-support/test-registry';
import { commands } from '../src/commands/index.ts';
import { type CommandRun, commandRunner } from './run-command.ts';

/** The text of a definition whose kind makes one object. */
export const definition = (name: string, kind: string, { text = 'a', uses = 'v1 ConfigMap' } = {}): string => {
  const [apiVersion, used] = uses.split(' ');
  return `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: ${name}
spec:
  schema:
    apiVersion: v1alpha1
    kind: ${kind}
    spec:
      text: string | default="${text}"
  resources:
    - id: inner
      template:
        apiVersion: ${apiVersion}
        kind: ${used}
        metadata:
          name: \${schema.metadata.name}
        ${used === 'ConfigMap' ? 'data' : 'spec'}:
          text: \${schema.spec.text}
`;
};
const OTHER = crdOf(
  'Other',
  { properties: { spec: { type: 'object', properties: { text: { type: 'string' } } } } },
  { group: 'a.test' },
);

/** A cluster with a controller, a registry, and a folder in which commands run. */
export interface PackageBench extends AsyncDisposable {
  readonly cwd: string;
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly registry: TestRegistry;
  /** Runs a command. `HOST` in its line is the registry. Its output has no ports, digests and times. */
  run(line: string | readonly string[]): Promise<CommandRun>;
  /** Writes definitions into files, and pushes them, with further words of the command. */
  push(reference: string, texts: readonly string[], more?: readonly string[]): Promise<CommandRun>;
  /** The names of all definitions and roles of packages. */
  installed(): Promise<string[]>;
  /** Empties the registry, and deletes `typekro.lock`. */
  reset(): void;
}

/** Starts them. */
export async function packageBench(): Promise<PackageBench> {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-install-'));
  const cluster = await createEmbeddedCluster();
  const { kubeconfig } = await cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  const serviceAccount = { namespace: 'kro-system', name: 'kro' };
  const controller = createController({ client, features: { graphKind: true }, serviceAccount });
  await controller.start();
  writeFileSync(join(cwd, 'crds.yaml'), stringifyJson(OTHER));
  const registry = await startRegistry();
  registry.isSeparate = true;
  const direct = commandRunner(commands, cwd, { DOCKER_CONFIG: cwd, KUBECONFIG: join(cwd, 'kubeconfig') });
  const run: PackageBench['run'] = async (line) => {
    const words = typeof line === 'string' ? line.split(' ') : line;
    const http = words.some((word) => word.includes('HOST')) ? ['--plain-http'] : [];
    const { code, out, err } = await direct([...words.map((word) => word.replaceAll('HOST', registry.host)), ...http]);
    const fixed = (text: string): string =>
      text
        .replaceAll(registry.host, 'HOST')
        .replaceAll(/sha256:\w{64}/g, 'DIGEST')
        .replaceAll(/read at \S+/g, 'read at TIME');
    return { code, out: fixed(out), err: fixed(err) };
  };
  return {
    cwd,
    cluster,
    client,
    registry,
    run,
    async push(reference, texts, more = ['--crds', 'crds.yaml', '--kubeconfig', 'kubeconfig']) {
      const files = texts.map((text, index) => {
        writeFileSync(join(cwd, `${index}.yaml`), text);
        return `${index}.yaml`;
      });
      const pushed = await run(['push', `oci://HOST/${reference}`, ...files, ...more]);
      expect(pushed).toMatchObject({ code: 0, err: expect.stringMatching(/^(?:note: no package of --needs .*)?$/) });
      return pushed;
    },
    async installed() {
      const types = [
        { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
      ];
      const found = await Promise.all(types.map((type) => client.list(type)));
      return found
        .flatMap(({ items }) => items.map(({ metadata }) => metadata.name ?? ''))
        .filter((name) => !/^(?:system:|admin$|edit$|view$|cluster-admin$)/.test(name));
    },
    reset() {
      rmSync(join(cwd, 'typekro.lock'), { force: true });
      registry.manifests.clear();
    },
    async [Symbol.asyncDispose]() {
      await controller.stop();
      await client.close();
      await cluster.close();
      await registry.close();
      rmSync(cwd, { recursive: true });
    },
  };
}
