import { EMBEDDED_CONTEXT } from '@typekro/kit/core';

/**
 * A kubeconfig with one cluster, one user and one context. The YAML is written by hand, so that no YAML library is
 * loaded. The token is quoted, because an unquoted token such as `0123` or `yes` would not be a string in YAML.
 */
export function kubeconfigText(url: string, token: string, ca: string | undefined): string {
  const trust =
    ca === undefined
      ? '    insecure-skip-tls-verify: true'
      : `    certificate-authority-data: ${Buffer.from(ca).toString('base64')}`;
  return `apiVersion: v1
kind: Config
current-context: ${EMBEDDED_CONTEXT}
clusters:
- name: typekro
  cluster:
    server: ${url}
${trust}
contexts:
- name: ${EMBEDDED_CONTEXT}
  context:
    cluster: typekro
    user: typekro
users:
- name: typekro
  user:
    token: ${JSON.stringify(token)}
`;
}
