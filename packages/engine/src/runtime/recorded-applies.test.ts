import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { FieldWriter, Fingerprint } from './index.ts';
import { compareApplied } from './objects/compare.ts';
import { desiredFingerprint } from './objects/owned-fields.ts';

/** A server-side apply that a real API server accepted, and the server's response. */
interface Recorded {
  readonly id: string;
  readonly manager: string;
  readonly desired: KubeObject;
  readonly live: KubeObject;
}

interface Step {
  readonly req?: {
    readonly method?: string;
    readonly path: string;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: JsonValue;
  };
  readonly res?: { readonly body?: JsonValue };
}

function recordedApplies(file: string): Recorded[] {
  const url = new URL(`../../../../test/conformance/apiserver/${file}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const { id, steps = [] } = JSON.parse(line) as { id?: string; steps?: Step[] };
    return steps.flatMap(({ req, res }) => {
      const manager = req?.query?.['fieldManager'];
      const [desired, live] = [req?.body, res?.body];
      const isApply =
        req?.headers?.['Content-Type']?.includes('apply-patch') === true && !/\/(status|scale)$/.test(req.path);
      if (!isApply || manager === undefined || !isJsonObject(desired) || !isJsonObject(live)) return [];
      if (!isJsonObject(live['metadata']) || live['metadata']['managedFields'] === undefined) return [];
      return [{ id: id ?? '', manager, desired: desired as KubeObject, live: live as KubeObject }];
    });
  });
}

const APPLIES = ['ssa.jsonl', 'ssa-random.jsonl'].flatMap(recordedApplies);

/** Paths of strings and numbers, except the fields that identify the object. */
function scalarPaths(value: JsonValue | undefined, path: readonly (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => scalarPaths(item, [...path, index]));
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, member]) => {
      const named = path.length === 0 && (key === 'apiVersion' || key === 'kind');
      const identity = path[0] === 'metadata' && path.length === 1 && key !== 'labels' && key !== 'annotations';
      return named || identity || (path.length === 0 && key === 'status') ? [] : scalarPaths(member, [...path, key]);
    });
  }
  return typeof value === 'string' || typeof value === 'number' ? [[...path]] : [];
}

function changed(object: KubeObject, path: readonly (string | number)[]): KubeObject {
  const copy = structuredClone(object);
  let at = copy as unknown as Record<string | number, JsonValue>;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, JsonValue>;
  const last = path.at(-1) ?? '';
  const value = at[last];
  at[last] = typeof value === 'number' ? value + 1 : `${String(value)}-changed`;
  return copy;
}

function hasEmptyOrNull(value: JsonValue | undefined): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  const members = Object.values(value as JsonObject);
  return members.length === 0 || members.some(hasEmptyOrNull);
}

describe('applies that a real API server accepted', () => {
  test('are more than a hundred', () => {
    expect(APPLIES.length).toBeGreaterThan(100);
  });

  test('are not written again', () => {
    for (const { id, manager, desired, live } of APPLIES) {
      expect(compareApplied(desired, live, manager), id).toEqual([]);
    }
  });

  test('are recognised as unchanged by their fingerprints alone, except applies with an empty map, an empty list or a null', () => {
    const asking = APPLIES.filter(({ desired }) => scalarPaths(desired).length > 0);
    for (const { id, manager, desired, live } of asking) {
      const { metadata, ...rest } = desired;
      const { labels = null, annotations = null, finalizers = null, ownerReferences = null } = metadata;
      const lists = [labels, annotations, finalizers, ownerReferences].filter((value) => value !== null) as JsonValue[];
      if (hasEmptyOrNull(rest) || lists.some(hasEmptyOrNull)) continue;
      expect(Fingerprint.isSame(FieldWriter.fingerprint(live, manager), desiredFingerprint(desired)), id).toBe(true);
    }
  });

  test('are written again when any desired value changes', () => {
    let count = 0;
    for (const { id, manager, desired, live } of APPLIES) {
      for (const path of scalarPaths(desired)) {
        const other = changed(desired, path);
        expect(compareApplied(other, live, manager), `${id} ${path.join('.')}`).not.toEqual([]);
        const isSame = Fingerprint.isSame(desiredFingerprint(other), FieldWriter.fingerprint(live, manager));
        expect(isSame, `${id} ${path.join('.')}`).toBe(false);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(200);
  });
});
