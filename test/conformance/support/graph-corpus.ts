import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, parseJson } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';

/** One recorded definition: the author's input and kro's result. */
export interface GraphCase {
  readonly name: string;
  readonly group: string;
  readonly definition: JsonValue;
  readonly sources: SchemaSource;
  readonly omit: boolean;
  readonly maxForEachDimensions?: number;
  readonly expect: JsonObject;
}

/** Reads a file with one JSON object per line. Returns an empty list when the file does not exist. */
export function readLines(file: string): JsonObject[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseJson(line) as JsonObject);
}

/** The CRDs of a corpus directory. */
function readCrds(dir: string): KubeObject[] {
  const file = join(dir, 'crds.yaml');
  if (!existsSync(file)) return [];
  const { documents, diagnostics } = parseDefinitions(readFileSync(file, 'utf8'), file);
  if (diagnostics.length > 0) throw new Error(`${file}: ${diagnostics.map((each) => each.message).join('; ')}`);
  return documents.map((document) => document.value as KubeObject);
}

/** All definitions of a corpus directory: `rgd.jsonl` and `realistic/`. */
export function readGraphCases(dir: string): GraphCase[] {
  const builtin = builtinSource();
  const withCrds = combineSources(crdSource(readCrds(dir)), builtin);
  const cases = readLines(join(dir, 'rgd.jsonl')).map((row): GraphCase => {
    const extra = Array.isArray(row['extraCRDs']) ? crdSource(row['extraCRDs'] as KubeObject[]) : undefined;
    const base = row['schemas'] === 'kubernetes' ? builtin : withCrds;
    const limits = isJsonObject(row['limits']) ? row['limits'] : {};
    const features = isJsonObject(row['features']) ? row['features'] : {};
    const max = limits['maxForEachDimensions'];
    return {
      name: row['name'] as string,
      group: row['group'] as string,
      definition: row['rgd'] ?? null,
      sources: extra === undefined ? base : combineSources(extra, base),
      omit: features['CELOmitFunction'] === true,
      ...(typeof max === 'number' ? { maxForEachDimensions: max } : {}),
      expect: row['expect'] as JsonObject,
    };
  });
  return [...cases, ...realisticCases(join(dir, 'realistic'), withCrds)];
}

function realisticCases(folder: string, sources: SchemaSource): GraphCase[] {
  if (!existsSync(folder)) return [];
  const expectations = new Map(
    readLines(join(folder, 'expected.jsonl')).map(({ file, ...expected }) => [file as string, expected]),
  );
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const { documents, diagnostics } = parseDefinitions(text, name);
      const [document] = documents;
      if (document === undefined) throw new Error(`${name}: ${diagnostics.map((each) => each.message).join('; ')}`);
      const expected = expectations.get(name);
      if (expected === undefined) throw new Error(`expected.jsonl does not have ${name}`);
      return {
        name: `realistic/${name}`,
        group: 'realistic',
        definition: document.value,
        sources,
        omit: /^#\s*needs:.*CELOmitFunction/.test(text),
        expect: expected,
      };
    });
}
