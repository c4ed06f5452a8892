import { md5 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Buffer } from 'buffer';

/** The hashes that the engine computes. WebCrypto has no synchronous ones. */
const HASHES: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = { sha256, md5 };

function digest(algorithm: string, text: string): Buffer {
  const hash = HASHES[algorithm];
  if (hash === undefined) throw new Error(`the playground has no hash ${algorithm}`);
  return Buffer.from(hash(new TextEncoder().encode(text)));
}

function encoded(bytes: Buffer, encoding: string): string | Buffer {
  if (encoding === 'buffer') return withBase64Url(bytes);
  if (encoding === 'base64url') return toBase64Url(bytes);
  return bytes.toString(encoding as BufferEncoding);
}

const toBase64Url = (bytes: Buffer): string =>
  bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** The library `buffer` has no encoding `base64url`, which the engine uses for digests. */
function withBase64Url(bytes: Buffer): Buffer {
  bytes.toString = (encoding?: string, start?: number, end?: number): string => {
    const part = Buffer.from(bytes.subarray(start, end));
    return encoding === 'base64url' ? toBase64Url(part) : part.toString(encoding as BufferEncoding | undefined);
  };
  return bytes;
}

/** The part of Node's `crypto` that the engine calls. */
export const browserCrypto = {
  hash: (algorithm: string, text: string, encoding = 'hex') => encoded(digest(algorithm, text), encoding),
  createHash(algorithm: string) {
    let all = '';
    const hash = {
      update: (text: string) => {
        all += text;
        return hash;
      },
      digest: (encoding = 'buffer') => encoded(digest(algorithm, all), encoding),
    };
    return hash;
  },
};
