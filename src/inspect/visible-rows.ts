import type { Viewer } from './details.ts';
import type { InstanceRow } from './model.ts';
import { parseInstanceRef } from './paths.ts';
import type { InspectEvent } from './reports.ts';

/** The kind of definitions. */
export const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;

/**
 * The maximum number of namespaces that are reviewed for one kind, for a user that may not list all namespaces. Each
 * costs a request to the API server.
 */
const MAX_REVIEWED_NAMESPACES = 200;

/** The rows that a caller may list. */
export interface VisibleRows {
  readonly rows: readonly InstanceRow[];
  /** What is left out, as sentences. */
  readonly limits: readonly string[];
}

/** Selects the instances that a caller may list, in all namespaces or in those of the instances. */
export async function visibleRows(rows: readonly InstanceRow[], viewer: Viewer): Promise<VisibleRows> {
  const kinds = new Map(rows.map((row) => [typeKey(row), { apiVersion: row.apiVersion, kind: row.kind }]));
  const open = new Set<string>();
  await Promise.all(
    [...kinds].map(async ([key, type]) => {
      if (await viewer.mayList(type)) open.add(key);
    }),
  );
  if (open.size === kinds.size) return { rows, limits: [] };
  const places = new Map<string, InstanceRow>();
  for (const row of rows) if (!open.has(typeKey(row)) && row.namespace !== undefined) places.set(placeKey(row), row);
  const reviewed = [...places].slice(0, MAX_REVIEWED_NAMESPACES);
  const allowed = new Set<string>();
  await Promise.all(
    reviewed.map(async ([key, { apiVersion, kind, namespace }]) => {
      if (await viewer.mayList({ apiVersion, kind }, namespace)) allowed.add(key);
    }),
  );
  const limits =
    places.size > reviewed.length
      ? [`only ${MAX_REVIEWED_NAMESPACES} namespaces are shown: choose a namespace to see another one`]
      : [];
  return { rows: rows.filter((row) => open.has(typeKey(row)) || allowed.has(placeKey(row))), limits };
}

/** May the caller list the instance? */
export async function maySeeInstance(row: { apiVersion: string; kind: string; namespace?: string }, viewer: Viewer) {
  const type = { apiVersion: row.apiVersion, kind: row.kind };
  if (await viewer.mayList(type)) return true;
  return row.namespace !== undefined && (await viewer.mayList(type, row.namespace));
}

const typeKey = ({ apiVersion, kind }: InstanceRow): string => `${apiVersion} ${kind}`;
const placeKey = (row: InstanceRow): string => `${typeKey(row)} ${row.namespace ?? ''}`;

/** May the caller see an event? Its subject is the name of a definition, or the address of an instance. */
export async function maySeeEvent({ subject }: InspectEvent, viewer: Viewer): Promise<boolean> {
  const instance = parseInstanceRef(subject);
  return instance === undefined ? viewer.mayList(DEFINITION) : maySeeInstance(instance, viewer);
}
