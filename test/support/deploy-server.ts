import { setTimeout } from 'node:timers/promises';
import type { Controller, ControllerOptions } from '@typekro/controller/controller';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { type KubeObject, refOf } from '@typekro/kit/core';
import type { KubeClient, Transport } from '@typekro/kube';
import { createTransport, isConflict, isNotFound, KubeError, loadKubeConfig } from '@typekro/kube';
import { createCluster } from '@typekro/testing';
import { serverKinds } from './api-server.ts';

const real = serverKinds().find(({ name }) => name === 'kube-apiserver');

/** Do the tests run on etcd and kube-apiserver? */
export const isRealServer = real !== undefined;

/** A server for the tests of deploys. */
export interface DeployServer {
  readonly client: KubeClient;
  readonly transport: Transport;
  /** Installs kro's CRDs and runs a controller until the server closes. */
  startController(options?: Omit<ControllerOptions, 'client'>): Promise<Controller>;
  close(): Promise<void>;
}

/**
 * Starts a fresh server. If `KUBEBUILDER_ASSETS` is set, the server is etcd and kube-apiserver from this folder. If
 * not, it is an embedded cluster. With etcd and kube-apiserver, no workload controllers run, so a stand-in reports
 * Deployments as ready.
 */
export async function startDeployServer(): Promise<DeployServer> {
  if (real === undefined) return createCluster({ clock: 'real' });
  const server = await real.start();
  const { client } = server;
  const transport = await createTransport(await loadKubeConfig({ path: server.kubeconfig, env: {} }));
  const controllers: Controller[] = [];
  const ending = new AbortController();
  const reporting = reportReady(client, ending.signal);
  return {
    client,
    transport,
    async startController(options = {}) {
      for (const crd of controllerCrds()) {
        await client.apply(crd, { fieldManager: 'typekro-testing', force: true });
        while (!(await isServed(client, crd))) await setTimeout(50);
      }
      const controller = createController({ ...options, client });
      controllers.push(controller);
      await controller.start();
      return controller;
    },
    async close() {
      await Promise.all(controllers.map((controller) => controller.stop()));
      ending.abort();
      await reporting;
      await transport.close();
      await server.close();
    },
  };
}

/** Does the server serve the kind of the CRD? A server needs some time after the creation of the CRD. */
async function isServed(client: KubeClient, crd: KubeObject): Promise<boolean> {
  const { group, names, versions } = crd.spec as {
    group: string;
    names: { kind: string };
    versions: { name: string }[];
  };
  const apiVersion = `${group}/${versions[0]?.name ?? ''}`;
  try {
    await client.list({ apiVersion, kind: names.kind });
    return true;
  } catch (thrown) {
    if (isNotFound(thrown) || (thrown instanceof KubeError && thrown.reason === 'UnknownKind')) return false;
    throw thrown;
  }
}

/** Writes the status of each Deployment as if all its pods ran. Skips Deployments whose pods are meant to fail. */
async function reportReady(client: KubeClient, signal: AbortSignal): Promise<void> {
  for await (const event of client.watch({ apiVersion: 'apps/v1', kind: 'Deployment' }, { signal })) {
    if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
    const { object } = event;
    const { generation, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined || object.status?.['observedGeneration'] === generation || isToFail(object)) {
      continue;
    }
    const count = Number(object.spec?.['replicas'] ?? 1);
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const status = {
      observedGeneration: generation ?? 1,
      replicas: count,
      updatedReplicas: count,
      readyReplicas: count,
      availableReplicas: count,
      conditions: ['Available', 'Progressing'].map((type) => ({
        type,
        status: 'True',
        reason: type === 'Available' ? 'MinimumReplicasAvailable' : 'NewReplicaSetAvailable',
        lastTransitionTime: now,
        lastUpdateTime: now,
      })),
    };
    try {
      await client.patch(refOf(object), { status }, { subresource: 'status', fieldManager: 'stand-in' });
    } catch (thrown) {
      // In the meantime, the Deployment was changed or deleted.
      if (!isNotFound(thrown) && !isConflict(thrown) && !signal.aborted) throw thrown;
    }
  }
}

function isToFail({ spec }: KubeObject): boolean {
  return JSON.stringify(spec).includes('typekro.dev/simulate-failure');
}
