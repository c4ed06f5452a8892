import { parseApiVersion } from '@typekro/kit/core';
import type { Lifecycle, InstanceLocation } from './kro-resource-props.ts';

/**
 * Do both locations name the same instance? The mode is ignored, because a deploy in another mode takes the objects
 * over. The group and kind are compared, because they identify the owner of the objects in both modes. The version is
 * not compared.
 */
export function sameLocation(a: InstanceLocation, b: InstanceLocation): boolean {
  return a.definition === b.definition && a.namespace === b.namespace && a.name === b.name && sameKind(a, b);
}

const sameKind = (a: InstanceLocation, b: InstanceLocation): boolean =>
  a.kind === b.kind && parseApiVersion(a.apiVersion).group === parseApiVersion(b.apiVersion).group;

const sameDeletion = (a: InstanceLocation, b: InstanceLocation): boolean => a.mode === b.mode && sameLocation(a, b);

/**
 * Returns the location of an instance that a failed attempt may have created and that the next attempt does not update;
 * `undefined` when there is no such instance. Alchemy's state has only the output of the last success and the props of
 * the last attempt.
 */
export function leftBehind(
  last: Pick<Lifecycle, 'output' | 'props'>,
  wanted: InstanceLocation,
): InstanceLocation | undefined {
  const attempted = last.props?.place;
  if (attempted === undefined || sameLocation(attempted, wanted)) return undefined;
  const deployed = last.output?.place;
  return deployed !== undefined && sameLocation(attempted, deployed) ? undefined : attempted;
}

/**
 * How an update proceeds. `stay`: it deploys the same instance. `replace`: it makes another instance. `replace-first`:
 * it deletes the old instance before it makes another one.
 */
export function moveOf(output: Lifecycle['output'], wanted: InstanceLocation): 'stay' | 'replace' | 'replace-first' {
  const deployed = output?.place;
  if (deployed === undefined || sameLocation(deployed, wanted)) return 'stay';
  // One definition serves one kind. The old instance must be deleted while a controller still serves the old kind.
  return deployed.definition === wanted.definition && !sameKind(deployed, wanted) ? 'replace-first' : 'replace';
}

/**
 * The instances that a deletion removes. `deleted` is the resource that Alchemy deletes. `current` is the output that
 * Alchemy's state has now. If their deploy ids differ, `deleted` is a replaced predecessor. In this case only the
 * predecessor's instance is removed, and only if its location is not the current one.
 */
export function deletions(
  deleted: Pick<Lifecycle, 'output' | 'props'>,
  current: Lifecycle['output'],
): InstanceLocation[] {
  const deployed = deleted.output?.place;
  const attempted = deleted.props?.place;
  if (current?.place !== undefined && current.deploy !== deleted.output?.deploy) {
    return deployed === undefined || sameLocation(deployed, current.place) ? [] : [deployed];
  }
  if (deployed === undefined) return attempted === undefined ? [] : [attempted];
  return attempted === undefined || sameDeletion(deployed, attempted) ? [deployed] : [attempted, deployed];
}
