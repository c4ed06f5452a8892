import { nearestName, TypeKroError } from '@typekro/kit/core';

/** The error `compose/definition` for an invalid definition. */
export function wrongDefinition(message: string, remedy?: string): TypeKroError {
  return new TypeKroError(message, { code: 'compose/definition', ...(remedy === undefined ? {} : { remedy }) });
}

/**
 * Refuses unknown keys, so that a misspelt key, such as `staus`, is not silently ignored.
 *
 * @throws TypeKroError `compose/definition` for the first unknown key. The error names the most similar known key.
 */
export function refuseUnknownOptions(given: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  throw wrongDefinition(
    `${what} has no "${unknown}"`,
    near === undefined ? `leave it out: it has ${known.join(', ')}` : `did you mean "${near}"?`,
  );
}
