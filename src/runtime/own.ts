import type { JsonObject, JsonValue } from '../core/index.ts';

/** Sets a member whatever its name; a plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
