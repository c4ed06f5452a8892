import type { JsonValue, KubeObject } from '../../core/index.ts';
import { toJsonText } from '../codec/json.ts';

/** Where the value of a member stands in the bytes of an object. */
interface Part {
  readonly value: object;
  readonly start: number;
  readonly end: number;
}

/** Values with a shorter text are written anew: finding them costs as much. */
const WORTH_COPYING = 128;

/**
 * How an object looks in one version of its resource, as a value and, once a client reads it, as bytes: written once
 * for all readers. Parts that the object shares with the one it replaced are copied from the bytes of that one.
 */
export class Representation {
  readonly object: KubeObject;
  #bytes: Buffer | undefined;
  #parts: readonly Part[] = [];
  #bodyStart = 0;
  /** The latest form before this one that has bytes; let go once this one has its own. */
  #base: Representation | undefined;

  constructor(object: KubeObject, previous?: Representation) {
    this.object = object;
    this.#base = previous?.handOver();
  }

  /** The form to copy from, for the next one: only that one needs it from now on. */
  handOver(): Representation | undefined {
    if (this.#bytes !== undefined) return this;
    const base = this.#base;
    this.#base = undefined;
    return base;
  }

  /** `{"kind":…,"apiVersion":…,` and the rest. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) {
      const writer = new PartWriter(this.#base);
      this.#bodyStart = writeObject(writer, this.object);
      [this.#bytes, this.#parts] = writer.finish();
      this.#base?.forgetBytes();
      this.#base = undefined;
    }
    return this.#bytes;
  }

  /** Where the rest begins: after kind and apiVersion. */
  get bodyStart(): number {
    return this.bytes.length > 0 ? this.#bodyStart : 0;
  }

  /** Drops the bytes until the next read. */
  forgetBytes(): void {
    this.#bytes = undefined;
    this.#parts = [];
  }

  /** The bytes of a value that stands in this object, if they are known. */
  bytesOf(value: object): Buffer | undefined {
    const part = this.#parts.find((candidate) => candidate.value === value);
    return part === undefined ? undefined : this.#bytes?.subarray(part.start, part.end);
  }
}

/** Gathers text and finished bytes. */
class PartWriter {
  readonly #base: Representation | undefined;
  readonly #pieces: (string | Buffer)[] = [];
  readonly #parts: Part[] = [];
  /** Text that was not yet counted. */
  #text = '';
  #length = 0;

  constructor(base: Representation | undefined) {
    this.#base = base;
  }

  text(text: string): void {
    this.#text += text;
  }

  /** Bytes so far. */
  get length(): number {
    if (this.#text !== '') {
      this.#pieces.push(this.#text);
      this.#length += Buffer.byteLength(this.#text);
      this.#text = '';
    }
    return this.#length;
  }

  /** A value that the next version of the object may share. */
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
    if (text.length < WORTH_COPYING) {
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

/** Writes the object, kind and version first; answers where the rest begins. */
function writeObject(writer: PartWriter, object: KubeObject): number {
  writer.text(`{"kind":${JSON.stringify(object.kind)},"apiVersion":${JSON.stringify(object.apiVersion)},`);
  const bodyStart = writer.length;
  let comma = false;
  for (const key of Object.keys(object)) {
    const value = object[key] as JsonValue | undefined;
    if (value === undefined || key === 'kind' || key === 'apiVersion') continue;
    writer.text(`${comma ? ',' : ''}${JSON.stringify(key)}:`);
    comma = true;
    if (key === 'metadata') writeMetadata(writer, object.metadata as Record<string, JsonValue | undefined>);
    else if (typeof value === 'object' && value !== null) writer.part(value);
    else writer.text(toJsonText(value));
  }
  writer.text('}');
  return bodyStart;
}

/** The version is always new, the owners of fields mostly are not. */
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

/** Entries that took nothing new are as they were. */
function writeOwners(writer: PartWriter, entries: readonly JsonValue[]) {
  for (const [index, entry] of entries.entries()) {
    writer.text(index === 0 ? '[' : ',');
    if (typeof entry === 'object' && entry !== null) writer.part(entry);
    else writer.text(toJsonText(entry));
  }
  writer.text(entries.length === 0 ? '[]' : ']');
}
