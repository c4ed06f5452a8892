import { parseApiVersion } from '@typekro/kit/core';
import { type DefinitionRow, type InspectEvent, parseInstanceRef } from '@typekro/controller/inspect';

/** Selects the changes of the limits, which name the data that the server cannot show. */
export const ofLimits = ({ type }: InspectEvent): boolean => type === 'limits-changed';

/** Selects the changes that concern a view of one instance. */
export const ofInstance =
  (ref: string) =>
  ({ subject }: InspectEvent): boolean =>
    subject === ref;

/**
 * Selects the changes that concern the reports, events or logs of one instance. A change of an object is left out: an
 * object that changes each second would cause a read each second.
 */
export const ofReports =
  (ref: string) =>
  ({ type, subject }: InspectEvent): boolean =>
    subject === ref && type !== 'object-changed';

/**
 * Selects the changes that concern a view of definitions: changes of definitions, of the instances that the view
 * counts, and of the limits of these counts.
 */
export const ofDefinitions = ({ type }: InspectEvent): boolean => /^(?:definition|instance|limits)-/.test(type);

/** Selects the changes that concern a list of instances. */
export const ofInstances = ({ type }: InspectEvent): boolean => /^(?:instance-|definition-removed|limits-)/.test(type);

/**
 * Can the change concern a view of instances of this kind? Returns false for a change of an instance of another kind:
 * in a busy cluster, such changes would cause reads all the time. Without `kind`, returns true for all changes.
 */
export function isOfKind(
  { type, subject }: InspectEvent,
  kind: Pick<DefinitionRow, 'apiVersion' | 'kind'> | undefined,
): boolean {
  const instance = type.startsWith('instance-') ? parseInstanceRef(subject) : undefined;
  if (instance === undefined || kind === undefined) return true;
  // A definition can change the version of its kind, so only the groups are compared.
  const groups = [instance, kind].map(({ apiVersion }) => parseApiVersion(apiVersion).group);
  return instance.kind === kind.kind && groups[0] === groups[1];
}
