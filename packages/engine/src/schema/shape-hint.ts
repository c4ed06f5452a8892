import { type JsonObject, type JsonValue, isJsonObject, isPlainYamlWord, stringifyJson } from '@typekro/kit/core';
import type { FieldStep, Schema } from './model.ts';

/**
 * A hint that shows a value in the form that its field requires: for example, a list instead of one string, `{name: …}`
 * instead of a bare name, or list items instead of a map. Undefined if the value is ambiguous.
 *
 * @param schema the schema of the field, which is an object or a list
 * @param steps the path of the value
 */
export function shapeHint(schema: Schema, value: JsonValue, steps: readonly FieldStep[]): string | undefined {
  const last = steps.at(-1);
  if (schema.type === 'array') return listHint(schema.items, value, last);
  if (schema.type !== 'object' || value === null || typeof value === 'object') return undefined;
  const meant = objectMeant(schema, String(value));
  if (meant === undefined) return undefined;
  return `write ${typeof last === 'string' ? `${last}: {${meant}}` : `- ${meant.includes(', ') ? `{${meant}}` : meant}`}`;
}

function listHint(items: Schema | undefined, value: JsonValue, field: FieldStep | undefined): string | undefined {
  if (items?.type === 'string' && typeof value === 'string') {
    const words = wordsOf(value, field === 'command' || field === 'args');
    return words.length > 1 ? `write a list: [${words.map((word) => JSON.stringify(word)).join(', ')}]` : undefined;
  }
  if (items?.type !== 'object') return undefined;
  const fields = items.properties ?? {};
  if (isJsonObject(value)) {
    const [key] = Object.keys(value);
    if (key === undefined || Object.hasOwn(fields, key) || fields['name']?.type !== 'string') return undefined;
    const pair = namedValue(items, value);
    return pair === undefined
      ? `write a list whose items have their name inside: - name: ${inYaml(key)}`
      : `write a list of names and values: - ${pair}`;
  }
  const meant = value === null || typeof value === 'object' ? undefined : objectMeant(items, String(value));
  return meant === undefined ? undefined : `write a list: - {${meant}}`;
}

/**
 * Formats the entry `MODE: fast` as `{name: MODE, value: fast}`; undefined if items do not have the members `name` and
 * `value`.
 */
export function namedValue({ properties = {} }: Schema, entry: JsonObject): string | undefined {
  const [first] = Object.entries(entry);
  if (first === undefined || properties['name']?.type !== 'string' || properties['value']?.type !== 'string')
    return undefined;
  const [name, value] = first;
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  return `{name: ${inYaml(name)}, value: ${typeof value === 'string' ? inYaml(value) : `"${String(value)}"`}}`;
}

/**
 * Splits a string into words. A command line that needs a shell becomes `sh`, `-c` and the string. Empty for a string
 * with an expression.
 */
function wordsOf(text: string, isCommand: boolean): readonly string[] {
  if (text.includes('${')) return [];
  if (isCommand && /[|&;<>$`'"*?(){}\\]/.test(text)) return ['sh', '-c', text];
  return text.split(isCommand ? /\s+/ : /[\s,]+/).filter((word) => word !== '');
}

/**
 * The object that the author probably meant by a string in the notation of another tool (`8080:80`, `data:/var`,
 * `KEY=value`).
 */
function objectMeant({ properties = {}, required = [] }: Schema, text: string): string | undefined {
  if (text.includes('${')) return undefined;
  const has = (name: string, type: string): boolean => properties[name]?.type === type;
  const [isPort, outer, inner = '', protocol = 'tcp'] = /^(?:(\d+):)?(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  if (isPort !== undefined) {
    // The protocol of a port is TCP by default.
    const end = /^tcp$/i.test(protocol) ? '' : `, protocol: ${protocol.toUpperCase()}`;
    if (has('containerPort', 'integer')) return `containerPort: ${inner}${end}`;
    if (Object.hasOwn(properties, 'targetPort'))
      return `port: ${outer ?? inner}${outer === undefined ? '' : `, targetPort: ${inner}`}${end}`;
  }
  const mount = /^([\w.-]+):(\/[^:]*)(:ro)?$/.exec(text);
  if (mount !== null && has('mountPath', 'string'))
    return `name: ${inYaml(mount[1] ?? '')}, mountPath: ${inYaml(mount[2] ?? '')}${mount[3] === undefined ? '' : ', readOnly: true'}`;
  const assigned = /^([\w.-]+)\s*=(.*)$/s.exec(text);
  if (assigned !== null && has('name', 'string') && has('value', 'string'))
    return `name: ${inYaml(assigned[1] ?? '')}, value: ${inYaml(assigned[2] ?? '')}`;
  const others = required.filter((name) => name !== 'name');
  const isName = has('name', 'string') && others.length === 0 && /^[A-Za-z0-9][\w.-]*$/.test(text);
  if (isName) return `name: ${inYaml(text)}`;
  return has('type', 'string') && /^[A-Z]\w+$/.test(text) ? `type: ${text}` : undefined;
}

const inYaml = (text: string): string => (isPlainYamlWord(text) ? text : stringifyJson(text));

/** The names of object fields that have all the given names as members: `httpGet` for `path` and `port`. */
export function innerFieldsWith(names: readonly string[], { properties = {} }: Schema): readonly string[] {
  return Object.entries(properties)
    .filter(([, { properties: own = {} }]) => names.every((name) => Object.hasOwn(own, name)))
    .map(([field]) => field);
}
