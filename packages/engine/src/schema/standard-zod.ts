import type { JsonObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { ABSENT, UNSUPPORTED } from './json-schema-members.ts';
import { addNote, readMember } from './library-type.ts';
import { withFlags } from './regex-flags.ts';

type Print = (libraryOptions: Record<string, unknown>) => JsonObject | undefined;

/** The JSON Schema of a zod type. Parts that zod cannot print are replaced or marked as unsupported. */
export function zodJsonSchema(print: Print): JsonObject | undefined {
  return print({ unrepresentable: 'any', override: amend });
}

interface Override {
  readonly zodSchema: unknown;
  readonly jsonSchema: Record<string, unknown>;
}

/** The replacements for zod types that JSON Schema cannot express, keyed by the kind of the zod type. */
const REPLACEMENTS: ReadonlyMap<string, Record<string, unknown>> = new Map<string, Record<string, unknown>>([
  ['date', { type: 'string', format: 'date-time' }],
  ['bigint', { type: 'integer' }],
  ['undefined', { [ABSENT]: true }],
  ['void', { [ABSENT]: true }],
  ...['set', 'map', 'symbol', 'nan', 'function', 'file', 'promise', 'custom', 'transform'].map(
    (kind): [string, Record<string, unknown>] => [
      kind,
      { [UNSUPPORTED]: `a ${kind === 'custom' ? 'custom type' : kind} cannot be written as JSON` },
    ],
  ),
]);

function amend({ zodSchema, jsonSchema }: Override): void {
  const definition = definitionOf(zodSchema);
  const kind = readMember(definition, 'type');
  const replacement = typeof kind === 'string' ? REPLACEMENTS.get(kind) : undefined;
  if (replacement !== undefined) Object.assign(jsonSchema, replacement);
  const checks = readMember(definition, 'checks');
  for (const check of Array.isArray(checks) ? checks : []) amendCheck(definitionOf(check), jsonSchema);
}

function amendCheck(check: unknown, jsonSchema: Record<string, unknown>): void {
  const pattern = readMember(check, 'pattern');
  // zod prints several patterns as parts of an `allOf`.
  const parts: readonly unknown[] = Array.isArray(jsonSchema['allOf']) ? jsonSchema['allOf'] : [];
  for (const part of [jsonSchema, ...parts]) {
    if (pattern instanceof RegExp && isJsonObject(part) && part['pattern'] === pattern.source)
      part['pattern'] = withFlags(pattern.source, pattern.flags);
  }
  if (readMember(check, 'check') === 'custom') {
    addNote(jsonSchema, 'the refinement of its type is checked by the program only, not by the cluster');
  }
}

const definitionOf = (part: unknown): unknown => readMember(readMember(part, '_zod'), 'def');
