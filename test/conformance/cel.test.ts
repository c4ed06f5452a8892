import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CEL_SPEC_DEVIATIONS } from './cel-spec-deviations.ts';
import { runCelRecordings } from './support/cel-runner.ts';
import { runCelSpec } from './support/cel-spec-runner.ts';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe("kro's recorded answers", () => {
  test.each(runCelRecordings(pathOf('cel')))('$topic: our verdict, type, error message, references and values equal the recorded ones', (result) => {
    expect(result.failures).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
  });
});

describe("cel-spec's vectors", () => {
  test.each(runCelSpec(pathOf('cel-spec/types.jsonl'), CEL_SPEC_DEVIATIONS))('$topic pass, except for listed deviations', (result) => {
    expect(result.failures).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
  });
});
