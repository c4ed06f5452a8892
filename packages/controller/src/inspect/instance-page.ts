import { namespacedName } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { RecordedStatus } from '@typekro/engine/runtime';
import { badInspectRequest } from './inspect-failure.ts';
import type {
  DefinitionRow,
  InstanceCounts,
  InstancePage,
  InstanceQuery,
  InstanceRow,
  InstanceSort,
} from './inspect-model.ts';
import { INSTANCE_SORTS, INSTANCE_STATES_BY_URGENCY } from './inspect-model.ts';

/** The maximum length of a page. */
const MAX_PAGE_LENGTH = 500;

/** The query options for a list of instances. */
export const INSTANCE_OPTIONS: readonly (keyof InstanceQuery)[] = [
  'definition',
  'namespace',
  'state',
  'revision',
  'search',
  'sort',
  'order',
  'offset',
  'limit',
];

/**
 * Reads the query of a list of instances.
 *
 * @throws InspectFailure 400 for an invalid value.
 */
export function readInstanceQuery(parameters: URLSearchParams): InstanceQuery {
  const text = (name: string): string | undefined => parameters.get(name) || undefined;
  const query: { -readonly [Field in keyof InstanceQuery]: InstanceQuery[Field] } = {};
  for (const name of ['definition', 'namespace', 'search'] as const) {
    const value = text(name);
    if (value !== undefined) query[name] = value;
  }
  for (const name of ['revision', 'offset', 'limit'] as const) {
    const value = text(name);
    if (value !== undefined) query[name] = wholeNumber(name, value);
  }
  const [state, sort, order] = [text('state'), text('sort'), text('order')];
  if (state !== undefined) query.state = allowedValue('state', state, INSTANCE_STATES_BY_URGENCY);
  if (sort !== undefined) query.sort = allowedValue('sort', sort, INSTANCE_SORTS);
  if (order !== undefined) query.order = allowedValue('order', order, ['asc', 'desc']);
  return query;
}

/** Parses a whole number of at most nine digits. */
export function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw badInspectRequest(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** Checks that a value is one of the allowed values. */
export function allowedValue<Value extends string>(name: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw badInspectRequest(`${name} must be one of ${allowed.join(', ')}`);
  return found;
}

/** One page of the rows that match a query. */
export function instancePage(rows: readonly InstanceRow[], query: InstanceQuery): Omit<InstancePage, 'limits'> {
  const { state, sort = 'name', order = 'asc', offset = 0, limit = MAX_PAGE_LENGTH } = query;
  const fitting = rows.filter((row) => fits(row, query));
  const counts = countStates(fitting);
  const chosen = state === undefined ? fitting : fitting.filter((row) => row.state === state);
  const compare = ORDERS[sort];
  const sign = order === 'asc' ? 1 : -1;
  const sorted = chosen.sort((a, b) => sign * compare(a, b) || byName(a, b));
  const end = offset + Math.min(limit, MAX_PAGE_LENGTH);
  return { items: sorted.slice(offset, end), total: sorted.length, counts, offset };
}

function fits(row: InstanceRow, { definition, namespace, revision, search }: InstanceQuery): boolean {
  if (definition !== undefined && row.definition !== definition) return false;
  if (namespace !== undefined && row.namespace !== namespace) return false;
  if (revision !== undefined && row.revision !== revision) return false;
  if (search === undefined) return true;
  return matchesWords(`${namespacedName(row)} ${row.kind} ${row.waitingFor ?? ''}`, search);
}

/** Counts the instances in each state. */
export function countStates(rows: Iterable<Pick<InstanceRow, 'state'>>): InstanceCounts {
  const counts: Record<keyof InstanceCounts, number> = { NONE: 0, ACTIVE: 0, IN_PROGRESS: 0, ERROR: 0, DELETING: 0 };
  for (const { state } of rows) counts[state] += 1;
  return counts;
}

/** Adds the counts of a definition's instances to its row. `instances` are the instances of this definition. */
export function withInstanceCounts(
  definition: Omit<DefinitionRow, 'instances' | 'counts' | 'suspended'>,
  instances: readonly InstanceRow[],
): DefinitionRow {
  const suspended = instances.filter((row) => row.suspended === true).length;
  return { ...definition, instances: instances.length, counts: countStates(instances), suspended };
}

/** Is the text a value of `status.state`? */
export const isInstanceState = (text: unknown): text is (typeof RecordedStatus.STATES)[number] =>
  RecordedStatus.STATES.some((state) => state === text);

const byName = (a: InstanceRow, b: InstanceRow): number =>
  compareText(a.namespace ?? '', b.namespace ?? '') || compareText(a.name, b.name) || compareText(a.kind, b.kind);

/** Rows without a reason come last. */
const waiting = ({ waitingFor = '\u{10FFFF}' }: InstanceRow): string => waitingFor;

/** The comparison functions for ascending order. An age is ascending when the youngest instance comes first. */
const ORDERS: Readonly<Record<InstanceSort, (a: InstanceRow, b: InstanceRow) => number>> = {
  name: byName,
  state: (a, b) => INSTANCE_STATES_BY_URGENCY.indexOf(a.state) - INSTANCE_STATES_BY_URGENCY.indexOf(b.state),
  age: (a, b) => compareText(b.createdAt ?? '', a.createdAt ?? ''),
  definition: (a, b) => compareText(a.definition, b.definition),
  waiting: (a, b) => compareText(waiting(a), waiting(b)),
};

/**
 * Does the text contain every word of the filter? Words are separated by white space, and case is ignored. A filter
 * without words matches every text.
 */
export function matchesWords(text: string, filter: string): boolean {
  const lower = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
