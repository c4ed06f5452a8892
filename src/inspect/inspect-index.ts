import type { ResourceType } from '../kube/index.ts';
import { EventLog } from './event-log.ts';
import { withInstanceCounts } from './instance-page.ts';
import type { DefinitionRow, InstanceRow } from './model.ts';
import type { InspectSource } from './reports.ts';

/** The definitions and instances that a server lists, in memory, and the log of their changes. */
export interface InspectIndex {
  /** All definitions, sorted by name. */
  definitions(): readonly DefinitionRow[];
  /** All instances, in any order. */
  instances(): readonly InstanceRow[];
  /** The kinds whose instances are listed, without those whose list fails. With a name, the kind of this definition. */
  kinds(definition?: string): readonly ResourceType[];
  instance(ref: string): InstanceRow | undefined;
  /** The last row of an instance that is gone. Only the rows of the latest removals are kept. */
  removed(ref: string): InstanceRow | undefined;
  /** What cannot be listed, as sentences. */
  limits(): readonly string[];
  readonly log: EventLog;
}

/** The instances of each definition, by its name. */
export function byDefinition<Row extends { readonly definition: string }>(
  rows: Iterable<Row>,
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.definition);
    if (group === undefined) groups.set(row.definition, [row]);
    else group.push(row);
  }
  return groups;
}

/** The index of the reports of a controller. Its rows have neither ages nor reasons. `close` ends its subscription. */
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
