/**
 * The hosts and bundlers on which compositions are tested. The output of a program must be the same on each host as on
 * Node.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder in which `npm run long -- hosts` installs the hosts. */
export const HOSTS = fileURLToPath(new URL('.', import.meta.url));

const installed = (path: string) => join(HOSTS, 'node_modules', path);

/** A runtime and its command. `exists` is false when the runtime is not installed. */
export interface Runtime {
  readonly name: string;
  readonly command: string;
  readonly exists: boolean;
}

const runtime = (name: string, command: string): Runtime => ({ name, command, exists: existsSync(command) });

/** Every Node version of the matrix. The version that runs the tests always exists. */
export const NODES: readonly Runtime[] = [
  runtime(`node ${process.versions.node}`, process.execPath),
  runtime('node 22', installed('node22/bin/node')),
  runtime('node 24', installed('node24/bin/node')),
];

export const BUN = runtime('bun', installed('@oven/bun-linux-x64/bin/bun'));
export const DENO = runtime('deno', installed('@deno/linux-x64-glibc/deno'));

/** A bundler or test runner of the matrix. Undefined when it is not installed. */
export function tool(name: string): { readonly path: string } | undefined {
  try {
    return { path: createRequire(join(HOSTS, 'package.json')).resolve(name) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
