type Encoding = 'utf8' | 'utf-8' | 'latin1' | 'base64' | 'base64url' | 'hex';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes that `Buffer` returns. Parts of them (`subarray`) have the same methods. */
export class ByteBuffer extends Uint8Array {
  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === 'utf8' || encoding === 'utf-8') return decoder.decode(part);
    if (encoding === 'hex') return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
    let text = '';
    for (const byte of part) text += String.fromCharCode(byte);
    if (encoding === 'latin1') return text;
    const base64 = btoa(text);
    return encoding === 'base64' ? base64 : base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  }

  equals(other: Uint8Array): boolean {
    return compare(this, other) === 0;
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((byte, index) => byte !== b[index]);
  return differs < 0 || differs >= b.length
    ? Math.sign(a.length - b.length)
    : Math.sign((a[differs] ?? 0) - (b[differs] ?? 0));
}

/** The bytes of a text. As in Node, base64 may be without padding, and other characters in it are skipped. */
function bytesOf(text: string, encoding: Encoding): Uint8Array {
  if (encoding === 'utf8' || encoding === 'utf-8') return encoder.encode(text);
  if (encoding === 'latin1') return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  const [digits = ''] = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/=]/g, '')
    .split('=');
  return bytesOf(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits), 'latin1');
}

/** The part of Node's `Buffer` that the engine calls. */
export const Buffer = {
  alloc: (length: number): ByteBuffer => new ByteBuffer(length),
  from(source: string | ArrayBuffer | ArrayLike<number>, at: Encoding | number = 'utf8', length?: number): ByteBuffer {
    if (source instanceof ArrayBuffer) return new ByteBuffer(source, Number(at) || 0, length);
    return new ByteBuffer(typeof source === 'string' ? bytesOf(source, at as Encoding) : source);
  },
  byteLength(text: string, encoding: Encoding = 'utf8'): number {
    if (encoding !== 'base64') return bytesOf(text, encoding).length;
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    return Math.floor(((text.length - padding) * 3) / 4);
  },
  concat: (parts: readonly Uint8Array[]): ByteBuffer => Buffer.from(parts.flatMap((part) => [...part])),
  compare,
};
