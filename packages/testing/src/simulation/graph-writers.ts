import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { TransportRequest } from '@typekro/kube';
import { FieldManager } from '@typekro/engine/runtime';

/** The field managers that own fields of an object, without duplicates. */
export function fieldManagersOf({ metadata: { managedFields = [] } }: KubeObject): readonly string[] {
  const managers = managedFields.flatMap((entry) => {
    const manager = isJsonObject(entry) ? entry['manager'] : undefined;
    return typeof manager === 'string' ? [manager] : [];
  });
  return [...new Set(managers)];
}

/** The field managers with which template nodes of Graphs write an object. */
export function templateManagers(object: KubeObject): readonly string[] {
  return fieldManagersOf(object).filter(FieldManager.isOfTemplate);
}

/** The field manager of a request; empty when it names none. */
export function managerOfRequest({ path }: TransportRequest): string {
  return new URL(path, 'http://server').searchParams.get('fieldManager') ?? '';
}

/** The account that a request impersonates; `undefined` for the controller's own identity. */
export function userOf({ headers }: TransportRequest): string | undefined {
  return headers?.['impersonate-user'];
}
