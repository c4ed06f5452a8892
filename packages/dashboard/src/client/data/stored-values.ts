/*
 * The storages of the browser. A browser can block them, in a frame of another site or because of a setting of the
 * user. Each use then throws an error. The page still works, but stores nothing.
 */

/** Returns a stored string; undefined when there is none, and when the storage is blocked. */
export function readStored(storage: () => Storage, key: string): string | undefined {
  return orBlocked(() => storage().getItem(key) ?? undefined, undefined);
}

/** Stores a string. Returns false when the storage is blocked or full. */
export function store(storage: () => Storage, key: string, text: string): boolean {
  return orBlocked(() => {
    storage().setItem(key, text);
    return true;
  }, false);
}

function orBlocked<Value>(use: () => Value, blocked: Value): Value {
  try {
    return use();
  } catch (error) {
    if (error instanceof DOMException) return blocked;
    throw error;
  }
}
