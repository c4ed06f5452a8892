import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The way to start the server: a module for Node, or a program of the PATH. */
export type ServerStart = { readonly module: string } | { readonly command: string };

/**
 * Finds the server. Tries the file in the setting, then the package in a folder of the workspace, then `typekro` in the
 * PATH.
 *
 * @param setting the setting `typekro.server`; may be empty
 * @param folders the folders of a trusted workspace. A package in an untrusted folder must not run
 */
export function findServer(setting: string, folders: readonly string[]): ServerStart {
  if (setting !== '') return { module: setting };
  const found = folders.map((folder) => join(folder, 'node_modules/typekro/dist/cli/main.js')).find(existsSync);
  return found === undefined ? { command: 'typekro' } : { module: found };
}
