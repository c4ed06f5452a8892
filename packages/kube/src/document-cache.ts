import { cryptoLibrary, errorCode, makeDirectory, readUserFile, userFolder } from '@typekro/kit/core';
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The location and the size of a cache. */
export interface DocumentCacheOptions {
  /**
   * The folder of the files, which is created at the first write. Default: `typekro/openapi` in the user's cache
   * directory.
   */
  readonly directory?: string;
  /**
   * The server of the documents, e.g. its URL. Without it, the cache keeps only documents with a hash that matches
   * their text, so that no server can replace the documents of another server.
   */
  readonly server?: string;
  /** The maximum total size of the files, in bytes. The least recently read files are deleted first. Default 64 MiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const NAME = /^[0-9a-f]{64}\.json$/;
const UNFINISHED = /^[0-9a-f]{64}\.json\.[0-9a-f-]{36}\.new$/;
/** The age from which an unfinished file counts as abandoned, in milliseconds. */
const UNFINISHED_AFTER_MS = 3_600_000;

/**
 * The user's cache directory, according to the convention of the platform. Relative paths in environment variables are
 * ignored.
 */
export function userCacheDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  return userFolder(env, platform, { variable: 'XDG_CACHE_HOME', darwin: ['Library', 'Caches'], other: ['.cache'] });
}

/**
 * OpenAPI documents on disk. The key of a document is the hash that the server puts into the URL, or the server
 * together with the URL. A file contains its own checksum, and is deleted when the checksum does not match. No method
 * throws: if the file system does not work, the cache is empty.
 */
export class DocumentCache {
  readonly #directory: string | undefined;
  readonly #server: string | undefined;
  readonly #maxBytes: number;
  #writable = true;

  constructor(options: DocumentCacheOptions = {}) {
    this.#directory = options.directory ?? defaultDirectory();
    this.#server = options.server;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** The text of the document at this URL; `undefined` when the file is absent or damaged. */
  async get(url: string): Promise<string | undefined> {
    for (const file of this.#files(url)) {
      const stored = await quietly(readUserFile(file.path));
      if (stored === undefined) continue;
      const text = textOf(stored, file.hash);
      if (text !== undefined) {
        await quietly(utimes(file.path, new Date(), new Date()));
        return text;
      }
      await quietly(rm(file.path, { force: true }));
    }
    return undefined;
  }

  /**
   * Stores a document. Several processes may write at the same time, because a file becomes visible only when it is
   * complete.
   */
  async put(url: string, text: string): Promise<void> {
    const body = Buffer.from(text);
    const directory = this.#directory;
    const file = this.#files(url).find(({ hash }) => hash === undefined || sha512(body) === hash);
    if (!this.#writable || directory === undefined || file === undefined) return;
    if (body.length + HEAD_BYTES > this.#maxBytes) return;
    const unfinished = `${file.path}.${cryptoLibrary().randomUUID()}.new`;
    const written = await quietly(
      (async () => {
        makeDirectory(directory, 0o700);
        await writeFile(unfinished, Buffer.concat([Buffer.from(`${sha256(body)}\n`), body]), { mode: 0o600 });
        await rename(unfinished, file.path);
        return true;
      })(),
    );
    if (written === true) await this.#trim(directory);
    else {
      this.#writable = false;
      await quietly(rm(unfinished, { force: true }));
    }
  }

  /**
   * The files that may contain a document; none for a URL without a hash. For a SHA-512 hash, the first file is named
   * after the hash alone, because the text can be checked against it. If the server is known, the last file is named
   * after the server and the URL.
   */
  #files(url: string): { readonly path: string; readonly hash?: string }[] {
    const directory = this.#directory;
    if (directory === undefined) return [];
    const at = (key: string) => join(directory, `${sha256(key)}.json`);
    const hash = /[?&]hash=([0-9A-Fa-f]+)(?:&|$)/.exec(url)?.[1]?.toLowerCase();
    if (hash === undefined) return [];
    const own = hash.length === 128 ? [{ path: at(hash), hash }] : [];
    return this.#server === undefined ? own : [...own, { path: at(`${this.#server}\n${url}`) }];
  }

  /** Deletes the least recently read files beyond the maximum size, and old unfinished files. */
  async #trim(directory: string): Promise<void> {
    const names = (await quietly(readdir(directory))) ?? [];
    const kept: { path: string; bytes: number; used: number }[] = [];
    for (const name of names) {
      const path = join(directory, name);
      const facts = NAME.test(name) || UNFINISHED.test(name) ? await quietly(stat(path)) : undefined;
      if (facts === undefined) continue;
      if (NAME.test(name)) kept.push({ path, bytes: facts.size, used: facts.mtimeMs });
      else if (facts.mtimeMs < Date.now() - UNFINISHED_AFTER_MS) await quietly(rm(path, { force: true }));
    }
    let total = 0;
    for (const { path, bytes } of kept.toSorted((a, b) => b.used - a.used)) {
      total += bytes;
      if (total > this.#maxBytes) await quietly(rm(path, { force: true }));
    }
  }
}

/** Returns the default folder; `undefined` for a user without a home directory, whose cache is empty. */
function defaultDirectory(): string | undefined {
  try {
    return join(userCacheDirectory(process.env, process.platform), 'typekro', 'openapi');
  } catch (thrown) {
    if (errorCode(thrown) !== undefined) return undefined;
    throw thrown;
  }
}

/** A file begins with the checksum of the rest, followed by a line feed. */
const HEAD_BYTES = 65;

function textOf(stored: Buffer, hash: string | undefined): string | undefined {
  const body = stored.subarray(HEAD_BYTES);
  if (stored.subarray(0, HEAD_BYTES).toString('latin1') !== `${sha256(body)}\n`) return undefined;
  return hash === undefined || sha512(body) === hash ? body.toString('utf8') : undefined;
}

const sha256 = (data: string | Buffer): string => cryptoLibrary().createHash('sha256').update(data).digest('hex');
const sha512 = (data: Buffer): string => cryptoLibrary().createHash('sha512').update(data).digest('hex');

/**
 * Returns the result of the work. Returns undefined when the file system fails, because an unusable cache is not an
 * error.
 */
async function quietly<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return undefined;
    throw thrown;
  }
}
