import { md5 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Buffer, type ByteBuffer } from './byte-buffer.ts';

type Form = 'buffer' | 'hex' | 'base64url';

/** The hashes that the engine computes. WebCrypto has no synchronous ones. */
const HASHES: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = { sha256, md5 };

function digest(algorithm: string, text: string): ByteBuffer {
  const hash = HASHES[algorithm];
  if (hash === undefined) throw new Error(`the playground has no hash ${algorithm}`);
  return Buffer.from(hash(new TextEncoder().encode(text)));
}

const encoded = (bytes: ByteBuffer, encoding: Form): string | ByteBuffer =>
  encoding === 'buffer' ? bytes : bytes.toString(encoding);

/** The part of Node's `crypto` that the engine calls. */
export const browserCrypto = {
  hash: (algorithm: string, text: string, encoding: Form = 'hex') => encoded(digest(algorithm, text), encoding),
  createHash(algorithm: string) {
    let all = '';
    const hash = {
      update: (text: string) => {
        all += text;
        return hash;
      },
      digest: (encoding: Form = 'buffer') => encoded(digest(algorithm, all), encoding),
    };
    return hash;
  },
};
