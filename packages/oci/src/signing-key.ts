import type { KeyObject } from 'node:crypto';
import { cryptoLibrary, TypeKroError } from '@typekro/kit/core';
import { COSIGN_KEY_LABELS, decryptCosignKey } from './cosign-key.ts';

/** A public key that packages can be signed with. */
export interface PublicKey {
  /** The file of the key, for messages. */
  readonly name: string;
  readonly key: KeyObject;
}

/** A key that signs packages. */
export interface SigningKey extends PublicKey {
  readonly privateKey: KeyObject;
}

/** The only kind of keys, because every version of cosign signs and verifies with it by default. */
const CURVE = 'prime256v1';
const MAX_KEY_LENGTH = 64 * 1024;

/**
 * Reads a private key.
 *
 * @param text PEM: PKCS #8 or SEC 1, encrypted or not, or the encrypted form of cosign
 * @param password of an encrypted key
 * @throws TypeKroError `oci/key`; the message has no part of the key
 */
export async function readSigningKey(name: string, text: string, password: string | undefined): Promise<SigningKey> {
  const label = labelOf(text);
  if (label === undefined || !label.endsWith('PRIVATE KEY')) throw noKey(name, 'private', label);
  const isEncrypted = label.startsWith('ENCRYPTED ') || text.includes('Proc-Type: 4,ENCRYPTED');
  if (isEncrypted && password === undefined) {
    throw badKey(name, 'it is encrypted', 'set its password in the environment variable COSIGN_PASSWORD');
  }
  const { createPrivateKey, createPublicKey } = cryptoLibrary();
  const privateKey = await readKey(name, isEncrypted, async () => {
    if (!COSIGN_KEY_LABELS.has(label)) return createPrivateKey({ key: text, passphrase: password });
    const content = Buffer.from(text.replaceAll(/^-----.*$/gm, ''), 'base64');
    const key = await decryptCosignKey(content, password ?? '');
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  });
  return { name, privateKey, key: createPublicKey(privateKey) };
}

/**
 * Reads a public key.
 *
 * @throws TypeKroError `oci/key`
 */
export async function readPublicKey(name: string, text: string): Promise<PublicKey> {
  const label = labelOf(text);
  // Of a private key, Node would use the public part. The file that is handed out must not be one.
  if (label !== 'PUBLIC KEY') throw noKey(name, 'public', label);
  if (text.split('-----BEGIN ').length > 2)
    throw badKey(name, 'it has several keys', 'name the file of the key of the packages');
  return { name, key: await readKey(name, false, () => cryptoLibrary().createPublicKey(text)) };
}

function labelOf(text: string): string | undefined {
  return text.length > MAX_KEY_LENGTH ? undefined : /^-----BEGIN ([A-Z0-9 ]{1,64})-----\r?$/m.exec(text)?.[1];
}

async function readKey(
  name: string,
  isEncrypted: boolean,
  read: () => KeyObject | Promise<KeyObject>,
): Promise<KeyObject> {
  let key: KeyObject;
  try {
    key = await read();
  } catch (error) {
    throw isEncrypted
      ? badKey(name, 'its password is wrong, or it is damaged', 'correct COSIGN_PASSWORD', error)
      : badKey(name, 'it is damaged', 'copy the file again', error);
  }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVE) return key;
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType;
  throw badKey(
    name,
    `it is a key of the kind ${kind} instead of ECDSA P-256`,
    'make one with cosign generate-key-pair',
  );
}

const noKey = (name: string, kind: 'private' | 'public', label: string | undefined): TypeKroError =>
  badKey(
    name,
    label === undefined ? 'it is not PEM' : `it has a ${label} instead of a ${kind} key`,
    kind === 'private'
      ? 'name the private key, such as cosign.key of cosign generate-key-pair'
      : 'name the public key, such as cosign.pub of cosign generate-key-pair',
  );

function badKey(name: string, why: string, remedy: string, cause?: unknown): TypeKroError {
  return new TypeKroError(`the key ${name} cannot be used: ${why}`, {
    code: 'oci/key',
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}
