import type { JsonValue, SourcePosition } from '../core/index.ts';
import type { PathStep } from './model.ts';

/**
 * One document of a YAML or JSON file: its plain value, and where each part of the value stands in the text. Positions
 * are computed on request; aliases and merge keys lead to their source text.
 */
export interface DefinitionDocument {
  readonly value: JsonValue;
  /** File name as the caller gave it. */
  readonly file?: string;
  /** Position of the document in its file, from 0. */
  readonly index: number;
  /** Where the value at a path begins; for a path that does not exist, its nearest ancestor that does. */
  position(path: readonly PathStep[]): SourcePosition;
  /** Where the key of a member stands; for list elements, `position`. */
  keyPosition(path: readonly PathStep[]): SourcePosition;
  /** Where a character of a string value stands: `offset` counts UTF-16 units of the string. */
  positionInside(path: readonly PathStep[], offset: number): SourcePosition;
  /** A scalar as the file has it, with its comment; `undefined` for other values. */
  written?(path: readonly PathStep[]): WrittenScalar | undefined;
}

/** A scalar in the text of a file. */
export interface WrittenScalar {
  /** The text with its quotes. */
  readonly text: string;
  /** What follows `#` on its line. */
  readonly comment?: string;
}

/** Is this a parsed document, as opposed to a plain JSON value? */
export function isDefinitionDocument(input: unknown): input is DefinitionDocument {
  return (
    typeof input === 'object' &&
    input !== null &&
    'positionInside' in input &&
    typeof input.positionInside === 'function'
  );
}
