/**
 * The globals of Node that the engine reads, for the bundle of the playground's worker. The bundler puts them in place
 * of the names (`scripts/page.mjs`).
 */
import { Buffer } from 'buffer';
import { browserCrypto } from './crypto.ts';
import * as net from './net.ts';

/** Compresses nothing, because a page keeps few schemas. */
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
