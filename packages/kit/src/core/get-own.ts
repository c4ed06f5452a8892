/**
 * Returns an own member of the object `record`, or `undefined` when the object or the member is absent. Inherited
 * members are not read.
 */
export function getOwn<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
