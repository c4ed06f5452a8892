import { cryptoLibrary, type JsonValue } from '@typekro/kit/core';
import { asObject } from '@typekro/kit/kubernetes';
import { jsonOf } from './image-manifest.ts';

/** The PEM labels of the private keys that cosign encrypts, of this and of former versions. */
export const COSIGN_KEY_LABELS: ReadonlySet<string> = new Set([
  'ENCRYPTED SIGSTORE PRIVATE KEY',
  'ENCRYPTED COSIGN PRIVATE KEY',
]);

/** cosign uses 64 MiB. A file could ask for any size. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;
const MAX_SCRYPT_ROUNDS = 16;

/**
 * Decrypts a private key of `cosign generate-key-pair` (scrypt and the secret box of NaCl). Returns PKCS #8 as DER.
 *
 * @param content the bytes in the PEM file
 * @throws Error for another form and for a wrong password
 */
export async function decryptCosignKey(content: Uint8Array, password: string): Promise<Buffer> {
  const { kdf, cipher, ciphertext } = asObject(jsonOf(content));
  const { params, salt } = asObject(kdf);
  const { N, r, p } = asObject(params);
  const [cost, block, rounds] = [Number(N), Number(r), Number(p)];
  if (!(cost * block * 128 < MAX_SCRYPT_BYTES) || !(rounds <= MAX_SCRYPT_ROUNDS))
    throw new Error('the costs of the password are too high');
  const secret = cryptoLibrary().scryptSync(password, bytesOf(salt), 32, {
    cost,
    blockSize: block,
    parallelization: rounds,
    maxmem: MAX_SCRYPT_BYTES,
  });
  // Almost no command needs the library.
  const { xsalsa20poly1305 } = await import('./key-library.ts');
  return Buffer.from(xsalsa20poly1305(secret, bytesOf(asObject(cipher)['nonce'])).decrypt(bytesOf(ciphertext)));
}

const bytesOf = (value: JsonValue | undefined): Buffer => Buffer.from(String(value), 'base64');
