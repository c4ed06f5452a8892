import { type JsonValue, type KubeObject, stringifyJson, oncePerObject } from '@typekro/kit/core';
import { type ColumnFacts, loadData } from '../kubernetes-data.ts';
import { age } from '@typekro/kit/kubernetes';
import { CELLS } from './cells.ts';
import { type PathBudget, newPathBudget, parseJsonPath, valuesAt } from './json-path.ts';

/** A column of a CustomResourceDefinition (`additionalPrinterColumns`). */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** A resource whose objects tables can show. */
export interface TableSource {
  readonly apiVersion: string;
  readonly plural: string;
  /** The columns of the CustomResourceDefinition; `undefined` for a built-in kind. */
  readonly custom: { readonly columns: readonly PrinterColumn[] } | undefined;
}

/** A column as a `Table` describes it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

/** The columns of a resource, and the function that computes the cells of an object. */
export interface Columns {
  readonly definitions: readonly ColumnDefinition[];
  readonly cells: (object: KubeObject, now: number) => readonly JsonValue[];
}

const NAME: ColumnFacts = { name: 'Name', type: 'string', format: 'name', priority: 0 };
const CREATED: ColumnFacts = { name: 'Created At', type: 'date', priority: 0 };
const AGE: ColumnFacts = { name: 'Age', type: 'date', priority: 0 };

const definition = (facts: ColumnFacts): ColumnDefinition => ({
  name: facts.name,
  type: facts.type,
  format: facts.format ?? '',
  description: '',
  priority: facts.priority,
});

/** The columns of a built-in kind for which the data files have no columns. */
const plainColumns: Columns = {
  definitions: [definition(NAME), definition(CREATED)],
  cells: (object) => [object.metadata.name ?? '', object.metadata.creationTimestamp ?? ''],
};

/** The columns of a resource. */
export const columnsOf = oncePerObject((source: TableSource): Columns =>
  source.custom === undefined ? builtinColumns(source) : customColumns(source.custom.columns),
);

function builtinColumns({ apiVersion, plural }: TableSource): Columns {
  const key = `${apiVersion}/${plural}`;
  const facts = loadData('table-columns');
  const columns = Object.hasOwn(facts, key) ? facts[key] : undefined;
  if (columns === undefined) return plainColumns;
  const printer = Object.hasOwn(CELLS, key) ? CELLS[key] : undefined;
  return {
    definitions: columns.map(definition),
    cells(object, now) {
      const others = [...(printer?.(object, now) ?? [])];
      const cells = columns.map(({ name }) => commonCell(name, object, now, plural) ?? others.shift() ?? '');
      return [...cells, ...others];
    },
  };
}

const DEFAULT_CLASS_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** The cell of a column that is the same for all kinds; `undefined` for another column. */
function commonCell(column: string, object: KubeObject, now: number, plural: string): JsonValue | undefined {
  const { name = '', annotations, creationTimestamp } = object.metadata;
  if (column === 'Age') return age(creationTimestamp, now);
  if (column === 'Created At') return creationTimestamp ?? '';
  if (column !== 'Name') return undefined;
  const isDefault =
    plural === 'storageclasses' && DEFAULT_CLASS_ANNOTATIONS.some((key) => annotations?.[key] === 'true');
  return isDefault ? `${name} (default)` : name;
}

function customColumns(declared: readonly PrinterColumn[]): Columns {
  if (declared.length === 0) {
    return {
      definitions: [definition(NAME), definition(AGE)],
      cells: (object, now) => [object.metadata.name ?? '', age(object.metadata.creationTimestamp, now)],
    };
  }
  const printers = declared.map((column) => {
    const steps = parseJsonPath(column.jsonPath);
    // A path that cannot be parsed selects no values.
    if (steps === undefined) return () => null;
    return (object: KubeObject, now: number, budget: PathBudget) =>
      cellOf(valuesAt(object, steps, budget), column.type, now, budget);
  });
  return {
    definitions: [
      definition(NAME),
      ...declared.map(({ name, type, format, description, priority, jsonPath }) => ({
        name,
        type,
        format,
        description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
        priority,
      })),
    ],
    cells: (object, now) => {
      const budget = newPathBudget();
      return [object.metadata.name ?? '', ...printers.map((print) => print(object, now, budget))];
    },
  };
}

/**
 * The cell for the values of a column: the first value, converted to the column's type. The cell is null when no value
 * exists, or when the value cannot be converted. A date column shows the age, or `<invalid>` for a malformed time. A
 * string column shows several values as a JSON list, unless the first value is a string. The length of such a text
 * counts as visits of `budget`, and the cell is null when none are left.
 */
function cellOf(values: readonly JsonValue[], type: string, now: number, budget: PathBudget): JsonValue {
  const [first] = values;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'integer':
      return typeof first === 'number' || typeof first === 'bigint'
        ? typeof first === 'number'
          ? Math.trunc(first)
          : first
        : null;
    case 'number':
      return typeof first === 'number' || typeof first === 'bigint' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    case 'date':
      return typeof first === 'string' ? age(first === 'null' ? null : first, now) : null;
    default:
      if (typeof first === 'string') return withinBudget(first, budget) ? first : null;
      return values.length > 1 ? listText(values, budget) : (textOf(first, budget) ?? null);
  }
}

/** The number of characters of a cell that count as one visit. */
const CHARACTERS_OF_VISIT = 16;

function withinBudget(text: string, budget: PathBudget): boolean {
  budget.left -= text.length / CHARACTERS_OF_VISIT;
  return budget.left >= 0;
}

function textOf(value: JsonValue, budget: PathBudget): string | undefined {
  const text = stringifyJson(value);
  return withinBudget(text, budget) ? text : undefined;
}

/** Several values as a JSON list. The values can contain each other, so that their texts are much longer than them. */
function listText(values: readonly JsonValue[], budget: PathBudget): string | null {
  const texts: string[] = [];
  for (const value of values) {
    const text = textOf(value, budget);
    if (text === undefined) return null;
    texts.push(text);
  }
  return `[${texts.join(',')}]`;
}
