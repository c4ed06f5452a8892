import type { JsonValue, KubeObject } from '../../core/index.ts';
import type { ColumnFacts } from '../data.ts';
import { loadData } from '../data.ts';
import type { Resource } from '../registry/resource.ts';
import { age } from './age.ts';

/** A column as a Table declares it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

/** The columns of a resource, and the cells of an object in them. */
export interface Columns {
  readonly definitions: readonly ColumnDefinition[];
  cells(object: KubeObject, now: number): readonly JsonValue[];
}

const NAME: ColumnFacts = { name: 'Name', type: 'string', format: 'name', priority: 0 };
const CREATED: ColumnFacts = { name: 'Created At', type: 'date', priority: 0 };

export const definition = (facts: ColumnFacts): ColumnDefinition => ({
  name: facts.name,
  type: facts.type,
  format: facts.format ?? '',
  description: '',
  priority: facts.priority,
});

/** Columns of a kind that declares none. */
export const plainColumns: Columns = {
  definitions: [definition(NAME), definition(CREATED)],
  cells: (object) => [object.metadata.name ?? '', object.metadata.creationTimestamp ?? ''],
};

/** The columns of a resource. */
export function columnsOf(resource: Resource): Columns {
  const key = `${resource.apiVersion}/${resource.plural}`;
  const facts = loadData('table-columns');
  const columns = Object.hasOwn(facts, key) ? facts[key] : undefined;
  if (columns === undefined) return plainColumns;
  return {
    definitions: columns.map(definition),
    cells: (object, now) =>
      columns.map(({ name }) =>
        name === 'Name'
          ? (object.metadata.name ?? '')
          : name === 'Age'
            ? age(object.metadata.creationTimestamp, now)
            : '',
      ),
  };
}
