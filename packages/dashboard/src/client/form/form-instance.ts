import { type JsonObject, type JsonValue, tryParseJson } from '@typekro/kit/core';
import { type FormField, INT_OR_STRING } from './form-fields.ts';

/**
 * The inputs of the user, by `fieldKey`. The input of a list or map is the number of its rows. A field with an empty
 * input is left out of the instance. A row with an empty input becomes an empty string or `null`.
 */
export type FormTexts = ReadonlyMap<string, string>;

/** A missing input, an input that is not a value of its field, or a key that another row has too. */
export interface FormProblem {
  readonly key: string;
  readonly message: string;
  /**
   * Set if the input is empty. The form does not show such a problem, because each required field shows that it needs a
   * value.
   */
  readonly isMissing?: true;
}

/** The instance that a form describes. */
export interface FormInstance {
  readonly object: JsonObject;
  readonly problems: readonly FormProblem[];
  /** Maps the path of a value in the object to the key of its field. Line breaks separate the steps of a path. */
  readonly places: ReadonlyMap<string, string>;
}

/** The key of a field in `FormTexts`. */
export const fieldKey = (path: readonly string[]): string => path.join('\n');

/** The keys of the name and the namespace. */
export const NAME_KEY = '\nname';
export const NAMESPACE_KEY = '\nnamespace';

/** The kind of the instance. */
export interface InstanceKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** The key in `FormTexts` of the input for the key of a map's row. */
export const rowNameKey = (row: FormField): string => `${fieldKey(row.path)}\n\nkey`;

/** The number of rows of a list or map. */
export const rowCount = (texts: FormTexts, { path }: FormField): number => Number(texts.get(fieldKey(path)) ?? 0);

/** The inputs without the given row of a list or map. Later rows move up. */
export function removeRow(texts: FormTexts, field: FormField, index: number): FormTexts {
  const own = fieldKey(field.path);
  const rest = [...texts].flatMap(([key, text]): [string, string][] => {
    if (!key.startsWith(`${own}\n`)) return [[key, text]];
    const [first = '', ...more] = key.slice(own.length + 1).split('\n');
    const row = Number(first);
    return row === index ? [] : [[[own, row > index ? row - 1 : row, ...more].join('\n'), text]];
  });
  return new Map([...rest, [own, `${rowCount(texts, field) - 1}`]]);
}

/** The inputs of a form, with the problems and places that are found while the inputs are converted to values. */
interface Work {
  readonly texts: FormTexts;
  readonly problems: FormProblem[];
  readonly places: Map<string, string>;
}

/**
 * Makes the instance. A required field without an input is a problem, and is left out of the instance. An input that is
 * not a value of its field is a problem, and stays in the instance as a string.
 */
export function formInstance(kind: InstanceKind, fields: readonly FormField[], texts: FormTexts): FormInstance {
  const places = new Map([
    ['metadata\nname', NAME_KEY],
    ['metadata\nnamespace', NAMESPACE_KEY],
  ]);
  const work: Work = { texts, problems: [], places };
  const name = texts.get(NAME_KEY)?.trim() ?? '';
  const namespace = texts.get(NAMESPACE_KEY)?.trim() ?? '';
  if (name === '') work.problems.push({ key: NAME_KEY, message: 'write a name', isMissing: true });
  const spec = membersOf(fields, ['spec'], work);
  const object: JsonObject = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { name: name === '' ? 'NAME' : name, ...(kind.namespaced && namespace !== '' ? { namespace } : {}) },
    spec: spec ?? {},
  };
  return { object, problems: work.problems, places };
}

function membersOf(fields: readonly FormField[], at: readonly string[], work: Work): JsonObject | undefined {
  const entries = fields.flatMap((field): [string, JsonValue][] => {
    const value = valueOf(field, [...at, field.name], work);
    return value === undefined ? [] : [[field.name, value]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function valueOf(field: FormField, at: readonly string[], work: Work): JsonValue | undefined {
  work.places.set(at.join('\n'), fieldKey(field.path));
  switch (field.control) {
    case 'section':
      return sectionOf(field, at, work);
    case 'list':
    case 'map':
      return rowsOf(field, at, work);
    default:
      return scalarOf(field, work);
  }
}

/** An optional section that the user left empty has no problems: its fields are required only when it is present. */
function sectionOf(section: FormField, at: readonly string[], work: Work): JsonObject | undefined {
  const own: FormProblem[] = [];
  const value = membersOf(section.fields, at, { ...work, problems: own });
  if (value !== undefined || section.required) work.problems.push(...own);
  return value ?? (section.required ? {} : undefined);
}

function rowsOf(field: FormField, at: readonly string[], work: Work): JsonValue | undefined {
  const count = rowCount(work.texts, field);
  if (field.row === undefined || (count === 0 && !field.required)) return undefined;
  const rows = Array.from({ length: count }, (_, index) => field.row?.(index)).filter((row) => row !== undefined);
  // A row without a value keeps its position, so that row numbers and item numbers are equal.
  if (field.control === 'list') return rows.map((row) => valueOf(row, [...at, row.name], work) ?? null);
  const values = new Map<string, JsonValue>();
  for (const row of rows) {
    const key = rowNameKey(row);
    const name = work.texts.get(key) ?? '';
    if (name === '') work.problems.push({ key, message: 'write a key', isMissing: true });
    else if (values.has(name)) work.problems.push({ key, message: `another row has the key ${name}` });
    values.set(name, valueOf(row, [...at, name], work) ?? null);
  }
  return Object.fromEntries(values);
}

function scalarOf(field: FormField, { texts, problems }: Work): JsonValue | undefined {
  const key = fieldKey(field.path);
  const text = texts.get(key) ?? '';
  if (text === '') {
    if (field.isRow && field.control === 'text') return '';
    if (field.required) problems.push({ key, message: `write a value for ${field.path.join('.')}`, isMissing: true });
    return undefined;
  }
  const value = parsed(field, text);
  if (value !== undefined) return value;
  problems.push({ key, message: `this is not of the type ${field.type}` });
  return text;
}

function parsed(field: FormField, text: string): JsonValue | undefined {
  switch (field.control) {
    case 'text':
      return field.type === INT_OR_STRING ? (numberOf(text, 'integer') ?? text) : text;
    case 'choice':
      return field.choices.get(text);
    case 'switch':
      return text === 'true';
    case 'number':
      return numberOf(text, field.type);
    default:
      return tryParseJson(text);
  }
}

function numberOf(text: string, type: string): JsonValue | undefined {
  const isNumber = type === 'integer' ? /^-?\d+$/ : /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
  const digits = text.trim().replace(/^\+|^(-?)0+(?=\d)/, '$1');
  return isNumber.test(digits) ? tryParseJson(digits) : undefined;
}
