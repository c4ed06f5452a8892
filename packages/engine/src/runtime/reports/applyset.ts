import { type KubeObject, cryptoLibrary, gvkOf } from '@typekro/kit/core';
import { compareText, goQuote } from '@typekro/kit/golang';
import { dnsSubdomain, isDnsLabel } from '@typekro/kit/kubernetes';
import { annotationOf, labelOfObject } from '../objects/identity.ts';
import {
  APPLYSET_ID_LABEL,
  GROUP_KINDS_ANNOTATION,
  INVENTORY_HASH_ANNOTATION,
  NAMESPACES_ANNOTATION,
  TOOLING_ANNOTATION,
} from '../objects/keys.ts';
import type { Inventory, InventoryScope } from '../model.ts';

/** The parent of an ApplySet. */
export interface ApplySetParent {
  readonly name: string;
  /** Absent or empty for cluster-scoped parents. */
  readonly namespace?: string;
  readonly kind: string;
  readonly group: string;
}

/**
 * The id of a parent's ApplySet (KEP-3659): `applyset-<base64url(sha256(name.namespace.kind.group))>-v1`. The id does
 * not depend on the parent's UID or version. Another controller that takes the parent over therefore uses the same set.
 */
export function applySetId(parent: ApplySetParent): string {
  const { name, namespace = '', kind, group } = parent;
  return `applyset-${sha256(`${name}.${namespace}.${kind}.${group}`)}-v1`;
}

/** The ApplySet id of an instance. */
export function applySetIdOf(instance: KubeObject): string {
  const { group, kind } = gvkOf(instance);
  const { name = '', namespace } = instance.metadata;
  return applySetId({ name, kind, group, ...(namespace === undefined ? {} : { namespace }) });
}

/**
 * The value of the inventory hash annotation. The hash covers the id and the scope, so that a partial change of the
 * annotations can be detected.
 */
export function inventoryHash(id: string, scope: InventoryScope): string {
  return `sha256:${sha256(`${id}\0${scope.groupKinds.join(',')}\0${scope.namespaces.join(',')}`)}`;
}

/** The labels and annotations with which a parent records its ApplySet. */
export function inventoryOf(id: string, scope: InventoryScope, version: string): Inventory {
  return {
    id,
    groupKinds: scope.groupKinds,
    namespaces: scope.namespaces,
    labels: { [APPLYSET_ID_LABEL]: id },
    annotations: {
      [NAMESPACES_ANNOTATION]: scope.namespaces.join(','),
      [GROUP_KINDS_ANNOTATION]: scope.groupKinds.join(','),
      [TOOLING_ANNOTATION]: `kro/${version}`,
      [INVENTORY_HASH_ANNOTATION]: inventoryHash(id, scope),
    },
  };
}

/** A scope with no kinds and no namespaces. */
export const EMPTY_SCOPE: InventoryScope = { groupKinds: [], namespaces: [] };

/** The union of two scopes. */
export function unionScope(a: InventoryScope, b: InventoryScope): InventoryScope {
  return { groupKinds: sortedUnion(a.groupKinds, b.groupKinds), namespaces: sortedUnion(a.namespaces, b.namespaces) };
}

/** Do two scopes name the same kinds and namespaces? All lists must be sorted. */
export function sameScope(a: InventoryScope, b: InventoryScope): boolean {
  return a.groupKinds.join() === b.groupKinds.join() && a.namespaces.join() === b.namespaces.join();
}

/**
 * The ApplySet record of an instance: absent, valid or invalid. In an invalid record, `scope` has the entries that
 * could be parsed.
 */
export type RecordedInventory =
  | { readonly state: 'absent' }
  | { readonly state: 'valid'; readonly scope: InventoryScope; readonly hashed: boolean }
  | { readonly state: 'invalid'; readonly problem: string; readonly scope: InventoryScope };

/**
 * The maximum number of kinds in a valid inventory. The user of an instance can write its annotations, and the
 * controller discovers each kind and reads its objects.
 */
const MAX_INVENTORY_KINDS = 1000;

/**
 * Reads and validates the inventory of an instance. A deleted instance's children are deleted only if the inventory is
 * valid. An inventory is valid if its id is `expected` (default: the computed id), its tooling begins with `kro/`, both
 * scope annotations exist and parse, and the hash matches. The hash may be absent, because older versions did not write
 * it.
 */
export function recordedInventory(instance: KubeObject, expected = applySetIdOf(instance)): RecordedInventory {
  const id = labelOfObject(instance, APPLYSET_ID_LABEL);
  const tooling = annotationOf(instance, TOOLING_ANNOTATION);
  const kinds = annotationOf(instance, GROUP_KINDS_ANNOTATION);
  const namespaces = annotationOf(instance, NAMESPACES_ANNOTATION);
  const hash = annotationOf(instance, INVENTORY_HASH_ANNOTATION);
  if ([id, tooling, kinds, namespaces, hash].every((value) => value === undefined)) return { state: 'absent' };

  const scope: InventoryScope = { groupKinds: splitList(kinds), namespaces: splitList(namespaces) };
  if (scope.groupKinds.length > MAX_INVENTORY_KINDS) {
    const problem = `the inventory has more than ${MAX_INVENTORY_KINDS} kinds`;
    return { state: 'invalid', problem, scope: EMPTY_SCOPE };
  }
  const problem = firstProblem([
    [id !== expected, `label ${APPLYSET_ID_LABEL} is ${quoteOrMissing(id)}, expected "${expected}"`],
    [
      tooling?.startsWith('kro/') !== true,
      `annotation ${TOOLING_ANNOTATION} is ${quoteOrMissing(tooling)}, expected "kro/…"`,
    ],
    [kinds === undefined, `annotation ${GROUP_KINDS_ANNOTATION} is missing`],
    [namespaces === undefined, `annotation ${NAMESPACES_ANNOTATION} is missing`],
    [
      !scope.groupKinds.every(isGroupKind),
      `annotation ${GROUP_KINDS_ANNOTATION} has an invalid entry: ${quoteOrMissing(kinds)}`,
    ],
    [
      !scope.namespaces.every(isDnsLabel),
      `annotation ${NAMESPACES_ANNOTATION} has an invalid entry: ${quoteOrMissing(namespaces)}`,
    ],
    [
      hash !== undefined && hash !== inventoryHash(expected, scope),
      `annotation ${INVENTORY_HASH_ANNOTATION} does not match the recorded kinds and namespaces`,
    ],
  ]);
  if (problem !== undefined) {
    const readable = {
      groupKinds: scope.groupKinds.filter(isGroupKind),
      namespaces: scope.namespaces.filter(isDnsLabel),
    };
    return { state: 'invalid', problem, scope: unionScope(readable, EMPTY_SCOPE) };
  }
  return { state: 'valid', scope, hashed: hash !== undefined };
}

/** The scope of a valid or invalid record; empty for an absent record. */
export function recordedScope(recorded: RecordedInventory): InventoryScope {
  return recorded.state === 'absent' ? EMPTY_SCOPE : recorded.scope;
}

function firstProblem(rules: readonly (readonly [boolean, string])[]): string | undefined {
  return rules.find(([broken]) => broken)?.[1];
}

function quoteOrMissing(value: string | undefined): string {
  return value === undefined ? 'missing' : goQuote(value);
}

function isGroupKind(text: string): boolean {
  const dot = text.indexOf('.');
  if (dot === 0 || text === '') return false;
  return dot < 0 || dnsSubdomain(text.slice(dot + 1)).length === 0;
}

function splitList(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

function sortedUnion(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort(compareText);
}

function sha256(text: string): string {
  return cryptoLibrary().hash('sha256', text, 'base64url');
}

/** The ApplySet of an instance, as its labels and annotations record it. */
export const ApplySet = { idOf: applySetIdOf, inventory: recordedInventory, scope: recordedScope };
