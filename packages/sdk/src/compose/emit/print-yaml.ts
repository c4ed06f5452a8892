import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { yamlScalar } from './yaml-scalar.ts';

/** The maximum length of a key that is written without `?`; YAML allows at most 1024 characters. */
const MAX_SIMPLE_KEY_LENGTH = 1000;

/** Prints YAML with sorted keys, an indentation of two spaces, quotes only where needed, and no anchors. */
export function printYaml(value: JsonValue): string {
  const out: string[] = [];
  writeValue(value, '', '', out);
  return out.join('');
}

/**
 * Writes a value after `lead`, which is already written: `key:`, `-`, or an empty string. The text ends with a line
 * break.
 */
function writeValue(value: JsonValue | undefined, indent: string, lead: string, out: string[]): void {
  if (Array.isArray(value)) {
    if (value.length === 0) return void out.push(lead === '' ? '[]\n' : ' []\n');
    if (lead.endsWith('-')) return writeItems(value, `${indent}  `, true, out);
    if (lead !== '') out.push('\n');
    return writeItems(value, lead === '' ? indent : `${indent}  `, false, out);
  }
  if (typeof value === 'object' && value !== null) {
    const keys = sortedKeys(value);
    if (keys.length === 0) return void out.push(lead === '' ? '{}\n' : ' {}\n');
    const inner = lead === '' ? indent : `${indent}  `;
    let before = lead.endsWith('-') ? ' ' : inner;
    if (lead !== '' && before === inner) out.push('\n');
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const text = yamlScalar(key, undefined);
      const head = text.length > MAX_SIMPLE_KEY_LENGTH ? `? ${text}\n${inner}:` : `${text}:`;
      out.push(before, head);
      before = inner;
      writeValue(value[key], inner, head, out);
    }
    return;
  }
  const text = yamlScalar(value ?? null, lead === '' ? indent : `${indent}  `);
  out.push(lead === '' ? '' : ' ', text, text.endsWith('\n') ? '' : '\n');
}

/** The sorted keys of an object, without those whose value is `undefined`. Most objects are sorted already. */
function sortedKeys(value: JsonObject): string[] {
  const keys = Object.keys(value);
  let inOrder = true;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (value[key] === undefined) return keys.filter((each) => value[each] !== undefined).sort();
    if (index > 0 && (keys[index - 1] as string) > key) inOrder = false;
  }
  return inOrder ? keys : keys.sort();
}

/** Writes list items. With `inline`, the first item follows the dash of the enclosing list in the same line. */
function writeItems(items: readonly JsonValue[], indent: string, inline: boolean, out: string[]): void {
  let first = true;
  for (const item of items) {
    out.push(first && inline ? ' -' : `${indent}-`);
    first = false;
    writeValue(item, indent, '-', out);
  }
}
