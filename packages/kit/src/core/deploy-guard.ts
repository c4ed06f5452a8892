import { TypeKroError } from './error.ts';

/**
 * The mark in `globalThis`. The symbol is registered because a TypeScript loader may load several copies of this
 * package, and all copies must share the mark.
 */
const COMMAND = Symbol.for('typekro.command');

/** Marks the process as a `typekro` command. The command loads modules to read their exports. */
export function refuseDeploysHere(): void {
  Reflect.set(globalThis, COMMAND, true);
}

/**
 * Refuses a call that writes to a cluster while a command loads the calling module: `typekro validate app.ts` must
 * write nothing, whatever `app.ts` does while it is loaded.
 *
 * @param call the call as the user wrote it: `deploy()`
 * @throws TypeKroError `input/deploy-while-loading`
 */
export function assertMayDeploy(call: string): void {
  if (Reflect.get(globalThis, COMMAND) !== true) return;
  throw new TypeKroError(`${call} is called while a command loads the module, which may only export`, {
    code: 'input/deploy-while-loading',
    remedy: `put ${call} into another file that imports this one, and run that file with node or tsx`,
  });
}
