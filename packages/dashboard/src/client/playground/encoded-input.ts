import { tryParseJson } from '@typekro/kit/core';
import type { PlaygroundInput } from '../../playground/input.ts';

/** The maximum size of the texts of a link, as bytes of JSON. */
const MAX_SHARED_LENGTH = 200_000;

/** The message for texts that `encodeInput` does not encode. */
export const TOO_LONG_TO_SHARE = `The input is too long for a link, which holds at most ${MAX_SHARED_LENGTH / 1000} kB.`;

/**
 * The texts of the playground as a part of an address: compressed, in base64url; `undefined` for texts that are too
 * long, because `decodeInput` refuses them.
 */
export async function encodeInput({ language, source, spec, observed }: PlaygroundInput): Promise<string | undefined> {
  const text = new TextEncoder().encode(JSON.stringify([language, source, spec, observed]));
  if (text.length > MAX_SHARED_LENGTH) return undefined;
  const bytes = await piped(text, new CompressionStream('deflate-raw'));
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The texts that a part of an address contains; `undefined` for a part that `encodeInput` cannot have made. */
export async function decodeInput(state: string): Promise<PlaygroundInput | undefined> {
  if (!/^[A-Za-z0-9_-]+$/.test(state) || state.length % 4 === 1) return undefined;
  const binary = atob(state.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
  const inflated = await piped(bytes, new DecompressionStream('deflate-raw')).catch(notCompressed);
  return inflated === undefined ? undefined : inputOf(tryParseJson(new TextDecoder().decode(inflated)));
}

/**
 * Every error of the stream counts as broken data, because hosts throw different errors. A text that is too long also
 * counts as broken data.
 */
const notCompressed = (): undefined => undefined;

function inputOf(value: unknown): PlaygroundInput | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [language, ...texts] = value as readonly unknown[];
  const [source, spec, observed] = texts;
  if (language !== 'yaml' && language !== 'typescript') return undefined;
  if (typeof source !== 'string' || typeof spec !== 'string' || typeof observed !== 'string') return undefined;
  return { language, source, spec, observed };
}

/** Sends bytes through a transformation. Throws when the result is too long. */
async function piped(
  bytes: Uint8Array<ArrayBuffer>,
  through: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<BufferSource> },
): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(through).getReader();
  const parts: Uint8Array[] = [];
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return joined(parts, length);
    length += value.length;
    if (length > MAX_SHARED_LENGTH) throw new TypeError('the texts are too long');
    parts.push(value);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
