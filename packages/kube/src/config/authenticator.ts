import type { ClientCertificate } from './credential-files.ts';
import { rememberAuthorityFile, rememberCertificateFiles, rememberTokenFile } from './credential-files.ts';
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts';
import { type Remembered, remember } from '../remember.ts';
import type { Clock, KubeConfig } from '../kube-api.ts';

/**
 * The credentials for a request and its connection, and the authorities that may have signed the server's certificate.
 */
export interface Proof {
  /** The `authorization` header; `undefined` when there is neither a token nor a user name. */
  readonly authorization: string | undefined;
  /** The client certificate, which comes from the configuration, from files or from a plugin. */
  readonly certificate: ClientCertificate | undefined;
  /** The trusted authorities in PEM format; `undefined` for those of the system. */
  readonly authority: string | undefined;
}

/** Provides credentials that change over time. */
export interface Authenticator {
  /** Can the authenticator provide another proof after `reject`? */
  readonly renews: boolean;
  prove(): Promise<Proof>;
  /**
   * Drops a proof after status 401, or if its authorities do not verify the server. Newer credentials that were loaded
   * in the meantime are kept.
   */
  reject(refused: Proof): void;
}

/** The authenticator of a configuration. */
export function createAuthenticator(config: KubeConfig, clock: Clock): Authenticator {
  const { clientCertificate, clientKey, exec, tokenFile, token, username, password } = config.credentials;
  const pair =
    clientCertificate === undefined || clientKey === undefined
      ? undefined
      : { cert: clientCertificate, key: clientKey };
  const isKnown = pair !== undefined || [tokenFile, token, username].some((given) => given !== undefined);
  const remembered = exec === undefined || isKnown ? undefined : rememberExec(config, clock);
  const file = tokenFile === undefined ? undefined : rememberTokenFile(tokenFile, clock);
  const pairFiles = pair === undefined ? undefined : rememberPair(config, pair, clock);
  const authorityFile = rememberAuthority(config, clock);
  const authorization = async () => {
    if (file !== undefined) return bearer(await file.get());
    if (token !== undefined) return bearer(token);
    if (username === undefined) return undefined;
    return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  };
  return {
    renews: [remembered, file, pairFiles, authorityFile].some((source) => source !== undefined),
    async prove() {
      const credential = await remembered?.get();
      return {
        certificate: credential === undefined ? await (pairFiles?.get() ?? pair) : pairOf(credential),
        authorization: credential === undefined ? await authorization() : bearer(credential.token),
        authority: await (authorityFile?.get() ?? config.certificateAuthority),
      };
    },
    reject(refused) {
      remembered?.forget(
        (known) => bearer(known.token) === refused.authorization && pairOf(known)?.cert === refused.certificate?.cert,
      );
      file?.forget((known) => bearer(known) === refused.authorization);
      pairFiles?.forget(({ cert }) => cert === refused.certificate?.cert);
      authorityFile?.forget((known) => known === refused.authority);
    },
  };
}

function pairOf({ certificate, key }: ExecCredential): ClientCertificate | undefined {
  return certificate === undefined || key === undefined ? undefined : { cert: certificate, key };
}

function rememberPair(
  { credentials }: KubeConfig,
  pair: ClientCertificate,
  clock: Clock,
): Remembered<ClientCertificate> | undefined {
  const { clientCertificateFile: cert, clientKeyFile: key } = credentials;
  return cert === undefined || key === undefined ? undefined : rememberCertificateFiles({ cert, key }, pair, clock);
}

function rememberAuthority(config: KubeConfig, clock: Clock): Remembered<string> | undefined {
  const { certificateAuthority, certificateAuthorityFile } = config;
  if (certificateAuthority === undefined || certificateAuthorityFile === undefined) return undefined;
  return rememberAuthorityFile(certificateAuthorityFile, certificateAuthority, clock);
}

function bearer(token: string | undefined): string | undefined {
  return token === undefined ? undefined : `Bearer ${token}`;
}

function rememberExec(config: KubeConfig, clock: Clock): Remembered<ExecCredential> {
  return remember(clock, async () => {
    const value = await runExecPlugin(config);
    return { value, goodUntil: value.expiresAt ?? Number.POSITIVE_INFINITY };
  });
}
