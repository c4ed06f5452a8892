import { NOTES } from './json-schema-members.ts';

/** Reads a member of a schema library's object or function; undefined for any other value. */
export function readMember(target: unknown, name: string): unknown {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return undefined;
  return Reflect.get(target, name);
}

/**
 * Adds a warning to a printed part of a schema. The warning names a check that the library runs and the cluster does
 * not.
 */
export function addNote(printed: Record<string, unknown>, note: string): void {
  const notes = printed[NOTES];
  printed[NOTES] = [...(Array.isArray(notes) ? (notes as readonly unknown[]) : []), note];
}
