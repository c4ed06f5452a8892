/** One DER element of a certificate or of a certificate request. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** The element with its tag and length. */
  readonly bytes: Buffer;
}

/** The error for bytes that are not DER. */
export class DerError extends Error {}

/** Returns the elements in a sequence of bytes. Throws DerError. */
export function readDer(bytes: Buffer): DerElement[] {
  const found: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    found.push(element);
    at += element.bytes.length;
  }
  return found;
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const byte = (position: number): number => {
    const value = bytes[position];
    if (value === undefined) throw new DerError('asn1: syntax error: data truncated');
    return value;
  };
  const tag = byte(at);
  let length = byte(at + 1);
  let start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0) throw new DerError('asn1: syntax error: indefinite length found (not DER)');
    if (count > 4) throw new DerError('asn1: structure error: length too large');
    length = 0;
    for (const end = start + count; start < end; start++) {
      length = length * 0x100 + byte(start);
      if (length === 0) throw new DerError('asn1: structure error: superfluous leading zeros in length');
    }
    if (length < 0x80) throw new DerError('asn1: structure error: non-minimal length');
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError('asn1: syntax error: data truncated');
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) };
}

/** Returns the elements in a constructed element. Throws DerError if the element does not have this tag. */
export function derChildren(element: DerElement | undefined, tag: number): DerElement[] {
  if (element?.tag !== tag) throw new DerError("asn1: structure error: tags don't match");
  return readDer(element.content);
}

/** Returns an object identifier in its dotted form. Throws DerError if the element is not an object identifier. */
export function identifierOf(element: DerElement | undefined): string {
  if (element?.tag !== 0x06) throw new DerError("asn1: structure error: tags don't match");
  const parts: number[] = [];
  let value = 0;
  for (const byte of element.content) {
    value = value * 0x80 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length > 0) parts.push(value);
    else {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    }
    value = 0;
  }
  return parts.join('.');
}
