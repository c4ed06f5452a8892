import type { InstanceType } from '../../graph/index.ts';
import type { Schema } from '../../schema/index.ts';
import { asObject } from '../../kubernetes/index.ts';
import { sampleValue } from '../sample-value.ts';
import { typeText } from '../explain/field-facts.ts';
import { yamlOf } from '../yaml-text.ts';

/** Prints an example of an instance. Required fields have values for the user to replace; other fields are comments. */
export function exampleInstance({ group, version, kind, namespaced }: InstanceType, spec: Schema): string {
  const metadata = { name: kind.toLowerCase(), ...(namespaced ? { namespace: 'default' } : {}) };
  const head = yamlOf({ apiVersion: `${group}/${version}`, kind, metadata });
  const required = asObject(sampleValue({ ...spec, type: 'object', default: undefined }, 'spec', 'required'));
  const isEmpty = Object.keys(required).length === 0;
  const body = isEmpty ? 'spec: {}\n' : yamlOf({ spec: required });
  const others = Object.entries(spec.properties ?? {}).filter(([name]) => !Object.hasOwn(required, name));
  const comments = others.map(([name, schema]) => {
    const value = sampleValue(schema, name, 'required') ?? null;
    return `  # ${yamlOf({ [name]: value }, { flow: true })
      .trim()
      .replace(/^\{ (.*) \}$/s, '$1')} # ${typeText(schema)}\n`;
  });
  return `${head}${body}${comments.join('')}`.trimEnd();
}
