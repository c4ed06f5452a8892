import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { toJsonText } from '../codec/json.ts';

/** The position of a member's value in the bytes of an object. */
interface Part {
  readonly value: object;
  readonly start: number;
  readonly end: number;
}

/**
 * The minimum length of a recorded part. For a shorter value, finding its bytes costs as much as serializing it again.
 */
const MIN_PART_LENGTH = 128;

/**
 * The latest large bytes, and their length. The pods of a template share its parts, but the bytes of each contain them.
 * The quota of the store counts bytes of less than `MIN_LARGE_BYTES` with their objects.
 */
const large = { forms: [] as { readonly form: WeakRef<Representation>; readonly length: number }[], length: 0 };
const [MIN_LARGE_BYTES, MAX_LARGE_BYTES] = [65_536, 128 * 1024 * 1024];

/**
 * An object in one version of its resource, as a value and as JSON bytes. The bytes are created at the first read, and
 * all readers share them. Parts that the object shares with `#base` are copied from the bytes of `#base`.
 */
export class Representation {
  readonly object: KubeObject;
  #bytes: Buffer | undefined;
  #parts: readonly Part[] = [];
  #bodyStart = 0;
  /**
   * The latest predecessor that has bytes. `undefined` when this representation has its own bytes, or has handed over
   * the predecessor to its successor.
   */
  #base: Representation | undefined;

  constructor(object: KubeObject, previous?: Representation) {
    this.object = object;
    this.#base = previous?.handOver();
  }

  /**
   * Returns the representation from which the successor copies bytes. A representation with bytes returns itself. Any
   * other representation returns its `#base`, and `#base` becomes `undefined`.
   */
  handOver(): Representation | undefined {
    if (this.#bytes !== undefined) return this;
    const base = this.#base;
    this.#base = undefined;
    return base;
  }

  /** The object as JSON bytes, with `kind` and `apiVersion` first. They are created at the first read. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) {
      const writer = new PartWriter(this.#base);
      this.#bodyStart = writeObject(writer, this.object);
      [this.#bytes, this.#parts] = writer.finish();
      this.#limitBytes(this.#bytes.length);
      this.#base?.forgetBytes();
      this.#base = undefined;
    }
    return this.#bytes;
  }

  /** The offset in `bytes` of the first member after `kind` and `apiVersion`. */
  get bodyStart(): number {
    return this.bytes.length > 0 ? this.#bodyStart : 0;
  }

  /** Counts the bytes. Drops those of the oldest representations if all together are too long. */
  #limitBytes(length: number): void {
    if (length < MIN_LARGE_BYTES) return;
    large.forms.push({ form: new WeakRef(this), length });
    large.length += length;
    for (; large.length > MAX_LARGE_BYTES && large.forms.length > 1; large.length -= large.forms.shift()?.length ?? 0)
      large.forms[0]?.form.deref()?.forgetBytes();
  }

  /** Drops the bytes. The next read creates them again. */
  forgetBytes(): void {
    this.#bytes = undefined;
    this.#parts = [];
  }

  /** The bytes of a value that is a recorded part of this object; `undefined` when the value is not a recorded part. */
  bytesOf(value: object): Buffer | undefined {
    const part = this.#parts.find((candidate) => candidate.value === value);
    return part === undefined ? undefined : this.#bytes?.subarray(part.start, part.end);
  }
}

/** Collects the text and the copied bytes of one object. */
class PartWriter {
  readonly #base: Representation | undefined;
  readonly #pieces: (string | Buffer)[] = [];
  readonly #parts: Part[] = [];
  /** Written JSON that is not yet included in `#pieces` and `#length`. */
  #text = '';
  #length = 0;

  constructor(base: Representation | undefined) {
    this.#base = base;
  }

  text(text: string): void {
    this.#text += text;
  }

  /** The number of bytes that have been written. */
  get length(): number {
    if (this.#text !== '') {
      this.#pieces.push(this.#text);
      this.#length += Buffer.byteLength(this.#text);
      this.#text = '';
    }
    return this.#length;
  }

  /**
   * Writes a value that the successor may share. If the predecessor has the bytes of the value, copies them. Records
   * the value as a part unless its JSON is short.
   */
  part(value: object): void {
    const known = this.#base?.bytesOf(value);
    if (known !== undefined) {
      const start = this.length;
      this.#pieces.push(known);
      this.#length += known.length;
      this.#parts.push({ value, start, end: this.#length });
      return;
    }
    const text = toJsonText(value);
    if (text.length < MIN_PART_LENGTH) {
      this.#text += text;
      return;
    }
    const start = this.length;
    this.#text = text;
    this.#parts.push({ value, start, end: this.length });
  }

  finish(): [Buffer, readonly Part[]] {
    const bytes = Buffer.allocUnsafeSlow(this.length);
    let at = 0;
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') at += bytes.write(piece, at);
      else {
        bytes.set(piece, at);
        at += piece.length;
      }
    }
    return [bytes, this.#parts];
  }
}

/** Writes the object with `kind` and `apiVersion` first. Returns the offset of the first member after these two. */
function writeObject(writer: PartWriter, object: KubeObject): number {
  writer.text(`{"kind":${JSON.stringify(object.kind)},"apiVersion":${JSON.stringify(object.apiVersion)},`);
  const bodyStart = writer.length;
  let comma = false;
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined || key === 'kind' || key === 'apiVersion') continue;
    writer.text(`${comma ? ',' : ''}${JSON.stringify(key)}:`);
    comma = true;
    if (key === 'metadata') writeMetadata(writer, object.metadata);
    else if (typeof value === 'object' && value !== null) writer.part(value);
    else writer.text(toJsonText(value));
  }
  writer.text('}');
  return bodyStart;
}

/**
 * Writes `metadata` member by member. This allows the reuse of unchanged members: each write changes `resourceVersion`,
 * but few writes change all of `managedFields`.
 */
function writeMetadata(writer: PartWriter, metadata: Readonly<Record<string, JsonValue | undefined>>) {
  let comma = false;
  writer.text('{');
  for (const key of Object.keys(metadata)) {
    const value = metadata[key];
    if (value === undefined) continue;
    writer.text(`${comma ? ',' : ''}${JSON.stringify(key)}:`);
    comma = true;
    if (key === 'managedFields' && Array.isArray(value)) writeOwners(writer, value);
    else if (typeof value === 'object' && value !== null) writer.part(value);
    else writer.text(toJsonText(value));
  }
  writer.text('}');
}

/**
 * Writes `managedFields` entry by entry. An entry whose fields did not change is shared with the predecessor, and its
 * bytes are copied.
 */
function writeOwners(writer: PartWriter, entries: readonly JsonValue[]) {
  for (const [index, entry] of entries.entries()) {
    writer.text(index === 0 ? '[' : ',');
    if (typeof entry === 'object' && entry !== null) writer.part(entry);
    else writer.text(toJsonText(entry));
  }
  writer.text(entries.length === 0 ? '[]' : ']');
}
