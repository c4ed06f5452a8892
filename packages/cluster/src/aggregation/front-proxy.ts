import type { UserInfo } from '../cluster-options.ts';

/**
 * The identity with which the cluster calls other API servers. These servers trust the headers of a client whose
 * certificate was signed by the authority `ca`.
 */
export interface FrontProxy {
  /** The certificate of the authority, as PEM. */
  readonly ca: string;
  /** The client certificate and its key, as PEM. */
  readonly cert: string;
  readonly key: string;
}

/** The common name of the client certificate. */
export const FRONT_PROXY_USER = 'front-proxy-client';

/** The user that reads the discovery documents of other servers. */
export const AGGREGATOR: UserInfo = { name: 'system:kube-aggregator', groups: ['system:masters'] };

/**
 * Returns the content of the ConfigMap `kube-system/extension-apiserver-authentication`, from which other API servers
 * read this identity.
 */
export const authenticationSettings = (ca: string): Record<string, string> => ({
  'requestheader-allowed-names': `["${FRONT_PROXY_USER}"]`,
  'requestheader-client-ca-file': ca,
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-username-headers': '["X-Remote-User"]',
});
