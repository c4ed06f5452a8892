import { nearestName, TypeKroError } from '../core/index.ts';

/** The error of a definition that the author passed: `compose/definition`. */
export function wrongDefinition(message: string, remedy?: string): TypeKroError {
  return new TypeKroError(message, { code: 'compose/definition', ...(remedy === undefined ? {} : { remedy }) });
}

/**
 * Refuses unknown keys. Otherwise a misspelt key, for example a whole status, would be ignored silently.
 *
 * @throws TypeKroError `compose/definition` for the first unknown key, with the nearest known one.
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
