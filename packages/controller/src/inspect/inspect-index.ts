import { grouped } from '@typekro/kit/core';
import type { ResourceType } from '@typekro/kube';
import { EventLog } from './event-log.ts';
import { withInstanceCounts } from './instance-page.ts';
import type { DefinitionRow, InstanceRow } from './inspect-model.ts';
import type { InspectLimit, InspectSource } from './inspect-source.ts';

/** The definitions and instances that a server lists, in memory, and the log of their changes. */
export interface InspectIndex {
  /** All definitions, sorted by name. */
  definitions(): readonly DefinitionRow[];
  /** All instances, in any order. */
  instances(): readonly InstanceRow[];
  /**
   * The kinds whose instances can be listed. Kinds whose list fails are not included. With `definition`, only the kind
   * of this definition.
   */
  kinds(definition?: string): readonly ResourceType[];
  instance(ref: string): InstanceRow | undefined;
  /** The last row of a deleted instance. Only the rows of the latest deletions are kept. */
  removed(ref: string): InstanceRow | undefined;
  /** Why objects cannot be listed. */
  limits(): readonly InspectLimit[];
  readonly log: EventLog;
}

/** Groups rows by the name of their definition. */
export function byDefinition<Row extends { readonly definition: string }>(
  rows: Iterable<Row>,
): ReadonlyMap<string, readonly Row[]> {
  return grouped(rows, ({ definition }) => definition);
}

/**
 * Makes an index from the reports of a controller. The rows have neither ages nor reasons. `close` ends the
 * subscription to the controller.
 */
export function indexOfReports(source: InspectSource): InspectIndex & { close(): void } {
  const log = new EventLog();
  return {
    log,
    close: source.subscribe(({ id: _id, ...event }) => log.add(event)),
    limits: () => [],
    removed: () => undefined,
    definitions() {
      const instances = byDefinition(source.instances());
      return source
        .definitions()
        .map((definition) => withInstanceCounts(definition, instances.get(definition.name) ?? []));
    },
    kinds: (name) =>
      source
        .definitions()
        .filter((definition) => name === undefined || definition.name === name)
        .map(({ apiVersion, kind }) => ({ apiVersion, kind })),
    instances: () => source.instances(),
    instance: (ref) => source.instances().find((row) => row.ref === ref),
  };
}
