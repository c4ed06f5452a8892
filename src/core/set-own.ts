/**
 * Sets a member of a plain object as its own, whatever its name. `__proto__` from outside would change the prototype by
 * an assignment; every other name is assigned, which is several times as fast as a definition.
 */
export function setOwn<Target extends object>(
  object: Target,
  key: PropertyKey,
  value: keyof Target extends never ? unknown : Target[keyof Target],
): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else (object as Record<PropertyKey, unknown>)[key] = value;
}
