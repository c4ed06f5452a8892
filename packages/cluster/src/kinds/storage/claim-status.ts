import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { objectAt, qualifiedName, quantityOf, quantityToInteger } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';

/** The values of `allocatedResourceStatuses`, which say how far the resize of a claim has progressed. */
const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** Checks a write to the status of a claim. */
export function checkClaimStatus({ status }: KubeObject, _old: KubeObject, problems: Problems): void {
  for (const [name, amount = null] of Object.entries(objectAt(status, 'capacity')))
    checkNotNegative(amount, `status.capacity[${name}]`, problems);
  const resizes = 'status.allocatedResourceStatuses';
  for (const [name, resize] of Object.entries(objectAt(status, 'allocatedResourceStatuses'))) {
    checkName(name, resizes, problems);
    // The API server's message contains the name of the resource instead of the unknown status.
    if (!RESIZE_STATUSES.includes(String(resize))) problems.notSupported(resizes, name, RESIZE_STATUSES);
  }
  for (const [name, amount = null] of Object.entries(objectAt(status, 'allocatedResources'))) {
    if (checkName(name, 'status.allocatedResources', problems))
      checkNotNegative(amount, `status.allocatedResources[${name}]`, problems);
  }
}

function checkNotNegative(value: JsonValue, at: string, problems: Problems): void {
  const amount = quantityOf(value);
  if (amount !== undefined && amount.unscaled < 0n)
    problems.invalid(at, quantityToInteger(amount) ?? value, 'must be a valid resource quantity');
}

/** Checks the name of a claim's resource, which must be `storage` or a domain-prefixed name. */
function checkName(name: string, at: string, problems: Problems): boolean {
  const wrong = qualifiedName(name);
  problems.invalidFor(at, name, wrong);
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  const isUnknown = wrong.length === 0 && isNative && name !== 'storage';
  if (isUnknown) problems.notSupported(at, name, ['storage']);
  return wrong.length === 0 && !isUnknown;
}
