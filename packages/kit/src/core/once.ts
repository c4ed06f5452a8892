/**
 * Returns a function that calls `make` on its first call and returns the same result on every call. After the first
 * call, it keeps neither `make` nor the variables of `make` alive.
 */
export function once<T>(make: () => T): () => T {
  let state: { readonly make: () => T } | { readonly value: T } = { make };
  return () => {
    if ('make' in state) state = { value: state.make() };
    return state.value;
  };
}

/**
 * Returns a function that calls `make` once for each object, and returns the same result for that object on every call.
 * The result lives as long as the object. For results that depend only on the object, which must not change.
 */
export function oncePerObject<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined || known.has(key)) return found as Value;
    const value = make(key);
    known.set(key, value);
    return value;
  };
}
