import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { builtinType } from '../types/builtin.ts';
import type { ObjectNode, TypeNode } from '../types/type-node.ts';
import { goName } from './network/internal-names.ts';
import { unifiedDifference } from './line-difference.ts';

/**
 * The unified diff of two values. Both values are printed as the server prints its internal types: with Go member
 * names, with `null` or Go's zero value for absent members, and with one line per member.
 */
export function describeDifference(type: string, before: JsonObject, after: JsonObject): string {
  const lines = (value: JsonObject) => JSON.stringify(internalValue(type, value), null, 1).split('\n');
  return unifiedDifference(lines(before), lines(after));
}

/** Converts a value of a built-in type to the form of the server's internal type. */
export function internalValue(type: string, value: JsonObject): JsonValue {
  const shown = convert(builtinType(type), value);
  return type === 'core.v1.PodSpec' && isJsonObject(shown) ? internalPodSpec(shown) : shown;
}

/**
 * Converts a pod template to the form of the server's internal type, in which the metadata fields are siblings of
 * `Spec`.
 */
export function internalTemplate(template: JsonObject): JsonValue {
  const { metadata, spec } = template;
  return {
    ...(isJsonObject(metadata) ? metadata : {}),
    Spec: internalValue('core.v1.PodSpec', isJsonObject(spec) ? spec : {}),
  };
}

/** Members of a pod's specification that the internal type has at the start of the security context. */
const HOST_MEMBERS = ['HostNetwork', 'HostPID', 'HostIPC', 'ShareProcessNamespace', 'HostUsers'];
/** Maps a member to the members that directly follow it in the internal type. */
const MOVED = new Map([
  ['Subdomain', ['SetHostnameAsFQDN']],
  ['Priority', ['PreemptionPolicy']],
  ['RuntimeClassName', ['Overhead']],
  ['FSGroup', ['FSGroupChangePolicy']],
]);

function internalPodSpec(shown: JsonObject): JsonObject {
  const { ServiceAccount: _alias, SecurityContext: context, ...spec } = reorder(shown);
  const hosts: JsonObject = {};
  const rest: JsonObject = {};
  for (const [key, value = null] of Object.entries(spec)) {
    if (HOST_MEMBERS.includes(key)) hosts[key] = value;
    else rest[key] = value;
    if (key === 'NodeName') rest['SecurityContext'] = null;
  }
  const ordered = Object.fromEntries(HOST_MEMBERS.map((key) => [key, hosts[key] ?? null]));
  rest['SecurityContext'] = { ...ordered, ...(isJsonObject(context) ? reorder(context) : {}) };
  return rest;
}

function reorder(value: JsonObject): JsonObject {
  const moved = new Set([...MOVED.values()].flat());
  const out: JsonObject = {};
  for (const [key, member = null] of Object.entries(value)) {
    if (moved.has(key)) continue;
    out[key] = member;
    for (const next of MOVED.get(key) ?? []) if (Object.hasOwn(value, next)) out[next] = value[next] ?? null;
  }
  return out;
}

/** Types without a separate internal type. They are printed with their JSON names, and without absent members. */
const SHARED = new Set(['LabelSelector', 'LabelSelectorRequirement', 'ObjectMeta']);

function convertObject(node: ObjectNode, value: JsonObject): JsonObject {
  const isShared = SHARED.has(node.name);
  const members: [string, JsonValue][] = [];
  for (const { name, node: inner, presence } of node.fields.values()) {
    const member = value[name];
    if (isShared) {
      if (!isEmpty(member)) members.push([name, convert(inner, member)]);
    } else members.push([goName(name, node.name), presence && member === undefined ? null : convert(inner, member)]);
  }
  const { Metadata: metadata, ...rest } = Object.fromEntries(members);
  // The internal type embeds the metadata.
  return isJsonObject(metadata) ? { ...metadata, ...rest } : Object.fromEntries(members);
}

const isEmpty = (value: JsonValue | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

function convert(node: TypeNode, value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return emptyValue(node);
  if (Array.isArray(value)) {
    const items: TypeNode = node.kind === 'list' ? node.items : { kind: 'any' };
    return value.map((entry) => convert(items, entry));
  }
  if (typeof value === 'bigint') return Number(value);
  if (!isJsonObject(value)) return value;
  if (node.kind === 'object') return convertObject(node, value);
  const inner: TypeNode = node.kind === 'map' ? node.values : { kind: 'any' };
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, convert(inner, value[key])]),
  );
}

function emptyValue(node: TypeNode): JsonValue {
  if (node.kind !== 'scalar') return null;
  switch (node.type) {
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'float64':
      return 0;
    default:
      return '';
  }
}
