import { existsSync } from 'node:fs';
import type { FactoryOptions } from '../compose/index.ts';
import { isJsonObject, stringifyJson, TypeKroError } from '@typekro/kit/core';
import type { KubernetesApi, LoadKubeConfigOptions, Transport } from '@typekro/kube';
import { createTransport, KubeClient, loadKubeConfig, KubeError } from '@typekro/kube';
import { retriesOf } from './retries-of.ts';

/** Is the option a transport? `typekro/testing` passes a transport to a cluster in this process. */
function isTransport(value: unknown): value is Transport {
  return typeof value === 'object' && value !== null && 'request' in value && typeof value.request === 'function';
}

/**
 * Opens a client for a factory. Uses the first of these that exists: `options.transport`, `options.kubeConfig` (a path,
 * the content of a file, or an object), the configuration that kubectl would use.
 *
 * @throws TypeKroError of `loadKubeConfig`; `deploy/bad-kubeconfig` for a `kubeConfig` of any other type, or a path
 *   that does not exist.
 */
export async function connect(options: FactoryOptions): Promise<KubernetesApi> {
  const retrying = retriesOf(options.retryPolicy);
  const { transport } = options;
  if (isTransport(transport)) return new KubeClient({ transport: keepOpen(transport), ...retrying });
  const config = await loadKubeConfig(configOptions(options.kubeConfig));
  const used = options.skipTLSVerify === true ? { ...config, insecureSkipTlsVerify: true } : config;
  return new KubeClient({ transport: await createTransport(used), ...retrying });
}

/** Is the option a `KubeConfig` of `@kubernetes/client-node`? Such an object can export its content. */
function isExporting(value: unknown): value is { exportConfig(): string } {
  return (
    typeof value === 'object' && value !== null && 'exportConfig' in value && typeof value.exportConfig === 'function'
  );
}

function configOptions(kubeConfig: unknown): LoadKubeConfigOptions {
  if (kubeConfig === undefined) return {};
  if (typeof kubeConfig === 'string') {
    // The text of a kubeconfig has several lines or begins with a brace. A path has neither.
    if (kubeConfig.includes('\n') || kubeConfig.trimStart().startsWith('{')) return { text: kubeConfig };
    if (existsSync(kubeConfig)) return { path: kubeConfig };
    throw new TypeKroError(`there is no kubeconfig ${kubeConfig}`, {
      code: 'deploy/bad-kubeconfig',
      remedy: 'give the path of a file that exists, or the text of a kubeconfig',
    });
  }
  if (isExporting(kubeConfig)) return { text: kubeConfig.exportConfig() };
  // YAML is a superset of JSON, so an object is passed as its JSON text.
  if (isJsonObject(kubeConfig)) return { text: stringifyJson(kubeConfig) };
  throw new TypeKroError('kubeConfig must be a path, the text of a kubeconfig, or its parsed object', {
    code: 'deploy/bad-kubeconfig',
    remedy: "pass e.g. kubeConfig: '.typekro/default/kubeconfig'",
  });
}

/**
 * Wraps the caller's transport. Closing the client does not close the transport, because the caller may use it
 * afterwards.
 */
function keepOpen(transport: Transport): Transport {
  return { request: (request) => transport.request(request), close: () => Promise.resolve() };
}

/**
 * Creates the namespace when it is missing. When the client may not read namespaces, creates nothing. If the namespace
 * is then missing, the client's next write fails.
 */
export async function ensureNamespace(api: KubernetesApi, name: string, signal: AbortSignal): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name };
  try {
    if ((await api.find(ref, { signal })) !== undefined) return;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return;
    throw error;
  }
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: 'typekro', signal });
}
