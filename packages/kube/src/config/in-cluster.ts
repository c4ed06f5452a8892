import { join } from 'node:path';
import { readUserFile, TypeKroError } from '@typekro/kit/core';
import type { KubeConfig } from '../kube-api.ts';

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder in which the kubelet mounts a pod's credentials. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Does the environment have the variables of a pod? */
export function isInCluster(env: Environment): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '' && (env['KUBERNETES_SERVICE_PORT'] ?? '') !== '';
}

/**
 * The configuration of a pod's service account. The files of the token and of the authority are read again every
 * minute, because both rotate.
 */
export async function inClusterConfig(env: Environment, folder: string = SERVICE_ACCOUNT_FOLDER): Promise<KubeConfig> {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] || '443';
  try {
    const [certificateAuthority = '', namespace = ''] = (
      await Promise.all(['ca.crt', 'namespace'].map((name) => readUserFile(join(folder, name))))
    ).map(String);
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      certificateAuthority,
      certificateAuthorityFile: join(folder, 'ca.crt'),
      insecureSkipTlsVerify: false,
      credentials: { tokenFile: join(folder, 'token') },
      namespace: namespace.trim(),
      context: 'in-cluster',
    };
  } catch (thrown) {
    throw TypeKroError.from(thrown, {
      code: 'kube/no-config',
      what: `read the service account in ${folder}`,
      remedy:
        'let the pod mount the token of its ServiceAccount (automountServiceAccountToken: true), or set KUBECONFIG to the path of a file',
    });
  }
}
