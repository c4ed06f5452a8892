import { TypeKroError } from './error.ts';

/** Copies of this package in one process share the mark: a loader of TypeScript gives a module a copy of its own. */
const COMMAND = Symbol.for('typekro.command');

/** Marks the process as one of the `typekro` command, which loads modules to read what they export. */
export function refuseDeploysHere(): void {
  Reflect.set(globalThis, COMMAND, true);
}

/**
 * Refuses what writes to a cluster where a command has loaded the calling module: `typekro validate app.ts` writes
 * nothing, whatever `app.ts` does while it is loaded.
 *
 * @param call as the user wrote it: `deploy()`
 * @throws TypeKroError `input/deploy-while-loading`
 */
export function assertMayDeploy(call: string): void {
  if (Reflect.get(globalThis, COMMAND) !== true) return;
  throw new TypeKroError(`${call} is called while a command loads the module, which may only export`, {
    code: 'input/deploy-while-loading',
    remedy: `put ${call} into a file of its own that imports this one, and run that with node or tsx`,
  });
}
