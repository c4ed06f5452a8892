import { type JsonValue, escapeForYaml, isJsonObject, printable } from '@typekro/kit/core';

/**
 * Prints a value as YAML that parses to the same value, for views and for the instances that the form makes. A string
 * that any YAML version could parse as another value is written in JSON quotes. The page does not use the YAML library
 * of the commands, because that library would be half of the page's size.
 */
export function toYaml(value: JsonValue): string {
  return `${linesOf(value, '').join('\n')}\n`;
}

/** Strings that need no quotes in YAML 1.1 and 1.2. */
const PLAIN = /^[A-Za-z/.][\w/.-]*(?:[ :=][\w/.$(){}-]+)*$/;
const NOT_TEXT = /^(?:true|false|yes|no|on|off|y|n|null|~|\.(?:inf|nan)|\.\d.*|[.-]+)$/i;

function linesOf(value: JsonValue, indent: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}[]`];
    return value.flatMap((item: JsonValue) => {
      const lines = linesOf(item, `${indent}  `);
      return [`${indent}- ${(lines[0] ?? '').trimStart()}`, ...lines.slice(1)];
    });
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return [`${indent}{}`];
    return entries.flatMap(([key, member]) => memberLines(key, member as JsonValue, indent));
  }
  return [`${indent}${scalar(value)}`];
}

function memberLines(key: string, value: JsonValue, indent: string): string[] {
  const name = `${indent}${quoted(key)}:`;
  if (typeof value === 'string' && isBlock(value)) {
    const lines = value.replace(/\n$/, '').split('\n');
    const mark = value.endsWith('\n') ? '|' : '|-';
    return [`${name} ${mark}`, ...lines.map((line) => (line === '' ? '' : `${indent}  ${line}`))];
  }
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (typeof value !== 'object' || value === null || isEmpty) {
    return [`${name} ${(linesOf(value, '')[0] ?? '').trimStart()}`];
  }
  return [name, ...linesOf(value, Array.isArray(value) ? indent : `${indent}  `)];
}

/** Can a string of several lines be a literal block without an indentation indicator? */
function isBlock(text: string): boolean {
  return /\n./.test(text) && printable(text) === text && !/^[\s]|[^\n\x20-\x7e\xa0-\u{2027}]|[ \t]\n|\n\n$/u.test(text);
}

function scalar(value: Exclude<JsonValue, object> | null): string {
  return typeof value === 'string' ? quoted(value) : String(value);
}

function quoted(text: string): string {
  if (PLAIN.test(text) && !NOT_TEXT.test(text)) return text;
  return escapeForYaml(JSON.stringify(text));
}
