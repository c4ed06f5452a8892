import { TypeKroError } from './error.ts';
import { nearestName } from './nearest-name.ts';

/** The names that a call or an object knows, as the keys of a table. */
export type KnownNames = Readonly<Record<string, unknown>>;

/** The first own name of `given` that the table lacks; `undefined` when the table has all of them. */
export function unknownName(given: object, known: KnownNames): string | undefined {
  return Object.keys(given).find((name) => !Object.hasOwn(known, name));
}

/** The remedy for an unknown name: the most similar known name, otherwise all known names. */
export function remedyForName(name: string, known: KnownNames): string {
  const names = Object.keys(known);
  const near = nearestName(name, names);
  return near === undefined ? `the options are ${names.join(', ')}` : `did you mean "${near}"?`;
}

/**
 * Refuses an unknown option. Programs in JavaScript pass misspelt options, and without this check the option would have
 * no effect.
 *
 * @param call names the call in the message, such as `createCluster()`
 * @throws TypeKroError with the given code for the first unknown option
 */
export function requireKnownOptions(call: string, options: object, known: KnownNames, code: string): void {
  const name = unknownName(options, known);
  if (name === undefined) return;
  throw new TypeKroError(`${call} has no option "${name}"`, { code, remedy: remedyForName(name, known) });
}
