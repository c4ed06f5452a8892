import { type ManagedEntry, entryKey } from './entries.ts';
import { type FieldTree, difference, intersection, treeOfMembers } from './tree.ts';

/** The API version in the `managedFields` entries of a Scale. */
export const SCALE_VERSION = 'autoscaling/v1';

/**
 * Returns the path of the replicas in a version of the scaled resource; `undefined` when the version does not exist.
 */
export type ReplicasPath = (apiVersion: string) => readonly string[] | undefined;

const REPLICAS = treeOfMembers([['spec', 'replicas']]);

const owns = (fields: FieldTree, path: FieldTree) => !intersection(fields, path).empty;

const pathTree = (pathIn: ReplicasPath, apiVersion: string): FieldTree | undefined => {
  const path = pathIn(apiVersion);
  return path === undefined ? undefined : treeOfMembers([path]);
};

/**
 * Converts the entries of the scaled object to entries of its Scale: the owners of the replicas own `spec.replicas` of
 * the Scale.
 */
export function toScaleEntries(entries: readonly ManagedEntry[], pathIn: ReplicasPath): ManagedEntry[] {
  const out: ManagedEntry[] = [];
  for (const entry of entries) {
    const path = pathTree(pathIn, entry.apiVersion);
    if (path !== undefined && owns(entry.fields, path))
      out.push({ ...entry, apiVersion: SCALE_VERSION, fields: REPLICAS });
  }
  return out;
}

/**
 * Returns the owners of the scaled object after a write to its Scale. A manager keeps the replicas only if the Scale
 * has an entry with the same key. The key of an `Update` entry contains the version, and the Scale has another version.
 * An `Update` manager therefore always loses the replicas, and gets a new entry that has only the replicas and no time.
 */
export function toParentEntries(
  parents: readonly ManagedEntry[],
  scale: readonly ManagedEntry[],
  pathIn: ReplicasPath,
  apiVersion: string,
): ManagedEntry[] {
  const left = new Map(scale.map((entry) => [entryKey(entry), entry]));
  const out: ManagedEntry[] = [];
  for (const entry of parents) {
    const path = pathTree(pathIn, entry.apiVersion);
    if (path === undefined) continue;
    if (!owns(entry.fields, path) || left.delete(entryKey(entry))) {
      out.push(entry);
      continue;
    }
    const fields = difference(entry.fields, path);
    if (!fields.empty) out.push({ ...entry, fields });
  }
  const path = pathTree(pathIn, apiVersion);
  for (const entry of left.values()) {
    if (path !== undefined && owns(entry.fields, REPLICAS))
      out.push({ ...entry, apiVersion, time: undefined, fields: path });
  }
  return out;
}
