/**
 * The globals of Node that the engine reads, for the bundle of the playground's worker. The bundler replaces references
 * to these globals with the exports of this module (`scripts/page.mjs`).
 */
import { Buffer } from './byte-buffer.ts';
import { browserCrypto } from './crypto.ts';
import * as net from './net.ts';

/** Copies the bytes without compression, because a page keeps few schemas. */
const zlib = {
  deflateRawSync: (text: string) => Buffer.from(text, 'utf8'),
  inflateRawSync: (bytes: Uint8Array) => Buffer.from(bytes),
};

const MODULES: Readonly<Record<string, unknown>> = { 'node:crypto': browserCrypto, 'node:net': net, 'node:zlib': zlib };

const process = {
  env: {},
  platform: 'linux',
  versions: {},
  moduleLoadList: [],
  getBuiltinModule: (name: string): unknown => MODULES[name],
};

export { Buffer, process };
