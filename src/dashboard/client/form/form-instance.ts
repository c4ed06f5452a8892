import type { JsonObject, JsonValue } from '../../../core/index.ts';
import { tryParseJson } from '../../../core/index.ts';
import { toYaml } from '../text/to-yaml.ts';
import type { FormField } from './form-fields.ts';

/** The texts that the user wrote, by `fieldKey`. A field without a text is left out of the instance. */
export type FormTexts = ReadonlyMap<string, string>;

/** A text that is no value of its field. */
export interface FormProblem {
  readonly key: string;
  readonly message: string;
}

/** The instance that a form describes. */
export interface FormInstance {
  readonly yaml: string;
  readonly problems: readonly FormProblem[];
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

/** Makes the instance. A required field without a text is a problem, and stays out of the YAML. */
export function formInstance(kind: InstanceKind, fields: readonly FormField[], texts: FormTexts): FormInstance {
  const problems: FormProblem[] = [];
  const name = texts.get(NAME_KEY)?.trim() ?? '';
  const namespace = texts.get(NAMESPACE_KEY)?.trim() ?? '';
  if (name === '') problems.push({ key: NAME_KEY, message: 'write a name' });
  const spec = sectionValue(fields, texts, problems);
  const object: JsonObject = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      name: name === '' ? 'NAME' : name,
      ...(kind.namespaced && namespace !== '' ? { namespace } : {}),
    },
    spec: spec ?? {},
  };
  return { yaml: toYaml(object), problems };
}

function sectionValue(fields: readonly FormField[], texts: FormTexts, problems: FormProblem[]): JsonObject | undefined {
  const entries: [string, JsonValue][] = [];
  for (const field of fields) {
    const value = field.control === 'section' ? sectionOf(field, texts, problems) : valueOf(field, texts, problems);
    if (value !== undefined) entries.push([field.name, value]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** An optional section that the user left empty has no problems: its fields are required only when it is present. */
function sectionOf(section: FormField, texts: FormTexts, problems: FormProblem[]): JsonObject | undefined {
  const own: FormProblem[] = [];
  const value = sectionValue(section.fields, texts, own);
  if (value !== undefined || section.required || own.some(({ key }) => texts.has(key))) problems.push(...own);
  return value ?? (section.required ? {} : undefined);
}

function valueOf(field: FormField, texts: FormTexts, problems: FormProblem[]): JsonValue | undefined {
  const key = fieldKey(field.path);
  const text = texts.get(key) ?? '';
  if (text === '') {
    if (field.required) problems.push({ key, message: `write a value for ${field.path.join('.')}` });
    return undefined;
  }
  const value = parsed(field, text);
  if (value !== undefined) return value;
  problems.push({ key, message: `this is not of the type ${field.type}` });
  return undefined;
}

function parsed(field: FormField, text: string): JsonValue | undefined {
  switch (field.control) {
    case 'text':
      return text;
    case 'choice':
      return field.type === 'string' ? text : tryParseJson(text);
    case 'switch':
      return text === 'true';
    case 'number':
      return numberOf(text, field.type);
    case 'list': {
      const items = text.split('\n').filter((line) => line.trim() !== '');
      const values = items.map((item) => (field.type === '[]string' ? item : numberOf(item, field.type.slice(2))));
      return values.includes(undefined) ? undefined : values.filter((value) => value !== undefined);
    }
    case 'json':
      return tryParseJson(text);
    case 'section':
      return undefined;
  }
}

function numberOf(text: string, type: string): JsonValue | undefined {
  const isNumber = type === 'integer' ? /^-?\d+$/ : /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
  const digits = text.trim().replace(/^\+|^(-?)0+(?=\d)/, '$1');
  return isNumber.test(digits) ? tryParseJson(digits) : undefined;
}
