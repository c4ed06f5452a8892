import { type JsonObject, type JsonValue, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { FieldWriter, ObjectKey } from '@typekro/engine/runtime';
import { wholeDifferences } from '../graph-test/partial-differences.ts';
import { normalize } from '../simulation/compare-states.ts';
import type { LifeFinding } from './fault-test-result.ts';

/** A child in a final state. */
export interface RestingChild {
  /** `Kind group/v1 namespace/name`, for messages. */
  readonly text: string;
  readonly node: string;
  /**
   * The fields that the controller owns. Uids, times and addresses of Services differ in each life (a run of the test),
   * so placeholders replace them.
   */
  readonly owned: JsonObject;
}

/** The final state of a life. */
export interface RestingState {
  /** The status of the instance without times and messages; `undefined` if the instance does not exist. */
  readonly status: JsonObject | undefined;
  /** Maps object keys to children. */
  readonly children: ReadonlyMap<string, RestingChild>;
}

/** Builds the final state of a life from its objects. */
export function restingState(
  instance: KubeObject | undefined,
  children: readonly { readonly node: string; readonly object: KubeObject }[],
): RestingState {
  const blur = blurOf(children.map(({ object }) => object));
  const found = children.map(({ node, object }) => {
    const { apiVersion, kind, metadata } = object;
    const place = metadata.namespace === undefined ? '' : `${metadata.namespace}/`;
    const text = `${kind} ${apiVersion} ${place}${metadata.name ?? ''}`;
    return [blur.text(ObjectKey.of(object)), { text, node, owned: blur.object(FieldWriter.values(object)) }] as const;
  });
  const status = instance === undefined ? undefined : normalize(instance).status;
  return { status: instance === undefined ? undefined : blur.object(status ?? {}), children: new Map(found) };
}

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/**
 * Returns functions that replace the values that a server generates per object: UIDs, times and the addresses of
 * Services. `text` converts a string, and `object` converts an object.
 */
function blurOf(objects: readonly KubeObject[]) {
  const addresses = objects
    .flatMap(({ spec }) => {
      const { clusterIP, clusterIPs } = spec ?? {};
      return [clusterIP, ...(Array.isArray(clusterIPs) ? clusterIPs : [])].filter(
        (each): each is string => typeof each === 'string' && each !== '' && each !== 'None',
      );
    })
    // Longer addresses first: an address can be a prefix of another address.
    .toSorted((a, b) => b.length - a.length);
  const text = (value: string): string => {
    let result = value.replaceAll(UID, '<uid>').replaceAll(TIME, '<time>');
    for (const address of addresses) result = result.replaceAll(address, '<address>');
    return result;
  };
  const walk = (value: JsonValue | undefined): JsonValue | undefined => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((entry) => walk(entry) ?? null);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [text(key), walk(member)]));
  };
  return { text, object: (value: JsonObject) => walk(value) as JsonObject };
}

/** A difference between two final states. */
export type EndFinding = Pick<LifeFinding, 'invariant' | 'expected' | 'received'> & {
  /** The node whose object differs; absent for the instance. */
  readonly node?: string;
};

/**
 * The differences between the final state of a life and the final state of the same test without faults.
 *
 * @param isSecret can values of the node (or, without a node, of the status) come from a Secret? The findings do not
 *   show such values
 */
export function compareEnds(
  expected: RestingState,
  received: RestingState,
  isSecret: (node: string | undefined) => boolean,
): EndFinding[] {
  const found: EndFinding[] = [];
  for (const [key, { text, node, owned }] of expected.children) {
    const other = received.children.get(key);
    if (other === undefined) found.push({ invariant: 'missing', node, expected: text, received: 'it is missing' });
    else {
      const changed = fieldFindings(owned, other.owned, isSecret(node));
      found.push(...changed.map((each) => ({ ...each, node, expected: `${text} with ${each.expected}` })));
    }
  }
  for (const [key, { text, node }] of received.children) {
    if (expected.children.has(key)) continue;
    found.push({ invariant: 'orphan', node, expected: `no ${text}, because no node wants it`, received: 'it exists' });
  }
  if (expected.status === undefined || received.status === undefined) {
    if (expected.status === received.status) return found;
    const [want, got] = expected.status === undefined ? ['no instance', 'it exists'] : ['an instance', 'it is gone'];
    found.push({ invariant: expected.status === undefined ? 'stuck' : 'missing', expected: want, received: got });
    return found;
  }
  const changed = fieldFindings(expected.status, received.status, isSecret(undefined));
  found.push(...changed.map((each) => ({ ...each, expected: `the status of the instance with ${each.expected}` })));
  return found;
}

function fieldFindings(expected: JsonObject, received: JsonObject, hides: boolean): EndFinding[] {
  const shown = (value: JsonValue | undefined) => {
    if (value === undefined || value === null) return 'nothing';
    return hides ? '(secret)' : stringifyJson(value);
  };
  return wholeDifferences(expected, received).map(({ path, expected: want, received: got }) => ({
    invariant: 'differs',
    expected: `${path} ${shown(want)}`,
    received: `${path} ${shown(got)}`,
  }));
}
