import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { grouped, isJsonObject, nearestName, parseApiVersion, TypeKroError, withGroup } from '@typekro/kit/core';
import { type PathStep, Path } from '@typekro/engine/graph';
import { type Schema, valueAtSteps } from '@typekro/engine/schema';

/** A value in an object. The value becomes a field of the definition's schema. */
export interface Lift {
  readonly object: KubeObject;
  readonly path: readonly PathStep[];
  readonly field: string;
  readonly schema: Schema;
}

/**
 * Parses lifts such as `Deployment/web:spec.replicas=replicas`, separated by commas. The form of an object is
 * `KIND.GROUP/NAMESPACE/NAME`; its group and its namespace are needed only if several objects have the kind and name. A
 * quoted key of a path can contain commas: `ConfigMap/a:data["x,y"]`. Without `=`, the field has the last name of the
 * path.
 *
 * @throws TypeKroError `cli/usage` for a value of another form, for an unknown or ambiguous object, for an unknown
 *   field, for an invalid name of a field of the schema, for a lifted value that is not a string, number or boolean, and
 *   for a field that would have two types or values.
 */
export function parseLifts(text: string, objects: readonly KubeObject[]): Lift[] {
  const parts = text === '' ? [] : [...text.matchAll(PARTS)].map(([part]) => part).filter((part) => part !== '');
  if (text !== '' && parts.length === 0) throw notALift(text);
  const named: NamedObjects = grouped(
    objects.flatMap((object) => [...new Set(namesOf(object).map(lowerCase))].map((name) => ({ name, object }))),
    ({ name }) => name,
  );
  const lifts = parts.map((part) => parseLift(part, named, objects));
  const fields = new Map<string, Lift>();
  for (const lift of lifts) {
    const other = fields.get(lift.field);
    if (other === undefined) fields.set(lift.field, lift);
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

/** Objects by each of their names in a lift (`namesOf`), in lower case. */
type NamedObjects = ReadonlyMap<string, readonly { readonly object: KubeObject }[]>;

const lowerCase = (text: string): string => text.toLowerCase();

function parseLift(text: string, named: NamedObjects, objects: readonly KubeObject[]): Lift {
  const [, target = '', given] = LIFT.exec(text) ?? [];
  const { name, pathText } = splitTarget(target, named);
  const parsed = Path.parse(pathText);
  if (name === '' || !parsed.ok) throw notALift(text);
  const object = namedObject(name, named, objects);
  const { steps } = parsed;
  const value = valueAtSteps(object, steps);
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

/** The lifts in a text. A comma in a quoted key belongs to the key. */
const PARTS = /(?:\["[^"]*"\]|[^,])+/g;

/** The target of a lift and its field. An equals sign in a quoted key belongs to the key. */
const LIFT = /^((?:\["[^"]*"\]|[^=])+)(?:=(.+))?$/;

/**
 * Splits `KIND/NAME:PATH`. A name can contain colons, such as `system:app`, and so can a path. The name is therefore
 * the longest one that an object has, or else the text before the first colon.
 */
function splitTarget(target: string, named: NamedObjects) {
  const splits = [...target.matchAll(/:/g)].map(({ index }) => ({
    name: target.slice(0, index),
    pathText: target.slice(index + 1),
  }));
  return splits.findLast(({ name }) => named.has(lowerCase(name))) ?? splits[0] ?? { name: '', pathText: '' };
}

const notALift = (text: string): TypeKroError =>
  usage(`--lift ${text} is not a lift`, 'write KIND/NAME:PATH=FIELD, as in Deployment/web:spec.replicas=replicas');

/** Finds the object that `KIND/NAME` names, also with a group after the kind and with a namespace. */
function namedObject(name: string, named: NamedObjects, objects: readonly KubeObject[]): KubeObject {
  const [object, ...others] = (named.get(lowerCase(name)) ?? []).map((each) => each.object);
  if (object !== undefined && others.length === 0) return object;
  if (object !== undefined) {
    const choices = [object, ...others].map((each) => namesOf(each).at(-1) ?? '');
    throw usage(`--lift: several objects have the name ${name}`, `choose one: ${choices.join(', ')}`);
  }
  const names = objects.map((each) => `${each.kind}/${each.metadata.name ?? ''}`);
  const near = nearestName(name, names);
  throw usage(
    `--lift: there is no ${name} among the objects`,
    near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
  );
}

/** The names of an object in a lift, from the shortest to the longest. */
function namesOf({ apiVersion, kind, metadata: { name = '', namespace } }: KubeObject): string[] {
  const kinds = [kind, withGroup(kind, parseApiVersion(apiVersion).group)];
  const names = [name, ...(namespace === undefined ? [] : [`${namespace}/${name}`])];
  return names.flatMap((each) => kinds.map((type) => `${type}/${each}`));
}

function unknownField(object: KubeObject, path: readonly PathStep[]): TypeKroError {
  const missing = path.findIndex((_step, index) => valueAtSteps(object, path.slice(0, index + 1)) === undefined);
  const parent = valueAtSteps(object, path.slice(0, missing));
  const names = isJsonObject(parent) ? Object.keys(parent) : [];
  const near = nearestName(String(path[missing]), names);
  const place = `${object.kind}/${object.metadata.name ?? ''}`;
  return usage(
    `--lift: ${place} has no field ${Path.format(path.slice(0, missing + 1))}`,
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
