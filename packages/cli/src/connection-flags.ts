import { TypeKroError } from '@typekro/kit/core';

/** The flags that select a command's cluster. */
export interface ConnectionFlags {
  readonly path?: string;
  readonly context?: string;
}

const FLAGS = { kubeconfig: 'path', context: 'context' } as const;

/**
 * Removes `--kubeconfig` and `--context` from a command line. Another parser reads the remaining words. Throws
 * `TypeKroError` `cli/usage` for a flag without a value.
 */
export function takeConnectionFlags(args: readonly string[]): {
  readonly connection: ConnectionFlags;
  readonly rest: readonly string[];
} {
  const connection: { path?: string; context?: string } = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--?(kubeconfig|context)(?:=(.*))?$/s.exec(args[at] ?? '');
    if (match === null) {
      rest.push(args[at] ?? '');
      continue;
    }
    const value = match[2] ?? args[(at += 1)];
    if (value === undefined || value === '') {
      throw new TypeKroError(`--${match[1]} needs a value`, { code: 'cli/usage', remedy: `write --${match[1]}=…` });
    }
    connection[FLAGS[match[1] as keyof typeof FLAGS]] = value;
  }
  return { connection, rest };
}
