import { join } from 'node:path';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { type SchemaChange, SimpleSchema } from '@typekro/engine/schema';
import { compareCrds } from '../../../packages/engine/src/schema/crd/compare-crds.ts';
import { firstDifference, isGoText } from './graph-compare.ts';
import { readLines } from './graph-corpus.ts';
import type { GraphOutcome } from './graph-runner.ts';

/** Runs the schema recordings of a corpus directory: `simpleschema.jsonl` and `compat.jsonl`. */
export function runSchemaCorpus(dir: string): GraphOutcome[] {
  return [
    ...readLines(join(dir, 'simpleschema.jsonl')).map((row) => outcome('simpleschema', row, simpleSchemaProblem(row))),
    ...readLines(join(dir, 'compat.jsonl')).map((row) => outcome('compat', row, compatProblem(row))),
  ];
}

function outcome(group: string, row: JsonObject, problem: string | undefined): GraphOutcome {
  const name = `${group}/${row['name'] as string}`;
  return { name, group, ...(problem === undefined ? {} : { problem }) };
}

function simpleSchemaProblem({ spec, types, expect }: JsonObject): string | undefined {
  const expected = expect as JsonObject;
  const result = SimpleSchema.parse(spec, types);
  if (expected['openapi'] !== undefined) {
    if (!result.ok) return `want acceptance, got ${result.errors[0]?.message}`;
    return firstDifference(expected['openapi'], result.schema as JsonValue);
  }
  if (result.ok) return 'want refusal';
  const texts = (expected['anyOf'] ?? []) as string[];
  if (expected['unserializable'] !== undefined || expected['crashes'] === true || texts.length === 0) return undefined;
  const got = result.errors[0]?.message ?? '';
  if (texts.some((text) => text === got || (isGoText(text) && isGoText(got)))) return undefined;
  return `want ${texts[0]}\n got ${got}`;
}

function compatProblem({ old, new: next, expect }: JsonObject): string | undefined {
  const expected = expect as JsonObject;
  const result = compareCrds(old as KubeObject, next as KubeObject);
  if ('error' in result) return result.error === expected['error'] ? undefined : `want no error, got ${result.error}`;
  if (expected['error'] !== undefined) return `want error ${expected['error'] as string}`;
  const got = {
    compatible: result.compatible,
    changes: result.breaking.length + result.nonBreaking.length > 0,
    breaking: describeChanges(result.breaking),
    nonBreaking: describeChanges(result.nonBreaking),
  };
  const { compatible, changes, breaking, nonBreaking } = expected;
  const want = { compatible, changes, breaking: sorted(breaking), nonBreaking: sorted(nonBreaking) };
  const difference = firstDifference(want, got);
  if (difference !== undefined) return difference;
  const summaries = expected['summaryAnyOf'] as string[] | undefined;
  if (summaries === undefined || summaries.includes(result.summary)) return undefined;
  return `want ${summaries[0]}\n got ${result.summary}`;
}

function describeChanges(changes: readonly SchemaChange[]): JsonValue[] {
  return sorted(
    changes.map(({ type, path, old, new: next, description }) => ({ type, path, old, new: next, description })),
  );
}

function sorted(changes: JsonValue | undefined): JsonValue[] {
  const key = (change: JsonValue): string =>
    isJsonObject(change) ? JSON.stringify([change['path'], change['type'], change['old'], change['new']]) : '';
  return (Array.isArray(changes) ? changes : []).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
