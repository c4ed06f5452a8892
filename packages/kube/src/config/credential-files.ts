import { cryptoLibrary, readUserFile, TypeKroError, whyUnreadable } from '@typekro/kit/core';
import { SERVICE_ACCOUNT_FOLDER } from './in-cluster.ts';
import { type Remembered, remember } from '../remember.ts';
import type { Clock } from '../kube-api.ts';

/**
 * How long the content of a file with credentials is used, in milliseconds. The kubelet and other programs that rotate
 * credentials replace such a file long before its content expires.
 */
const FILE_MS = 60_000;

/** A client certificate and its key, both in PEM format. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * A file with a token. While the file cannot be read or is empty, the last token stays in use, as in client-go. A token
 * that the server refused no longer counts as the last token, so it is used again only if the file still has it.
 */
export function rememberTokenFile(path: string, clock: Clock): Remembered<string> {
  let usable: string | undefined;
  const load = async () => {
    try {
      usable = await readToken(path);
    } catch (thrown) {
      if (usable === undefined) throw thrown;
    }
    return { value: usable, goodUntil: clock.now() + FILE_MS };
  };
  const token = remember(clock, load);
  return {
    get: () => token.get(),
    forget(matches) {
      if (usable !== undefined && matches(usable)) usable = undefined;
      token.forget(matches);
    },
  };
}

/** @throws TypeKroError `kube/no-token` if the file cannot be read or is empty. */
async function readToken(path: string): Promise<string> {
  const code = 'kube/no-token';
  const remedy = path.startsWith(SERVICE_ACCOUNT_FOLDER)
    ? 'let the pod mount the token of its ServiceAccount (automountServiceAccountToken: true)'
    : 'log in again, or correct users[].user.tokenFile in the kubeconfig';
  let text: string;
  try {
    text = (await readUserFile(path)).toString();
  } catch (cause) {
    throw new TypeKroError(`the token file ${path} cannot be read: ${whyUnreadable(cause)}`, { code, remedy, cause });
  }
  const token = text.trim();
  if (token === '') throw new TypeKroError(`the token file ${path} is empty`, { code, remedy });
  return token;
}

/**
 * The files of a client certificate. A program that rotates them replaces the two files one after the other. While the
 * key does not belong to the certificate, or while a file cannot be read, the previous pair stays in use.
 */
export function rememberCertificateFiles(
  files: { readonly cert: string; readonly key: string },
  initial: ClientCertificate,
  clock: Clock,
): Remembered<ClientCertificate> {
  return rememberFiles(initial, clock, async () => {
    const [cert = '', key = ''] = (await Promise.all([files.cert, files.key].map((path) => readUserFile(path)))).map(
      String,
    );
    return isPair(cert, key) ? { cert, key } : undefined;
  });
}

/**
 * The file of the trusted authorities. While the file cannot be read or has no certificate, the previous content stays
 * in use.
 */
export function rememberAuthorityFile(path: string, initial: string, clock: Clock): Remembered<string> {
  return rememberFiles(initial, clock, async () => {
    const text = (await readUserFile(path)).toString();
    return isCertificate(text) ? text : undefined;
  });
}

/** Rereads files whose content may be temporarily unusable. During this time, the last usable content stays in use. */
function rememberFiles<T>(initial: T, clock: Clock, read: () => Promise<T | undefined>): Remembered<T> {
  let usable = initial;
  const load = async () => {
    usable = (await read().catch(() => undefined)) ?? usable;
    return { value: usable, goodUntil: clock.now() + FILE_MS };
  };
  return remember(clock, load, { value: initial, goodUntil: clock.now() + FILE_MS });
}

function isPair(cert: string, key: string): boolean {
  const { createPrivateKey, X509Certificate } = cryptoLibrary();
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isCertificate(text: string): boolean {
  const { X509Certificate } = cryptoLibrary();
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}
