import type { JsonObject } from '../core/index.ts';
import { ABSENT, NOTES, UNSUPPORTED } from './json-schema.ts';
import { withFlags } from './regex-flags.ts';

type Print = (libraryOptions: Record<string, unknown>) => JsonObject | undefined;

/** The JSON Schema of a zod type. Parts that zod cannot print are replaced or marked. */
export function zodJsonSchema(print: Print): JsonObject | undefined {
  return print({ unrepresentable: 'any', override: amend });
}

interface Override {
  readonly zodSchema: unknown;
  readonly jsonSchema: Record<string, unknown>;
}

/** Kinds of zod types that JSON Schema cannot express, with their replacements. */
const REPLACEMENTS: ReadonlyMap<string, Record<string, unknown>> = new Map<string, Record<string, unknown>>([
  ['date', { type: 'string', format: 'date-time' }],
  ['bigint', { type: 'integer' }],
  ['undefined', { [ABSENT]: true }],
  ['void', { [ABSENT]: true }],
  ...['set', 'map', 'symbol', 'nan', 'function', 'file', 'promise', 'custom', 'transform'].map(
    (kind): [string, Record<string, unknown>] => [kind, { [UNSUPPORTED]: `a ${kind} cannot be written as JSON` }],
  ),
]);

function amend({ zodSchema, jsonSchema }: Override): void {
  const definition = definitionOf(zodSchema);
  const kind = read(definition, 'type');
  const replacement = typeof kind === 'string' ? REPLACEMENTS.get(kind) : undefined;
  if (replacement !== undefined) Object.assign(jsonSchema, replacement);
  const checks = read(definition, 'checks');
  for (const check of Array.isArray(checks) ? checks : []) amendCheck(definitionOf(check), jsonSchema);
}

function amendCheck(check: unknown, jsonSchema: Record<string, unknown>): void {
  const pattern = read(check, 'pattern');
  if (pattern instanceof RegExp && jsonSchema['pattern'] === pattern.source) {
    jsonSchema['pattern'] = withFlags(pattern.source, pattern.flags);
  }
  if (read(check, 'check') === 'custom') {
    const notes = jsonSchema[NOTES];
    const note = 'the refinement of its type is checked by the program only, not by the cluster';
    jsonSchema[NOTES] = [...(Array.isArray(notes) ? notes : []), note];
  }
}

const definitionOf = (part: unknown): unknown => read(read(part, '_zod'), 'def');

function read(target: unknown, name: string): unknown {
  return typeof target === 'object' && target !== null ? (Reflect.get(target, name) as unknown) : undefined;
}
