import { TypeKroError } from './core/index.ts';

declare const WAY: unique symbol;

/** A name that older versions exported here. `Way` says what there is instead. */
export interface MovedName<Way extends string> {
  readonly [WAY]: Way;
}

/**
 * Stands for a name that older versions exported: programs that import it load, and learn the way when they use it.
 *
 * @throws TypeKroError `compose/moved` when it is called, constructed, or a member of it is read.
 */
export function movedName<Way extends string>(name: string, way: Way): MovedName<Way> {
  const refuse = (member?: string): never => {
    throw new TypeKroError(`${member === undefined ? name : `${name}.${member}`} is not exported from here any more`, {
      code: 'compose/moved',
      remedy: way,
    });
  };
  const target = function moved() {};
  return new Proxy(target, {
    // Test libraries, loggers and promises look for these members of anything.
    get: (_, key) => (typeof key === 'symbol' || key === 'then' || key === 'toJSON' ? undefined : refuse(key)),
    apply: () => refuse(),
    construct: () => refuse(),
  }) as unknown as MovedName<Way>;
}
