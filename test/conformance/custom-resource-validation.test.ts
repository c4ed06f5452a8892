import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, parseJson } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import { type Schema, StructuralSchema } from '@typekro/engine/schema';

interface Step {
  readonly req?: { readonly method?: string; readonly path: string; readonly body?: JsonObject };
  readonly res?: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: JsonObject };
}

interface Line {
  readonly fixture?: string;
  readonly id?: string;
  readonly topic?: string;
  readonly title?: string;
  readonly steps: readonly Step[];
}

const lines = readFileSync(new URL('apiserver/cr.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => parseJson(line) as unknown as Line);

/** Maps the plural of each fixture kind to the schema of its storage version. */
const schemas = new Map<string, Schema>();
for (const { fixture, steps } of lines) {
  const crd = steps[0]?.req?.body as KubeObject | undefined;
  if (fixture === undefined || crd?.kind !== 'CustomResourceDefinition') continue;
  const { versions } = crd.spec as unknown as { versions: { storage: boolean; schema: { openAPIV3Schema: Schema } }[] };
  const stored = versions.find((version) => version.storage);
  if (stored !== undefined) schemas.set(fixture, stored.schema.openAPIV3Schema);
}

/**
 * Recordings that fail before the schema validation: because of a name, a kind, or embedded metadata that cannot be
 * decoded.
 */
const OUTSIDE = /bad-name|wrong-kind|no-kind|generate|dup-/;

/** Creations whose result depends only on the schema, not on the name or on a CEL rule. */
const creations = lines.flatMap(({ id = '', topic, title, steps }) => {
  if (topic !== 'cr-validate' && topic !== 'cr') return [];
  return steps.flatMap(({ req, res }, index) => {
    const plural = /\/([a-z]+)$/.exec(req?.path ?? '')?.[1] ?? '';
    const schema = schemas.get(plural);
    const unusable = req?.method !== 'POST' || req.body === undefined || res === undefined || schema === undefined;
    if (unusable || OUTSIDE.test(id) || ![201, 422].includes(res.status)) return [];
    return [{ name: `${id}#${index} ${title ?? ''}`, schema, object: req.body, res }];
  });
});

test('enough recordings are covered', () => {
  expect(creations.length).toBeGreaterThan(30);
});

describe.each(creations)('$name', ({ schema, object, res }) => {
  const pruned = StructuralSchema.prune(schema, object);
  const value = StructuralSchema.applyDefaults(schema, pruned.value);

  test('the causes of the error are the causes that the server reports', () => {
    // A cause whose field begins with a dot comes from the scale subresource, not from the schema.
    const details = res.body?.['details'] as { causes?: FieldError[] } | undefined;
    const expected = res.status === 422 ? (details?.causes ?? []).filter((cause) => !cause.field.startsWith('.')) : [];
    const bySame = (a: FieldError, b: FieldError) => (a.field + a.message < b.field + b.message ? -1 : 1);
    expect(StructuralSchema.validate(schema, value).sort(bySame)).toEqual(expected.slice().sort(bySame));
  });

  test('pruning and defaulting produce the spec that the server stores', () => {
    const spec = res.body?.['spec'];
    if (res.status === 201 && spec !== undefined) expect((value as JsonObject)['spec']).toEqual(spec);
    else expect(StructuralSchema.prune(schema, pruned.value).unknown).toEqual([]);
  });

  test('the unknown fields are the fields about which the server warns', () => {
    const warnings = [...(res.headers?.['warning'] ?? '').matchAll(/unknown field \\?"([^"\\]+)/g)].map((match) => match[1]);
    if (res.headers?.['warning'] !== undefined) expect(pruned.unknown).toEqual(warnings);
    else expect(StructuralSchema.prune(schema, value).unknown).toEqual([]);
  });
});
