import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type ListNode, type ScalarNode, type TypeNode, deduce, memberNode } from '../types/type-node.ts';
import { formatFieldPath } from './tree.ts';
import { memberStep, elementSteps, TypedError } from './typed-walk.ts';

/**
 * Checks that a configuration has the structure of its type. Throws at the first violation: an undeclared member, a
 * value of the wrong kind, or two list elements with the same key. `checked` is a value that has already passed this
 * check; the parts that `value` shares with `checked` are skipped.
 *
 * @throws TypedError whose message begins with the path.
 */
export function checkTyped(node: TypeNode, value: JsonValue, checked?: JsonValue): void {
  check(node, value, [], checked);
}

/** `path` is the path of the value. The function changes `path` during the call and restores it before it returns. */
function check(node: TypeNode, value: JsonValue, path: string[], checked: JsonValue | undefined): void {
  if (value === null || node.kind === 'any') return;
  if (value === checked && typeof value === 'object') return;
  const known = deduce(node, value);
  switch (known.kind) {
    case 'scalar':
      return checkScalar(known, value, path);
    case 'list':
      return checkList(known, value, path, checked);
    case 'object':
    case 'map': {
      if (!isJsonObject(value)) throw fail(path, `expected map, got &{${goText(value)}}`);
      const before = isJsonObject(checked) ? checked : undefined;
      for (const key of Object.keys(value)) {
        path.push(memberStep(key));
        const member = memberNode(known, key);
        if (member === undefined) throw fail(path, 'field not declared in schema');
        const checkedMember = before !== undefined && Object.hasOwn(before, key) ? before[key] : undefined;
        check(member, value[key] ?? null, path, checkedMember);
        path.pop();
      }
    }
  }
}

function checkList(node: ListNode, value: JsonValue, path: string[], checked: JsonValue | undefined) {
  if (!Array.isArray(value)) throw fail(path, `expected list, got &{${goText(value)}}`);
  const before = Array.isArray(checked) ? checked : [];
  if (node.list === 'atomic') {
    for (let index = 0; index < value.length; index++) {
      path.push(`i:${index}`);
      check(node.items, value[index] ?? null, path, before[index]);
      path.pop();
    }
    return;
  }
  const seen = new Set<string>();
  const steps = elementSteps(node, value);
  for (let index = 0; index < value.length; index++) {
    const element = value[index] ?? null;
    if (element === null) throw fail(path, `element ${index}: associative list may not have null elements`);
    const step = steps[index] ?? '';
    if (seen.has(step)) throw fail(path, `duplicate entries for key ${formatFieldPath([step])}`);
    seen.add(step);
    path.push(step);
    check(node.items, element, path, before[index]);
    path.pop();
  }
}

function checkScalar(node: ScalarNode, value: JsonValue, path: readonly string[]) {
  switch (node.type) {
    case 'unknown':
    case 'IntOrString':
    case 'Quantity':
      return;
    case 'string':
    case 'bytes':
    case 'Time':
    case 'MicroTime':
      if (typeof value !== 'string') throw fail(path, `expected string, got ${goValue(value)}`);
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw fail(path, `expected boolean, got ${goValue(value)}`);
      return;
    case 'int32':
    case 'int64':
    case 'float64':
      if (typeof value !== 'number' && typeof value !== 'bigint') {
        throw fail(
          path,
          `expected numeric (int or float), got ${typeof value === 'string' ? 'string' : goValue(value)}`,
        );
      }
  }
}

const fail = (path: readonly string[], problem: string) =>
  new TypedError(`${path.length === 0 ? '' : `${formatFieldPath(path)}: `}${problem}`);

/** Formats a value as Go prints an unstructured value. */
function goValue(value: JsonValue): string {
  if (typeof value === 'object' && value !== null) return `&{${goText(value)}}`;
  return `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : goText(value)}}`;
}

/** Go's `%v` of a JSON value. */
export function goText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) {
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${goText(value[key])}`)
      .join(' ')}]`;
  }
  return String(value);
}
