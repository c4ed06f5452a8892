import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type KubeObject, parseJson } from '@typekro/kit/core';
import type { SchemaChange } from '@typekro/engine/schema';
import { compareCrds } from '../../packages/engine/src/schema/crd/compare-crds.ts';

type Recorded = Omit<SchemaChange, 'breaking'>;

interface Case {
  readonly name: string;
  readonly old: KubeObject;
  readonly new: KubeObject;
  readonly expect: {
    readonly error?: string;
    readonly compatible?: boolean;
    readonly changes?: boolean;
    readonly breaking?: readonly Recorded[];
    readonly nonBreaking?: readonly Recorded[];
    readonly summaryAnyOf?: readonly string[];
  };
}

const cases = readFileSync(new URL('graph/compat.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => parseJson(line) as unknown as Case);

const key = (change: Recorded): string => `${change.path} ${change.type} ${change.old} ${change.new}`;
const sorted = (changes: readonly Recorded[] | undefined): Recorded[] =>
  (changes ?? [])
    .map(({ type, path, old, new: next, description }) => ({ type, path, old, new: next, description }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));

test('the corpus is complete', () => {
  expect(cases).toHaveLength(126);
});

describe.each(cases)('$name', ({ old, new: next, expect: expected }) => {
  test('is compared as recorded', () => {
    const result = compareCrds(old, next);
    if ('error' in result) {
      expect(result.error).toBe(expected.error);
      return;
    }
    expect(sorted(result.breaking)).toEqual(sorted(expected.breaking));
    expect(sorted(result.nonBreaking)).toEqual(sorted(expected.nonBreaking));
    expect(result.compatible).toBe(expected.compatible);
    expect(result.breaking.length + result.nonBreaking.length > 0).toBe(expected.changes);
    if (expected.summaryAnyOf !== undefined) expect(expected.summaryAnyOf).toContain(result.summary);
  });
});
