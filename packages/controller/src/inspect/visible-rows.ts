import { compareText } from '@typekro/kit/golang';
import type { ResourceType } from '@typekro/kube';
import type { Viewer } from './details.ts';
import type { InstanceRow } from './inspect-model.ts';
import { parseInstanceRef } from './paths.ts';
import type { InspectEvent } from './inspect-source.ts';

/** The kind of definitions. */
export const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;

/**
 * If a user may not list a kind in all namespaces, the right to list it is reviewed for each namespace. This is the
 * maximum number of such reviews for all kinds together. Each review costs a request to the API server.
 */
const MAX_REVIEWED_NAMESPACES = 200;

/** The maximum number of kinds that a limit names. */
const MAX_NAMED_KINDS = 5;

/** The rows that a caller may list. */
export interface VisibleRows {
  readonly rows: readonly InstanceRow[];
  /** Sentences about the rows that a list does not include. */
  readonly limits: readonly string[];
  /** Sentences about the rows that counts do not include. */
  readonly countLimits: readonly string[];
}

const NO_LIMITS = { limits: [], countLimits: [] };
const LIMITS = {
  limits: ['instances of some namespaces are not shown: choose a namespace to see all of its instances'],
  countLimits: ['the numbers of instances leave out some namespaces'],
};

/** The kinds and the namespace that a caller reads. */
export interface ReadKinds {
  /**
   * The kinds whose instances a caller with all rights would see. A limit names the kinds among them that this caller
   * may not list.
   */
  readonly kinds?: readonly ResourceType[];
  /** The namespace of the rows. Absent for rows of all namespaces. */
  readonly namespace?: string;
}

/**
 * Selects the instances that a caller may list. If the caller may not list a kind in all namespaces, the right is
 * reviewed for each namespace that has instances of the kind. A limit about a kind depends only on instances that the
 * caller may list, so that it reveals nothing about other instances.
 */
export async function visibleRows(
  rows: readonly InstanceRow[],
  viewer: Viewer,
  { kinds = [], namespace }: ReadKinds = {},
): Promise<VisibleRows> {
  const types = new Map(
    [...kinds, ...rows].map(({ apiVersion, kind }) => [typeKey({ apiVersion, kind }), { apiVersion, kind }]),
  );
  const open = new Set<string>();
  await Promise.all(
    [...types].map(async ([key, type]) => {
      if (await viewer.mayList(type)) open.add(key);
    }),
  );
  if (open.size === types.size) return { rows, ...NO_LIMITS };
  const places = new Map<string, ResourceType & { readonly namespace: string }>();
  const wanted = namespace === undefined ? rows : [...kinds.map((type) => ({ ...type, namespace })), ...rows];
  for (const { apiVersion, kind, namespace: of } of wanted) {
    const place = { apiVersion, kind, namespace: of ?? '' };
    if (!open.has(typeKey(place)) && of !== undefined) places.set(placeKey(place), place);
  }
  const reviewed = [...places].slice(0, MAX_REVIEWED_NAMESPACES);
  const allowed = new Set<string>();
  const shown = new Set(open);
  await Promise.all(
    reviewed.map(async ([key, { apiVersion, kind, namespace: of }]) => {
      if (!(await viewer.mayList({ apiVersion, kind }, of))) return;
      allowed.add(key);
      shown.add(typeKey({ apiVersion, kind }));
    }),
  );
  const { limits, countLimits } = places.size > reviewed.length ? LIMITS : NO_LIMITS;
  const hidden = kinds.filter((type) => !shown.has(typeKey(type)));
  const refusal = (what: string): string[] =>
    hidden.length === 0
      ? []
      : [`instances of ${namesOf(hidden)} ${what}: you may not list them in ${namespace ?? 'all namespaces'}`];
  return {
    rows: rows.filter((row) => open.has(typeKey(row)) || allowed.has(placeKey(row))),
    limits: [...refusal('cannot be listed'), ...limits],
    countLimits: [...refusal('are not counted'), ...countLimits],
  };
}

/** Joins the names of kinds for a sentence. */
function namesOf(types: readonly ResourceType[]): string {
  const names = [...new Set(types.map(({ kind }) => kind))].sort(compareText);
  const further = names.length - MAX_NAMED_KINDS;
  if (further > 1) return `${names.slice(0, MAX_NAMED_KINDS).join(', ')} and ${further} other kinds`;
  return names.length === 1 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** May the caller list the instance? */
export async function maySeeInstance(row: { apiVersion: string; kind: string; namespace?: string }, viewer: Viewer) {
  const type = { apiVersion: row.apiVersion, kind: row.kind };
  if (await viewer.mayList(type)) return true;
  return row.namespace !== undefined && (await viewer.mayList(type, row.namespace));
}

const typeKey = ({ apiVersion, kind }: ResourceType): string => `${apiVersion} ${kind}`;
const placeKey = (row: ResourceType & { readonly namespace?: string }): string =>
  `${typeKey(row)} ${row.namespace ?? ''}`;

/**
 * May the caller see an event? The subject of an event is the name of a definition, or the address of an instance.
 * Every caller may see events about the limits of the server.
 */
export async function maySeeEvent({ type, subject }: InspectEvent, viewer: Viewer): Promise<boolean> {
  if (type === 'limits-changed') return true;
  const instance = parseInstanceRef(subject);
  if (instance !== undefined) return maySeeInstance(instance, viewer);
  // The name of a definition has no slash. For any other subject, the rights are not known, so the event is hidden.
  return subject.includes('/') ? false : viewer.mayList(DEFINITION);
}
