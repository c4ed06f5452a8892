import type { JsonValue } from '../core/index.ts';
import { yamlLibrary } from '../core/index.ts';

/** YAML that is none; the text resembles that of Go's reader. */
export class YamlSyntaxError extends Error {}

/** Reads a YAML document (of several the first) as JSON. Throws `YamlSyntaxError`. */
export function parseYaml(text: string): { value: JsonValue; duplicates: readonly string[] } {
  try {
    return readYaml(text);
  } catch (thrown) {
    // Aliases without anchor or by the million, and nesting deeper than the stack.
    if (thrown instanceof ReferenceError || thrown instanceof RangeError) {
      throw new YamlSyntaxError(thrown.message, { cause: thrown });
    }
    throw thrown;
  }
}

function readYaml(text: string): { value: JsonValue; duplicates: readonly string[] } {
  const documents = yamlLibrary().parseAllDocuments(text, {
    uniqueKeys: false,
    intAsBigInt: true,
    version: '1.1',
    merge: true,
  });
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined) return { value: null, duplicates: [] };
  const problem = document.errors[0];
  if (problem !== undefined) {
    const nested = /nested mappings|compact mapping|Implicit keys?/i.test(problem.message);
    throw new YamlSyntaxError(
      nested
        ? 'mapping values are not allowed in this context'
        : `line ${problem.linePos?.[0].line ?? 1}: ${problem.message.split('\n')[0]}`,
    );
  }
  return { value: normalise(document.toJS({ maxAliasCount: 100 }) as unknown), duplicates: [] };
}

/** What YAML has and JSON has not becomes text; integers become numbers where they fit. */
function normalise(value: unknown): JsonValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(normalise);
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (typeof value === 'object') {
    const out: Record<string, JsonValue> = {};
    for (const [key, entry] of Object.entries(value)) {
      Object.defineProperty(out, key, {
        value: normalise(entry),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return out;
  }
  return value as string | number | boolean;
}

/** Writes YAML as the API server does: sorted keys, no line folding, lists not indented. */
export function toYamlText(value: unknown): string {
  return yamlLibrary().stringify(value, {
    sortMapEntries: true,
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
  });
}
