import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type KubeObject, parseJson } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import { CrdRules } from '@typekro/engine/schema';

const read = <T>(name: string): T[] =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseJson(line) as unknown as T);

interface Line {
  readonly id?: string;
  readonly topic?: string;
  readonly title?: string;
  readonly fixture?: string;
  readonly steps: readonly {
    readonly req?: { readonly method?: string; readonly path: string; readonly body?: JsonObject };
    readonly res?: { readonly status: number; readonly body?: JsonObject };
  }[];
}

/**
 * The recordings about refused CEL rules. The test leaves them out, because `CrdRules.errors` does not compile CEL rules;
 * `packages/cluster/src/crd` does.
 */
const COMPILES_RULES = new Set(['crd-invalid/cel-syntax', 'crd-invalid/cel-not-bool', 'crd-invalid/cel-cost']);

const lines = [...read<Line>('apiserver/crd.jsonl'), ...read<Line>('apiserver/cr.jsonl'), ...read<Line>('apiserver/ssa.jsonl')];
const creations = lines.flatMap(({ id, fixture, title = '', steps }) =>
  steps.flatMap(({ req, res }, index) => {
    const body = req?.body as KubeObject | undefined;
    const creates = req?.method === 'POST' && body?.kind === 'CustomResourceDefinition';
    const name = id ?? `fixture ${fixture ?? ''}`;
    if (!creates || COMPILES_RULES.has(name) || (res !== undefined && ![201, 422].includes(res.status))) return [];
    return [{ name: `${name}#${index} ${title}`, crd: body, res }];
  }),
);

const byText = (a: FieldError, b: FieldError): number => (a.field + a.message < b.field + b.message ? -1 : 1);

test('enough recordings are covered', () => {
  expect(creations.length).toBeGreaterThan(35);
});

describe.each(creations)('$name', ({ crd, res }) => {
  test('has the recorded errors of the server', () => {
    const details = res?.body?.['details'] as { causes?: FieldError[] } | undefined;
    const expected = res?.status === 422 ? (details?.causes ?? []) : [];
    // A recording has placeholders in braces where the recorded names were random. The test replaces each placeholder
    // with a valid name.
    const named = JSON.parse(JSON.stringify(crd).replaceAll(/\{\{(\w+)\}\}/g, 'w-$1-w')) as KubeObject;
    const wanted = JSON.parse(JSON.stringify(expected).replaceAll(/\{\{(\w+)\}\}/g, 'w-$1-w')) as FieldError[];
    expect(CrdRules.errors(named).sort(byText)).toEqual(wanted.sort(byText));
  });
});

interface Definition {
  readonly name: string;
  readonly expect: { readonly crd?: KubeObject; readonly crdProblems?: readonly string[] };
}

const generated = read<Definition>('graph/rgd.jsonl').filter(({ expect: expected }) => expected.crd !== undefined);

describe('CRDs that definitions generate', () => {
  test.each(generated.filter(({ expect: expected }) => expected.crdProblems !== undefined))('$name is refused', (definition) => {
    const { crd, crdProblems } = definition.expect;
    const errors = CrdRules.errors(crd as KubeObject).map((error) => `${error.field}: ${error.message}`);
    expect(errors.sort()).toEqual(crdProblems?.slice().sort());
  });

  test('are accepted if the recordings have no problems for them', () => {
    const accepted = generated.filter(({ expect: expected }) => expected.crdProblems === undefined);
    expect(accepted.length).toBeGreaterThan(500);
    const refused = accepted.flatMap(({ name, expect: expected }) => {
      const errors = CrdRules.errors(expected.crd as KubeObject);
      return errors.length === 0 ? [] : [{ name, errors }];
    });
    expect(refused).toEqual([]);
  });
});
