import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { asObjects } from '@typekro/kit/kubernetes';
import { ABSENT, UNSUPPORTED } from './json-schema-members.ts';
import { addNote, readMember } from './library-type.ts';
import { withFlags } from './regex-flags.ts';

/** arktype's report about a part that JSON Schema cannot express. */
interface Lost {
  readonly code: string;
  readonly base: Record<string, unknown>;
  readonly unit?: unknown;
  readonly domain?: string;
  readonly predicate?: unknown;
  readonly proto?: unknown;
}

type Print = (libraryOptions: Record<string, unknown>) => JsonObject | undefined;

/**
 * The JSON Schema of an arktype type. arktype's own JSON Schema has no defaults and no pattern flags. This function
 * adds both from the type's structure (`type.json`).
 */
export function arktypeJsonSchema(type: unknown, print: Print): JsonObject | undefined {
  const schema = print({ fallback: (lost: Lost) => replacement(lost) });
  if (schema === undefined || (typeof type !== 'object' && typeof type !== 'function') || type === null) return schema;
  new Overlay(schema).apply(Reflect.get(type, 'json') as JsonValue | undefined, schema, type);
  return schema;
}

function replacement(lost: Lost): Record<string, unknown> {
  const { base } = lost;
  switch (lost.code) {
    case 'date':
      return { ...base, type: 'string', format: 'date-time' };
    case 'unit':
      return lost.unit === undefined ? { [ABSENT]: true } : unsupported('this value');
    case 'domain':
      return lost.domain === 'bigint' ? { ...base, type: 'integer' } : unsupported(`a ${lost.domain ?? 'value'}`);
    case 'predicate':
      return predicate(lost);
    case 'morph':
    case 'defaultValue':
    case 'patternIntersection':
      return base;
    default:
      return unsupported(describe(lost));
  }
}

const unsupported = (what: string) => ({ [UNSUPPORTED]: `${what} cannot be written as JSON` });

function describe(lost: Lost): string {
  const name: unknown = typeof lost.proto === 'function' ? lost.proto.name : undefined;
  return typeof name === 'string' && name !== '' ? `a ${name}` : `a value of kind ${lost.code}`;
}

/** Maps arktype's built-in checks to formats with the same meaning. */
const FORMAT_OF: ReadonlyMap<string, string> = new Map([['isParsableUrl', 'uri']]);

function predicate(lost: Lost): Record<string, unknown> {
  const name: unknown = typeof lost.predicate === 'function' ? lost.predicate.name : undefined;
  const format = typeof name === 'string' ? FORMAT_OF.get(name) : undefined;
  if (format !== undefined) return { ...lost.base, format };
  const printed = { ...lost.base };
  addNote(printed, 'the condition in its type is checked by the program only, not by the cluster');
  return printed;
}

const MAX_DEPTH = 100;

class Overlay {
  readonly #root: JsonObject;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /**
   * Walks arktype's structure and the printed schema in parallel. `live` is the type itself, which also has the
   * functions that compute defaults.
   */
  apply(structure: JsonValue | undefined, printed: JsonValue | undefined, live: unknown, depth = 0): void {
    const schema = this.#follow(printed);
    if (!isJsonObject(structure) || schema === undefined || depth > MAX_DEPTH) return;
    if (structure['in'] !== undefined) {
      this.apply(structure['in'], schema, readMember(live, 'in'), depth + 1);
      return;
    }
    this.#pattern(structure, schema);
    const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
    for (const entry of [...asObjects(structure['required']), ...asObjects(structure['optional'])]) {
      const key = entry['key'];
      if (typeof key !== 'string' || !Object.hasOwn(properties, key)) continue;
      const prop = propOf(live, key);
      const member = properties[key];
      if (entry['default'] !== undefined && isJsonObject(member)) {
        const value = defaultOf(entry['default'], prop);
        if (value !== undefined) properties[key] = { ...member, default: value };
      }
      this.apply(entry['value'], properties[key], readMember(prop, 'value'), depth + 1);
    }
    const sequence = structure['sequence'];
    const element = isJsonObject(sequence) && sequence['variadic'] !== undefined ? sequence['variadic'] : sequence;
    if (sequence !== undefined) this.apply(element, schema['items'], elementOf(live), depth + 1);
    for (const index of asObjects(structure['index']))
      this.apply(index['value'], schema['additionalProperties'], undefined, depth + 1);
  }

  #follow(printed: JsonValue | undefined): JsonObject | undefined {
    if (!isJsonObject(printed)) return undefined;
    const name = typeof printed['$ref'] === 'string' ? /^#\/\$defs\/(.+)$/.exec(printed['$ref'])?.[1] : undefined;
    if (name === undefined) return printed;
    const definitions = this.#root['$defs'];
    const target = isJsonObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    return isJsonObject(target) ? target : undefined;
  }

  #pattern(structure: JsonObject, schema: JsonObject): void {
    for (const entry of asObjects(structure['pattern'])) {
      const { rule, flags } = entry;
      if (typeof rule === 'string' && typeof flags === 'string' && schema['pattern'] === rule) {
        schema['pattern'] = withFlags(rule, flags);
      }
    }
  }
}

/** The property of a live object type; its `default` may be a function. */
function propOf(live: unknown, key: string): unknown {
  const props = readMember(live, 'props');
  return Array.isArray(props) ? props.find((prop) => readMember(prop, 'key') === key) : undefined;
}

const elementOf = (live: unknown): unknown =>
  readMember(readMember(readMember(live, 'structure'), 'sequence'), 'element');

/** A default as JSON. A default function is called once, and its result is the default. */
function defaultOf(printed: JsonValue, prop: unknown): JsonValue | undefined {
  if (typeof printed !== 'string' || !printed.startsWith('$ark.')) return printed;
  const make = readMember(prop, 'default');
  const value: unknown = typeof make === 'function' ? (make as () => unknown)() : make;
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as JsonValue);
}
