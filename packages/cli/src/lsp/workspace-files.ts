import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pathOfFileUrl, readRegularFile } from '@typekro/kit/core';
import { isNoFile, isOutside } from '../file-paths.ts';

/** Folders that hold no files of the user. */
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', 'build', 'coverage', 'vendor', 'target']);

/** The limits of the search for files. Files beyond these limits are read only when they are opened. */
const MAX_FILES = 5000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;

/** Matches the paths of files that can hold objects. */
export const MANIFEST = /\.(?:ya?ml|json)$/i;

/** A file of the workspace. */
export interface FoundFile {
  readonly uri: string;
  readonly text: string;
}

/** Returns the name of a file in messages: the path relative to the workspace folder that contains the file. */
export function shownFile(uri: string, folders: readonly string[]): string {
  const path = pathOfFileUrl(uri);
  if (path === undefined) return uri;
  const within = folders.flatMap((folder) => pathOfFileUrl(folder) ?? []).map((folder) => relative(folder, path));
  return within.find((name) => name !== '' && !isOutside(name)) ?? path;
}

/** Can the text contain a Kubernetes object or a test of a definition? */
const isRelevant = (text: string): boolean => /(?:^|[{,])\s*["']?(?:apiVersion|schemaVersion)["']?\s*:/m.test(text);

/**
 * Yields the manifests in the folders of a workspace, in the order in which they are found, each file once. Skips
 * folders that cannot be read and files that vanish during the search.
 *
 * @param signal stops the search
 */
export async function* findManifests(folders: readonly string[], signal: AbortSignal): AsyncGenerator<FoundFile> {
  let files = 0;
  let bytes = 0;
  // A folder of the workspace can contain another one.
  const seen = new Set<string>();
  const open = folders.flatMap((uri) => pathOfFileUrl(uri) ?? []).map((path) => resolve(path));
  for (let folder = open.shift(); folder !== undefined; folder = open.shift()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    for (const entry of await entriesOf(folder)) {
      if (signal.aborted || files >= MAX_FILES || bytes >= MAX_TOTAL_BYTES) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !SKIPPED.has(entry.name)) open.push(path);
        continue;
      }
      if (!entry.isFile() || !MANIFEST.test(entry.name)) continue;
      files += 1;
      const found = await readManifestFile(pathToFileURL(path).href);
      if (found === undefined) continue;
      bytes += Buffer.byteLength(found.text);
      yield found;
    }
  }
}

/** Reads a file. Returns `undefined` when the file vanished, cannot be read, is too large, or contains no object. */
export async function readManifestFile(uri: string): Promise<FoundFile | undefined> {
  const path = pathOfFileUrl(uri);
  if (path === undefined) return undefined;
  try {
    const stats = await stat(path);
    // A read of a pipe or a device can wait forever.
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return undefined;
    const text = readRegularFile(path).toString();
    return isRelevant(text) ? { uri, text } : undefined;
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isNoFile(error)) return [];
    throw error;
  }
}
