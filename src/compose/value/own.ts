/**
 * Sets a member of a plain object as its own. Plain assignment is several times as fast as a definition, and
 * `__proto__` is the one name for which it does something else.
 */
export function setOwn(object: object, key: PropertyKey, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else (object as Record<PropertyKey, unknown>)[key] = value;
}
