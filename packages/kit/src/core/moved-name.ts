import { TypeKroError } from './error.ts';

declare const WAY: unique symbol;

/** A name that older versions exported here. `Way` is the remedy as a literal type. */
export interface MovedName<Way extends string> {
  readonly [WAY]: Way;
}

/**
 * A placeholder for a name that older versions exported. A program that only imports the name still loads. The first
 * use of the name throws an error with the remedy.
 *
 * @throws TypeKroError `compose/moved` when the result is called or constructed, or when a member of it is read, except
 *   the members that a runtime reads by itself (`name`, `then`, `toJSON`, symbols).
 */
function movedName<Way extends string>(name: string, way: Way): MovedName<Way> {
  const refuse = (member?: string): never => {
    throw new TypeKroError(`${member === undefined ? name : `${name}.${member}`} is not exported from here any more`, {
      code: 'compose/moved',
      remedy: way,
    });
  };
  const target = function moved() {};
  const proxy = new Proxy(target, {
    // Test libraries, loggers and promises read these members of any value, and the tracer reads the name of a
    // function.
    get: (_, key) => {
      if (key === 'name') return name;
      return typeof key === 'symbol' || key === 'then' || key === 'toJSON' ? undefined : refuse(key);
    },
    apply: () => refuse(),
    construct: () => refuse(),
  });
  refusals.set(proxy, refuse);
  return proxy as unknown as MovedName<Way>;
}

/** Maps each placeholder to the function that refuses its use. */
const refusals = new WeakMap<object, () => never>();

/**
 * Refuses a moved name that the program passes as an ordinary value. Does nothing for any other value.
 *
 * @throws TypeKroError `compose/moved`
 */
export function refuseMovedName(value: object): void {
  refusals.get(value)?.();
}

/** Placeholders, as {@link movedName} makes them, for several names with the same remedy. */
export function movedNames<const Name extends string, const Way extends string>(
  way: Way,
  names: readonly Name[],
): { readonly [Key in Name]: MovedName<Way> } {
  return Object.fromEntries(names.map((name) => [name, movedName(name, way)])) as { [Key in Name]: MovedName<Way> };
}
