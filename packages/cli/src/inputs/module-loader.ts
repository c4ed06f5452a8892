import type { Diagnostic, KubeObject, SourcePosition } from '@typekro/kit/core';

/** An object that a module exports. */
export interface ModuleObject {
  readonly object: KubeObject;
  /** Maps the path of a field to the position in the user's code. */
  readonly locate?: (path: string) => SourcePosition | undefined;
}

/** The result of loading a module. */
export interface LoadedModule {
  readonly objects: readonly ModuleObject[];
  /**
   * The reasons why the module could not be loaded. For a loaded module: the warnings of its compositions, errors for
   * exported promises and uncalled methods, and warnings for exported objects without a name.
   */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Loads a module. The arguments are its absolute path, the name of the file in messages, the directory to which names
 * are relative, and a function that prints a note when loading takes long.
 */
export type ModuleLoader = (
  path: string,
  file: string,
  cwd: string,
  note?: (text: string) => void,
) => Promise<LoadedModule>;
