import type { Graph } from '@typekro/engine/graph';
import { type JsonObject, type JsonValue, stringifyJson } from '@typekro/kit/core';
import { type Schema, FieldDescription } from '@typekro/engine/schema';
import { asObject } from '@typekro/kit/kubernetes';
import { sampleValue } from '../sample-value.ts';
import { yamlOf } from '@typekro/app/text';

/** Prints an example instance. Required fields have values for the user to replace. Other fields are comments. */
export function exampleInstance({ group, version, kind, namespaced }: Graph['instance'], spec: Schema): string {
  const metadata = { name: kind.toLowerCase(), ...(namespaced ? { namespace: 'default' } : {}) };
  const head = yamlOf({ apiVersion: `${group}/${version}`, kind, metadata });
  const sampled = asObject(sampleValue({ ...spec, type: 'object', default: undefined }, 'spec', 'required'));
  const fields = Object.entries(spec.properties ?? {});
  const shown = Object.keys(sampled).length > 0 ? sampled : firstField(fields);
  const body = yamlOf({ spec: shown });
  const others = fields.filter(([name]) => !Object.hasOwn(shown, name));
  const comments = others.map(([name, schema]) => {
    const value = sampleValue(schema, name, 'required') ?? null;
    return `  # ${memberLine(name, value)} # ${FieldDescription.typeText(schema)}\n`;
  });
  return `${head}${body}${comments.join('')}`;
}

/**
 * Prints a member of a map on one line. Uses JSON for a string with a line break, because YAML would print it on
 * several lines.
 */
function memberLine(name: string, value: JsonValue): string {
  const line = yamlOf({ [name]: value }, { flow: true })
    .trim()
    .replace(/^\{ (.*) \}$/s, '$1');
  return line.includes('\n') ? `${stringifyJson(name)}: ${stringifyJson(value)}` : line;
}

/**
 * Returns the first field that has a default, with this default, or else the first field. Without any field, the
 * example would contain `spec: {}`, and removing the comment mark of a field below it would result in invalid YAML.
 */
function firstField(fields: readonly (readonly [name: string, schema: Schema])[]): JsonObject {
  const [name, schema] = fields.find(([, { default: value }]) => value !== undefined) ?? fields[0] ?? [];
  return name === undefined || schema === undefined ? {} : { [name]: sampleValue(schema, name, 'required') ?? null };
}
