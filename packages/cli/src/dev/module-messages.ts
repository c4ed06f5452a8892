import type { Diagnostic, SourcePosition } from '@typekro/kit/core';

/** The request to the child process to load one module. */
export interface ChildRequest {
  /** Absolute path. */
  readonly path: string;
  /** The name of the file in messages. */
  readonly file: string;
  readonly cwd: string;
}

/** An object of a module, and the locations of its fields, keyed by path. */
export interface SentObject {
  /** The object as JSON. JSON text can contain integers that a JavaScript number cannot represent. */
  readonly text: string;
  readonly places: readonly (readonly [path: string, place: SourcePosition])[];
}

/** A report of the child process. */
export type ChildReport =
  | { readonly kind: 'note'; readonly text: string }
  | {
      readonly kind: 'loaded';
      readonly objects: readonly SentObject[];
      readonly diagnostics: readonly Diagnostic[];
      /** Absolute paths of all files that modules imported, or tried to import. */
      readonly imported: readonly string[];
    };
