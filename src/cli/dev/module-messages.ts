import type { Diagnostic, SourcePosition } from '../../core/index.ts';

/** Asks the process for modules to load one. */
export interface ChildRequest {
  /** Absolute path. */
  readonly path: string;
  /** The name in messages. */
  readonly file: string;
  readonly cwd: string;
}

/** An object of a module, with the places of its fields by their paths. */
export interface SentObject {
  /** The object as JSON, whose numbers may have more digits than JavaScript's. */
  readonly text: string;
  readonly places: readonly (readonly [path: string, place: SourcePosition])[];
}

/** What the process for modules reports. */
export type ChildReport =
  | { readonly kind: 'note'; readonly text: string }
  | {
      readonly kind: 'loaded';
      readonly objects: readonly SentObject[];
      readonly diagnostics: readonly Diagnostic[];
      /** Absolute paths of all files that were imported so far, or should have been. */
      readonly imported: readonly string[];
    };
