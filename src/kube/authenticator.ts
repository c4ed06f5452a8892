import { readFile } from 'node:fs/promises';
import { TypeKroError } from '../core/index.ts';
import { runExecPlugin } from './exec-plugin.ts';
import type { ExecCredential } from './exec-plugin.ts';
import type { KubeConfig } from './kubeconfig.ts';
import type { Clock } from './types.ts';

/** A token file is read again after so long; kubelets rotate tokens well before they end. */
const TOKEN_FILE_MS = 60_000;

/** Gives credentials that change over time. */
export interface Authenticator {
  /** The `authorization` header now; `undefined` when the connection itself proves who we are, or nobody asks. */
  authorization(): Promise<string | undefined>;
  /** The client certificate to connect with, from the configuration or from a plugin. */
  certificate(): Promise<{ readonly cert: string; readonly key: string } | undefined>;
  /** The server answered 401: what was remembered is no longer good. */
  reject(): void;
}

/** The authenticator of a configuration. */
export function createAuthenticator(config: KubeConfig, clock: Clock): Authenticator {
  const { credentials } = config;
  const { clientCertificate, clientKey, exec, tokenFile, token, username, password } = credentials;
  const remembered = exec === undefined ? undefined : rememberExec(config, clock);
  const file = tokenFile === undefined ? undefined : rememberFile(tokenFile, clock);
  return {
    async certificate() {
      if (clientCertificate !== undefined && clientKey !== undefined)
        return { cert: clientCertificate, key: clientKey };
      const credential = await remembered?.get();
      if (credential?.certificate === undefined || credential.key === undefined) return undefined;
      return { cert: credential.certificate, key: credential.key };
    },
    async authorization() {
      if (remembered !== undefined) {
        const credential = await remembered.get();
        return credential.token === undefined ? undefined : `Bearer ${credential.token}`;
      }
      if (file !== undefined) return `Bearer ${await file.get()}`;
      if (token !== undefined) return `Bearer ${token}`;
      if (username === undefined) return undefined;
      return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    },
    reject() {
      remembered?.forget();
      file?.forget();
    },
  };
}

interface Remembered<T> {
  get(): Promise<T>;
  forget(): void;
}

/** Keeps a value until `goodUntil`; callers that come at the same time share one load. */
function remember<T>(clock: Clock, load: () => Promise<{ value: T; goodUntil: number }>): Remembered<T> {
  type Loaded = { value: T; goodUntil: number };
  let entry: Promise<Loaded> | undefined;
  return {
    async get() {
      const known = entry;
      if (known !== undefined) {
        const { value, goodUntil } = await known;
        if (clock.now() < goodUntil) return value;
        // Of several callers that find it too old, the first one loads it for all.
        if (entry === known) entry = undefined;
      }
      const loading = (entry ??= load());
      try {
        return (await loading).value;
      } catch (thrown) {
        if (entry === loading) entry = undefined;
        throw thrown;
      }
    },
    forget() {
      entry = undefined;
    },
  };
}

function rememberFile(path: string, clock: Clock): Remembered<string> {
  return remember(clock, async () => {
    try {
      return { value: (await readFile(path, 'utf8')).trim(), goodUntil: clock.now() + TOKEN_FILE_MS };
    } catch (thrown) {
      throw TypeKroError.from(thrown, { code: 'kube/no-token', what: `read ${path}` });
    }
  });
}

function rememberExec(config: KubeConfig, clock: Clock): Remembered<ExecCredential> {
  return remember(clock, async () => {
    const value = await runExecPlugin(config);
    return { value, goodUntil: value.expiresAt ?? Number.POSITIVE_INFINITY };
  });
}
