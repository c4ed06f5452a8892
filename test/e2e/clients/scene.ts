import { vi } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import { type KubeClient, isNotFound } from '@typekro/kube';
import type { ApiServer } from '../../support/api-server.ts';
import { WIDGETS } from './manifests.ts';

const CLUSTER_WIDE = new Set(['CustomResourceDefinition', 'Namespace']);

/** Applies one object, given as YAML or JSON. An object of a namespaced kind is created in `namespace`. */
export async function applyManifest(client: KubeClient, text: string, namespace: string): Promise<void> {
  const object = parse(text) as KubeObject;
  const scoped = { ...object, metadata: { namespace, ...object.metadata } };
  await client.apply(CLUSTER_WIDE.has(object.kind) ? object : scoped, { fieldManager: 'e2e', force: true });
}

/** Creates the namespace of a test and the CRD of Widgets. */
export async function openScene({ client }: ApiServer, namespace: string): Promise<void> {
  await applyManifest(client, `{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}}}`, namespace);
  await applyManifest(client, WIDGETS, namespace);
  const widgets = { apiVersion: 'e2e.typekro.dev/v1', kind: 'Widget' };
  await vi.waitFor(() => client.list(widgets, { namespace }), { timeout: 20_000 });
}

/** Deletes the namespace and the CRD, because the server may outlive the test. */
export async function closeScene({ client }: ApiServer, namespace: string): Promise<void> {
  const definitions = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  for (const ref of [
    { ...definitions, name: 'widgets.e2e.typekro.dev' },
    { apiVersion: 'v1', kind: 'Namespace', name: namespace },
  ]) {
    try {
      await client.delete(ref);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
