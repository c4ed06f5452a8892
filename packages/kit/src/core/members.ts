/** The members of an object that are not `undefined`. A loop, because the caches of controllers call it for each object. */
export function definedMembers<Members extends object>(
  members: Members,
): { [Key in keyof Members]?: Exclude<Members[Key], undefined> } {
  const defined: Partial<Members> = {};
  for (const key of Object.keys(members) as (keyof Members)[])
    if (members[key] !== undefined) setOwn(defined, key, members[key]);
  return defined as { [Key in keyof Members]?: Exclude<Members[Key], undefined> };
}

/** The first result of `find` that is not `undefined`, for the items in their order. */
export function firstDefined<Item, Found>(
  items: Iterable<Item>,
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The value of a key in a map. An absent value is made, and kept in the map. */
export function getOrInsert<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Groups items by key. Keys and items keep the order of the input. */
export function grouped<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Returns an own member of the object `record`, or `undefined` when the object or the member is absent. Inherited
 * members are not read.
 */
export function getOwn<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/**
 * Sets a member of a plain object as its own, whatever the member's name. `__proto__` is defined as a property, because
 * an assignment would change the prototype, and names may come from untrusted input. Other names are assigned, which is
 * several times faster.
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
