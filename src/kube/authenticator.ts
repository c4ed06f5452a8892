import { readFile } from 'node:fs/promises';
import { TypeKroError, whyUnreadable } from '../core/index.ts';
import { runExecPlugin } from './exec-plugin.ts';
import type { ExecCredential } from './exec-plugin.ts';
import type { Clock, KubeConfig } from './types.ts';

/** How long the content of a token file is used. The kubelet rotates a token long before it expires. */
const TOKEN_FILE_MS = 60_000;

/** A client certificate and its key, both PEM texts. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Gives credentials that change over time. */
export interface Authenticator {
  /** Can the authenticator give new credentials after `reject`? */
  readonly renews: boolean;
  /**
   * The current `authorization` header; `undefined` without a token and a user name, for example when a client
   * certificate authenticates the connection.
   */
  authorization(): Promise<string | undefined>;
  /** The client certificate to connect with, from the configuration or from a plugin. */
  certificate(): Promise<ClientCertificate | undefined>;
  /** Drops credentials that the server answered with 401. Newer credentials that were loaded meanwhile stay. */
  reject(refused: {
    readonly authorization: string | undefined;
    readonly certificate: ClientCertificate | undefined;
  }): void;
}

/** The authenticator of a configuration. */
export function createAuthenticator(config: KubeConfig, clock: Clock): Authenticator {
  const { clientCertificate, clientKey, exec, tokenFile, token, username, password } = config.credentials;
  const isCertified = clientCertificate !== undefined && clientKey !== undefined;
  const isKnown = isCertified || [tokenFile, token, username].some((given) => given !== undefined);
  const remembered = exec === undefined || isKnown ? undefined : rememberExec(config, clock);
  const file = tokenFile === undefined ? undefined : rememberFile(tokenFile, clock);
  return {
    renews: remembered !== undefined || file !== undefined,
    async certificate() {
      if (isCertified) return { cert: clientCertificate, key: clientKey };
      const credential = await remembered?.get();
      if (credential?.certificate === undefined || credential.key === undefined) return undefined;
      return { cert: credential.certificate, key: credential.key };
    },
    async authorization() {
      if (remembered !== undefined) return bearer((await remembered.get()).token);
      if (file !== undefined) return bearer(await file.get());
      if (token !== undefined) return bearer(token);
      if (username === undefined) return undefined;
      return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    },
    reject({ authorization, certificate }) {
      remembered?.forget((known) => bearer(known.token) === authorization && known.certificate === certificate?.cert);
      file?.forget((known) => bearer(known) === authorization);
    },
  };
}

function bearer(token: string | undefined): string | undefined {
  return token === undefined ? undefined : `Bearer ${token}`;
}

interface Remembered<T> {
  get(): Promise<T>;
  /** Drops the value if it matches. A load in progress continues. */
  forget(isIt: (value: T) => boolean): void;
}

interface Loaded<T> {
  readonly value: T;
  readonly goodUntil: number;
}

/** Keeps a value until `goodUntil`. Concurrent callers share one load. */
function remember<T>(clock: Clock, load: () => Promise<Loaded<T>>): Remembered<T> {
  let known: Loaded<T> | undefined;
  let loading: Promise<Loaded<T>> | undefined;
  return {
    async get() {
      if (known !== undefined && clock.now() < known.goodUntil) return known.value;
      const shared = (loading ??= load());
      try {
        const loaded = await shared;
        if (loading === shared) known = loaded;
        return loaded.value;
      } finally {
        if (loading === shared) loading = undefined;
      }
    },
    forget(isIt) {
      if (known !== undefined && isIt(known.value)) known = undefined;
    },
  };
}

function rememberFile(path: string, clock: Clock): Remembered<string> {
  return remember(clock, async () => {
    try {
      return { value: (await readFile(path, 'utf8')).trim(), goodUntil: clock.now() + TOKEN_FILE_MS };
    } catch (thrown) {
      throw new TypeKroError(`the token file ${path} cannot be read: ${whyUnreadable(thrown)}`, {
        code: 'kube/no-token',
        remedy: 'log in again, or correct users[].user.tokenFile in the kubeconfig',
        cause: thrown,
      });
    }
  });
}

function rememberExec(config: KubeConfig, clock: Clock): Remembered<ExecCredential> {
  return remember(clock, async () => {
    const value = await runExecPlugin(config);
    return { value, goodUntil: value.expiresAt ?? Number.POSITIVE_INFINITY };
  });
}
