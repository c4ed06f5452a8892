import type { JsonValue, SourcePosition } from '@typekro/kit/core';
import type { PathStep } from './model.ts';

/**
 * One document of a YAML or JSON file: its plain value, and the position of each part of the value in the text.
 * Positions are computed on request. The position of an aliased value is that of the `*alias`. Members and characters
 * of an aliased value, and members from a merge key, have their positions in the value with the anchor.
 */
export interface DefinitionDocument {
  readonly value: JsonValue;
  /** File name as the caller gave it. */
  readonly file?: string;
  /** Position of the document in its file, from 0. */
  readonly index: number;
  /**
   * The position where the value at a path begins. If the path does not exist, the position of its nearest existing
   * ancestor.
   */
  position(path: readonly PathStep[]): SourcePosition;
  /** The position of the key of a member; the same as `position` for list elements. */
  keyPosition(path: readonly PathStep[]): SourcePosition;
  /** The position of a character of a string value. `offset` counts UTF-16 units of the string. */
  positionInside(path: readonly PathStep[], offset: number): SourcePosition;
  /** The text of a scalar in the file, with its comment; `undefined` for other values, aliases and unknown paths. */
  written?(path: readonly PathStep[]): WrittenScalar | undefined;
  /** The text of the key of a member in the file, with its quotes; `undefined` for the root, elements and unknown paths. */
  writtenKey?(path: readonly PathStep[]): string | undefined;
}

/** A scalar in the text of a file. */
export interface WrittenScalar {
  /** The text with its quotes. */
  readonly text: string;
  /** The text after `#` on the same line. */
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
