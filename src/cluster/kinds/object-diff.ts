import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { builtinType } from '../types/builtin.ts';
import type { TypeNode } from '../types/node.ts';

/**
 * A unified difference of two values printed as the server prints its internal types: member names of Go,
 * `null` for what is absent, one line per member.
 */
export function describeDifference(type: string, before: JsonObject, after: JsonObject): string {
  const node = builtinType(type);
  return unifiedDifference(printLines(node, before), printLines(node, after));
}

function printLines(node: TypeNode, value: JsonValue): string[] {
  return print(node, value, 0).split('\n');
}

const INITIALISMS = new Map([
  ['dnsPolicy', 'DNSPolicy'],
  ['dnsConfig', 'DNSConfig'],
  ['setHostnameAsFQDN', 'SetHostnameAsFQDN'],
  ['os', 'OS'],
  ['tty', 'TTY'],
  ['hostIP', 'HostIP'],
]);

const goName = (name: string) => INITIALISMS.get(name) ?? name.charAt(0).toUpperCase() + name.slice(1);

function print(node: TypeNode, value: JsonValue | undefined, depth: number): string {
  if (value === undefined || value === null) return emptyText(node);
  const pad = ' '.repeat(depth + 1);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items: TypeNode = node.kind === 'list' ? node.items : { kind: 'any' };
    return `[\n${value.map((entry) => pad + print(items, entry, depth + 1)).join(',\n')}\n${' '.repeat(depth)}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  if (node.kind === 'object') {
    const lines = [...node.fields.values()].map(
      (field) =>
        `${pad}${JSON.stringify(goName(field.name))}: ${field.presence && value[field.name] === undefined ? 'null' : print(field.node, value[field.name], depth + 1)}`,
    );
    return `{\n${lines.join(',\n')}\n${' '.repeat(depth)}}`;
  }
  const members = Object.keys(value).sort();
  const inner: TypeNode = node.kind === 'map' ? node.values : { kind: 'any' };
  return `{\n${members.map((key) => `${pad}${JSON.stringify(key)}: ${print(inner, value[key], depth + 1)}`).join(',\n')}\n${' '.repeat(depth)}}`;
}

function emptyText(node: TypeNode): string {
  if (node.kind !== 'scalar') return 'null';
  switch (node.type) {
    case 'bool':
      return 'false';
    case 'int32':
    case 'int64':
    case 'float64':
      return '0';
    default:
      return '""';
  }
}

const CONTEXT = 3;

/** One hunk around all changes; enough for objects that differ in a place or two. */
function unifiedDifference(before: readonly string[], after: readonly string[]): string {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const from = Math.max(0, start - CONTEXT);
  const lines: string[] = [];
  for (const line of before.slice(from, start)) lines.push(` ${line}`);
  for (const line of before.slice(start, before.length - end)) lines.push(`-${line}`);
  for (const line of after.slice(start, after.length - end)) lines.push(`+${line}`);
  const tail = before.slice(before.length - end, Math.min(before.length, before.length - end + CONTEXT));
  for (const line of tail) lines.push(` ${line}`);
  const oldCount = before.length - end - from + tail.length;
  const newCount = after.length - end - from + tail.length;
  return `@@ -${from + 1},${oldCount} +${from + 1},${newCount} @@\n${lines.join('\n')}\n`;
}
