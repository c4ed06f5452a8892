import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, TypeKroError, nearestName } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { parsePath } from '../../graph/index.ts';
import type { Schema } from '../../schema/index.ts';
import { valueAtSteps } from '../../schema/index.ts';

/** A value in an object. The value becomes a field of the definition's schema. */
export interface Lift {
  readonly object: KubeObject;
  readonly path: readonly PathStep[];
  readonly field: string;
  readonly schema: Schema;
}

/**
 * Parses lifts such as `Deployment/web:spec.replicas=replicas`, separated by commas. Without `=`, the field has the
 * last name of the path.
 *
 * @throws TypeKroError `cli/usage` for a value of another form, for an unknown object or field, for a lifted value that
 *   is not a string, number or boolean, and for a field that would have two types or values.
 */
export function parseLifts(text: string, objects: readonly KubeObject[]): Lift[] {
  const lifts = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => parseLift(part, objects));
  for (const lift of lifts) {
    const other = lifts.find(({ field }) => field === lift.field);
    if (other !== undefined && other.schema.type !== lift.schema.type) {
      throw usage(
        `--lift: the field ${lift.field} would have the types ${lift.schema.type ?? ''} and ${other.schema.type ?? ''}`,
        'choose two names',
      );
    }
    if (other !== undefined && other.schema.default !== lift.schema.default) {
      throw usage(`--lift: the field ${lift.field} would have two values`, 'choose two names for different values');
    }
  }
  return lifts;
}

function parseLift(text: string, objects: readonly KubeObject[]): Lift {
  const [, name = '', pathText = '', given] = /^([^:=]+):([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  const parsed = parsePath(pathText);
  if (name === '' || !parsed.ok) {
    throw usage(
      `--lift ${text} is not a lift`,
      'write KIND/NAME:PATH=FIELD, as in Deployment/web:spec.replicas=replicas',
    );
  }
  const object = objects.find((each) => nameOf(each) === name.toLowerCase());
  if (object === undefined) {
    const names = objects.map((each) => `${each.kind}/${each.metadata.name ?? ''}`);
    const near = nearestName(name, names);
    throw usage(
      `--lift: there is no ${name} among the objects`,
      near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const { steps } = parsed;
  const value = valueAtSteps(object as unknown as JsonValue, steps);
  if (value === undefined) throw unknownField(object, steps);
  const field = given ?? steps.findLast((step) => typeof step === 'string') ?? '';
  if (!/^[a-z][A-Za-z0-9]*$/.test(field)) {
    throw usage(
      `--lift: ${field} is not a valid field name`,
      'begin with a lower-case letter, then write letters and digits, as in …=imageTag',
    );
  }
  return { object, path: steps, field, schema: schemaOf(value, text) };
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name ?? ''}`.toLowerCase();

function unknownField(object: KubeObject, path: readonly PathStep[]): TypeKroError {
  const missing = path.findIndex(
    (_step, index) => valueAtSteps(object as unknown as JsonValue, path.slice(0, index + 1)) === undefined,
  );
  const parent = valueAtSteps(object as unknown as JsonValue, path.slice(0, missing));
  const names = isJsonObject(parent) ? Object.keys(parent) : [];
  const near = nearestName(String(path[missing]), names);
  const place = `${object.kind}/${object.metadata.name ?? ''}`;
  return usage(
    `--lift: ${place} has no field ${path.slice(0, missing + 1).join('.')}`,
    near !== undefined
      ? `did you mean ${near}?`
      : names.length > 0
        ? `use one of ${names.join(', ')}`
        : 'lift a field that the object sets',
  );
}

function schemaOf(value: JsonValue, text: string): Schema {
  if (typeof value === 'string') return { type: 'string', default: value };
  if (typeof value === 'boolean') return { type: 'boolean', default: value };
  if (typeof value === 'bigint') return { type: 'integer', default: value };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number', default: value };
  throw usage(`--lift ${text}: the value is not a string, number or boolean`, 'lift the values inside it one by one');
}

const usage = (message: string, remedy: string): TypeKroError =>
  new TypeKroError(message, { code: 'cli/usage', remedy });
