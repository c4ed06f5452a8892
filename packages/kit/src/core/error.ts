import { type ObjectRef, formatRef } from './object.ts';
import { textPrefix } from './text.ts';

/** The maximum length of a line of a formatted error. A kubeconfig can have thousands of contexts to choose from. */
const MAX_LINE_LENGTH = 4_000;

/** The details of an error in addition to its message. */
export interface TypeKroErrorDetails {
  /** A stable name, `area/kebab-name`, by which programs distinguish errors. */
  readonly code: string;
  /** What was attempted, e.g. `apply Deployment default/web`. */
  readonly what?: string;
  /** The object concerned. */
  readonly object?: ObjectRef;
  /** What the user can do about the error. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * The class of the errors that this package throws, for example for a misuse of its API or a failed request to a
 * server. A check does not throw: it returns the problems of user input as `Diagnostic` values.
 */
export class TypeKroError extends Error {
  readonly code: string;
  // `declare` creates no property. Without it, an error without these details would have the property `what`, and Node
  // would print `what: undefined`.
  declare readonly what: string | undefined;
  declare readonly object: ObjectRef | undefined;
  declare readonly remedy: string | undefined;

  constructor(message: string, details: TypeKroErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    // A bundler puts an underscore before the name of a class that refers to itself.
    this.name = new.target.name.replace(/^_(?=[A-Z])/, '');
    this.code = details.code;
    if (details.what !== undefined) this.what = details.what;
    if (details.object !== undefined) this.object = details.object;
    if (details.remedy !== undefined) this.remedy = details.remedy;
  }

  /** Turns anything that was thrown into a `TypeKroError`; returns a `TypeKroError` as it is. */
  static from(thrown: unknown, details: TypeKroErrorDetails): TypeKroError {
    return errorFrom(thrown, details);
  }

  /** Formats the error for people, with what was attempted and the remedy. Shortens long lines, and has no stack. */
  format(): string {
    const lines = [`${this.message} [${this.code}]`];
    if (this.object !== undefined) lines.push(`  object: ${formatRef(this.object)}`);
    if (this.what !== undefined) lines.push(`  while: ${this.what}`);
    if (this.remedy !== undefined) lines.push(`  hint: ${this.remedy}`);
    return lines.join('\n').split('\n').map(shortLine).join('\n');
  }
}

const shortLine = (line: string): string =>
  line.length > MAX_LINE_LENGTH ? `${textPrefix(line, MAX_LINE_LENGTH)}… (${line.length} characters)` : line;

// This function is outside the class: a bundler renames a class that refers to itself, and Node prints the new name
// `_TypeKroError`.
function errorFrom(thrown: unknown, details: TypeKroErrorDetails): TypeKroError {
  if (thrown instanceof TypeKroError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TypeKroError(message, { ...details, cause: thrown });
}

/** The code of an error of Node, such as `ENOENT`; `undefined` for an error without a code, and for other values. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The reason why a file could not be read, in words. */
export function whyUnreadable(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'ENOTDIR') return 'a part of the path is a file, not a folder';
  if (code === 'ENXIO') return 'it is a socket, or a device that is absent';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
