import { type JsonObject, isJsonObject, processLibrary, textPrefix, TypeKroError } from '@typekro/kit/core';
import type { ExecPlugin, KubeConfig } from '../kube-api.ts';

/** The credential that a plugin printed. */
export interface ExecCredential {
  readonly token?: string;
  /** The client certificate, in PEM format. */
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since 1970; absent for a credential that is valid until the server refuses it. */
  readonly expiresAt?: number;
}

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MAX_DETAIL_LENGTH = 2_000;

/**
 * Runs the credential plugin of a configuration (client.authentication.k8s.io, v1 or v1beta1). The plugin gets no
 * terminal. When the plugin fails, the error includes its stderr.
 *
 * @throws TypeKroError `kube/exec-plugin` when the plugin cannot be run, fails, or prints no credential.
 */
export async function runExecPlugin(config: KubeConfig): Promise<ExecCredential> {
  const plugin = config.credentials.exec;
  if (plugin === undefined) throw new TypeKroError('no credential plugin is configured', { code: 'kube/exec-plugin' });
  const info: JsonObject = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(config, plugin) } : {}) },
  };
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const output = await run(plugin, env);
  return readCredential(plugin, output);
}

function run(plugin: ExecPlugin, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = processLibrary().execFile(
      plugin.command,
      [...plugin.args],
      { env, maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const detail = stderr.trim() === '' ? error.message : stderr.trim();
        reject(pluginError(plugin, `failed: ${textPrefix(detail, MAX_DETAIL_LENGTH)}`, error));
      },
    );
    // Without this call, a plugin that reads from stdin would wait forever.
    child.stdin?.end();
  });
}

function readCredential(plugin: ExecPlugin, output: string): ExecCredential {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch (cause) {
    throw pluginError(plugin, 'printed no JSON', cause);
  }
  const status = isJsonObject(value) && value['kind'] === 'ExecCredential' ? value['status'] : undefined;
  if (!isJsonObject(status)) throw pluginError(plugin, 'printed no ExecCredential with a status');
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
  if (typeof token !== 'string' && (typeof clientCertificateData !== 'string' || typeof clientKeyData !== 'string'))
    throw pluginError(plugin, 'printed no token and no certificate with a key');
  const expiresAt = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof clientCertificateData === 'string' ? { certificate: clientCertificateData } : {}),
    ...(typeof clientKeyData === 'string' ? { key: clientKeyData } : {}),
    ...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
  };
}

function clusterInfo(config: KubeConfig, { clusterConfig }: ExecPlugin): JsonObject {
  return {
    server: config.server,
    ...(clusterConfig === undefined ? {} : { config: clusterConfig }),
    'insecure-skip-tls-verify': config.insecureSkipTlsVerify,
    ...(config.tlsServerName === undefined ? {} : { 'tls-server-name': config.tlsServerName }),
    ...(config.proxyUrl === undefined ? {} : { 'proxy-url': config.proxyUrl }),
    ...(config.certificateAuthority === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(config.certificateAuthority).toString('base64') }),
  };
}

function pluginError(plugin: ExecPlugin, message: string, cause?: unknown): TypeKroError {
  return new TypeKroError(`the credential plugin "${plugin.command}" ${message}`, {
    code: 'kube/exec-plugin',
    remedy:
      plugin.installHint ??
      'install it where PATH finds it, run it in a terminal to see its output, or correct users[].user.exec in the kubeconfig',
    ...(cause === undefined ? {} : { cause }),
  });
}
