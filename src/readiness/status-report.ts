import type { Schema } from '../schema/index.ts';

/** By what the controller of a custom kind shows that it has looked at an object, as the schema of the kind tells. */
export interface StatusReport {
  /** `status.conditions` is a list of conditions. */
  readonly conditions: boolean;
  /** `status.observedGeneration` is a number. */
  readonly observedGeneration: boolean;
}

/** What the schema of a kind says of its status; undefined when it says of neither. */
export function statusReport(schema: Schema | undefined): StatusReport | undefined {
  const status = own(schema, 'status');
  const condition = own(status, 'conditions')?.items;
  const conditions = own(condition, 'type') !== undefined && own(condition, 'status') !== undefined;
  // Some projects keep it as a text, which has no order.
  const observedGeneration = own(status, 'observedGeneration')?.type === 'integer';
  return conditions || observedGeneration ? { conditions, observedGeneration } : undefined;
}

const own = (schema: Schema | undefined, name: string): Schema | undefined =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
