import type { CallContext, Library } from '../../library.ts';
import { goQuote } from '@typekro/kit/golang';
import { DYN, mapType, STRING, structType, type CelType } from '../../types.ts';
import {
  elementsOf,
  entriesOf,
  fail,
  getProperty,
  isObject,
  MapView,
  CelMap,
  typeNameOf,
  type Value,
} from '../../values.ts';
import { member, declare } from '../define.ts';
import { LibraryValue } from '../opaque.ts';

const RUNTIME: CelType = structType('kro.run.Runtime');
const CONDITION: CelType = structType('kro.run.Condition');

const KEYS: readonly ConditionKey[] = ['type', 'status', 'reason', 'message'];
/** A member of a condition. */
export type ConditionKey = 'type' | 'status' | 'reason' | 'message';

/** A condition of an object's status, reduced to four strings: type, status, reason and message. */
export class ConditionValue extends LibraryValue {
  readonly fields: Readonly<Record<ConditionKey, string>>;
  constructor(fields: Readonly<Record<ConditionKey, string>>) {
    super();
    this.fields = fields;
  }
  get typeName(): string {
    return CONDITION.name;
  }
  equals(other: Value): boolean {
    if (!(other instanceof ConditionValue)) return fail('no such overload');
    return KEYS.every((key) => this.fields[key] === other.fields[key]);
  }
  override field(name: string): Value | undefined {
    return KEYS.includes(name as ConditionKey) ? this.fields[name as ConditionKey] : undefined;
  }
  toString(): string {
    return `&{${KEYS.map((key) => this.fields[key]).join(' ')}}`;
  }
}

/** The receiver of `newCondition` and `condition`. It has no properties. */
class RuntimeValue extends LibraryValue {
  get typeName(): string {
    return RUNTIME.name;
  }
  equals(other: Value): boolean {
    return other instanceof RuntimeValue;
  }
  toString(): string {
    return '&{}';
  }
}

/** The value of the variable `runtime`. Only expressions in `status.conditions` have this variable. */
export const RUNTIME_VALUE: LibraryValue = new RuntimeValue();

/** kro's functions `runtime.newCondition` (a macro produces the calls) and `runtime.condition`. */
export const kroRuntime: Library = {
  name: 'kro.runtime',
  variables: [{ name: 'runtime', type: RUNTIME }],
  structs: [
    { name: CONDITION.name, fields: { type: STRING, status: STRING, reason: STRING, message: STRING } },
    { name: RUNTIME.name, fields: {} },
  ],
  functions: [
    declare(
      'newCondition',
      member('runtime_newCondition_map', [RUNTIME, mapType(STRING, STRING)], CONDITION, newCondition),
    ),
    declare('condition', member('runtime_condition_dyn_string', [RUNTIME, DYN, STRING], CONDITION, findCondition)),
  ],
};

function newCondition(_runtime: Value, map: Value): Value {
  const fields: Record<ConditionKey, string> = { type: '', status: '', reason: '', message: '' };
  for (const [key, value] of entriesOf(map) ?? []) {
    const name = KEYS.find((known) => known === key);
    if (typeof value !== 'string') {
      return fail(`runtime.newCondition: ${name ?? ''} must be a string, got ${typeNameOf(value)}`);
    }
    if (name === 'type' && value === '') return fail('runtime.newCondition: type must not be empty');
    if (name === 'status' && value !== 'True' && value !== 'False' && value !== 'Unknown') {
      return fail(`runtime.newCondition: status must be one of True, False, Unknown (got ${goQuote(value)})`);
    }
    if (name !== undefined) fields[name] = value;
  }
  return new ConditionValue(fields);
}

/** The entry of a map; undefined when the map has no such entry, and null when the value is not a map. */
function entryOf(map: Value, key: string): Value | undefined | null {
  if (map instanceof MapView || map instanceof CelMap) return map.get(key);
  return isObject(map) ? getProperty(map, key) : null;
}

const NO_CONDITION = new ConditionValue({ type: '', status: '', reason: '', message: '' });

function isMap(value: Value): boolean {
  return value instanceof MapView || value instanceof CelMap || isObject(value);
}

/** Returns the first condition of a type, or a condition of four empty strings if the object has none. */
function findCondition(_runtime: Value, object: Value, type: string, context: CallContext): Value {
  if (!isMap(object)) return fail(`runtime.condition: obj must be an object, got ${typeNameOf(object)}`);
  const status = entryOf(object, 'status');
  if (status === undefined) return NO_CONDITION;
  if (status === null || !isMap(status)) return fail('runtime.condition: obj.status must be an object');
  const list = entryOf(status, 'conditions');
  if (list === undefined) return NO_CONDITION;
  const elements = list === null ? undefined : elementsOf(list);
  if (!elements) return fail('runtime.condition: obj.status.conditions must be a list');
  context.charge(elements.length);
  const conditions = elements.map(toCondition);
  return conditions.find((condition) => condition.fields.type === type) ?? NO_CONDITION;
}

/** Converts a map to a condition. A member that is not a string becomes an empty string. */
function toCondition(value: Value): ConditionValue {
  if (value instanceof ConditionValue) return value;
  if (!isMap(value)) return fail(`runtime.condition: unexpected condition element type ${typeNameOf(value)}`);
  const text = (key: ConditionKey): string => {
    const entry = entryOf(value, key);
    return typeof entry === 'string' ? entry : '';
  };
  return new ConditionValue({
    type: text('type'),
    status: text('status'),
    reason: text('reason'),
    message: text('message'),
  });
}
