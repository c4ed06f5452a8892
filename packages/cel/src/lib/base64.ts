import { failure, type Failure } from '@typekro/kit/golang';

/** Matches standard base64 with padding. */
const PADDED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Encodes bytes as standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * Decodes standard base64 with or without padding, and ignores line breaks, as cel-go does. The failure's message has
 * the offset of the first invalid byte, as in Go's decoder for base64 without padding.
 */
export function decodeBase64(text: string): Uint8Array | Failure {
  const compact = text.replace(/[\r\n]/g, '');
  if (!PADDED.test(compact)) {
    const bad = /[^A-Za-z0-9+/\r\n]/.exec(text);
    if (bad) return corrupt(Buffer.byteLength(text.slice(0, bad.index)));
    if (compact.length % 4 === 1) return corrupt(text.length - 1);
  }
  return new Uint8Array(Buffer.from(compact, 'base64'));
}

function corrupt(at: number): Failure {
  return failure(`illegal base64 data at input byte ${at}`);
}
