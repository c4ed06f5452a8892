import type { KubeObject, SourcePosition } from '@typekro/kit/core';
import { type DefinitionDocument, type PathStep, Path } from '@typekro/engine/graph';

/** An object that the user wants in the cluster, with its origin. */
export interface InputObject {
  readonly object: KubeObject;
  /**
   * The name of the file: the path relative to the user's working directory. An absolute path outside of this directory
   * stays absolute.
   */
  readonly file: string;
  /** The YAML document with positions. Absent for objects that a module created. */
  readonly document?: DefinitionDocument;
  /** Maps the path of a field in a composition's definition to the position in the user's code. */
  readonly locate?: (path: string) => SourcePosition | undefined;
  /** Returns the command-line option that set a field, or `undefined` for a field of the file. */
  readonly givenBy?: (steps: readonly PathStep[]) => string | undefined;
}

/**
 * Returns the position of a field's value (with `key`, of its key) in the user's files. Returns `undefined` for an
 * object that code created without a recorded position.
 */
export function inputPosition(
  { document, locate }: InputObject,
  steps: readonly PathStep[],
  key = false,
): SourcePosition | undefined {
  if (document === undefined) return locate?.(Path.format(steps));
  return key ? document.keyPosition(steps) : document.position(steps);
}

/**
 * Returns the place of an object in the user's files: `app.yaml:12`, or `app.ts:12:3` for an object that code created.
 * Returns only the file when the position in the code is unknown.
 */
export function describeInputPlace({ file, document, locate }: InputObject): string {
  if (document !== undefined) return `${file}:${document.position([]).line}`;
  const made = locate?.('metadata.name');
  return made === undefined ? file : `${made.file ?? file}:${made.line}:${made.column}`;
}
