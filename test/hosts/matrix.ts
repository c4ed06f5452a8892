/**
 * The hosts and bundlers that a composition is tried on. A row names what runs, which tool it needs, and how
 * the program's output is got; each has to print what Node prints.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the hosts are installed (`npm run long -- hosts`). */
export const HOSTS = fileURLToPath(new URL('.', import.meta.url));

const installed = (path: string) => join(HOSTS, 'node_modules', path);

/** A runtime: its command, and the flags under which sources have to be left beside the functions. */
export interface Runtime {
  readonly name: string;
  readonly command: string;
  readonly exists: boolean;
}

const runtime = (name: string, command: string): Runtime => ({ name, command, exists: existsSync(command) });

/** Every Node of the matrix; the one that runs the tests is always there. */
export const NODES: readonly Runtime[] = [
  runtime(`node ${process.versions.node}`, process.execPath),
  runtime('node 22', installed('node22/bin/node')),
  runtime('node 24', installed('node24/bin/node')),
];

export const BUN = runtime('bun', installed('@oven/bun-linux-x64/bin/bun'));
export const DENO = runtime('deno', installed('@deno/linux-x64-glibc/deno'));

/** One of the bundlers and test runners of the matrix, or `undefined` where it is not installed. */
export function tool(name: string): { readonly path: string } | undefined {
  try {
    return { path: createRequire(join(HOSTS, 'package.json')).resolve(name) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
