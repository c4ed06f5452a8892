import type { Schema } from '../schema/index.ts';

/**
 * The report fields that a custom kind's schema declares. In these fields the kind's controller reports that it has
 * observed an object.
 */
export interface StatusReport {
  /** Does the schema declare `status.conditions` as a list of conditions? */
  readonly conditions: boolean;
  /** Does the schema declare `status.observedGeneration` as an integer? */
  readonly observedGeneration: boolean;
}

/** The report fields that the schema of a kind declares; undefined when it declares neither. */
export function statusReport(schema: Schema | undefined): StatusReport | undefined {
  const status = own(schema, 'status');
  const condition = own(status, 'conditions')?.items;
  const conditions = own(condition, 'type') !== undefined && own(condition, 'status') !== undefined;
  // Some projects declare the field as a string, which cannot be compared with the generation.
  const observedGeneration = own(status, 'observedGeneration')?.type === 'integer';
  return conditions || observedGeneration ? { conditions, observedGeneration } : undefined;
}

const own = (schema: Schema | undefined, name: string): Schema | undefined =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
