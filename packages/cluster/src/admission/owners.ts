import type { KubeObject } from '@typekro/kit/core';
import { readEntries } from '../fields/entries.ts';

const PROBLEM =
  '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests';

/**
 * Returns the object after admission. If webhooks or policies made its `managedFields` invalid, restores the earlier
 * `managedFields` and adds a warning.
 */
export function withValidOwners(before: KubeObject, changed: KubeObject, warnings: string[]): KubeObject {
  if (changed.metadata.managedFields === undefined || readEntries(changed.metadata.managedFields) !== undefined)
    return changed;
  const { managedFields: _, ...metadata } = changed.metadata;
  const { managedFields } = before.metadata;
  warnings.push(PROBLEM);
  return { ...changed, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
}
