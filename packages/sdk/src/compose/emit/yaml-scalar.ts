import { escapeForYaml, isPlainYamlWord, SPECIAL_IN_YAML } from '@typekro/kit/core';

/** Matches a string that needs quotes, because an indicator, a comment or `: ` in it would change its meaning. */
const INDICATOR = /^[\s,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)|:(?:\s|$)|\s#|\s$|^(?:---|\.\.\.)/;

/**
 * Words and numbers that need quotes to be strings in YAML 1.1 or 1.2. kro and kubectl read YAML 1.1, where `yes`,
 * `010` and `1:30` are not strings.
 */
const OTHER_TYPE =
  /^(?:~|null|true|false|yes|no|on|off|y|n|=|<<|[-+]?\.(?:inf|nan)|[-+]?(?:_*0b[01_]+|_*0o?[0-7_]+|_*0x[\da-f_]+|[\d_]+(?::[0-5]?\d)*(?:\.[\d_]*)?(?:e[-+]?\d+)?|_*\.[\d_]+(?:e[-+]?\d+)?)|\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?)$/i;

/**
 * Writes a scalar as YAML. With an indentation, a string of several lines becomes a block where possible, and the text
 * of the block ends with a line break. Without an indentation, as for a key, such a string is quoted.
 */
export function yamlScalar(value: string | number | bigint | boolean | null, indent: string | undefined): string {
  if (typeof value !== 'string') return String(value);
  if (value === '') return "''";
  if (isPlainYamlWord(value)) return value;
  if (SPECIAL_IN_YAML.test(value)) return doubleQuoted(value);
  if (value.includes('\n')) return (indent === undefined ? undefined : block(value, indent)) ?? doubleQuoted(value);
  if (INDICATOR.test(value) || value.includes('\t') || OTHER_TYPE.test(value)) {
    return value.includes("'") && !value.includes('"') ? doubleQuoted(value) : `'${value.replaceAll("'", "''")}'`;
  }
  return value;
}

/** A block scalar; `undefined` where leading or lone white space would make its indentation ambiguous. */
function block(value: string, indent: string): string | undefined {
  if (/^\s|\n[^\S\n]*\t|\n +\n|\n +$/.test(value)) return undefined;
  const chomping = value.endsWith('\n\n') ? '+' : value.endsWith('\n') ? '' : '-';
  const lines = (value.endsWith('\n') ? value.slice(0, -1) : value).split('\n');
  return `|${chomping}\n${lines.map((line) => (line === '' ? '\n' : `${indent}${line}\n`)).join('')}`;
}

const doubleQuoted = (value: string): string => escapeForYaml(JSON.stringify(value));
